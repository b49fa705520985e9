"""What is to be seen of the rooms: a Prometheus collector that reads them when asked, and costs nothing before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from avatar import SAMPLE_RATE
from stream.telemetry.latency import BUCKETS_S, Latency

if TYPE_CHECKING:
    from stream.room.room import Room


class RoomCollector(Collector):
    """Register with a `CollectorRegistry`; `rooms` gives the running rooms each time the metrics are read.

    `elsewhere` gives what rooms in processes of their own told, in Prometheus' text format; it is shown among them.
    """

    def __init__(
        self, rooms: Callable[[], Iterable[Room]], *, elsewhere: Callable[[], Iterable[str]] = lambda: ()
    ) -> None:
        self._rooms = rooms
        self._elsewhere = elsewhere

    def describe(self) -> Iterator[Metric]:
        """Nothing: the families are known only once rooms run."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families, labelled by room."""
        gauges = {
            name: GaugeMetricFamily(f"zhanggui_room_{name}", text, labels=labels)
            for name, text, labels in (
                ("live", "1 while the room's clock runs", ("room",)),
                ("viewers", "viewers connected by WebRTC", ("room",)),
                ("viewers_connecting", "viewers that have not connected yet", ("room",)),
                ("rendition_viewers", "viewers by rendition", ("room", "rendition")),
                ("rendition_bits_per_second", "what a rendition takes, over two seconds", ("room", "rendition")),
                ("audio_ahead_seconds", "sound that waits to be played", ("room",)),
                ("skew_seconds", "newest picture's program time less newest sound's", ("room",)),
                ("tick_late_seconds", "how late the newest tick was", ("room",)),
                ("pictures_waiting", "pictures that wait for the encoder, at most five", ("room",)),
                ("output_packets_waiting", "packets that wait in an output, at most 400", ("room", "output")),
                ("output_live", "1 while an output is connected", ("room", "output")),
            )
        }
        counters = {
            name: CounterMetricFamily(f"zhanggui_room_{name}", text, labels=labels)
            for name, text, labels in (
                ("ticks", "ticks of 20 ms", ("room",)),
                ("skipped_ticks", "ticks left out because the process stood still", ("room",)),
                ("frames", "pictures sent, by rendition", ("room", "rendition")),
                ("keyframes", "key frames, by rendition", ("room", "rendition")),
                ("frames_late", "frame slots whose picture was not ready in time", ("room",)),
                ("frames_repeated", "frame slots that show the picture before", ("room",)),
                ("frames_dropped", "frame slots never encoded", ("room",)),
                ("encode_seconds", "CPU time of the video encoders", ("room",)),
                ("frames_shed", "frame slots left out because the clock ran late", ("room",)),
                ("underruns", "ticks of silence inside a line because the voice was late", ("room",)),
                ("voice_failures", "lines the voice failed on", ("room",)),
                ("restarts", "parts restarted", ("room", "part")),
                ("joins", "viewers that connected", ("room",)),
                ("reaped", "viewers dropped because they never connected", ("room",)),
                ("rendition_moves", "viewers moved between renditions", ("room",)),
                ("keyframe_requests", "PLI and FIR of viewers", ("room", "rendition")),
                ("nacks", "packets viewers asked for again", ("room", "stream")),
                ("resent", "packets sent again", ("room", "stream")),
                ("send_drops", "frames a viewer could not take", ("room", "stream")),
                ("interrupts", "times somebody cut in", ("room",)),
                ("output_frames", "pictures an output took", ("room", "output")),
                ("output_dropped", "packets an output could not take", ("room", "output")),
                ("output_failures", "times an output failed", ("room", "output")),
            )
        }
        connect = HistogramMetricFamily("zhanggui_room_connect_seconds", "from offer to connection", labels=("room",))
        first = HistogramMetricFamily(
            "zhanggui_room_first_frame_seconds", "from offer to the first picture that left", labels=("room",)
        )
        answer = HistogramMetricFamily(
            "zhanggui_room_answer_seconds", "a question's way to the first sound, by stage", labels=("room", "stage")
        )
        for room in self._rooms():
            _gauges(room, gauges)
            _counters(room, counters)
            _histogram(connect, (room.name,), room.audience.connect)
            _histogram(first, (room.name,), room.audience.first_frame)
            for stage, latency in room.latencies.items():
                _histogram(answer, (room.name, stage), latency)
        families: dict[str, Metric] = {
            family.name: family for family in (*gauges.values(), *counters.values(), connect, first, answer)
        }
        for told in self._elsewhere():
            for family in text_string_to_metric_families(told):
                if family.name in families:
                    families[family.name].samples.extend(family.samples)
        yield from families.values()


def _gauges(room: Room, found: dict[str, GaugeMetricFamily]) -> None:
    name = room.name
    found["live"].add_metric((name,), float(room.live))
    found["viewers"].add_metric((name,), room.audience.connected)
    found["viewers_connecting"].add_metric((name,), room.audience.half_open)
    found["audio_ahead_seconds"].add_metric((name,), room.program.ahead / SAMPLE_RATE)
    found["tick_late_seconds"].add_metric((name,), room.tick_late_s)
    found["skew_seconds"].add_metric((name,), room.skew_s)
    found["pictures_waiting"].add_metric((name,), room.studio.waiting)
    for rendition, hub in room.hubs.items():
        found["rendition_viewers"].add_metric((name, rendition), len(hub.streams))
        found["rendition_bits_per_second"].add_metric((name, rendition), hub.bitrate)
    for output in room.outputs.running.values():
        found["output_packets_waiting"].add_metric((name, output.name), getattr(output, "waiting", 0))
        found["output_live"].add_metric((name, output.name), float(getattr(output, "state", "") == "live"))


def _counters(room: Room, found: dict[str, CounterMetricFamily]) -> None:
    name, studio, audience = room.name, room.studio, room.audience
    for key, value in (
        ("ticks", room.ticks),
        ("skipped_ticks", room.skipped_ticks),
        ("frames_late", studio.late),
        ("frames_repeated", studio.repeated),
        ("frames_dropped", studio.dropped),
        ("frames_shed", room.shed),
        ("encode_seconds", studio.encode_s),
        ("underruns", room.program.underruns),
        ("voice_failures", room.speaker.failures),
        ("joins", audience.joined),
        ("reaped", audience.reaped),
        ("rendition_moves", audience.moves),
        ("interrupts", room.interrupts),
    ):
        found[key].add_metric((name,), value)
    restarts = {"renderer": studio.renderer.restarts, "encoder": studio.encoder.restarts}
    for task, count in room.supervisor.restarts.items():
        restarts[task.removeprefix(f"{name}-")] = count
    for part, count in restarts.items():
        found["restarts"].add_metric((name, part), count)
    for rendition, hub in room.hubs.items():
        found["frames"].add_metric((name, rendition), hub.frames)
        found["keyframes"].add_metric((name, rendition), hub.keyframes)
        found["keyframe_requests"].add_metric((name, rendition), hub.keyframe_requests)
    for stream, hub in (*room.hubs.items(), ("audio", room.audio_hub)):
        found["nacks"].add_metric((name, stream), hub.nacks)
        found["resent"].add_metric((name, stream), hub.resent)
        found["send_drops"].add_metric((name, stream), hub.drops)
    for output in room.outputs.running.values():
        for key in ("frames", "dropped", "failures"):
            found[f"output_{key}"].add_metric((name, output.name), getattr(output, key, 0))


def _histogram(family: HistogramMetricFamily, labels: tuple[str, ...], latency: Latency) -> None:
    bounds = [*(f"{bound:g}" for bound in BUCKETS_S), "+Inf"]
    family.add_metric(labels, list(zip(bounds, latency.cumulative(), strict=True)), latency.total_s)
