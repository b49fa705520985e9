"""One viewer's stream: joins from the group of pictures, never shows a gap that was meant, answers NACKs."""

from collections.abc import Callable

import numpy as np

from stream.viewer.fanout import KEY_INTERVAL_S, RING_PACKETS, Hub
from stream.viewer.outgoing import CATCH_UP_STEP, OutgoingStream

FRAME = 3600


class Sink:
    """Records what is sent; refuses when told to."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, int, int]] = []
        self.again: list[tuple[int, int, bytes, bool]] = []
        self.full = False
        self.put_off: list[Callable[[], None]] = []

    def send(self, seq: int, timestamp: int, payloads: tuple[bytes, ...]) -> bool:
        if not self.full:
            self.frames.append((seq, timestamp, len(payloads)))
        return not self.full

    def resend(self, seq: int, timestamp: int, payload: bytes, *, marker: bool) -> bool:
        self.again.append((seq, timestamp, payload, marker))
        return True

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.put_off.append(call)


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def hub(name: str = "high", clock: Callable[[], float] | None = None) -> Hub:
    return Hub(name, video=True, clock_rate=90_000, monotonic=clock or Clock())


def publish(place: Hub, number: int, *, key: bool = False, packets: int = 3, size: int = 10) -> None:
    payloads = tuple(bytes((number & 0xFF, packet)) * (size // 2) for packet in range(packets))
    place.publish(payloads, number * FRAME, key=key, ntp=number)


def joined(place: Hub, *, seq: int = 100) -> tuple[OutgoingStream, Sink]:
    sink = Sink()
    stream = OutgoingStream(place, sink, seq=seq, timestamp_offset=0)
    stream.start()
    return stream, sink


def contiguous(sink: Sink) -> bool:
    ends = [seq + count & 0xFFFF for seq, _, count in sink.frames]
    return ends[:-1] == [seq for seq, _, _ in sink.frames[1:]]


def test_a_joiner_gets_the_current_group_at_once_and_asks_for_no_keyframe() -> None:
    place = hub()
    for number in range(10):
        publish(place, number, key=number == 4)
    _, sink = joined(place)
    assert len(sink.frames) == 6
    assert place.keyframe_requests == 0
    assert contiguous(sink)


def test_pictures_of_the_past_are_sent_under_the_time_of_their_sending_and_new_ones_under_their_own() -> None:
    clock = Clock()
    place = hub(clock=clock)
    _on_time(place, clock, range(5))
    clock.now_s += 0.02
    _, sink = joined(place)
    clock.now_s += 0.02
    publish(place, 5)
    stamps = [timestamp for _, timestamp, _ in sink.frames]
    begin = 4 * FRAME + 1800
    assert stamps == [begin + CATCH_UP_STEP * step for step in range(5)] + [5 * FRAME]


def test_who_joins_a_program_that_is_held_up_is_given_the_time_that_it_should_be() -> None:
    clock = Clock()
    place = hub(clock=clock)
    _on_time(place, clock, range(50))
    clock.now_s += 0.13
    _, sink = joined(place)
    for number in (50, 51, 52):  # what was held up comes at once
        publish(place, number)
    clock.now_s += 0.03
    publish(place, 53)
    stamps = [timestamp for _, timestamp, _ in sink.frames]
    assert stamps == sorted(set(stamps))
    begin = 49 * FRAME + 11_700
    assert stamps == [begin + CATCH_UP_STEP * step for step in range(53)] + [53 * FRAME]


def test_one_late_picture_does_not_move_what_is_due() -> None:
    clock = Clock()
    place = hub(clock=clock)
    _on_time(place, clock, range(20))
    clock.now_s += 0.14
    publish(place, 20)
    assert place.due() == 20 * FRAME + 9_000
    assert hub().due() == 0


def _on_time(place: Hub, clock: Clock, numbers: range) -> None:
    """Publish frames, the last one now."""
    for number in numbers:
        clock.now_s += 0.04
        publish(place, number, key=number == 0)


def local_time_error_ms(arrivals: list[tuple[float, int]], first: int) -> list[float]:
    """What a browser believes about arrivals (ms, RTP ticks): its least-squares line through all of them so far.

    Browsers of WebRTC's own code (modules/video_coding/timing, TimestampExtrapolator) fit ticks over time without
    forgetting, and show each picture where the line says. Gives the line's error at each arrival from `first` on.
    """
    errors = []
    for count in range(first + 1, len(arrivals) + 1):
        at, ticks = np.array(arrivals[:count]).T
        slope, offset = np.polyfit(at - at[0], ticks, 1)
        errors.append(abs((ticks[-1] - offset) / slope - (at[-1] - at[0])))
    return errors


def test_a_browser_that_joined_late_is_not_misled_about_when_pictures_are_due() -> None:
    clock = Clock()
    place = hub(clock=clock)
    for number in range(48):
        publish(place, number, key=number == 0)
        clock.now_s += 0.04
    sink, arrivals = Sink(), []
    sink.send = lambda seq, timestamp, payloads: arrivals.append((clock.now_s * 1000, timestamp)) or True  # type: ignore[method-assign,func-returns-value]
    clock.now_s -= 0.015
    OutgoingStream(place, sink, seq=1, timestamp_offset=0).start()
    clock.now_s += 0.015
    for number in range(48, 73):
        publish(place, number)
        clock.now_s += 0.04
    assert len(arrivals) == 73
    assert max(local_time_error_ms(arrivals, 48)) < 3


def test_the_first_viewer_of_an_empty_hub_asks_for_a_keyframe_and_waits_for_it() -> None:
    place = hub()
    _, sink = joined(place)
    assert place.take_keyframe_request(0.0)
    publish(place, 0)
    assert sink.frames == []
    publish(place, 1, key=True)
    publish(place, 2)
    assert [timestamp for _, timestamp, _ in sink.frames] == [FRAME, 2 * FRAME]


def test_a_long_group_is_paced_and_what_is_made_meanwhile_comes_after_it() -> None:
    place = hub()
    for number in range(20):
        publish(place, number, key=number == 0, packets=10, size=1000)
    _, sink = joined(place)
    assert len(sink.frames) < 20
    publish(place, 20)
    while sink.put_off:
        sink.put_off.pop(0)()
    assert len(sink.frames) == 21
    assert contiguous(sink)
    stamps = [timestamp for _, timestamp, _ in sink.frames]
    assert stamps == sorted(set(stamps))


def test_requests_of_many_viewers_make_one_keyframe() -> None:
    place = hub()
    for _ in range(50):
        place.request_keyframe()
    assert [place.take_keyframe_request(now) for now in (1.0, 1.0, 2.0)] == [True, False, False]
    place.request_keyframe()
    assert not place.take_keyframe_request(1.0 + KEY_INTERVAL_S / 2)
    assert place.take_keyframe_request(1.0 + KEY_INTERVAL_S)


def test_a_viewer_that_cannot_take_a_frame_waits_for_the_next_keyframe_without_a_gap() -> None:
    place = hub()
    publish(place, 0, key=True)
    stream, sink = joined(place)
    sink.full = True
    publish(place, 1)
    sink.full = False
    publish(place, 2)
    publish(place, 3, key=True)
    publish(place, 4)
    assert [timestamp for _, timestamp, _ in sink.frames] == [0, 3 * FRAME, 4 * FRAME]
    assert stream.drops == 2
    first, second, third = (seq for seq, _, _ in sink.frames)
    assert (second - first, third - second) == (6, 3), "only the frame that may have left in part is missing"


def test_a_nack_is_answered_with_the_packet_as_it_was_sent() -> None:
    place = hub()
    publish(place, 7, key=True)
    stream, sink = joined(place, seq=65_534)
    publish(place, 8)
    stream.retransmit(65_535)
    stream.retransmit(3)
    assert sink.again == [
        (65_535, 7 * FRAME, bytes((7, 1)) * 5, False),
        (3, 8 * FRAME, bytes((8, 2)) * 5, True),
    ]


def test_a_nack_for_what_was_never_sent_or_is_gone_is_not_answered() -> None:
    place = hub()
    publish(place, 0, key=True)
    stream, sink = joined(place)
    stream.retransmit(99)
    stream.retransmit(103)
    for number in range(1, RING_PACKETS):
        publish(place, number, packets=1)
    stream.retransmit(100)
    assert sink.again == []


def test_a_nack_for_the_next_number_gets_no_packet_that_was_left_out() -> None:
    place = hub()
    publish(place, 0, key=True)
    stream, sink = joined(place)
    sink.full = True
    publish(place, 1)
    sink.full = False
    publish(place, 2)  # left out: its packets stand in the ring, its numbers are still to be given
    stream.retransmit(106)
    assert sink.again == []
    publish(place, 3, key=True)
    assert sink.frames[-1][0] == 106
    stream.retransmit(106)
    assert [payload[0] for _, _, payload, _ in sink.again] == [3]


def test_a_group_that_has_left_the_ring_is_no_place_to_begin() -> None:
    place = hub()
    publish(place, 0, key=True, packets=1)
    for number in range(1, RING_PACKETS + 1):
        publish(place, number, packets=1)
    assert place.group() == []
    _, sink = joined(place)
    assert sink.frames == [] and place.keyframe_requests == 1


def test_a_switch_takes_place_at_the_other_renditions_keyframe_and_time_goes_on() -> None:
    high, low = hub(), hub("low")
    publish(high, 0, key=True)
    stream, sink = joined(high)
    stream.switch(low)
    assert low.take_keyframe_request(0.0)
    publish(high, 1)
    publish(low, 1)
    publish(high, 2)
    publish(low, 2, key=True)
    publish(high, 3)
    publish(low, 3)
    assert stream.hub is low
    assert contiguous(sink)
    stamps = [timestamp for _, timestamp, _ in sink.frames]
    assert stamps == [0, FRAME, 2 * FRAME, 2 * FRAME + CATCH_UP_STEP, 3 * FRAME]
    stream.retransmit(sink.frames[3][0])
    assert sink.again[0][:2] == (sink.frames[3][0], 2 * FRAME + CATCH_UP_STEP)


def test_a_switch_taken_back_before_the_keyframe_changes_nothing() -> None:
    high, low = hub(), hub("low")
    publish(high, 0, key=True)
    stream, sink = joined(high)
    stream.switch(low)
    stream.switch(high)
    publish(low, 1, key=True)
    publish(high, 1)
    assert stream.hub is high
    assert not low.streams
    assert len(sink.frames) == 2


def test_a_stopped_stream_sends_nothing_more() -> None:
    place = hub()
    publish(place, 0, key=True)
    stream, sink = joined(place)
    stream.stop()
    stream.stop()
    publish(place, 1)
    assert len(sink.frames) == 1
    assert not place.streams


def test_the_report_pairs_the_newest_frame_with_its_own_time() -> None:
    place = hub()
    publish(place, 5, key=True)
    stream, _ = joined(place)
    assert stream.report() == (5, 5 * FRAME)


def test_sequence_numbers_and_timestamps_wrap() -> None:
    place = hub()
    sink = Sink()
    stream = OutgoingStream(place, sink, seq=65_535, timestamp_offset=0xFFFFFFFF - FRAME + 1)
    publish(place, 0, key=True, packets=1)
    stream.start()
    publish(place, 1, packets=1)
    publish(place, 2, packets=1)
    assert sink.frames == [(65_535, 0xFFFFFFFF - FRAME + 1, 1), (0, 0, 1), (1, FRAME, 1)]
