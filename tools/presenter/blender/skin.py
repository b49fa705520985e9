# ruff: noqa
# mypy: ignore-errors
"""The material of the skin. Runs inside render.py."""

# ---------- skin
m, nt_, p = newmat("skin")
N = nt_.nodes
L = nt_.links


def node(t, **k):
    n = N.new(t)
    for q, v in k.items():
        setattr(n, q, v)
    return n


def mix(fac, c1, c2, bt="MIX"):
    n = node("ShaderNodeMix", data_type="RGBA", blend_type=bt)
    for i, x in ((0, fac), (6, c1), (7, c2)):
        if isinstance(x, (int, float, tuple)):
            n.inputs[i].default_value = x
        else:
            L.new(x, n.inputs[i])
    return n.outputs[2]


def mth(op, x, y):
    n = node("ShaderNodeMath", operation=op)
    for i, q in ((0, x), (1, y)):
        if isinstance(q, (int, float)):
            n.inputs[i].default_value = q
        else:
            L.new(q, n.inputs[i])
    return n.outputs[0]


def at(n):
    return node("ShaderNodeAttribute", attribute_name=n).outputs["Fac"]


lip = node("ShaderNodeTexImage")
lip.image = bpy.data.images.load(os.path.join(HERE, "lips.jpg"))
lip.image.colorspace_settings.name = "Non-Color"
lip.interpolation = "Cubic"
L.new(node("ShaderNodeUVMap", uv_map="UV").outputs[0], lip.inputs[0])
lr = node("ShaderNodeMapRange")
L.new(lip.outputs[0], lr.inputs[0])
lr.inputs[1].default_value = 0.06
lr.inputs[2].default_value = 0.85
lr.interpolation_type = "SMOOTHSTEP"
pt = node("ShaderNodeTexImage")
pt.image = img
pt.extension = "CLIP"
pt.interpolation = "Linear"
L.new(node("ShaderNodeUVMap", uv_map="FACE").outputs[0], pt.inputs[0])
sp = node("ShaderNodeSeparateColor")
L.new(pt.outputs[0], sp.inputs[0])
fr = at("front")
red, drk, lin = [mth("MULTIPLY", sp.outputs[i], fr) for i in range(3)]
tc = node("ShaderNodeTexCoord")


def noise(s, d=3):
    n = node("ShaderNodeTexNoise")
    n.inputs["Scale"].default_value = s
    n.inputs["Detail"].default_value = d
    L.new(tc.outputs["Object"], n.inputs["Vector"])
    return n.outputs[0]


base = (
    mix(noise(38), (0.660, 0.435, 0.335, 1), (0.715, 0.490, 0.390, 1))
    if MALE
    else mix(noise(38), (0.815, 0.585, 0.490, 1), (0.875, 0.660, 0.570, 1))
)
base = mix(mth("MULTIPLY", noise(420, 2), 0.22), base, (0.70, 0.42, 0.33, 1))
base = mix(mth("MULTIPLY", red, 0.46), base, (0.86, 0.36, 0.31, 1))
base = mix(at("scalp"), base, (0.035, 0.020, 0.015, 1))
base = mix(mth("MULTIPLY", drk, 0.80), base, (0.30, 0.13, 0.10, 1))
base = mix(
    mth("MULTIPLY", lr.outputs[0], 0.42 if MALE else 0.66),
    base,
    (0.58, 0.21, 0.19, 1) if MALE else (0.66, 0.15, 0.19, 1),
)
base = mix(mth("MULTIPLY", lin, 0.92), base, (0.018, 0.010, 0.008, 1))
L.new(base, p.inputs["Base Color"])
setp(p, Subsurface_Weight=0.30, Subsurface_Scale=0.0045, Subsurface_Radius=(1, 0.42, 0.28), Specular_IOR_Level=0.40)
ro = node("ShaderNodeMapRange")
L.new(noise(260, 2), ro.inputs[0])
ro.inputs[1].default_value = 0.3
ro.inputs[2].default_value = 0.7
ro.inputs[3].default_value = 0.40
ro.inputs[4].default_value = 0.56
rr = node("ShaderNodeMix", data_type="FLOAT")
L.new(lr.outputs[0], rr.inputs[0])
L.new(mth("SUBTRACT", ro.outputs[0], mth("MULTIPLY", at("gloss"), 0.17)), rr.inputs[2])
rr.inputs[3].default_value = 0.46 if MALE else 0.33
L.new(rr.outputs[0], p.inputs["Roughness"])
bm = node("ShaderNodeBump")
bm.inputs["Strength"].default_value = 0.16
bm.inputs["Distance"].default_value = 0.0004
L.new(noise(900, 2), bm.inputs["Height"])
L.new(bm.outputs[0], p.inputs["Normal"])
body.data.materials.append(m)
