# ruff: noqa
# mypy: ignore-errors
"""Camera, lights and render settings. Runs inside render.py."""

cam = bpy.data.cameras.new("cam")
co = bpy.data.objects.new("cam", cam)
sc.collection.objects.link(co)
sc.camera = co
cam.lens = 85
cam.sensor_fit = "VERTICAL"
cam.sensor_height = 36


def look(o, loc, tgt):
    o.location = loc
    o.rotation_euler = (Vector(tgt) - Vector(loc)).to_track_quat("-Z", "Y").to_euler()


H = 0.475
dist = H * 85 / 36
tz = ez - 0.086
yw = math.radians(a.yaw)
look(co, (dist * math.sin(yw), ey - dist * math.cos(yw), tz + 0.02), (0, ey, tz))


def area(n, loc, tgt, size, e, col=(1, 1, 1)):
    l = bpy.data.lights.new(n, "AREA")
    l.shape = "DISK"
    l.energy = e
    l.size = size
    l.color = col
    o = bpy.data.objects.new(n, l)
    sc.collection.objects.link(o)
    look(o, loc, tgt)
    o.visible_glossy = n != "fill"
    return o


fc = (0, ey - 0.08, ez - 0.03)
area("key", (-0.62, ey - 1.0, ez + 0.55), fc, 0.50, 19, (1, 0.955, 0.91))
area("fill", (0.95, ey - 1.1, ez + 0.05), fc, 1.3, 8.5, (1, 0.95, 0.93))
area("under", (0, ey - 0.8, ez - 0.75), fc, 0.8, 1.8, (1, 0.92, 0.90))
area("rimL", (-0.75, ey + 0.85, ez + 0.35), fc, 0.45, 9 * (0.30 if MALE else 1), (1, 0.90, 0.82))
area("rimR", (0.75, ey + 0.80, ez + 0.45), fc, 0.45, 17 * (0.24 if MALE else 1), (1, 0.93, 0.86))
area("top", (-0.1, ey + 0.10, ez + 1.0), (0, ey + 0.06, ez), 0.5, 6, (1, 0.96, 0.92))
w = bpy.data.worlds.new("w")
sc.world = w
w.use_nodes = True
w.node_tree.nodes["Background"].inputs[0].default_value = (0.95, 0.90, 0.87, 1)
w.node_tree.nodes["Background"].inputs[1].default_value = 0.16
r = sc.render
r.engine = "CYCLES"
sc.cycles.device = "CPU"
sc.cycles.samples = a.spp
sc.cycles.use_denoising = True
sc.cycles.denoiser = "OPENIMAGEDENOISE"
sc.cycles.denoising_prefilter = "NONE"
sc.cycles.use_adaptive_sampling = True
sc.cycles.adaptive_threshold = 0.012
sc.cycles.max_bounces = 5
sc.cycles.transparent_max_bounces = 12
sc.cycles.caustics_reflective = False
sc.cycles.caustics_refractive = False
sc.cycles_curves.shape = "RIBBONS"
sc.cycles_curves.subdivisions = 2
r.threads_mode = "FIXED"
r.threads = 2
r.resolution_x = 720
r.resolution_y = 1280
r.resolution_percentage = a.scale
r.film_transparent = True
sc.view_settings.view_transform = "Standard"
sc.view_settings.exposure = -0.55
r.image_settings.color_depth = "16"
if a.border:
    b_ = [float(q) for q in a.border.split(",")]
    r.use_border = True
    r.use_crop_to_border = True
    r.border_min_x, r.border_max_x, r.border_min_y, r.border_max_y = b_
r.image_settings.file_format = "PNG"
r.image_settings.color_mode = "RGBA"
r.filepath = os.path.abspath(a.out)
print("BUILD", time.time() - T0)
