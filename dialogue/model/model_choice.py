"""Which model speaks: the one place that makes one."""

from __future__ import annotations

from dialogue.model.model import Model, Patience


def create_model(
    base_url: str | None,
    *,
    model: str = "default",
    api_key: str | None = None,
    patience: Patience | None = None,
    max_tokens: int = 220,
) -> Model | None:
    """The model behind an OpenAI-compatible base URL ("http://127.0.0.1:8080/v1"), or None without a URL: then the
    embedded answerer speaks alone."""
    if not base_url:
        return None
    # Its client takes 17 MB, which a shop without a model need not hold.
    from dialogue.model.openai_model import OpenAIModel

    return OpenAIModel(base_url, model=model, api_key=api_key, patience=patience, max_tokens=max_tokens)
