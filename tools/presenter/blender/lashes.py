# ruff: noqa
# mypy: ignore-errors
"""Curves, and of them lashes and brows. Runs inside render.py."""


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
                * (0.34 if MALE else 1)
                * (1 if up else 0.36)
                * rng.uniform(0.75, 1.1)
                * (0.55 if u < 0.08 else 1)
            )
            # A man's lashes are short and lie along the lid's edge: curled up they would float above a hooded lid.
            lift = ((-0.10 if MALE else 0.25) - 0.95 * BL) if up else -0.5
            d = np.array([sg * (-0.18 + 0.95 * u), -0.80, lift])
            d /= np.linalg.norm(d)
            s = np.linspace(0, 1, 8)[:, None]
            ls.append(
                R0
                + d * ln * s
                + np.array([0, 0, (0.20 if MALE else 0.62) - 0.45 * BL if up else -0.25]) * ln * s**2
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
