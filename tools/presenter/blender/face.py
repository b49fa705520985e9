# ruff: noqa
# mypy: ignore-errors
"""Skin, painted make-up, eyes, teeth, tongue, lashes and brows. Runs inside render.py."""


# ---------- helpers
def newmat(n):
    m = bpy.data.materials.new(n)
    m.use_nodes = True
    return m, m.node_tree, m.node_tree.nodes["Principled BSDF"]


def setp(p, **k):
    for n, v in k.items():
        p.inputs[n.replace("_", " ")].default_value = v


def mkmesh(name, verts, faces, uv=None, smooth=True, sub=0):
    me = bpy.data.meshes.new(name)
    me.from_pydata([tuple(v) for v in verts], [], faces)
    if uv is not None:
        l = me.uv_layers.new(name="UV")
        l.data.foreach_set("uv", np.asarray(uv, np.float32).ravel())
    me.polygons.foreach_set("use_smooth", [smooth] * len(me.polygons))
    me.update()
    o = bpy.data.objects.new(name, me)
    sc.collection.objects.link(o)
    if sub:
        m = o.modifiers.new("s", "SUBSURF")
        m.levels = 0
        m.render_levels = sub
    return o


def groupmesh(name, pred, fpred=None, sub=0, src=None):
    src = P0 if src is None else src
    fs = []
    uv = []
    for f, ft, g in zip(ch.F, ch.FT, ch.G):
        if pred(g) and (fpred is None or fpred(f)):
            fs.append(f)
            uv += [ch.VT[t] for t in ft]
    ids = sorted({i for f in fs for i in f})
    mp = {k: n for n, k in enumerate(ids)}
    return mkmesh(name, src[ids], [[mp[i] for i in f] for f in fs], uv, sub=sub), np.array(ids)


def evaluated(o):
    md = [m for m in o.modifiers if m.type == "SUBSURF"]
    for m in md:
        m.levels = m.render_levels
    dg = bpy.context.evaluated_depsgraph_get()
    e = o.evaluated_get(dg)
    me = e.to_mesh()
    v = np.zeros(len(me.vertices) * 3)
    me.vertices.foreach_get("co", v)
    v = v.reshape(-1, 3)
    me.calc_loop_triangles()
    t = np.zeros(len(me.loop_triangles) * 3, np.int32)
    me.loop_triangles.foreach_get("vertices", t)
    t = t.reshape(-1, 3)
    e.to_mesh_clear()
    for m in md:
        m.levels = 0
    return v, t


def tree(v, t):
    return BVHTree.FromPolygons([tuple(x) for x in v], [tuple(int(q) for q in x) for x in t])


def cast(x, z, tr):
    h = tr.ray_cast(Vector((x, -1, z)), Vector((0, 1, 0)))
    return (np.array(h[0]), np.array(h[1])) if h[0] else (None, None)


# ---------- body
E_ = ch.eye
ex = abs(E_[0][0][0])
ey = E_[0][0][1]
ez = E_[0][0][2]
zcut = ez - 0.52
keep = lambda f: NEU[f][:, 2].min() > zcut and abs(NEU[f][:, 0]).max() < 0.34
SUB = 3
body, bid = groupmesh("body", lambda g: g == "body", keep, sub=SUB)
rest, _ = groupmesh("rest", lambda g: g == "body", keep, sub=SUB, src=NEU)
rv, rt = evaluated(rest)
bpy.data.objects.remove(rest)
bv, bt = evaluated(body)
rtree = tree(rv, rt)
btree = tree(bv, bt)
BP = NEU[bid]
hv = BP[BP[:, 2] > ez]
tm = NEU[ch.gidx("helper-upper-teeth")]
mz = tm.mean(0)[2]
print(
    "eye",
    ex,
    ey,
    ez,
    "R",
    E_[0][1],
    "mouth dz",
    mz - ez,
    "top dz",
    hv[:, 2].max() - ez,
    "headw",
    abs(hv[:, 0]).max(),
    "y",
    hv[:, 1].min() - ey,
    hv[:, 1].max() - ey,
    "build %.1f" % (time.time() - T0),
)


def posed(p):
    """rest surface point -> posed point, normal (same triangle, same barycentric)"""
    q, n, i, d = rtree.find_nearest(Vector(p))
    q = np.array(q)
    t = rt[i]
    A_, B_, C_ = rv[t]
    v0, v1, v2 = B_ - A_, C_ - A_, q - A_
    d00, d01, d11, d20, d21 = v0 @ v0, v0 @ v1, v1 @ v1, v2 @ v0, v2 @ v1
    den = d00 * d11 - d01 * d01 + 1e-30
    v = (d11 * d20 - d01 * d21) / den
    w = (d00 * d21 - d01 * d20) / den
    P = bv[t]
    nn = np.cross(P[1] - P[0], P[2] - P[0])
    nn /= np.linalg.norm(nn) + 1e-12
    return P[0] * (1 - v - w) + P[1] * v + P[2] * w, nn


# ---------- lid rims (rest)
rims = []
for c, R_ in E_:
    sg = np.sign(c[0])
    ups = []
    los = []
    for dx in np.linspace(-R_ * 1.25, R_ * 1.25, 100):
        x = c[0] + sg * dx
        zs = np.arange(-0.011, 0.0125, 0.00015)
        vis = []
        for z in zs:
            q = dx * dx + z * z
            yb = c[1] - math.sqrt(max(R_ * R_ - q, 0)) if q < R_ * R_ else 9
            h, _ = cast(x, c[2] + z, rtree)
            vis.append(h is None or yb < h[1] - 0.00003)
        k = np.where(vis)[0]
        if len(k) < 2:
            continue
        hu, _ = cast(x, c[2] + zs[k[-1]] + 0.0002, rtree)
        hl, _ = cast(x, c[2] + zs[k[0]] - 0.0002, rtree)
        if hu is not None and hl is not None:
            ups.append(hu)
            los.append(hl)
    ups = np.array(ups)
    los = np.array(los)
    for A_ in (ups, los):
        for _ in range(8):
            A_[1:-1] = (A_[:-2] + 2 * A_[1:-1] + A_[2:]) / 4
    rims.append((sg, ups, los))
    print("rim", sg, len(ups), "w", abs(ups[-1, 0] - ups[0, 0]), "h", (ups - los)[:, 2].max(), "R", R_)
# ---------- paint map: face plane x +-80 mm, z -110..+90 mm around the eyes, 0.125 mm/px
PW, PH = 1280, 1600
px = lambda x: (np.asarray(x) + 0.08) / 0.16 * PW
pz = lambda z: (np.asarray(z) - ez + 0.11) / 0.20 * PH
gx, gz = np.meshgrid((np.arange(PW) + 0.5) / PW * 0.16 - 0.08, (np.arange(PH) + 0.5) / PH * 0.20 - 0.11)
gz = gz + ez


def blob(x, z, sx, sz):
    return np.exp(-(((gx - x) / sx) ** 2) - ((gz - z) / sz) ** 2)


def stroke(pts, w0, w1=None, soft=0.6):
    """soft brush along a polyline, width w0->w1 (m, half width)"""
    out = np.zeros_like(gx)
    pts = np.asarray(pts)
    n = len(pts)
    lo = pts.min(0) - 0.008
    hi = pts.max(0) + 0.008
    i0, i1 = np.clip([int(px(lo[0])), int(px(hi[0]))], 0, PW)
    j0, j1 = np.clip([int(pz(lo[1])), int(pz(hi[1]))], 0, PH)
    X = gx[j0:j1, i0:i1]
    Z = gz[j0:j1, i0:i1]
    o = np.zeros_like(X)
    for k in range(n):
        t = k / (n - 1)
        w = w0[k] if hasattr(w0, "__len__") else (w0 if w1 is None else w0 + (w1 - w0) * t)
        d = np.hypot(X - pts[k, 0], Z - pts[k, 1])
        o = np.maximum(o, np.clip((w * (1 + soft) - d) / (w * 2 * soft + 1e-9), 0, 1))
    out[j0:j1, i0:i1] = o
    return out


def res(P, n=120):
    t = np.linspace(0, 1, n)
    s = np.linspace(0, 1, len(P))
    return np.stack([np.interp(t, s, P[:, k]) for k in range(P.shape[1])], 1)


nosec = BP[(abs(BP[:, 0]) < 0.01) & (BP[:, 2] < ez) & (BP[:, 2] > mz)]
nt = nosec[nosec[:, 1].argmin()]
RED = sum(
    0.9 * blob(s * (ex + 0.012), ez - 0.029, 0.021, 0.014) + 0.45 * blob(s * (ex + 0.006), ez + 0.010, 0.017, 0.007)
    for s in (-1, 1)
)
RED += 0.40 * blob(0, nt[2], 0.010, 0.008) + 0.22 * blob(0, mz - 0.032, 0.014, 0.010)
DRK = np.zeros_like(gx)
LIN = np.zeros_like(gx)
LW = 1 - 0.72 * float(EX.get("blink", 0))
LC = 1 - 0.15 * float(EX.get("blink", 0))  # liner stretches with the lid when it closes
for sg, u, l in rims:
    U = res(u[:, [0, 2]])
    Lw = res(l[:, [0, 2]])
    t = np.linspace(0, 1, 120)
    LIN = np.maximum(
        LIN, stroke(U + [0, 0.0004 * LW], np.interp(t, [0, 0.15, 0.6, 1], [0.0002, 0.0006, 0.0011, 0.0013]) * LW)
    )  # upper liner
    tail = np.stack([U[-1] + [sg * 0.0030 * q, 0.0012 * q] for q in np.linspace(0, 1, 20)])
    LIN = np.maximum(LIN, 0.85 * stroke(tail, 0.0009, 0.00025))
    LIN = np.maximum(LIN, 0.40 * stroke(Lw[60:], 0.0002, 0.0005))
    # double-lid crease: parallel to the rim, opening outwards
    h = np.interp(t, [0, 0.12, 0.5, 0.85, 1], [0.0008, 0.0018, 0.0034, 0.0036, 0.0030])
    cr = U + np.stack([sg * np.interp(t, [0, 1], [-0.0006, 0.0022]), h], 1)
    DRK = np.maximum(
        DRK,
        0.95
        * LC
        * stroke(cr[6:], np.interp(t[6:], [0, 0.2, 0.8, 1], [0.00012, 0.00026, 0.00030, 0.00015]) * LC, soft=0.9),
    )
    DRK = np.maximum(
        DRK,
        0.28 * LW * stroke(U + np.array([0, 0.0016]), np.interp(t, [0, 0.5, 1], [0.0008, 0.0018, 0.0022]), soft=1.0),
    )  # lid tint
    DRK = np.maximum(DRK, 0.18 * stroke(Lw[10:] + [0, -0.0008], 0.0008, soft=1.0))
    RED = RED + 0.35 * stroke(U[:10], 0.0012, soft=1.0)
kxb = np.array([-0.0150, -0.008, 0.002, 0.011, 0.0190, 0.0245]) + 0.001
kzb = np.array([0.0205, 0.0212, 0.0223, 0.0233, 0.0227, 0.0205]) + 0.0018
for s in (-1, 1):
    t = np.linspace(0, 1, 80)
    xx = kxb[0] + 0.001 + (kxb[-1] - kxb[0] - 0.001) * t
    DRK = np.maximum(
        DRK,
        0.34
        * stroke(
            np.stack([s * (ex + xx), ez + np.interp(xx, kxb, kzb)], 1),
            np.interp(t, [0, 0.3, 0.7, 1], np.array([0.0014, 0.0019, 0.0015, 0.0004]) * (1.5 if MALE else 1)),
            soft=0.95,
        ),
    )
if MALE:
    RED = RED * 0.35
    LIN = LIN * 0.22
    DRK = DRK * 0.85
img = bpy.data.images.new("paint", PW, PH, float_buffer=True, is_data=True)
buf = np.stack([np.clip(RED, 0, 1), np.clip(DRK, 0, 1), np.clip(LIN, 0, 1), np.ones_like(gx)], -1).astype(np.float32)
img.pixels.foreach_set(buf.ravel())
img.pack()
me = body.data
lv = np.zeros(len(me.loops), np.int32)
me.loops.foreach_get("vertex_index", lv)
l = me.uv_layers.new(name="FACE")
q = BP[lv]
l.data.foreach_set("uv", np.stack([px(q[:, 0]) / PW, pz(q[:, 2]) / PH], 1).astype(np.float32).ravel())


def attr(o, n, x):
    at = o.data.attributes.new(n, "FLOAT", "POINT")
    at.data.foreach_set("value", np.asarray(x, np.float32))


attr(body, "front", np.clip((ey + 0.035 - BP[:, 1]) / 0.02, 0, 1))


def g3(c, s):
    return np.exp(-(((BP - np.asarray(c)) / np.asarray(s)) ** 2).sum(-1))


attr(
    body,
    "gloss",
    np.clip(
        g3(nt, (0.006, 0.012, 0.006))
        + 0.8 * g3((0, nt[1], nt[2] + 0.014), (0.004, 0.02, 0.012))
        + 0.5 * g3((0, nt[1], mz + 0.013), (0.005, 0.03, 0.004))
        + 0.35 * g3((0, nt[1], mz - 0.030), (0.008, 0.03, 0.006))
        + 0.45 * sum(g3((q * (ex + 0.010), ey, ez - 0.016), (0.014, 0.04, 0.007)) for q in (-1, 1)),
        0,
        1,
    ),
)
cy = (hv[:, 1].max() + hv[:, 1].min()) / 2
# scalp: hairline height above the eyes as a function of azimuth (0 = front)
hth, hh = (
    (
        np.array([0, 20, 38, 50, 60, 70, 80, 90, 100, 112, 130, 155, 180]),
        np.array([0.061, 0.060, 0.055, 0.045, 0.031, 0.015, -0.010, -0.016, 0.000, -0.008, -0.036, -0.058, -0.062]),
    )
    if MALE
    else (
        np.array([0, 25, 48, 64, 78, 90, 104, 125, 150, 180]),
        np.array([0.073, 0.068, 0.056, 0.036, 0.012, -0.004, 0.010, -0.012, -0.045, -0.055]),
    )
)
th_ = np.degrees(np.arctan2(abs(BP[:, 0]), -(BP[:, 1] - cy)))
attr(
    body,
    "scalp",
    np.clip(((BP[:, 2] - ez) - np.interp(th_, hth, hh) + 0.001) / 0.016, 0, 1)
    * (BP[:, 2] > ez - 0.07)
    * (abs(BP[:, 0]) < 0.0745),
)
# ---------- skin
m, nt_, p = newmat("skin")
N = nt_.nodes
L = nt_.links


def node(t, **k):
    n = N.new(t)
    for q, v in k.items():
        setattr(n, q, v)
    return n


def mix(fac, c1, c2, bt="MIX"):
    n = node("ShaderNodeMix", data_type="RGBA", blend_type=bt)
    for i, x in ((0, fac), (6, c1), (7, c2)):
        if isinstance(x, (int, float, tuple)):
            n.inputs[i].default_value = x
        else:
            L.new(x, n.inputs[i])
    return n.outputs[2]


def mth(op, x, y):
    n = node("ShaderNodeMath", operation=op)
    for i, q in ((0, x), (1, y)):
        if isinstance(q, (int, float)):
            n.inputs[i].default_value = q
        else:
            L.new(q, n.inputs[i])
    return n.outputs[0]


def at(n):
    return node("ShaderNodeAttribute", attribute_name=n).outputs["Fac"]


lip = node("ShaderNodeTexImage")
lip.image = bpy.data.images.load(os.path.join(HERE, "lips.jpg"))
lip.image.colorspace_settings.name = "Non-Color"
lip.interpolation = "Cubic"
L.new(node("ShaderNodeUVMap", uv_map="UV").outputs[0], lip.inputs[0])
lr = node("ShaderNodeMapRange")
L.new(lip.outputs[0], lr.inputs[0])
lr.inputs[1].default_value = 0.06
lr.inputs[2].default_value = 0.85
lr.interpolation_type = "SMOOTHSTEP"
pt = node("ShaderNodeTexImage")
pt.image = img
pt.extension = "CLIP"
pt.interpolation = "Linear"
L.new(node("ShaderNodeUVMap", uv_map="FACE").outputs[0], pt.inputs[0])
sp = node("ShaderNodeSeparateColor")
L.new(pt.outputs[0], sp.inputs[0])
fr = at("front")
red, drk, lin = [mth("MULTIPLY", sp.outputs[i], fr) for i in range(3)]
tc = node("ShaderNodeTexCoord")


def noise(s, d=3):
    n = node("ShaderNodeTexNoise")
    n.inputs["Scale"].default_value = s
    n.inputs["Detail"].default_value = d
    L.new(tc.outputs["Object"], n.inputs["Vector"])
    return n.outputs[0]


base = (
    mix(noise(38), (0.660, 0.435, 0.335, 1), (0.715, 0.490, 0.390, 1))
    if MALE
    else mix(noise(38), (0.815, 0.585, 0.490, 1), (0.875, 0.660, 0.570, 1))
)
base = mix(mth("MULTIPLY", noise(420, 2), 0.22), base, (0.70, 0.42, 0.33, 1))
base = mix(mth("MULTIPLY", red, 0.46), base, (0.86, 0.36, 0.31, 1))
base = mix(at("scalp"), base, (0.035, 0.020, 0.015, 1))
base = mix(mth("MULTIPLY", drk, 0.80), base, (0.30, 0.13, 0.10, 1))
base = mix(
    mth("MULTIPLY", lr.outputs[0], 0.42 if MALE else 0.66),
    base,
    (0.58, 0.21, 0.19, 1) if MALE else (0.66, 0.15, 0.19, 1),
)
base = mix(mth("MULTIPLY", lin, 0.92), base, (0.018, 0.010, 0.008, 1))
L.new(base, p.inputs["Base Color"])
setp(p, Subsurface_Weight=0.30, Subsurface_Scale=0.0045, Subsurface_Radius=(1, 0.42, 0.28), Specular_IOR_Level=0.40)
ro = node("ShaderNodeMapRange")
L.new(noise(260, 2), ro.inputs[0])
ro.inputs[1].default_value = 0.3
ro.inputs[2].default_value = 0.7
ro.inputs[3].default_value = 0.40
ro.inputs[4].default_value = 0.56
rr = node("ShaderNodeMix", data_type="FLOAT")
L.new(lr.outputs[0], rr.inputs[0])
L.new(mth("SUBTRACT", ro.outputs[0], mth("MULTIPLY", at("gloss"), 0.17)), rr.inputs[2])
rr.inputs[3].default_value = 0.46 if MALE else 0.33
L.new(rr.outputs[0], p.inputs["Roughness"])
bm = node("ShaderNodeBump")
bm.inputs["Strength"].default_value = 0.16
bm.inputs["Distance"].default_value = 0.0004
L.new(noise(900, 2), bm.inputs["Height"])
L.new(bm.outputs[0], p.inputs["Normal"])
body.data.materials.append(m)
# ---------- eyes
IR = 0.50  # iris radius / ball radius


def eyemat():
    m, t, p = newmat("eye")
    N = t.nodes
    L = t.links
    tc = N.new("ShaderNodeTexCoord")
    sp = N.new("ShaderNodeSeparateXYZ")
    L.new(tc.outputs["Object"], sp.inputs[0])
    cb = N.new("ShaderNodeCombineXYZ")
    L.new(sp.outputs["X"], cb.inputs["X"])
    L.new(sp.outputs["Z"], cb.inputs["Y"])
    ln = N.new("ShaderNodeVectorMath")
    ln.operation = "LENGTH"
    L.new(cb.outputs[0], ln.inputs[0])
    r = N.new("ShaderNodeValToRGB")
    e = r.color_ramp.elements
    e[0].position = 0
    e[0].color = (0.002, 0.0015, 0.0015, 1)
    e[1].position = 1
    e[1].color = (0.74, 0.70, 0.69, 1)
    for pos, c in (
        (0.42, (0.003, 0.002, 0.002, 1)),
        (0.48, (0.040, 0.017, 0.009, 1)),
        (0.70, (0.115, 0.050, 0.022, 1)),
        (0.86, (0.070, 0.028, 0.013, 1)),
        (0.95, (0.014, 0.007, 0.005, 1)),
        (1.02, (0.10, 0.075, 0.07, 1)),
        (1.10, (0.80, 0.77, 0.76, 1)),
    ):
        k = e.new(min(pos * IR, 0.99))
        k.color = c
    L.new(ln.outputs["Value"], r.inputs[0])
    an = N.new("ShaderNodeMath")
    an.operation = "ARCTAN2"
    L.new(sp.outputs["X"], an.inputs[0])
    L.new(sp.outputs["Z"], an.inputs[1])
    s1 = N.new("ShaderNodeMath")
    s1.operation = "MULTIPLY"
    s1.inputs[1].default_value = 7
    L.new(an.outputs[0], s1.inputs[0])
    c2 = N.new("ShaderNodeCombineXYZ")
    L.new(s1.outputs[0], c2.inputs["X"])
    L.new(ln.outputs["Value"], c2.inputs["Y"])
    nz = N.new("ShaderNodeTexNoise")
    nz.inputs["Scale"].default_value = 2.2
    nz.inputs["Detail"].default_value = 4
    L.new(c2.outputs[0], nz.inputs["Vector"])
    mp = N.new("ShaderNodeMapRange")
    mp.inputs[1].default_value = 0.3
    mp.inputs[2].default_value = 0.7
    mp.inputs[3].default_value = 0.65
    mp.inputs[4].default_value = 1.5
    L.new(nz.outputs[0], mp.inputs[0])
    lo = N.new("ShaderNodeMapRange")
    lo.inputs[1].default_value = IR * 0.7
    lo.inputs[2].default_value = -IR * 0.8
    lo.inputs[3].default_value = 0.45
    lo.inputs[4].default_value = 2.3
    L.new(sp.outputs["Z"], lo.inputs[0])  # caustic glow in the lower iris
    mm = N.new("ShaderNodeMath")
    mm.operation = "MULTIPLY"
    L.new(mp.outputs[0], mm.inputs[0])
    L.new(lo.outputs[0], mm.inputs[1])
    ms = N.new("ShaderNodeMath")
    ms.operation = "LESS_THAN"
    ms.inputs[1].default_value = IR * 0.95
    L.new(ln.outputs["Value"], ms.inputs[0])
    mx = N.new("ShaderNodeMix")
    mx.data_type = "RGBA"
    mx.blend_type = "MULTIPLY"
    L.new(ms.outputs[0], mx.inputs[0])
    L.new(r.outputs[0], mx.inputs[6])
    L.new(mm.outputs[0], mx.inputs[7])
    # soft shadow of the upper lid on the ball
    sh = N.new("ShaderNodeMapRange")
    sh.interpolation_type = "SMOOTHSTEP"
    sh.inputs[1].default_value = 0.16
    sh.inputs[2].default_value = 0.46
    sh.inputs[3].default_value = 1
    sh.inputs[4].default_value = 0.42
    L.new(sp.outputs["Z"], sh.inputs[0])
    m3 = N.new("ShaderNodeMix")
    m3.data_type = "RGBA"
    m3.blend_type = "MULTIPLY"
    m3.inputs[0].default_value = 1
    L.new(mx.outputs[2], m3.inputs[6])
    L.new(sh.outputs[0], m3.inputs[7])
    L.new(m3.outputs[2], p.inputs["Base Color"])
    setp(p, Roughness=1.0, Coat_Weight=1.0, Coat_Roughness=0.012, Specular_IOR_Level=0.0)
    return m


em = eyemat()
for c, R_ in E_:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=48, radius=1, location=tuple(c))
    o = bpy.context.object
    me = o.data
    co = np.zeros(len(me.vertices) * 3)
    me.vertices.foreach_get("co", co)
    co = co.reshape(-1, 3)
    rad = np.hypot(co[:, 0], co[:, 2])
    k = np.where((co[:, 1] < 0) & (rad < IR * 1.1), np.cos(rad / (IR * 1.1) * np.pi / 2) * 0.045, 0)
    co[:, 1] -= k
    me.vertices.foreach_set("co", co.ravel())
    o.scale = (R_,) * 3
    bpy.ops.object.shade_smooth()
    o.data.materials.append(em)
    o.rotation_euler = (0, 0, math.radians(-1.5 * np.sign(c[0])))
# ---------- teeth, tongue
mt, _, p = newmat("teeth")
setp(
    p,
    Base_Color=(0.86, 0.83, 0.79, 1),
    Roughness=0.20,
    Emission_Color=(1, 0.94, 0.88, 1),
    Emission_Strength=0.10,
    Subsurface_Weight=0.15,
    Subsurface_Scale=0.002,
)
mg, _, p = newmat("tongue")
setp(p, Base_Color=(0.60, 0.20, 0.20, 1), Roughness=0.35, Subsurface_Weight=0.2, Subsurface_Scale=0.003)
teeth = []
for g, mm in (("helper-upper-teeth", mt), ("helper-lower-teeth", mt), ("helper-tongue", mg)):
    o, ids = groupmesh(g, lambda x, g=g: x == g, sub=2)
    o.data.materials.append(mm)
    teeth.append(o)
teeth[0].location = (0, -0.0016, -0.0066)
teeth[1].location = (0, 0.001, -0.0030)


# ---------- curves
def mkcurves(name, strands, radius, mat, tip=0.25, root=1.0):
    sizes = [len(s) for s in strands]
    cd = bpy.data.hair_curves.new(name)
    cd.add_curves(sizes)
    P = np.concatenate(strands).astype(np.float32)
    cd.attributes["position"].data.foreach_set("vector", P.ravel())
    ra = cd.attributes.new("radius", "FLOAT", "POINT") if "radius" not in cd.attributes else cd.attributes["radius"]
    t = np.concatenate([np.linspace(0, 1, n) for n in sizes])
    R = radius * (1 - (1 - tip) * t**2) * np.minimum(1, root + t * 6 * (1 - root) + 0.0)
    ra.data.foreach_set("value", R.astype(np.float32))
    o = bpy.data.objects.new(name, cd)
    sc.collection.objects.link(o)
    cd.materials.append(mat)
    return o


lashm, _, p = newmat("lash")
setp(p, Base_Color=(0.012, 0.008, 0.007, 1), Roughness=0.6)
browm, _, p = newmat("brow")
setp(p, Base_Color=(0.030, 0.018, 0.013, 1) if MALE else (0.135, 0.075, 0.052, 1), Roughness=0.7)
BL = float(EX.get("blink", 0))
ls = []
for sg, ups, los in rims:
    for up, ro in ((1, ups), (0, los)):
        n = 96 if up else 46
        for i in range(n):
            u = np.clip((i + rng.uniform(-0.4, 0.4)) / (n - 1), 0, 1)
            if not up and u < 0.35:
                continue
            tt = np.linspace(0, 1, len(ro))
            R0, _ = posed([np.interp(u, tt, ro[:, q]) for q in range(3)])
            ln = (
                (0.0030 + 0.0044 * u**1.2)
                * (0.55 if MALE else 1)
                * (1 if up else 0.36)
                * rng.uniform(0.75, 1.1)
                * (0.55 if u < 0.08 else 1)
            )
            lift = (0.25 - 0.95 * BL) if up else -0.5
            d = np.array([sg * (-0.18 + 0.95 * u), -0.80, lift])
            d /= np.linalg.norm(d)
            s = np.linspace(0, 1, 8)[:, None]
            ls.append(
                R0
                + d * ln * s
                + np.array([0, 0, (0.62 - 0.45 * BL) if up else -0.25]) * ln * s**2
                + rng.normal(0, 0.00012, (1, 3)) * s
            )
mkcurves("lashes", ls, 0.00015, lashm, 0.12)
bs = []
for sg in (-1, 1):
    kx = np.array([-0.0150, -0.008, 0.002, 0.011, 0.0190, 0.0245]) + 0.001
    kz = np.array([0.0205, 0.0212, 0.0223, 0.0233, 0.0227, 0.0205]) + 0.0018
    kw = np.array([0.0015, 0.0023, 0.0024, 0.0021, 0.0014, 0.0005]) * (1.55 if MALE else 1)
    for i in range(1100 if MALE else 640):
        x = kx[0] + (kx[-1] - kx[0]) * rng.beta(1.2, 1.1)
        zc = np.interp(x, kx, kz)
        w = np.interp(x, kx, kw)
        off = rng.uniform(-1, 1)
        z = zc + w * off
        slope = (np.interp(x + 0.002, kx, kz) - np.interp(x - 0.002, kx, kz)) / 0.004
        t = (x - kx[0]) / (kx[-1] - kx[0])
        d = np.array([1, slope + 0.9 * (1 - t) ** 3 - off * 0.4]) + rng.normal(0, 0.08, 2)
        d /= np.linalg.norm(d)
        ln = rng.uniform(0.0028, 0.0046) * (1 - 0.35 * t)
        pts = []
        for s in np.linspace(0, 1, 5):
            q, nn = cast(sg * (ex + x + d[0] * ln * s), ez + z + d[1] * ln * s, rtree)
            if q is None:
                break
            q, nn = posed(q)
            pts.append(q + nn * (0.0001 + 0.0006 * math.sin(s * 2.6)))
        if len(pts) == 5:
            bs.append(np.array(pts))
mkcurves("brows", bs, 0.000040, browm, 0.2)
print("face built %.1f" % (time.time() - T0))
