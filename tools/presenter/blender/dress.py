# ruff: noqa
# mypy: ignore-errors
"""A fine-knit sweater with a ribbed collar and a chain. Runs inside render.py."""


# ---------- fine-knit sweater: relaxed shell of the helper tights, folds, ribbed collar with real thickness
def shellmesh(off, smooth_it, sub):
    o, ids = groupmesh("shell", lambda g: g == "helper-tights", lambda f: NEU[f][:, 2].min() > zcut - 0.05, src=NEU)
    me = o.data
    n = np.zeros(len(me.vertices) * 3)
    me.vertices.foreach_get("normal", n)
    n = n.reshape(-1, 3)
    me.vertices.foreach_set("co", (NEU[ids] + n * off).ravel())
    sm = o.modifiers.new("sm", "SMOOTH")
    sm.factor = 0.5
    sm.iterations = smooth_it
    s = o.modifiers.new("s", "SUBSURF")
    s.levels = sub
    s.render_levels = sub
    dg = bpy.context.evaluated_depsgraph_get()
    e = o.evaluated_get(dg)
    me = e.to_mesh()
    v = np.zeros(len(me.vertices) * 3)
    me.vertices.foreach_get("co", v)
    v = v.reshape(-1, 3).copy()
    nn = np.zeros(len(me.vertices) * 3)
    me.vertices.foreach_get("normal", nn)
    nn = nn.reshape(-1, 3).copy()
    f = [tuple(q.vertices) for q in me.polygons]
    e.to_mesh_clear()
    bpy.data.objects.remove(o)
    return v, nn, f


sv, sn, sf = shellmesh(0.009, 4, 3)
d = sv - np.array([0, ey, ez])


def bump1(x, w):
    return np.exp(-((x / w) ** 2))


# folds: diagonal drags from the armpit to the bust, soft shoulder-to-neck drag, sleeve creases
fold = np.zeros(len(sv))
fr = np.random.default_rng(3)
for sg in (-1, 1):
    ax, az = sg * 0.150, -0.285
    vx = (d[:, 0] - ax) * -sg
    vz = d[:, 2] - az
    rr = np.hypot(vx, vz) + 1e-6
    an = np.degrees(np.arctan2(vz, vx))
    for a0, am, ww in ((12, 0.0028, 7), (34, 0.0034, 6), (58, 0.0030, 7), (80, 0.0022, 7), (-14, 0.0026, 8)):
        fold += (
            am
            * bump1(an - a0 - 60 * (rr - 0.05), ww)
            * np.clip(rr / 0.03, 0, 1)
            * np.exp(-((rr / 0.085) ** 2))
            * (d[:, 1] < 0.09)
        )
    for k in range(4):
        zz = -0.23 - 0.035 * k
        t = (d[:, 2] - zz) - 0.55 * (abs(d[:, 0]) - 0.17)
        fold += 0.0018 * bump1(t, 0.006) * mesh.smooth(0.145, 0.165, abs(d[:, 0])) * (np.sign(d[:, 0]) == sg)
fold += (
    0.0010 * np.sin(d[:, 0] * 55 + 1.3 * np.sin(d[:, 2] * 28)) * mesh.smooth(-0.20, -0.27, d[:, 2]) * (d[:, 1] < 0.09)
)
sv = sv + sn * fold[:, None]
KC = KNIT
mk, t_, p = newmat("knit")
setp(p, Base_Color=KC, Roughness=0.82, Sheen_Weight=0.55, Sheen_Roughness=0.45, Specular_IOR_Level=0.2)
if "Sheen Tint" in p.inputs:
    p.inputs["Sheen Tint"].default_value = (1, 0.86, 0.82, 1)
N = t_.nodes
L = t_.links
tc = N.new("ShaderNodeTexCoord")
wv = N.new("ShaderNodeTexWave")
wv.wave_type = "BANDS"
wv.bands_direction = "X"
wv.inputs["Scale"].default_value = 125
wv.inputs["Distortion"].default_value = 0.6
wv.inputs["Detail"].default_value = 1
L.new(tc.outputs["Object"], wv.inputs["Vector"])
nz = N.new("ShaderNodeTexNoise")
nz.inputs["Scale"].default_value = 900
L.new(tc.outputs["Object"], nz.inputs["Vector"])
ad = N.new("ShaderNodeMath")
ad.operation = "MULTIPLY_ADD"
L.new(nz.outputs[0], ad.inputs[0])
ad.inputs[1].default_value = 0.8
L.new(wv.outputs["Fac"], ad.inputs[2])
b = N.new("ShaderNodeBump")
b.inputs["Strength"].default_value = 0.55
b.inputs["Distance"].default_value = 0.0009
L.new(ad.outputs[0], b.inputs["Height"])
L.new(b.outputs[0], p.inputs["Normal"])
cx = N.new("ShaderNodeMix")
cx.data_type = "RGBA"
L.new(wv.outputs["Fac"], cx.inputs[0])
cx.inputs[6].default_value = tuple(c * 0.80 for c in KC[:3]) + (1,)
cx.inputs[7].default_value = KC
L.new(cx.outputs[2], p.inputs["Base Color"])
# neckline ring (relative to mid-eye): height by azimuth, 0 = front
AX = np.array([0, ey + 0.092])


def zring(ph):
    return ez - 0.150 + 0.032 * ((1 - np.cos(ph)) / 2) ** 0.8


stree = BVHTree.FromPolygons([tuple(x) for x in sv], sf)
PH_ = np.linspace(0, 2 * np.pi, 901)[:-1]
nK = 10
CH = 0.019
ringv = []
zr = []
for ph in PH_:
    q = ph if ph <= np.pi else 2 * np.pi - ph
    z0 = zring(q)
    dr = Vector((math.sin(ph), -math.cos(ph), 0))
    h = stree.ray_cast(Vector((AX[0], AX[1], z0)), dr)
    r0 = h[3] if h[0] else 0.07
    col = []
    for k in range(nK):
        u = k / (nK - 1)
        z = z0 + CH * u
        hb = btree.ray_cast(Vector((AX[0], AX[1], z)), dr)
        rb = hb[3] if hb[0] else r0
        col.append((rb, z, u))
    zr.append((r0, col, dr))
R0_ = np.array([q[0] for q in zr])
RB = np.array([[c[0] for c in q[1]] for q in zr])
for _ in range(30):
    R0_ = (np.roll(R0_, 1) + 2 * R0_ + np.roll(R0_, -1)) / 4
for _ in range(60):
    RB = (np.roll(RB, 1, 0) + 2 * RB + np.roll(RB, -1, 0)) / 4
vs = []
prof = [(0, 0.0), (0.12, 0.0016), (0.35, 0.0030), (0.6, 0.0034), (0.82, 0.0028), (0.94, 0.0014), (1.0, -0.0006)]
for i, ph in enumerate(PH_):
    rib = 0.00055 * math.sin(ph * 150)
    for k, (r_b, z, u) in enumerate(zr[i][1]):
        base = R0_[i] * (1 - u) ** 1.6 + max(RB[i, k] + 0.0045, R0_[i] - 0.022) * (1 - (1 - u) ** 1.6)
        r_ = (
            max(base, RB[i, k] + 0.0035)
            + np.interp(u, [q[0] for q in prof], [q[1] for q in prof])
            + rib * (1 if k < nK - 1 else 0.3)
        )
        vs.append((AX[0] + r_ * math.sin(ph), AX[1] - r_ * math.cos(ph), z))
    # fold over the inside
    r_ = max(RB[i, -1] + 0.0008, base - 0.003)
    vs.append((AX[0] + r_ * math.sin(ph), AX[1] - r_ * math.cos(ph), zr[i][1][-1][1] - 0.003))
M_ = nK + 1
n_ = len(PH_)
fs = [
    [i * M_ + k, ((i + 1) % n_) * M_ + k, ((i + 1) % n_) * M_ + k + 1, i * M_ + k + 1]
    for i in range(n_)
    for k in range(nK)
]
mc, _, p = newmat("collar")
setp(p, Base_Color=KC, Roughness=0.82, Sheen_Weight=0.55, Sheen_Roughness=0.45, Specular_IOR_Level=0.2)
o = mkmesh("collar", vs, fs)
o.data.materials.append(mc)
# sweater body: faces below the ring only
phv = np.arctan2(sv[:, 0] - AX[0], -(sv[:, 1] - AX[1]))
zc_ = zring(abs(phv)) + 0.004
rv_ = np.hypot(sv[:, 0] - AX[0], sv[:, 1] - AX[1])
keepv = sv[:, 2] < zc_
fs = [f for f in sf if keepv[list(f)].all()]
o = mkmesh("sweater", sv, fs)
o.data.materials.append(mk)

if not MALE:
    # fine chain with a small disc
    strz = BVHTree.FromPolygons([tuple(x) for x in sv], fs)
    mgold, _, p = newmat("gold")
    setp(p, Base_Color=(0.95, 0.68, 0.38, 1), Metallic=1.0, Roughness=0.22)
    pts = []
    for s in np.linspace(-1, 1, 81):
        x = s * 0.060
        z = ez - 0.232 + 0.078 * abs(s) ** 1.7
        h = strz.ray_cast(Vector((x, -1, z)), Vector((0, 1, 0)))
        if h[0]:
            pts.append(np.array(h[0]) + np.array(h[1]) * 0.0009)
    cu = bpy.data.curves.new("chain", "CURVE")
    cu.dimensions = "3D"
    cu.bevel_depth = 0.00055
    q = cu.splines.new("POLY")
    q.points.add(len(pts) - 1)
    for i, v in enumerate(pts):
        q.points[i].co = (*v, 1)
    o = bpy.data.objects.new("chain", cu)
    sc.collection.objects.link(o)
    cu.materials.append(mgold)
    v = pts[len(pts) // 2]
    bpy.ops.mesh.primitive_uv_sphere_add(
        radius=0.0042, location=(v[0], v[1] - 0.0030, v[2] - 0.0052), segments=32, ring_count=24
    )
    bpy.ops.object.shade_smooth()
    bpy.context.object.data.materials.append(mgold)
