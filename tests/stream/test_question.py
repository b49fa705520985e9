"""A question's way to the first sound: marks, spans and the log line."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dialogue.event import Event, Sentence
from knowledge import Decision, Evidence, Turn
from stream.settings import Settings, SettingsError, load_settings
from stream.telemetry.question import Mark, Question, Questions
from stream.telemetry.tracing import TimedKnowledge, Tracing, create_tracing, timed


class Clock:
    """A tick of ten milliseconds a look."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        self.ns += 10_000_000
        return self.ns


class Knowledge:
    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: tuple[Turn, ...] = (),
    ) -> Evidence:
        await asyncio.sleep(0)
        return Evidence(question, merchant, "v1", Decision.REFUSE, 0.0)


async def answered(done: list[Question]) -> None:
    questions = Questions(done.append)
    knowledge = TimedKnowledge(Knowledge())

    async def answer(text: str) -> AsyncIterator[Event]:
        await knowledge.search(text, merchant="shop")
        yield Sentence("一千两百九十九元。")

    questions.received("c1", "多少钱", questions.now_ns())
    events = timed(answer, questions)("多少钱")
    questions.voiced(("c1",), lead_in=True)
    questions.heard(("c1",), lead_in=True)
    # Another task takes every step, as the director does.
    assert isinstance(await asyncio.create_task(anext(events)), Sentence)  # type: ignore[arg-type]
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    questions.voiced(("c1",), lead_in=False)
    questions.heard(("c1",), lead_in=False)
    questions.heard(("c1",), lead_in=False)


async def test_every_mark_of_the_way_is_noted_once_and_in_order() -> None:
    done: list[Question] = []
    await answered(done)
    assert len(done) == 1
    assert list(done[0].marks) == list(Mark)
    assert sorted(done[0].marks.values()) == list(done[0].marks.values())
    assert done[0].lead_in_ns is not None
    assert done[0].marks[Mark.STORED] <= done[0].lead_in_ns <= done[0].marks[Mark.WIRE]


async def test_a_trace_holds_a_span_for_each_step_and_the_log_names_it(caplog: pytest.LogCaptureFixture) -> None:
    done: list[Question] = []
    await answered(done)
    exporter = InMemorySpanExporter()
    tracing = Tracing(exporter, service="test")
    with caplog.at_level(logging.INFO, logger="stream.telemetry.tracing"):
        tracing.answered("demo", done[0])
    tracing.shutdown()
    spans: dict[str, ReadableSpan] = {span.name: span for span in exporter.get_finished_spans()}
    whole = spans.pop("question")
    assert list(spans) == [
        "store the comment",
        "wait for the host",
        "search the knowledge",
        "write the first sentence",
        "synthesise its first samples",
        "wait for its place on air",
    ]
    assert whole.context is not None
    assert all(span.parent is not None and span.parent.span_id == whole.context.span_id for span in spans.values())
    assert [event.name for event in whole.events] == ["the lead-in is on the wire"]
    line = json.loads(caplog.messages[-1])
    assert line["trace_id"] == f"{whole.context.trace_id:032x}"
    assert set(line["ms"]) == {mark.value for mark in Mark} | {"lead_in"}
    assert "多少钱" not in caplog.text, "no customer's words in the log"


def test_questions_that_are_never_answered_are_forgotten() -> None:
    done: list[Question] = []
    questions = Questions(done.append, clock_ns=Clock())
    for number in range(300):
        questions.received(f"c{number}", "多少钱", questions.now_ns())
    questions.heard(("c0",), lead_in=False)
    assert not done
    questions.heard(("c299",), lead_in=False)
    assert [question.id for question in done] == ["c299"]
    assert done[0].seconds(Mark.WIRE) == pytest.approx(0.02)


def test_the_exporter_is_chosen_by_opentelemetrys_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    settings = load_settings()
    assert settings.otel_exporter_otlp_endpoint == "http://127.0.0.1:9"
    create_tracing(settings).shutdown()
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "smoke")
    with pytest.raises(SettingsError, match="OTEL_TRACES_EXPORTER"):
        load_settings()
    assert Settings(otel_traces_exporter="none").otel_traces_exporter == "none"


class Collector(TraceServiceServicer):
    """A collector's receiving end: OTLP over gRPC."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []

    def Export(self, request: ExportTraceServiceRequest, context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        self.requests.append(request)
        return ExportTraceServiceResponse()


async def test_a_collector_receives_an_answered_questions_trace() -> None:
    done: list[Question] = []
    await answered(done)
    collector, server = Collector(), grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{port}"
        tracing = create_tracing(Settings(otel_traces_exporter="otlp", otel_exporter_otlp_endpoint=endpoint))
        tracing.answered("demo", done[0])
        await asyncio.wait_for(asyncio.to_thread(tracing.shutdown), 60)
    finally:
        server.stop(None).wait(5)
    sent = [resource for request in collector.requests for resource in request.resource_spans]
    names = {each.key: each.value.string_value for one in sent for each in one.resource.attributes}
    spans = [span for one in sent for scope in one.scope_spans for span in scope.spans]
    assert names["service.name"] == Settings().otel_service_name
    assert len(spans) == 7 and len({span.trace_id for span in spans}) == 1
    whole = next(span for span in spans if span.name == "question")
    took = (whole.end_time_unix_nano - whole.start_time_unix_nano) / 1e9
    assert took == pytest.approx(done[0].seconds(Mark.WIRE))
