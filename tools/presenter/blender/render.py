# ruff: noqa
# mypy: ignore-errors
"""Build a host once and render its base picture and expression crops in one Blender process.

The parts (body, makeup … light, turn) are run one after the other in this module's namespace.

usage: python render.py -- --job job.json
job: {"shape": {...}, "neutral": {...}, "nhair": 40000, "parts": {...},
      "frames": [{"out": "base.png", "expr": {...}, "border": [x0,x1,y0,y1] | null, "spp": 44, "turn": [yaw, nod]}]}
"""

import sys, os, time, math, json

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import numpy as np, bpy
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree
import mesh
from types import SimpleNamespace

job = json.load(open(sys.argv[sys.argv.index("--job") + 1]))
a = SimpleNamespace(
    out="x.png",
    scale=job.get("scale", 100),
    spp=24,
    hair=1,
    clothes=1,
    blazer=1,
    nhair=job.get("nhair", 40000),
    border="",
    clay=0,
    yaw=0,
)
mesh.GENDER = job.get("gender", "female")
MALE = mesh.GENDER == "male"
for k_, v_ in job.get("mesh", {}).items():
    setattr(mesh, k_, v_)
mesh.S.update(job.get("S", {}))
mesh.SB.update(job.get("SB", {}))
KNIT = tuple(job.get("knit", (0.62, 0.235, 0.205, 1)))
JACKET = tuple(job.get("jacket", (0.66, 0.565, 0.475, 1)))
T0 = time.time()
bpy.ops.wm.read_factory_settings(use_empty=True)
sc = bpy.context.scene
rng = np.random.default_rng(7)
ch = mesh.Char()
shape = job["shape"]
NEU = ch.build({}, shape)


def expression(e):
    x = dict(job["neutral"])
    x.update(e)
    return x


EX = expression(job["frames"][0]["expr"])
P0 = ch.build(EX, shape)
mids = [
    np.array(sorted({i for f, g in zip(ch.F, ch.G) if g == n for i in f}))
    for n in ("helper-upper-teeth", "helper-lower-teeth", "helper-tongue")
]
parts = ["body", "makeup", "skin", "eyes", "lashes", "dress"]
parts += ["cardigan"] if job.get("cardigan", True) else []
parts += ["hair_short"] if MALE else ["hair_guides", "hair_long"]
for part in (*parts, "light", "turn"):
    src = open(os.path.join(HERE, part + ".py")).read()
    exec(compile(src, part + ".py", "exec"))
r.resolution_x = job.get("width", 720)
r.use_persistent_data = True
r.threads = job.get("threads", 2)
for fr_ in job["frames"]:
    if os.path.exists(fr_["out"]):
        continue
    t = time.time()
    P = ch.build(expression(fr_["expr"]), shape)
    yaw_, nod_ = fr_.get("turn", (0, 0))
    pose_head(P, yaw_, nod_)
    if yaw_ or nod_:
        write_points(os.path.splitext(fr_["out"])[0] + ".npz", yaw_, nod_)
    b_ = fr_.get("border")
    if b_:
        r.use_border = True
        r.use_crop_to_border = True
        r.border_min_x, r.border_max_x, r.border_min_y, r.border_max_y = b_
    else:
        r.use_border = False
    sc.cycles.samples = fr_.get("spp", 24)
    r.filepath = os.path.abspath(fr_["out"])
    bpy.ops.render.render(write_still=True)
    print("FRAME", fr_["out"], round(time.time() - t, 1), flush=True)
