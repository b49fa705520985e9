# ruff: noqa
# mypy: ignore-errors
"""The head turned on its neck: skin, eyes, teeth and hair turn, clothes stay. Runs inside render.py."""

PIVOT = np.array([0, ey + 0.085, ez - 0.085])
BALLS = {o: o.matrix_basis.copy() for o in balls + teeth}


def follow(V, low, high):
    """Share of the head's movement by height below the eyes."""
    return mesh.smooth(low, high, V[:, 2] - ez)


def turned(V, w, yaw, nod):
    """Points (n, 3) after a turn and a nod in degrees, each point by its share `w`; positive turns to the right."""
    d = V - PIVOT
    s, c = np.sin(np.radians(nod) * w), np.cos(np.radians(nod) * w)
    d = np.stack([d[:, 0], d[:, 1] * c - d[:, 2] * s, d[:, 1] * s + d[:, 2] * c], 1)
    s, c = np.sin(np.radians(yaw) * w), np.cos(np.radians(yaw) * w)
    return np.stack([d[:, 0] * c - d[:, 1] * s, d[:, 0] * s + d[:, 1] * c, d[:, 2]], 1) + PIVOT


def coordinates(o):
    """The rest positions of a mesh's or a curves' points, and where to write new ones."""
    if o.type == "CURVES":
        store, key, n = o.data.attributes["position"].data, "vector", len(o.data.attributes["position"].data)
    else:
        store, key, n = o.data.vertices, "co", len(o.data.vertices)
    flat = np.zeros(n * 3, np.float32)
    store.foreach_get(key, flat)
    return flat.reshape(-1, 3).astype(float), store, key


SOFT = []
for o in sc.collection.objects:
    name = o.name.split(".")[0]
    if name in ("hair", "hairback", "fringe", "fly", "bangs", "lashes", "brows"):
        V, store, key = coordinates(o)
        low, high = (-0.20, -0.080) if name.startswith("hair") or name == "fly" else (-0.30, -0.25)
        SOFT.append((o, V, follow(V, low, high), store, key))
NECK_LOW, NECK_HIGH = -0.160, -0.104


def pose_head(P, yaw, nod):
    """Set the head of the mesh `P` and everything on it into the scene; the body and clothes stay."""
    posed_ = turned(P[bid], follow(P[bid], NECK_LOW, NECK_HIGH), yaw, nod)
    body.data.vertices.foreach_set("co", posed_.astype(np.float32).ravel())
    body.data.update()
    for o, ids in zip(teeth, mids):
        o.data.vertices.foreach_set("co", P[ids].astype(np.float32).ravel())
        o.data.update()
    here = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    q = turned(here, np.ones(4), yaw, nod)
    T = Matrix([[*(q[1:, i] - q[0, i]), q[0, i]] for i in range(3)] + [[0, 0, 0, 1]])
    for o, basis in BALLS.items():
        o.matrix_basis = T @ basis
    for o, V, w, store, key in SOFT:
        store.foreach_set(key, turned(V, w, yaw, nod).astype(np.float32).ravel())
        o.data.update() if o.type == "MESH" else o.data.update_tag()


def project(V):
    """Pixels (n, 2) of the picture at full size and distance from the camera."""
    R = np.array(co.rotation_euler.to_matrix())
    q = (V - np.array(co.location)) @ R
    f = 85 / 36 * r.resolution_y
    return np.stack([r.resolution_x / 2 + f * q[:, 0] / -q[:, 2], r.resolution_y / 2 - f * q[:, 1] / -q[:, 2]], 1), -q[
        :, 2
    ]


def write_points(path, yaw, nod):
    """Store where the scene's points are seen at rest and turned: before, depth, after."""
    rng_ = np.random.default_rng(3)
    sets = [(bv, follow(bv, NECK_LOW, NECK_HIGH))]
    sets += [(V[k], w[k]) for _, V, w, _, _ in SOFT for k in [rng_.integers(0, len(V), min(len(V), 150_000))]]
    for o in sc.collection.objects:
        if o.name.split(".")[0] in ("sweater", "collar", "cardigan", "placket"):
            V = coordinates(o)[0]
            sets.append((V, np.zeros(len(V))))
    V, w = (np.concatenate([s[k] for s in sets]) for k in (0, 1))
    before, depth = project(V)
    after, _ = project(turned(V, w, yaw, nod))
    np.savez_compressed(path, before=before.astype("f4"), depth=depth.astype("f4"), after=after.astype("f4"))
