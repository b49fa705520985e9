# ruff: noqa
# mypy: ignore-errors
"""Eyeballs, teeth and tongue. Runs inside render.py."""

# ---------- eyes
IR = 0.50  # iris radius / ball radius


def eyemat():
    m, t, p = newmat("eye")
    N = t.nodes
    L = t.links
    tc = N.new("ShaderNodeTexCoord")
    sp = N.new("ShaderNodeSeparateXYZ")
    L.new(tc.outputs["Object"], sp.inputs[0])
    cb = N.new("ShaderNodeCombineXYZ")
    L.new(sp.outputs["X"], cb.inputs["X"])
    L.new(sp.outputs["Z"], cb.inputs["Y"])
    ln = N.new("ShaderNodeVectorMath")
    ln.operation = "LENGTH"
    L.new(cb.outputs[0], ln.inputs[0])
    r = N.new("ShaderNodeValToRGB")
    e = r.color_ramp.elements
    e[0].position = 0
    e[0].color = (0.002, 0.0015, 0.0015, 1)
    e[1].position = 1
    e[1].color = (0.74, 0.70, 0.69, 1)
    for pos, c in (
        (0.42, (0.003, 0.002, 0.002, 1)),
        (0.48, (0.040, 0.017, 0.009, 1)),
        (0.70, (0.115, 0.050, 0.022, 1)),
        (0.86, (0.070, 0.028, 0.013, 1)),
        (0.95, (0.014, 0.007, 0.005, 1)),
        (1.02, (0.10, 0.075, 0.07, 1)),
        (1.10, (0.80, 0.77, 0.76, 1)),
    ):
        k = e.new(min(pos * IR, 0.99))
        k.color = c
    L.new(ln.outputs["Value"], r.inputs[0])
    an = N.new("ShaderNodeMath")
    an.operation = "ARCTAN2"
    L.new(sp.outputs["X"], an.inputs[0])
    L.new(sp.outputs["Z"], an.inputs[1])
    s1 = N.new("ShaderNodeMath")
    s1.operation = "MULTIPLY"
    s1.inputs[1].default_value = 7
    L.new(an.outputs[0], s1.inputs[0])
    c2 = N.new("ShaderNodeCombineXYZ")
    L.new(s1.outputs[0], c2.inputs["X"])
    L.new(ln.outputs["Value"], c2.inputs["Y"])
    nz = N.new("ShaderNodeTexNoise")
    nz.inputs["Scale"].default_value = 2.2
    nz.inputs["Detail"].default_value = 4
    L.new(c2.outputs[0], nz.inputs["Vector"])
    mp = N.new("ShaderNodeMapRange")
    mp.inputs[1].default_value = 0.3
    mp.inputs[2].default_value = 0.7
    mp.inputs[3].default_value = 0.65
    mp.inputs[4].default_value = 1.5
    L.new(nz.outputs[0], mp.inputs[0])
    lo = N.new("ShaderNodeMapRange")
    lo.inputs[1].default_value = IR * 0.7
    lo.inputs[2].default_value = -IR * 0.8
    lo.inputs[3].default_value = 0.45
    lo.inputs[4].default_value = 2.3
    L.new(sp.outputs["Z"], lo.inputs[0])  # caustic glow in the lower iris
    mm = N.new("ShaderNodeMath")
    mm.operation = "MULTIPLY"
    L.new(mp.outputs[0], mm.inputs[0])
    L.new(lo.outputs[0], mm.inputs[1])
    ms = N.new("ShaderNodeMath")
    ms.operation = "LESS_THAN"
    ms.inputs[1].default_value = IR * 0.95
    L.new(ln.outputs["Value"], ms.inputs[0])
    mx = N.new("ShaderNodeMix")
    mx.data_type = "RGBA"
    mx.blend_type = "MULTIPLY"
    L.new(ms.outputs[0], mx.inputs[0])
    L.new(r.outputs[0], mx.inputs[6])
    L.new(mm.outputs[0], mx.inputs[7])
    # soft shadow of the upper lid on the ball
    sh = N.new("ShaderNodeMapRange")
    sh.interpolation_type = "SMOOTHSTEP"
    sh.inputs[1].default_value = 0.16
    sh.inputs[2].default_value = 0.46
    sh.inputs[3].default_value = 1
    sh.inputs[4].default_value = 0.42
    L.new(sp.outputs["Z"], sh.inputs[0])
    m3 = N.new("ShaderNodeMix")
    m3.data_type = "RGBA"
    m3.blend_type = "MULTIPLY"
    m3.inputs[0].default_value = 1
    L.new(mx.outputs[2], m3.inputs[6])
    L.new(sh.outputs[0], m3.inputs[7])
    L.new(m3.outputs[2], p.inputs["Base Color"])
    setp(p, Roughness=1.0, Coat_Weight=1.0, Coat_Roughness=0.012, Specular_IOR_Level=0.0)
    return m


em = eyemat()
balls = []
for c, R_ in E_:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=48, radius=1, location=tuple(c))
    o = bpy.context.object
    me = o.data
    co = np.zeros(len(me.vertices) * 3)
    me.vertices.foreach_get("co", co)
    co = co.reshape(-1, 3)
    rad = np.hypot(co[:, 0], co[:, 2])
    k = np.where((co[:, 1] < 0) & (rad < IR * 1.1), np.cos(rad / (IR * 1.1) * np.pi / 2) * 0.045, 0)
    co[:, 1] -= k
    me.vertices.foreach_set("co", co.ravel())
    o.scale = (R_,) * 3
    bpy.ops.object.shade_smooth()
    o.data.materials.append(em)
    o.rotation_euler = (0, 0, math.radians(-1.5 * np.sign(c[0])))
    balls.append(o)


# ---------- teeth, tongue
mt, _, p = newmat("teeth")
setp(
    p,
    Base_Color=(0.86, 0.83, 0.79, 1),
    Roughness=0.20,
    Emission_Color=(1, 0.94, 0.88, 1),
    Emission_Strength=0.10,
    Subsurface_Weight=0.15,
    Subsurface_Scale=0.002,
)
mg, _, p = newmat("tongue")
setp(p, Base_Color=(0.60, 0.20, 0.20, 1), Roughness=0.35, Subsurface_Weight=0.2, Subsurface_Scale=0.003)
teeth = []
for g, mm in (("helper-upper-teeth", mt), ("helper-lower-teeth", mt), ("helper-tongue", mg)):
    o, ids = groupmesh(g, lambda x, g=g: x == g, sub=2)
    o.data.materials.append(mm)
    teeth.append(o)
teeth[0].location = (0, -0.0016, -0.0066)
teeth[1].location = (0, 0.001, -0.0030)
