# ruff: noqa
# mypy: ignore-errors
"""Make-up painted in the plane of the face: blush, liner, lid crease, brows' ground. Runs inside render.py."""

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
