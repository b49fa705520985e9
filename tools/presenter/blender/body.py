# ruff: noqa
# mypy: ignore-errors
"""Mesh helpers, the body's mesh at rest and in its pose, and the rims of the lids. Runs inside render.py."""


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
