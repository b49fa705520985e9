# ruff: noqa
# mypy: ignore-errors
"""Short hair: clumps marched over the scalp along a combed field. Runs inside render.py."""

# ---------- short hair: clumps marched over the scalp along a combed field; a swept top, tapered sides
tH = time.time()
hr = np.random.default_rng(21)
PART = 0.046  # side parting (x), hair of the top falls to the other side


def hair_mesh_points(n):
    A_, B_, C_ = rv[rt[:, 0]], rv[rt[:, 1]], rv[rt[:, 2]]
    ce = (A_ + B_ + C_) / 3
    d = ce - np.array([0, ey, ez])
    th = np.degrees(np.arctan2(abs(ce[:, 0]), -(ce[:, 1] - cy)))
    edge = np.interp(th, HL_A, HL_Z)
    k = np.where((d[:, 2] > edge) & (d[:, 2] > -0.075) & (abs(ce[:, 0]) < 0.085) & (d[:, 1] > -0.03))[0]
    N = np.cross(B_[k] - A_[k], C_[k] - A_[k])
    ar = np.linalg.norm(N, axis=1)
    N /= ar[:, None] + 1e-12
    ar = ar / ar.sum()
    t = hr.choice(len(k), n, p=ar)
    u, v = hr.random((2, n))
    f = u + v > 1
    u[f], v[f] = 1 - u[f], 1 - v[f]
    i = k[t]
    P = A_[i] + (B_[i] - A_[i]) * u[:, None] + (C_[i] - A_[i]) * v[:, None]
    return P, N[t]


HL_A = np.array([0, 20, 38, 50, 60, 70, 80, 90, 100, 112, 130, 155, 180])
HL_Z = np.array([0.058, 0.057, 0.052, 0.042, 0.028, 0.012, -0.014, -0.020, -0.004, -0.012, -0.040, -0.062, -0.066])


def field(p, n):
    d = p - np.array([0, ey, ez])
    top = float(mesh.smooth(0.036, 0.066, d[2]))
    front = float(mesh.smooth(0.055, -0.005, d[1]))
    side = np.array([np.sign(d[0]) * 0.05, 0.45, -0.9])  # sides fall back and down
    s = -1.0 if d[0] < PART else 0.6
    sweep = np.array([s * 0.85, -0.30 + 0.55 * (1 - front), 0.25 + 0.55 * front])  # top: over to the side, front lifted
    c = side * (1 - top) + sweep * top
    over = float(mesh.smooth(PART - 0.012, PART + 0.012, d[0]))
    L = (0.010 + (0.050 + 0.018 * front) * top) * (1 - 0.55 * over * top)
    lift = (0.18 + 0.80 * top * (0.55 + 0.45 * front)) * (1 - 0.75 * over)
    return c / np.linalg.norm(c), L, lift


K = 900
CP, CN = hair_mesh_points(K)
NS = 14
clumps = []
for p, n in zip(CP, CN):
    c, L, lift = field(p, n)
    L *= hr.uniform(0.88, 1.08)
    c = c + hr.normal(0, 0.13, 3)
    pts = [p.copy()]
    q = p.copy()
    nn = n
    for s in range(1, NS):
        u = s / (NS - 1)
        t = c - nn * (c @ nn)
        t /= np.linalg.norm(t) + 1e-9
        w = lift * (1 - 1.35 * u)
        dr = t + nn * w
        dr /= np.linalg.norm(dr)
        q = q + dr * (L / (NS - 1))
        h, m, _, dist = rtree.find_nearest(Vector(q), 0.08)
        if h is not None:
            m = np.array(m)
            h = np.array(h)
            sd = (q - h) @ m
            if sd < 0.0025:
                q = h + m * 0.0025
            nn = m
        pts.append(q.copy())
    clumps.append(np.array(pts))
clumps = np.array(clumps)
from mathutils.kdtree import KDTree

kd = KDTree(K)
for i, p in enumerate(CP):
    kd.insert(Vector(p), i)
kd.balance()
n = a.nhair
HP, HN = hair_mesh_points(n)
strands = []
tt = np.linspace(0, 1, NS)[:, None]
for p in HP:
    if abs(p[0]) > 0.0635 and -0.08 < p[2] - ez < 0.014:
        hr.normal(0, 0.0009, 3)
        hr.uniform(2, 5)
        hr.uniform(0, 6, 3)
        hr.uniform(0.72, 1)
        continue
    i = kd.find(Vector(p))[1]
    c = clumps[i]
    off = p - c[0]
    cl = 1 - 0.62 * tt**0.8
    st = (
        c
        + off * cl
        + hr.normal(0, 0.0009, 3) * tt**2
        + np.sin(tt * hr.uniform(2, 5) + hr.uniform(0, 6, 3)) * 0.0005 * tt
    )
    k = max(6, int(NS * hr.uniform(0.72, 1)))
    strands.append(st[:k])


def hairmat(n_, col, rough=0.28, rr_=0.42):
    m = bpy.data.materials.new(n_)
    m.use_nodes = True
    t = m.node_tree
    t.nodes.clear()
    h = t.nodes.new("ShaderNodeBsdfHairPrincipled")
    o = t.nodes.new("ShaderNodeOutputMaterial")
    h.parametrization = "COLOR"
    h.inputs["Color"].default_value = col
    h.inputs["Roughness"].default_value = rough
    h.inputs["Radial Roughness"].default_value = rr_
    h.inputs["Random Roughness"].default_value = 0.25
    if "Random Color" in h.inputs:
        h.inputs["Random Color"].default_value = 0.2
    t.links.new(h.outputs[0], o.inputs[0])
    return m


mkcurves("hair", strands, 0.000085 * math.sqrt(40000 / max(n, 8000)), hairmat("hair", (0.016, 0.010, 0.0075, 1)), 0.35)
print("hair", len(strands), "%.1f s" % (time.time() - tH))
