"""What a language model is to the engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from dialogue.errors import DialogueError
from dialogue.model.budget import Usage
from dialogue.safety.prompt import Prompt


class ModelError(DialogueError):
    """The model gave no usable answer; `kind` says why: `timeout`, `connection`, `status`, `open`, `broken`,
    or `length` when it broke off at its token limit: what came before is usable up to the last whole sentence."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a model is waited for, seconds."""

    connect_s: float = 1.0
    first_token_s: float = 2.5
    """From the request to the first text, retries included."""
    stall_s: float = 3.0
    """Between two pieces of text."""
    total_s: float = 20.0
    """Waiting for text in all; the time the caller takes between two pieces does not count."""
    attempts: int = 2
    """Requests in all; only those that failed before any text are made again."""
    backoff_s: float = 0.2
    """Longest wait before the second attempt; doubles from then on; the real wait is drawn evenly up to it."""


class Model(Protocol):
    """Anything that continues a prompt."""

    name: str

    def stream(self, prompt: Prompt, *, spent: Callable[[Usage], None]) -> AsyncGenerator[str, None]:
        """Yield the reply's text as it comes; closing the generator stops the request. `spent` is called once at the
        end, also after a failure. Raises `ModelError`."""
        ...

    async def aclose(self) -> None:
        """Free what the model holds; may be called twice."""
        ...
