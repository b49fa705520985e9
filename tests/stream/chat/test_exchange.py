"""Turn-taking, without any I/O."""

from __future__ import annotations

from dialogue import Citation, Done, Emotion, LeadForm, Sentence, Suggestions
from stream.chat.exchange import Cut, Exchange, Opened, Piece


def _opened(exchange: Exchange) -> Opened:
    opened = exchange.open()
    assert opened is not None
    return opened


def test_a_message_within_the_window_takes_the_answer_back_and_both_are_answered() -> None:
    exchange = Exchange(window_s=1.0)
    exchange.said("这个沙发", 10.0)
    first = _opened(exchange)
    exchange.take(first.generation, Sentence("云朵沙发。"))
    assert exchange.supersedes(10.9)
    assert exchange.retract() is Cut.RETRACT
    exchange.said("多少钱", 10.9)
    assert _opened(exchange).texts == ("这个沙发", "多少钱")


def test_a_later_message_waits_for_the_answer_under_way() -> None:
    exchange = Exchange(window_s=1.0)
    exchange.said("一", 0.0)
    first = _opened(exchange)
    assert not exchange.supersedes(1.0)
    exchange.said("二", 2.0)
    assert exchange.open() is None
    exchange.finish(first.generation)
    assert _opened(exchange).texts == ("二",)


def test_nothing_shown_means_nothing_to_retract() -> None:
    exchange = Exchange()
    exchange.said("一", 0.0)
    _opened(exchange)
    assert exchange.retract() is Cut.NOTHING


def test_results_of_a_retracted_answer_are_dropped() -> None:
    exchange = Exchange()
    exchange.said("一", 0.0)
    old = _opened(exchange)
    exchange.retract()
    _opened(exchange)
    assert exchange.take(old.generation, Sentence("旧。")) is None
    assert exchange.finish(old.generation) is None


def test_a_closed_segment_is_followed_by_one_that_starts_at_zero() -> None:
    exchange = Exchange()
    exchange.said("一", 0.0)
    opened = _opened(exchange)
    exchange.take(opened.generation, Sentence("第一句。", Emotion.JOY))
    segment = exchange.close_segment()
    assert segment is not None
    assert segment.text == "第一句。"
    assert exchange.take(opened.generation, Sentence("第二句。")) == Piece(0, "第二句。", Emotion.NEUTRAL)
    assert not exchange.supersedes(0.5)


def test_offsets_count_code_points_and_english_sentences_get_a_space() -> None:
    exchange = Exchange()
    exchange.said("hi", 0.0)
    opened = _opened(exchange)
    first = exchange.take(opened.generation, Sentence("🛋️ OK."))
    second = exchange.take(opened.generation, Sentence("Next."))
    assert (first, second) == (
        Piece(0, "🛋️ OK.", Emotion.NEUTRAL),
        Piece(len("🛋️ OK."), " Next.", Emotion.NEUTRAL),
    )


def test_what_is_left_at_the_end_comes_in_order_and_citations_once() -> None:
    exchange = Exchange()
    exchange.said("一", 0.0)
    opened = _opened(exchange)
    cite = Citation("a.pdf", "原文")
    form = LeadForm(("phone",), "报价", "v1")
    for event in (Sentence("甲。", citations=(cite,)), Sentence("乙。", citations=(cite,)), Suggestions(("丙",)), form):
        exchange.take(opened.generation, event)
    exchange.take(opened.generation, Done("answer", "SF-01"))
    closing = exchange.finish(opened.generation)
    assert closing is not None
    assert closing.segment is not None
    assert (closing.segment.text, closing.segment.citations, closing.segment.suggestions) == (
        "甲。乙。",
        (cite,),
        ("丙",),
    )
    assert closing.forms == (form,)
    assert closing.done == Done("answer", "SF-01")


def test_too_many_waiting_messages_are_full() -> None:
    exchange = Exchange()
    for index in range(20):
        assert not exchange.full
        exchange.said(str(index), 0.0)
    assert exchange.full
