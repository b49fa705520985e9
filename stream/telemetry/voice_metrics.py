"""What is to be seen of the voices: a Prometheus collector over their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from avatar import VoiceFigures


class VoiceCollector(Collector):
    """Register with a `CollectorRegistry`; reads `voices` (name as set → its figures) each time it is asked.

    `elsewhere` gives what rooms in processes of their own told, in Prometheus' text format: the same voice in several
    processes is one voice, whose counters are added up.
    """

    def __init__(
        self, voices: Mapping[str, VoiceFigures], *, elsewhere: Callable[[], Iterable[str]] = lambda: ()
    ) -> None:
        self._voices = voices
        self._elsewhere = elsewhere

    def describe(self) -> Iterator[Metric]:
        """Nothing: the labels are known only once voices are open."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families, labelled by the voice's name in the settings."""
        spoken = _counter("spoken_seconds", "sound given out, by the engine that spoke it", "engine")
        fallbacks = _counter("fallbacks", "lines the local voice had to say, by who failed and why", "engine", "reason")
        hits = _counter("cache_hits", "lines played from disk")
        misses = _counter("cache_misses", "lines that had to be spoken")
        rendered = _counter("rendered_seconds", "sound the embedded engine rendered")
        rendering = _counter("rendering_seconds", "time that took; over rendered_seconds it is the real-time factor")
        size = GaugeMetricFamily("zhanggui_voice_cache_bytes", "kept lines on disk", labels=("voice",))
        resting = GaugeMetricFamily(
            "zhanggui_voice_resting", "1 while the voice failed lately and the local one speaks", labels=("voice",)
        )
        for name, figures in self._voices.items():
            for engine, seconds in list(figures.spoken_s.items()):
                spoken.add_metric((name, engine), seconds)
            for (engine, reason), count in list(figures.fallbacks.items()):
                fallbacks.add_metric((name, engine, reason), count)
            hits.add_metric((name,), figures.cache_hits)
            misses.add_metric((name,), figures.cache_misses)
            rendered.add_metric((name,), figures.rendered_s)
            rendering.add_metric((name,), figures.rendering_s)
            size.add_metric((name,), figures.cache_bytes)
            resting.add_metric((name,), float(figures.resting))
        families: tuple[Metric, ...] = (spoken, fallbacks, hits, misses, rendered, rendering, size, resting)
        told = [family for text in self._elsewhere() for family in text_string_to_metric_families(text)]
        for family in families:
            others = [sample for other in told if other.name == family.name for sample in other.samples]
            if others:
                family.samples = _together([*family.samples, *others], add=family.type == "counter")
            yield family


def _together(samples: Iterable[Sample], *, add: bool) -> list[Sample]:
    """One sample for each set of labels: counters are added up; of others (a shared disk, a rest) the most counts."""
    found: dict[tuple[tuple[str, str], ...], Sample] = {}
    for sample in samples:
        key = tuple(sorted(sample.labels.items()))
        before = found[key].value if key in found else 0.0
        value = before + sample.value if add else max(before, sample.value)
        found[key] = Sample(sample.name, sample.labels, value)
    return list(found.values())


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"zhanggui_voice_{name}", text, labels=("voice", *labels))
