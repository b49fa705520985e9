# ruff: noqa
# mypy: ignore-errors
"""An open cardigan with a placket. Runs inside render.py."""

# ---------- open cardigan over the knit: offset shell, and a placket with thickness along its edges
OFFB = 0.0105
bvv = sv - sn * fold[:, None] + sn * (OFFB + 0.45 * fold[:, None])
jb = bvv - np.array([0, ey, ez])
XC = 0.0150


def xedge(dz):
    return np.interp(
        dz, [-0.44, -0.36, -0.30, -0.24, -0.19, -0.15, -0.12], [0.020, 0.036, 0.046, 0.0545, 0.0605, 0.064, 0.062]
    )


# The jacket is the whole shell; where it is cut open is a signed distance, so that its edges are smooth.
rb_ = np.hypot(bvv[:, 0] - AX[0], bvv[:, 1] - AX[1])
front_ = np.abs(jb[:, 0] - XC * np.clip((0.09 - jb[:, 1]) / 0.09, 0, 1)) - xedge(jb[:, 2]) - 0.006
neck_ = np.maximum(
    rb_ - 0.074, zring(np.abs(np.arctan2(bvv[:, 0] - AX[0], -(bvv[:, 1] - AX[1])))) - ez - 0.004 - jb[:, 2]
)
cut = np.minimum(np.maximum(front_, jb[:, 1] - 0.085), neck_)
fb = [f for f in sf if (cut[list(f)] > -0.004).any()]
BCOL = JACKET
mb, t_, p = newmat("cardigan")
setp(p, Base_Color=BCOL, Roughness=0.75, Sheen_Weight=0.35, Sheen_Roughness=0.4, Specular_IOR_Level=0.25)
N = t_.nodes
L = t_.links
tc = N.new("ShaderNodeTexCoord")
nz = N.new("ShaderNodeTexNoise")
nz.inputs["Scale"].default_value = 1300
nz.inputs["Detail"].default_value = 3
L.new(tc.outputs["Object"], nz.inputs["Vector"])
b = N.new("ShaderNodeBump")
b.inputs["Strength"].default_value = 0.45
b.inputs["Distance"].default_value = 0.0007
L.new(nz.outputs[0], b.inputs["Height"])
L.new(b.outputs[0], p.inputs["Normal"])
cx = N.new("ShaderNodeMix")
cx.data_type = "RGBA"
L.new(nz.outputs[0], cx.inputs[0])
cx.inputs[6].default_value = tuple(c * 0.86 for c in BCOL[:3]) + (1,)
cx.inputs[7].default_value = tuple(min(1, c * 1.08) for c in BCOL[:3]) + (1,)
L.new(cx.outputs[2], p.inputs["Base Color"])
o = mkmesh("cardigan", bvv, fb)
attr(o, "cut", cut)
at_ = N.new("ShaderNodeAttribute")
at_.attribute_name = "cut"
th_cut = N.new("ShaderNodeMath")
th_cut.operation = "GREATER_THAN"
th_cut.inputs[1].default_value = 0
L.new(at_.outputs["Fac"], th_cut.inputs[0])
L.new(th_cut.outputs[0], p.inputs["Alpha"])
o.data.materials.append(mb)
jtree = BVHTree.FromPolygons([tuple(x) for x in bvv], sf)
ml = mb.copy()
ml.node_tree.nodes["Principled BSDF"].inputs["Alpha"].default_value = 1.0
for l_ in [q for q in ml.node_tree.links if q.to_socket.name == "Alpha"]:
    ml.node_tree.links.remove(l_)
for s in (-1, 1):
    nu, nv = 14, 150
    vs = []
    ok = []
    for dz in np.linspace(-0.122, -0.42, nv):
        for i in range(nu):
            u = i / (nu - 1)
            x = XC + s * (xedge(dz) - 0.0015 + 0.0135 * u)
            h = jtree.ray_cast(Vector((x, -1, ez + dz)), Vector((0, 1, 0)))
            good = h[0] is not None and h[0][1] < ey + 0.10
            q = np.array(h[0]) if good else np.array([x, ey, ez + dz])
            n = np.array(h[1]) if good else np.array([0, -1, 0])
            lift = np.interp(u, [0, 0.08, 0.2, 0.75, 0.92, 1], [-0.0045, 0.0016, 0.0034, 0.0034, 0.0016, -0.0006])
            vs.append(q + (n * 0.5 + np.array([0, -0.5, 0])) * lift)
            ok.append(good)
    vs = np.array(vs).reshape(nv, nu, 3)
    for _ in range(6):
        vs[1:-1, :, 1] = (vs[:-2, :, 1] + 2 * vs[1:-1, :, 1] + vs[2:, :, 1]) / 4
    ok = np.array(ok).reshape(nv, nu)
    fs_ = []
    for j in range(nv - 1):
        for i in range(nu - 1):
            if ok[j : j + 2, i : i + 2].all():
                A = j * nu + i
                f = [A, A + 1, A + nu + 1, A + nu]
                fs_.append(f if s < 0 else f[::-1])
    o = mkmesh("placket", vs.reshape(-1, 3), fs_)
    m_ = o.modifiers.new("so", "SOLIDIFY")
    m_.thickness = 0.0018
    m_.offset = 0
    o.data.materials.append(ml)
