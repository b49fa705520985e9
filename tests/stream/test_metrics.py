"""Metrics: every family is there, labelled by room, and counts what happened."""

import json
import re
from pathlib import Path

import av
from prometheus_client import CollectorRegistry, generate_latest

from avatar import VoiceFigures
from stream.output.muxing import MuxingOutput
from stream.program.encoder import AudioUnit
from stream.room.metrics import RoomCollector
from stream.telemetry.latency import BUCKETS_S, Latency
from stream.telemetry.voice_metrics import VoiceCollector
from tests.stream.fakes import FakeLine, ListDirector
from tests.stream.live import Watcher, eventually, make_room, on_air


class Tape:
    """A sink that keeps nothing."""

    def write(self, unit: object) -> None:
        return

    def close(self) -> None:
        return


def test_durations_are_counted_into_cumulative_buckets() -> None:
    latency = Latency()
    for seconds in (0.01, 0.02, 0.35, 99.0):
        latency.add(seconds)
    counts = latency.cumulative()
    assert counts[0] == 2
    assert counts[BUCKETS_S.index(0.4)] == 3
    assert counts[-1] == latency.count == 4


async def test_every_queue_shows_how_deep_it_is() -> None:
    room, registry = make_room(), CollectorRegistry()
    registry.register(RoomCollector(lambda: [room]))
    output = MuxingOutput("tape", lambda first: Tape())
    room.outputs.running["tape"] = output  # its thread is not started: what is queued stays
    output._queue.put(AudioUnit(b"", 0, 1024))
    room.studio._queue.append((av.VideoFrame(16, 16, "yuv420p"), 0))
    labels = {"room": "demo"}
    assert registry.get_sample_value("zhanggui_room_pictures_waiting", labels) == 1
    waiting = registry.get_sample_value("zhanggui_room_output_packets_waiting", {**labels, "output": "tape"})
    assert waiting == 1


def test_no_room_gives_empty_families() -> None:
    registry = CollectorRegistry()
    registry.register(RoomCollector(list))
    assert b"zhanggui_room_viewers" in generate_latest(registry)


async def test_a_room_shows_its_viewers_frames_and_the_way_of_an_answer() -> None:
    director = ListDirector([FakeLine("第一句话。"), FakeLine("第二句话。")], loop=True)
    room = make_room(director=director)
    registry = CollectorRegistry()
    registry.register(RoomCollector(lambda: [room]))

    def value(name: str, **labels: str) -> float:
        return registry.get_sample_value(f"zhanggui_room_{name}", {"room": "demo", **labels}) or 0.0

    async with on_air(room) as url:
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        director.answers.put_nowait(FakeLine("有货。", kind="answer"))
        room.comment()
        await eventually(lambda: value("answer_seconds_count", stage="heard") == 1.0)
        assert value("answer_seconds_count", stage="voiced") == 1.0
        assert value("viewers") == 1.0
        assert value("joins_total") == 1.0
        assert value("connect_seconds_count") == 1.0
        assert value("first_frame_seconds_count") == 1.0
        assert value("first_frame_seconds_sum") > value("connect_seconds_sum") * 0.5
        assert value("rendition_bits_per_second", rendition="high") > 1000
        assert value("frames_total", rendition="high") > 0
        assert value("restarts_total", part="clock") == 0.0
        assert abs(value("skew_seconds")) < 1.0
        assert value("live") == 1.0
        await watcher.close()


def test_a_voice_shows_who_spoke_who_failed_and_what_is_kept() -> None:
    figures = VoiceFigures(cache_hits=3, cache_misses=1, cache_bytes=500, rendered_s=4.0, rendering_s=2.0, resting=True)
    figures.spoken_s["zf_xiaobei"] += 1.5
    figures.fallbacks["edge:a", "late"] += 2
    registry = CollectorRegistry()
    registry.register(VoiceCollector({"edge": figures}))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"zhanggui_voice_{name}", {"voice": "edge", **labels})

    assert value("spoken_seconds_total", engine="zf_xiaobei") == 1.5
    assert value("fallbacks_total", engine="edge:a", reason="late") == 2
    assert (value("cache_hits_total"), value("cache_misses_total"), value("cache_bytes")) == (3, 1, 500)
    assert (value("rendering_seconds_total"), value("rendered_seconds_total"), value("resting")) == (2.0, 4.0, 1)


def test_a_voice_in_several_processes_is_one_voice() -> None:
    def told(figures: VoiceFigures, elsewhere: tuple[str, ...] = ()) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(VoiceCollector({"kokoro": figures}, elsewhere=lambda: elsewhere))
        return registry

    away = VoiceFigures(cache_hits=2, cache_bytes=900, resting=True)
    away.fallbacks["edge:a", "late"] += 1
    here = VoiceFigures(cache_hits=1, cache_bytes=800)
    text = generate_latest(told(away)).decode()
    registry = told(here, (text, text))
    labels = {"voice": "kokoro"}
    assert registry.get_sample_value("zhanggui_voice_cache_hits_total", labels) == 5
    assert registry.get_sample_value("zhanggui_voice_cache_bytes", labels) == 900
    assert registry.get_sample_value("zhanggui_voice_resting", labels) == 1
    late = {**labels, "engine": "edge:a", "reason": "late"}
    assert registry.get_sample_value("zhanggui_voice_fallbacks_total", late) == 2
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    assert len({line.rsplit(" ", 1)[0] for line in lines}) == len(lines)


def test_the_dashboard_asks_only_for_metrics_that_exist() -> None:
    dashboard = json.loads((Path(__file__).resolve().parents[2] / "docs" / "grafana" / "rooms.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"zhanggui_[a-z_]+", target["expr"])
    }
    collectors = RoomCollector(lambda: [make_room()]), VoiceCollector({"kokoro": VoiceFigures()})
    families = [family for collector in collectors for family in collector.collect()]
    exist = {sample.name for family in families for sample in family.samples}
    declared = {family.name + suffix for family in families for suffix in ("", "_total", "_bucket")}
    assert asked <= exist | declared
    assert len(asked) > 15
