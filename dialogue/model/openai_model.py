"""A model on an OpenAI-compatible server: streaming, bounded in time, retried with jitter, watched by a breaker."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import openai

from dialogue.model.breaker import Breaker, Circuit
from dialogue.model.budget import Usage, estimate
from dialogue.model.model import ModelError, Patience
from dialogue.safety.prompt import Prompt

_LOG = logging.getLogger(__name__)
_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class OpenAIModel:
    """A model on an OpenAI-compatible server (DeepSeek, Qwen, vLLM, Ollama, llama.cpp …)."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        api_key: str | None = None,
        patience: Patience | None = None,
        max_tokens: int = 220,
        temperature: float = 0.3,
        breaker: Breaker | None = None,
        seed: int | None = None,
    ) -> None:
        self.name = model
        self._patience = patience or Patience()
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._breaker = breaker or Breaker(time.monotonic)
        self._jitter = random.Random(seed)  # noqa: S311  # spreads retries, guards nothing
        self._usage_option = True
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=openai.Timeout(self._patience.total_s, connect=self._patience.connect_s),
        )

    @property
    def circuit(self) -> Circuit:
        """The state of the breaker, for health pages and metrics."""
        return self._breaker.state

    async def stream(self, prompt: Prompt, *, spent: Callable[[Usage], None]) -> AsyncGenerator[str, None]:
        """See `Model.stream`. While the breaker is open it raises at once."""
        if not self._breaker.allow():
            raise ModelError(f"model {self.name} is left alone after repeated failures", kind="open")
        text = ""
        usage = Usage()
        settled = False

        def count(reported: Usage) -> None:
            nonlocal usage
            usage = reported

        try:
            async with aclosing(self._attempts(prompt, count)) as pieces:
                async for piece in pieces:
                    text += piece
                    yield piece
            if not text.strip():
                raise ModelError(f"model {self.name} said nothing", kind="broken")
            self._breaker.success()
            settled = True
        except ModelError as exc:
            # A reply that was only too long says nothing against the server.
            settled = True
            if exc.kind == "length":
                self._breaker.success()
            else:
                self._breaker.failure()
            raise
        finally:
            if not settled:
                self._breaker.abandon()
            if not usage.tokens and text:
                asked = "".join(message["content"] for message in prompt.messages)
                usage = Usage(estimate(asked), estimate(text))
            spent(usage)

    async def _attempts(self, prompt: Prompt, count: Callable[[Usage], None]) -> AsyncGenerator[str, None]:
        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            left = self._patience.first_token_s - (time.monotonic() - started)
            begun = False
            try:
                async with aclosing(self._once(prompt, count, max(left, 0.001))) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except ModelError as exc:
                retry = exc.kind in ("connection", "status") and getattr(exc.__cause__, "status_code", 503) in _RETRIED
                wait = self._jitter.uniform(0, self._patience.backoff_s * 2 ** (attempt - 1))
                left = self._patience.first_token_s - (time.monotonic() - started)
                if begun or not retry or attempt >= self._patience.attempts or wait >= left:
                    raise
                _LOG.info("model %s failed (%s), attempt %d follows", self.name, exc.kind, attempt + 1)
            await asyncio.sleep(wait)

    async def _once(self, prompt: Prompt, count: Callable[[Usage], None], left: float) -> AsyncGenerator[str, None]:
        stream: openai.AsyncStream[Any] | None = None
        ending: list[str] = []
        waited = 0.0
        try:
            # A time-out is never held across a yield: the caller's own waiting is not the server's.
            begun = time.monotonic()
            async with asyncio.timeout(left):
                stream = await self._open(prompt)
            left -= time.monotonic() - begun
            pieces = self._pieces(stream, count, ending)
            while True:
                begun = time.monotonic()
                async with asyncio.timeout(max(left, 0.0)):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                waited += time.monotonic() - begun
                yield piece
                left = min(self._patience.stall_s, self._patience.total_s - waited)
            if not ending or "length" in ending:
                kind = "length" if ending else "broken"
                raise ModelError(f"model {self.name} broke off in mid-sentence", kind=kind)
        except ModelError:
            raise
        except (TimeoutError, openai.APITimeoutError) as exc:
            raise ModelError(f"model {self.name} is slow", kind="timeout") from exc
        except openai.APIStatusError as exc:
            raise ModelError(f"model {self.name} answered HTTP {exc.status_code}", kind="status") from exc
        except openai.APIConnectionError as exc:
            raise ModelError(f"model {self.name} cannot be reached", kind="connection") from exc
        except Exception as exc:
            # A stream may break in any layer below (socket, chunking, JSON); to the caller it is one thing.
            raise ModelError(f"model {self.name} sent what is no answer: {type(exc).__name__}", kind="broken") from exc
        finally:
            if stream is not None:
                await stream.close()

    async def _open(self, prompt: Prompt) -> openai.AsyncStream[Any]:
        options: dict[str, Any] = {"stream_options": {"include_usage": True}} if self._usage_option else {}
        create: Any = self._client.chat.completions.create
        try:
            stream: openai.AsyncStream[Any] = await create(
                model=self.name,
                messages=list(prompt.messages),
                stream=True,
                max_tokens=self._max_tokens,
                temperature=self._temperature,
                **options,
            )
        except openai.BadRequestError:
            if not options:
                raise
            # Some compatible servers know no `stream_options`: ask without, now and from then on.
            self._usage_option = False
            return await self._open(prompt)
        return stream

    async def _pieces(
        self, stream: openai.AsyncStream[Any], count: Callable[[Usage], None], ending: list[str]
    ) -> AsyncIterator[str]:
        async for chunk in stream:
            if chunk.usage is not None:
                count(Usage(chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0))
            for choice in chunk.choices or ():
                if choice.finish_reason:
                    ending.append(choice.finish_reason)
                if choice.delta is not None and choice.delta.content:
                    yield choice.delta.content

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()
