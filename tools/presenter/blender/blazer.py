# ruff: noqa
# mypy: ignore-errors
"""An open blazer with rolled lapels. Runs inside render.py."""

# ---------- open blazer over the knit: offset shell + rolled lapels with thickness
OFFB = 0.0105
bvv = sv - sn * fold[:, None] + sn * (OFFB + 0.45 * fold[:, None])
jb = bvv - np.array([0, ey, ez])
XC = 0.0150


def xedge(dz):
    return np.interp(
        dz, [-0.44, -0.36, -0.30, -0.24, -0.19, -0.15, -0.12], [0.020, 0.036, 0.046, 0.0545, 0.0605, 0.064, 0.062]
    )


back = jb[:, 1] > 0.085
vis = (np.abs(jb[:, 0] - XC * np.clip((0.09 - jb[:, 1]) / 0.09, 0, 1)) > xedge(jb[:, 2]) + 0.006) | back
rb_ = np.hypot(bvv[:, 0] - AX[0], bvv[:, 1] - AX[1])
vis &= ~((rb_ < 0.074) & (jb[:, 2] > zring(np.abs(np.arctan2(bvv[:, 0] - AX[0], -(bvv[:, 1] - AX[1])))) - ez - 0.004))
fb = [f for f in sf if vis[list(f)].all()]
BCOL = JACKET
mb, t_, p = newmat("blazer")
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
o = mkmesh("blazer", bvv, fb)
o.data.materials.append(mb)
jtree = BVHTree.FromPolygons([tuple(x) for x in bvv], sf)
for s in (-1, 1):
    nu, nv = 26, 150
    vs = []
    ok = []
    dzs = np.linspace(-0.140 if MALE else -0.118, -0.42, nv)
    for dz in dzs:
        # notched lapel: collar leaf above dz=-.205, lapel leaf below
        w = np.interp(
            dz,
            [-0.42, -0.36, -0.30, -0.262, -0.236, -0.2235, -0.2225, -0.216, -0.19, -0.175, -0.160, -0.145, -0.118],
            [0.012, 0.026, 0.040, 0.050, 0.0545, 0.0550, 0.0340, 0.0335, 0.0325, 0.0300, 0.0240, 0.0140, 0.006],
        )
        if MALE:
            w *= min(1, max(0.06, (-0.136 - dz) / 0.034))
        for i in range(nu):
            u = i / (nu - 1)
            uu = max(0, (u - 0.06) / 0.94)
            slope = -0.020 * uu * np.clip((dz + 0.23) / -0.004, 0, 1) * 1.0 + 0.012 * uu * (dz > -0.2225)
            x = XC + s * (xedge(dz) - 0.0015 + w * uu)
            z = (
                ez
                + dz
                + slope * 0
                + (0.010 * uu if -0.236 < dz < -0.2225 else 0) * np.clip((dz + 0.236) / 0.0135, 0, 1)
            )
            h = jtree.ray_cast(Vector((x, -1, z)), Vector((0, 1, 0)))
            good = h[0] is not None and h[0][1] < ey + 0.10
            q = np.array(h[0]) if good else np.array([x, ey, z])
            n = np.array(h[1]) if good else np.array([0, -1, 0])
            lift = np.interp(u, [0, 0.05, 0.12, 0.35, 0.8, 1], [-0.0055, 0.0022, 0.0060, 0.0058, 0.0042, 0.0034])
            vs.append(q + (n * 0.5 + np.array([0, -0.5, 0])) * lift)
            ok.append(good)
    vs = np.array(vs).reshape(nv, nu, 3)
    for _ in range(6):
        vs[1:-1, :, 1] = (vs[:-2, :, 1] + 2 * vs[1:-1, :, 1] + vs[2:, :, 1]) / 4
    for _ in range(3):
        vs[:, 3:-1, 1] = (vs[:, 2:-2, 1] + 2 * vs[:, 3:-1, 1] + vs[:, 4:, 1]) / 4
    ok = np.array(ok).reshape(nv, nu)
    fs_ = []
    for j in range(nv - 1):
        for i in range(nu - 1):
            if ok[j : j + 2, i : i + 2].all():
                A = j * nu + i
                f = [A, A + 1, A + nu + 1, A + nu]
                fs_.append(f if s < 0 else f[::-1])
    o = mkmesh("lapel", vs.reshape(-1, 3), fs_)
    m_ = o.modifiers.new("so", "SOLIDIFY")
    m_.thickness = 0.0022
    m_.offset = 0
    o.data.materials.append(mb)
