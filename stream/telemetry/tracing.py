"""Traces of questions: OpenTelemetry spans where a collector is set, and one JSON line of timings in the log always."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextvars import ContextVar
from itertools import pairwise

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Tracer, set_span_in_context

from dialogue import Event, Knows, Sentence
from knowledge import Evidence, Turn
from stream.settings import Settings
from stream.telemetry.question import Mark, Question, Questions

logger = logging.getLogger(__name__)

_asking: ContextVar[Question | None] = ContextVar("asking", default=None)
"""The question that is being answered in this task and those it starts."""
_STEPS = {
    Mark.STORED: "store the comment",
    Mark.TURN: "wait for the host",
    Mark.RETRIEVED: "search the knowledge",
    Mark.SENTENCE: "write the first sentence",
    Mark.PCM: "synthesise its first samples",
    Mark.WIRE: "wait for its place on air",
}
"""What is done on the way to each mark."""


class Tracing:
    """Turns answered questions into traces. Made by `create_tracing`; `shutdown` sends what waits."""

    def __init__(self, exporter: SpanExporter | None, *, service: str) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        if exporter is not None:
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer: Tracer = self._provider.get_tracer("zhanggui")

    def answered(self, room: str, question: Question) -> None:
        """A span from the question's receipt to its answer on the wire, one below it for each step, and a log line."""
        reached = sorted((at, mark) for mark, at in question.marks.items())
        whole = self._tracer.start_span(
            "question", start_time=question.received_ns, attributes={"room": room, "comment": question.id}
        )
        if question.lead_in_ns is not None:
            whole.add_event("the lead-in is on the wire", timestamp=question.lead_in_ns)
        inside = set_span_in_context(whole)
        for (began, _), (ended, mark) in pairwise([(question.received_ns, Mark.STORED), *reached]):
            self._tracer.start_span(_STEPS[mark], context=inside, start_time=began).end(ended)
        whole.end(reached[-1][0])
        found = {mark.value: round((at - question.received_ns) / 1e6) for at, mark in reached}
        if question.lead_in_ns is not None:
            found["lead_in"] = round((question.lead_in_ns - question.received_ns) / 1e6)
        trace = f"{whole.get_span_context().trace_id:032x}"
        logger.info("%s", json.dumps({"trace_id": trace, "room": room, "comment": question.id, "ms": found}))

    def shutdown(self) -> None:
        """Send what waits and end the sender's thread; blocking, bounded by the exporter's time-out."""
        self._provider.shutdown()


def create_tracing(settings: Settings) -> Tracing:
    """As the standard variables say: `OTEL_TRACES_EXPORTER` is `none`, `console` or `otlp` (gRPC, to
    `OTEL_EXPORTER_OTLP_ENDPOINT`)."""
    exporter: SpanExporter | None = None
    if settings.otel_traces_exporter == "console":
        exporter = ConsoleSpanExporter()
    elif settings.otel_traces_exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        endpoint = settings.otel_exporter_otlp_endpoint
        exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"))
    return Tracing(exporter, service=settings.otel_service_name)


class TimedKnowledge:
    """The knowledge, noting when it was searched for a question under way."""

    def __init__(self, knowledge: Knows) -> None:
        self._knowledge = knowledge

    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: tuple[Turn, ...] = (),
    ) -> Evidence:
        """See `knowledge.KnowledgeBase.search`."""
        try:
            return await self._knowledge.search(
                question, merchant=merchant, product=product, limit=limit, history=history
            )
        finally:
            asking = _asking.get()
            if asking is not None:
                asking.reached(Mark.RETRIEVED, time.time_ns())


def timed(
    answer: Callable[[str], AsyncIterator[Event]], questions: Questions
) -> Callable[[str], AsyncGenerator[Event, None]]:
    """A director's `answer` that notes when a question is taken up and its first sentence is there."""

    async def answering(text: str) -> AsyncGenerator[Event, None]:
        question = questions.asked(text)
        events = answer(text)
        try:
            while True:
                # Every step may be taken by another task: what is being answered is said anew in each.
                before = _asking.set(question)
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
                finally:
                    _asking.reset(before)
                if isinstance(event, Sentence):
                    questions.reached(question, Mark.SENTENCE)
                yield event
        finally:
            if hasattr(events, "aclose"):
                await events.aclose()

    return answering
