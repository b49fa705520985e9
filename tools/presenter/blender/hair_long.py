# ruff: noqa
# mypy: ignore-errors
"""Long hair from hand-set guide curves, clumped in two levels. Runs inside render.py."""

# ---------- hair: hand-set guide curves, interpolated over the head, clumped in two levels
tH = time.time()
hr = np.random.default_rng(11)
XP = -0.010  # parting


def scalp_z(x, dy):
    h = rtree.ray_cast(Vector((x, ey + dy, ez + 0.3)), Vector((0, 0, -1)))
    return h[0][2] - ez


def cr(P, t):
    """Catmull-Rom through P (n,3) at t in 0..1, chord length spaced"""
    P = np.asarray(P, float)
    d = np.r_[0, np.cumsum(np.linalg.norm(np.diff(P, axis=0), axis=1))]
    d /= d[-1]
    out = np.empty((len(t), 3))
    m = np.gradient(P, d, axis=0)
    i = np.clip(np.searchsorted(d, t, side="right") - 1, 0, len(P) - 2)
    h = (d[i + 1] - d[i])[:, None]
    s = ((t - d[i])[:, None]) / h
    return (
        (2 * s**3 - 3 * s**2 + 1) * P[i]
        + (s**3 - 2 * s**2 + s) * h * m[i]
        + (-2 * s**3 + 3 * s**2) * P[i + 1]
        + (s**3 - s**2) * h * m[i + 1]
    )


NS = 44
tt = np.linspace(0, 1, NS)


def guides(fam, s):
    out = []
    for g in fam:
        x0, dy0 = g[0]
        P = [(XP, dy0, scalp_z(XP, dy0) - 0.001)] + [
            (XP * max(0, 1 - k * 0.34) + s * x, dy, dz) for k, (x, dy, dz) in enumerate(g[1:])
        ]
        out.append(cr(P, tt))
    return np.array(out)


def across(G, u):
    """interpolate guides at u in 0..1 (vector) -> (n,NS,3)"""
    K = len(G)
    x = np.clip(u, 0, 1) * (K - 1)
    i = np.clip(x.astype(int), 0, K - 2)
    f = (x - i)[:, None, None]
    if K == 2:
        return G[0] * (1 - f) + G[1] * f
    m = np.gradient(G, axis=0)
    return (
        (2 * f**3 - 3 * f**2 + 1) * G[i]
        + (f**3 - 2 * f**2 + f) * m[i]
        + (-2 * f**3 + 3 * f**2) * G[i + 1]
        + (f**3 - f**2) * m[i + 1]
    )


def family(fam, n, nbig, nsm, thick, lenvar, wob, clump, seedtips=0.10, hug=0):
    S = []
    for s in (-1, 1):
        G = guides(fam, s)
        C = np.array([0, 0.066, 0.012])
        bu = np.sort(hr.random(nbig))
        bl = hr.random(nbig)
        bph = hr.uniform(0, 6.28, (nbig, 3))
        bfr = hr.uniform(0.8, 1.7, (nbig, 3))
        blen = hr.uniform(1 - lenvar, 1, nbig)
        sb = hr.integers(0, nbig, nsm)
        su = bu[sb] + hr.normal(0, 0.5 / nbig, nsm)
        sl = np.clip(bl[sb] + hr.normal(0, 0.16, nsm), 0, 1)
        sph = hr.uniform(0, 6.28, (nsm, 3))
        sfr = hr.uniform(1.0, 2.6, (nsm, 3))
        slen = blen[sb] * hr.uniform(1 - lenvar * 0.5, 1, nsm)
        k = hr.integers(0, nsm, n // 2)
        du = hr.normal(0, 0.55 / np.sqrt(nsm) * 0.42, n // 2)
        dl = hr.normal(0, 0.11, n // 2)
        T = tt[None, :]
        cl = 1 - clump * np.clip(T * 1.15, 0, 1) ** 1.3
        # base position along the clump centre and the strand's own offset, evaluated in guide space
        Pc = across(G, su[k])
        Pu = across(G, np.clip(su[k] + du, -0.02, 1.02))
        P = Pc + (Pu - Pc) * cl[..., None]
        lay = sl[k][:, None] + dl[:, None] * cl  # 0 outer .. 1 inner
        dirc = P - C
        dirc[..., 2] *= np.clip((P[..., 2] - C[2]) / 0.05, 0, 1)  # radial; horizontal below the dome
        dirc /= np.linalg.norm(dirc, axis=-1, keepdims=True) + 1e-9
        P = P - dirc * (thick * lay * np.clip(T * 5, 0, 1))[..., None]
        b = sb[k]
        ph = T[..., None] * bfr[b][:, None, :] * 6.28 * 0.75 + bph[b][:, None, :]
        P = P + np.sin(ph) * np.array([1, 1, 0.3]) * wob * np.clip((T - 0.15) * 1.6, 0, 1)[..., None]
        ph = T[..., None] * sfr[k][:, None, :] * 6.28 + sph[k][:, None, :]
        P = P + np.sin(ph) * np.array([1, 1, 0.2]) * wob * 0.35 * np.clip((T - 0.1) * 1.5, 0, 1)[..., None]
        P = (
            P
            + hr.normal(0, 0.00030, (n // 2, 1, 3)) * np.clip(T * 3, 0, 1)[..., None]
            + hr.normal(0, 0.0011, (n // 2, 1, 3)) * T[..., None] ** 3
        )
        j = hr.normal(0, 1, (n // 2, 3)) * [0.0016, 0.0030, 0]
        P[:, :4, :] += j[:, None, :] * np.array([1, 0.9, 0.6, 0.3])[None, :, None]
        ln = slen[k] * (1 - seedtips * hr.random(n // 2) ** 2)
        for q, l_ in zip(P, ln):
            S.append(q[: max(10, int(NS * l_))])
    return S


O = np.array([0, ey, ez])
bm_, _, p = newmat("hairback")
setp(p, Base_Color=(0.012, 0.006, 0.004, 1), Roughness=0.65, Specular_IOR_Level=0.2)
for s in (-1, 1):  # opaque backing a little inside the hair
    G = across(guides(MN, s), np.linspace(0.06, 1, 40))[:, :40]
    C = np.array([0, 0.066, 0.012])
    d = G - C
    d[..., 2] *= np.clip((G[..., 2] - C[2]) / 0.05, 0, 1)
    d /= np.linalg.norm(d, axis=-1, keepdims=True) + 1e-9
    G = G - d * 0.0125 * np.clip(np.linspace(0, 1, 44)[:40] * 4, 0.15, 1)[None, :, None] + O
    fs = [[i * 40 + j, i * 40 + j + 1, (i + 1) * 40 + j + 1, (i + 1) * 40 + j] for i in range(39) for j in range(39)]
    o = mkmesh("hairback", G.reshape(-1, 3), fs)
    o.data.materials.append(bm_)
n = a.nhair
main = family(MN, int(n * 0.60), 30, 440, 0.013, 0.10, 0.0026, 0.62)
inner = family(
    [
        [(g[0][0], g[0][1])] + [(x * 0.93, dy + (0.004 if dy < 0.05 else -0.006), dz - 0.004) for x, dy, dz in g[1:]]
        for g in MN
    ],
    int(n * 0.26),
    40,
    500,
    0.026,
    0.10,
    0.0018,
    0.35,
)
fringe = family(FR, int(n * 0.14), 9, 80, 0.0055, 0.10, 0.0012, 0.55, 0.18)
fly = []
for s_ in hr.permutation(len(main))[: int(n * 0.012)]:
    q = main[s_].copy()
    k = len(q)
    t = np.linspace(0, 1, k)[:, None]
    q += np.sin(t * hr.uniform(2, 6) + hr.uniform(0, 6, 3)) * hr.uniform(0.001, 0.0045, 3) * t
    q += (q - [0, 0.066, 0.0]) * hr.uniform(0.0, 0.05) * t
    fly.append(q)


# keep strands off the face
def off(S, dmin):
    out = []
    for q in S:
        q = q + O
        for j in range(2, len(q)):
            if q[j, 1] < ey + 0.05 and abs(q[j, 0]) < 0.075:
                h, nn, _, d = rtree.find_nearest(Vector(q[j]), 0.02)
                if h is None:
                    continue
                h = np.array(h)
                nn = np.array(nn)
                sd = (q[j] - h) @ nn
                if sd < dmin:
                    q[j] = h + nn * dmin
        q[1:-1] = (q[:-2] + 2 * q[1:-1] + q[2:]) / 4
        out.append(q)
    return out


bangs = family(BG, int(n * 0.034), 20, 56, 0.004, 0.12, 0.0013, 0.50, 0.24) if BANGS else []
fringe = off(fringe, 0.0022)
bangs = off(bangs, 0.0030)
main = [q + O for q in main]
inner = [q + O for q in inner]
fly = [q + O for q in fly]


def hairmat(n_, col, rough=0.26, rr_=0.42):
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
        h.inputs["Random Color"].default_value = 0.22
    t.links.new(h.outputs[0], o.inputs[0])
    return m


hm = hairmat("hair", (0.030, 0.0120, 0.0066, 1))
rad = 0.00011 * math.sqrt(16000 / max(n, 1000))
rad = max(rad, 0.000075)
mkcurves("hair", main + inner, rad, hm, 0.30)
mkcurves("fringe", fringe, rad * 0.8, hm, 0.18)
bangs and mkcurves("bangs", bangs, rad * 0.55, hm, 0.12)
mkcurves("fly", fly, 0.000045, hm, 0.3)
print("hair", len(main), len(inner), len(fringe), "%.1f s" % (time.time() - tH))
