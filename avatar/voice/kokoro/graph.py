"""Cut the Kokoro-82M graph at the generator's input, so that sound can be made window by window.

`front.onnx`  tokens (1, n) int64, style (1, 256), speed (1,) → x (1, 512, T), f0 (1, T), dur (n,), n (1, T)
    text encoder, durations, pitch, energy and decoder: once for the whole sentence, about 6 % of the work. A frame of T
    lasts 12.5 ms (300 samples at 24 kHz); `dur` counts pairs of frames; `n` is the predicted log energy.
`back.onnx`   x, f0, style, phase0 (1, 1, 9), stats_in (2, S), alpha () → audio, stats_out (2, S)
    the iSTFTNet generator (Kaneko et al., 2022), runnable on any stretch of frames. `phase0` continues the harmonic
    source's phase (cycles / 300); `stats_in` holds mean and variance for each of the S channels of all instance norms
    and `alpha` the weight of the window's own statistics against them (1: the original graph); `stats_out` returns
    the window's own.

Run as a program (`python -m avatar.voice.kokoro.graph kokoro.onnx FOLDER`), so that what `onnx` needs is given back.
Every node keeps its weights, so front and back in a row give what the uncut graph gives, bit by bit.
"""

from __future__ import annotations

import fcntl
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

_X = "/decoder/decoder/decode.3/Div_4_output_0"
_F0 = "/encoder/Reshape_output_0"
_ENERGY = "/encoder/Reshape_1_output_0"
_DURATION = "/encoder/Clip_output_0"
_PHASE = "/decoder/decoder/generator/m_source/l_sin_gen/CumSum_output_0"


def split(source: Path, folder: Path) -> None:
    """Write `front.onnx` and `back.onnx` of the graph in `source` into `folder`, both or none.

    Needs about 0.5 GB of memory and a second; safe to call from several processes at once.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as made:
            target = Path(made) / folder.name
            target.mkdir()
            onnx.save(front(onnx.load(source)), target / "front.onnx")
            onnx.save(back(onnx.load(source)), target / "back.onnx")
            target.replace(folder)


def front(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the half before the generator."""
    outputs = {_X: "x", _F0: "f0", _DURATION: "dur", _ENERGY: "n"}
    nodes, weights = _between(model, ["tokens", "style", "speed"], list(outputs))
    inputs = [_value("tokens", [1, "t"], TensorProto.INT64), _value("style", [1, 256]), _value("speed", [1])]
    return _assemble(model, _renamed(nodes, outputs), weights, inputs, [_value(name) for name in outputs.values()])


def back(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the generator with its phase and its norms' statistics opened to the caller."""
    audio = model.graph.output[0].name
    cut = {_X: "x", _F0: "f0"}
    nodes, weights = _between(model, ["style", *cut], [audio])
    nodes = _renamed(nodes, cut)
    nodes = _with_phase(nodes)
    nodes, constants, channels = _with_statistics(nodes, weights)
    inputs = [_value("x", [1, 512, "f"]), _value("f0", [1, "f"]), _value("style", [1, 256])]
    inputs += [_value("phase0", [1, 1, 9]), _value("stats_in", [2, channels]), _value("alpha", [])]
    outputs = [_value(audio), _value("stats_out", [2, channels])]
    return _assemble(model, nodes, [*weights, *constants], inputs, outputs)


def _with_phase(nodes: list[NodeProto]) -> list[NodeProto]:
    """Add `phase0` to the harmonic source's running phase."""
    out = []
    for node in nodes:
        out.append(node)
        if _PHASE in node.output:
            node.output[0] = _PHASE + "_window"
            out.append(helper.make_node("Add", [_PHASE + "_window", "phase0"], [_PHASE], name="continue_phase"))
    return out


def _with_statistics(
    nodes: list[NodeProto], weights: Sequence[TensorProto]
) -> tuple[list[NodeProto], list[TensorProto], int]:
    """Mix given means and variances into every instance norm; returns nodes, constants and the number of channels."""
    norms = _norms(nodes)
    widths = {tensor.name: tensor.dims[0] // 2 for tensor in weights if tensor.name.endswith("fc.bias")}
    sizes = []
    for mean, _ in norms:
        layer = mean.name.rsplit("/", 1)[0].strip("/").replace("/", ".") + "."
        sizes.append(next(width for name, width in widths.items() if name.startswith(layer)))
    count = len(norms)
    constants = [
        numpy_helper.from_array(np.array(sizes, np.int64), "st_sizes"),
        numpy_helper.from_array(np.array([-1], np.int64), "st_axis"),
        numpy_helper.from_array(np.array(1, np.float32), "st_one"),
    ]
    mixing: dict[str, list[NodeProto]] = {}
    for index, (mean, variance) in enumerate(norms):
        mixing[mean.name], mixing[variance.name] = _mixed(f"st_{index}", mean, variance)
    out = [
        helper.make_node("Split", ["stats_in", "st_sizes"], [f"st_{i}" for i in range(count)], axis=1),
        helper.make_node("Sub", ["st_one", "alpha"], ["st_beta"]),
    ]
    for node in nodes:
        out.append(node)
        out += mixing.get(node.name, [])
    out.append(helper.make_node("Concat", [f"st_{i}_out" for i in range(count)], ["stats_out"], axis=1))
    return out, constants, sum(sizes)


def _mixed(key: str, mean: NodeProto, variance: NodeProto) -> tuple[list[NodeProto], list[NodeProto]]:
    """Nodes to run after a norm's mean and after its variance: mix the given statistics in, put the own ones out."""
    node = helper.make_node
    mean_out, variance_out = mean.output[0], variance.output[0]
    own_mean, own_variance = mean_out + "_own", variance_out + "_own"
    mean.output[0], variance.output[0] = own_mean, own_variance
    after_mean = [
        node("Split", [key], [f"{key}_m0", f"{key}_v0"], axis=0, num_outputs=2),
        node("Unsqueeze", [f"{key}_m0", "st_axis"], [f"{key}_m"]),
        node("Unsqueeze", [f"{key}_v0", "st_axis"], [f"{key}_v"]),
        node("Mul", [own_mean, "alpha"], [f"{key}_a"]),
        node("Mul", [f"{key}_m", "st_beta"], [f"{key}_b"]),
        node("Add", [f"{key}_a", f"{key}_b"], [mean_out]),
    ]
    after_variance = [
        # the given variance, about the mixed mean
        node("Sub", [f"{key}_m", mean_out], [f"{key}_dm"]),
        node("Mul", [f"{key}_dm", f"{key}_dm"], [f"{key}_dm2"]),
        node("Add", [f"{key}_v", f"{key}_dm2"], [f"{key}_v2"]),
        node("Mul", [own_variance, "alpha"], [f"{key}_c"]),
        node("Mul", [f"{key}_v2", "st_beta"], [f"{key}_d"]),
        node("Add", [f"{key}_c", f"{key}_d"], [variance_out]),
        # the own variance, moved from the mixed mean to the own one
        node("Sub", [own_mean, mean_out], [f"{key}_e"]),
        node("Mul", [f"{key}_e", f"{key}_e"], [f"{key}_e2"]),
        node("Sub", [own_variance, f"{key}_e2"], [f"{key}_vo"]),
        node("Concat", [own_mean, f"{key}_vo"], [f"{key}_o"], axis=0),
        node("Squeeze", [f"{key}_o", "st_axis"], [f"{key}_out"]),
    ]
    return after_mean, after_variance


def _norms(nodes: list[NodeProto]) -> list[tuple[NodeProto, NodeProto]]:
    """Find every instance norm as (ReduceMean, ReduceMean of squares): mean → Sub → Mul or Pow → variance."""
    users: dict[str, list[NodeProto]] = {}
    for node in nodes:
        for name in set(node.input):
            users.setdefault(name, []).append(node)
    found = []
    for node in nodes:
        if node.op_type != "ReduceMean":
            continue
        for difference in (user for user in users.get(node.output[0], []) if user.op_type == "Sub"):
            for square in (user for user in users[difference.output[0]] if user.op_type in ("Mul", "Pow")):
                for variance in (user for user in users.get(square.output[0], []) if user.op_type == "ReduceMean"):
                    found.append((node, variance))
    return found


def _between(
    model: onnx.ModelProto, inputs: Iterable[str], outputs: Iterable[str]
) -> tuple[list[NodeProto], list[TensorProto]]:
    """The nodes, in order, and the weights that make `outputs` from `inputs`."""
    maker = {name: node for node in model.graph.node for name in node.output}
    wanted, seen, kept = list(outputs), set(inputs), set()
    while wanted:
        name = wanted.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        if name in maker:
            kept.add(id(maker[name]))
            wanted += maker[name].input
    nodes = [node for node in model.graph.node if id(node) in kept]
    used = {name for node in nodes for name in node.input}
    return nodes, [weight for weight in model.graph.initializer if weight.name in used]


def _renamed(nodes: Iterable[NodeProto], names: Mapping[str, str]) -> list[NodeProto]:
    out = []
    for node in nodes:
        copy = NodeProto()
        copy.CopyFrom(node)
        for field in (copy.input, copy.output):
            for index, name in enumerate(field):
                field[index] = names.get(name, name)
        out.append(copy)
    return out


def _value(name: str, shape: list[int | str] | None = None, kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _assemble(
    model: onnx.ModelProto,
    nodes: list[NodeProto],
    weights: Sequence[TensorProto],
    inputs: list[ValueInfoProto],
    outputs: list[ValueInfoProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "kokoro", inputs, outputs, list(weights))
    made = helper.make_model(graph, opset_imports=model.opset_import)
    made.ir_version = model.ir_version
    return made


if __name__ == "__main__":
    split(Path(sys.argv[1]), Path(sys.argv[2]))
