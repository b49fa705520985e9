"""The whole path over a real language model on this machine: SmolLM2-135M served by llama.cpp under /v1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialogue import Patience, Usage
from dialogue.model.openai_model import OpenAIModel
from dialogue.safety.prompt import Prompt
from tests.dialogue.attack import ask, leaked, shop_engine
from tests.dialogue.language_model import SMALL, open_language_models, serving

pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(600)]
PATIENCE = Patience(connect_s=10, first_token_s=200, stall_s=60, total_s=400)


@pytest.fixture(scope="module")
def url(models_dir: Path) -> Iterator[str]:
    store = open_language_models(models_dir)
    if not store.present(SMALL):
        store.fetch([SMALL])
    with serving(store.folder(SMALL) / "model.gguf") as address:
        yield address


async def test_a_real_server_streams_and_counts_its_tokens(url: str) -> None:
    model = OpenAIModel(url, model="small", max_tokens=12, temperature=0.0, patience=PATIENCE)
    spent: list[Usage] = []
    pieces: list[str] = []
    stream = model.stream(Prompt(({"role": "user", "content": "Say hello."},), "-"), spent=spent.append)
    async for piece in stream:
        pieces.append(piece)
        if len(pieces) == 4:
            break
    await stream.aclose()
    await model.aclose()
    assert len(pieces) == 4 and "".join(pieces).strip()
    assert spent[0].tokens > 0


async def test_whatever_a_weak_model_says_the_customer_gets_the_grounded_answer(url: str) -> None:
    model = OpenAIModel(url, model="small", max_tokens=16, temperature=0.0, patience=PATIENCE)
    engine = shop_engine(model=model, guarded=False)
    said, decision = await ask(engine, "支持分期吗？")
    assert decision == "answer" and "花呗" in said
    assert leaked(said) is None
    await model.aclose()
