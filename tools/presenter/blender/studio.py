# ruff: noqa
# mypy: ignore-errors
"""Warm blurred studio behind the host. Cycles, thin lens. usage: python bg.py -- bg.png"""

import bpy, sys, os, math, numpy as np
from mathutils import Vector

LOOK, WIDE, out = sys.argv[-3], int(sys.argv[-2]), os.path.abspath(sys.argv[-1])
bpy.ops.wm.read_factory_settings(use_empty=True)
sc = bpy.context.scene
rng = np.random.default_rng(5)


def mat(c, rough=0.6, em=0, metal=0):
    m = bpy.data.materials.new("m")
    m.use_nodes = True
    p = m.node_tree.nodes["Principled BSDF"]
    p.inputs["Base Color"].default_value = (*c, 1)
    p.inputs["Roughness"].default_value = rough
    p.inputs["Metallic"].default_value = metal
    if em:
        p.inputs["Emission Color"].default_value = (*c, 1)
        p.inputs["Emission Strength"].default_value = em
    return m


def box(x, y, z, sx, sy, sz, m):
    bpy.ops.mesh.primitive_cube_add(size=1, location=(x, y, z))
    o = bpy.context.object
    o.scale = (sx, sy, sz)
    o.data.materials.append(m)
    return o


def cyl(x, y, z, r, h, m):
    bpy.ops.mesh.primitive_cylinder_add(radius=r, depth=h, location=(x, y, z))
    o = bpy.context.object
    bpy.ops.object.shade_smooth()
    o.data.materials.append(m)
    return o


def ball(x, y, z, r, m, s=(1, 1, 1)):
    bpy.ops.mesh.primitive_uv_sphere_add(radius=r, location=(x, y, z), segments=24, ring_count=16)
    o = bpy.context.object
    o.scale = s
    bpy.ops.object.shade_smooth()
    o.data.materials.append(m)
    return o


LOOKS = {
    "studio": dict(
        wall=(0.74, 0.62, 0.52),
        wood=(0.42, 0.25, 0.14),
        led=(1, 0.72, 0.42),
        niche=(0.62, 0.47, 0.37),
        flute=(0.50, 0.32, 0.20),
        a=34,
        b=15,
        ca=(1, 0.93, 0.85),
        cb=(1, 0.86, 0.74),
        amb=0.28,
        cols=[
            (0.80, 0.42, 0.34),
            (0.90, 0.80, 0.66),
            (0.45, 0.55, 0.46),
            (0.86, 0.66, 0.55),
            (0.93, 0.90, 0.86),
            (0.62, 0.30, 0.26),
            (0.72, 0.60, 0.40),
        ],
    ),
    "daylight": dict(
        wall=(0.80, 0.82, 0.82),
        wood=(0.66, 0.58, 0.48),
        led=(1, 0.96, 0.90),
        niche=(0.70, 0.74, 0.74),
        flute=(0.78, 0.79, 0.78),
        a=46,
        b=26,
        ca=(0.95, 0.98, 1),
        cb=(1, 0.98, 0.95),
        amb=0.42,
        cols=[
            (0.55, 0.68, 0.62),
            (0.92, 0.90, 0.86),
            (0.70, 0.78, 0.80),
            (0.86, 0.78, 0.66),
            (0.60, 0.66, 0.58),
            (0.88, 0.86, 0.80),
        ],
    ),
    "evening": dict(
        wall=(0.10, 0.15, 0.17),
        wood=(0.16, 0.11, 0.08),
        led=(1, 0.62, 0.30),
        niche=(0.08, 0.12, 0.14),
        flute=(0.09, 0.14, 0.16),
        a=13,
        b=7,
        ca=(0.80, 0.90, 1),
        cb=(1, 0.80, 0.60),
        amb=0.14,
        cols=[(0.50, 0.26, 0.18), (0.60, 0.48, 0.30), (0.20, 0.30, 0.32), (0.45, 0.40, 0.34), (0.30, 0.20, 0.16)],
    ),
}
P = LOOKS[LOOK]
wall = mat(P["wall"])
wood = mat(P["wood"], 0.5)
cream = mat((0.85, 0.78, 0.70))
led = mat(P["led"], 0.5, 9)
Y = 2.1  # wall behind the host (host at y=0, camera at -1.3)
box(0, Y + 0.05, 0, 6, 0.1, 5, wall)
fm = mat(P["flute"], 0.5)
for k in range(40 if WIDE else 16):
    cyl(0.16 + 0.045 * k, Y, 0, 0.021, 5, fm)  # fluted wood on the right
# niche with lit shelves on the left
XS = [-0.40] + ([-1.15] if WIDE else [])
for X in XS:
    box(X, Y - 0.02, 0.05, 0.62, 0.06, 1.5, mat(P["niche"]))
for z in (-0.42, -0.10, 0.22, 0.54):
    for X in XS:
        box(X, Y - 0.14, z, 0.60, 0.22, 0.022, wood)
        box(X, Y - 0.06, z - 0.018, 0.56, 0.012, 0.010, led)
cols = P["cols"]
for z, X in [(z, X) for X in XS for z in (-0.41, -0.09, 0.23)]:
    x = X - 0.24
    while x < X + 0.24:
        w = rng.uniform(0.03, 0.07)
        h = rng.uniform(0.07, 0.19)
        c = mat(cols[rng.integers(len(cols))], 0.35)
        (
            cyl(x + w / 2, Y - 0.14, z + h / 2, w / 2, h, c)
            if rng.random() < 0.55
            else box(x + w / 2, Y - 0.14, z + h / 2, w * 0.9, 0.07, h, c)
        )
        x += w + rng.uniform(0.012, 0.05)
# globe lamps, plant, counter
glow = mat(P["led"], 0.5, 1.6)
for x, y, z, r in ((0.33, 1.45, 0.42, 0.060), (0.20, 1.75, 0.56, 0.048)):
    ball(x, y, z, r, glow)
    cyl(x, y, z + 0.5, 0.004, 1.0, wood)
leafm = [mat((0.10, 0.22, 0.10), 0.5), mat((0.16, 0.30, 0.14), 0.5), mat((0.07, 0.16, 0.08), 0.5)]
for k in range(70):
    a = rng.uniform(0, 6.28)
    u = rng.uniform(0, 1)
    r = 0.05 + 0.16 * u
    o = ball(
        0.46 + r * math.cos(a),
        1.1 + 0.5 * r * math.sin(a),
        -0.36 + 0.40 * rng.random() - 0.15 * u,
        0.055,
        leafm[rng.integers(3)],
        (0.9, 0.35, 0.16),
    )
    o.rotation_euler = (rng.uniform(-0.6, 0.6), rng.uniform(-1.2, 1.2), a)
cyl(0.46, 1.1, -0.62, 0.09, 0.3, cream)
for k in range(7):
    ball(
        rng.uniform(0.10, 0.5),
        Y - 0.3,
        rng.uniform(0.30, 0.62),
        rng.uniform(0.005, 0.009),
        mat((1, 0.80, 0.5), 0.5, 16),
    )


def area(loc, tgt, size, e, c):
    l = bpy.data.lights.new("a", "AREA")
    l.energy = e
    l.size = size
    l.color = c
    o = bpy.data.objects.new("a", l)
    sc.collection.objects.link(o)
    o.location = loc
    o.rotation_euler = (Vector(tgt) - Vector(loc)).to_track_quat("-Z", "Y").to_euler()


area((-1.2, 0.3, 1.6), (-0.1, Y, 0), 1.0, P["a"], P["ca"])
area((1.4, 0.2, 0.6), (0.3, Y, 0), 1.2, P["b"], P["cb"])
w = bpy.data.worlds.new("w")
sc.world = w
w.use_nodes = True
w.node_tree.nodes["Background"].inputs[0].default_value = (1, 0.93, 0.87, 1)
w.node_tree.nodes["Background"].inputs[1].default_value = P["amb"]
cam = bpy.data.cameras.new("c")
co = bpy.data.objects.new("c", cam)
sc.collection.objects.link(co)
sc.camera = co
co.location = (0, -1.3, 0.02)
co.rotation_euler = (math.radians(90), 0, 0)
cam.lens = 85
cam.sensor_fit = "VERTICAL"
cam.sensor_height = 36
cam.dof.use_dof = True
cam.dof.focus_distance = 1.3
cam.dof.aperture_fstop = 1.9
r = sc.render
r.engine = "CYCLES"
sc.cycles.samples = 20
sc.cycles.use_denoising = True
r.resolution_x = 1138 if WIDE else 360
r.resolution_y = 640
r.resolution_percentage = 60 if WIDE else 80
r.threads_mode = "FIXED"
r.threads = 2
sc.view_settings.view_transform = "AgX"
sc.view_settings.look = "AgX - Medium High Contrast"
sc.view_settings.exposure = 0.40
r.image_settings.file_format = "PNG"
r.filepath = out
bpy.ops.render.render(write_still=True)
