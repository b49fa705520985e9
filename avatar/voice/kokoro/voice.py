"""The embedded voice: Kokoro-82M speaking Mandarin, sound first, sentence later."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources

import numpy as np

from avatar.errors import AvatarError, NothingToSay
from avatar.models import catalogue
from avatar.models.carrier import ModelStore
from avatar.voice.kokoro.model import MOST_TOKENS, Frames, KokoroModel, StopSwitch, open_model
from avatar.voice.kokoro.sentence import Sentence
from avatar.voice.kokoro.window import HOP, Floats, Pace, Seam, Statistics, silences, spoken_range
from avatar.voice.phoneme import Phoneme, Phonemizer
from avatar.voice.prosody import PROSODY, Prosody, pause_ms
from avatar.voice.resample import Doubler
from avatar.voice.speech import Emotion, Speech, VisemeSpan
from avatar.voice.text.clause import Clause, clauses
from avatar.voice.text.normalise import MOST_CHARACTERS, Normaliser
from avatar.voice.viseme import silenced, stresses, track
from avatar.voice.voice_figures import VoiceFigures

logger = logging.getLogger(__name__)

FRAME = 2 * HOP
"""Samples of a frame at 48 kHz."""
_EDGE = 240
"""Samples (5 ms) over which a piece fades in and out, so that joins do not click."""


class KokoroVoice:
    """Speaks Mandarin on the CPU, one sentence at a time.

    Rendering runs in a thread of its own, window by window and only as fast as chunks are taken; closing the iterator
    stops a window within some milliseconds. A voice without a statistics table renders whole clauses.
    """

    def __init__(
        self,
        name: str,
        model: KokoroModel,
        style: Floats,
        *,
        phonemizer: Phonemizer,
        normaliser: Normaliser,
        statistics: Statistics | None,
        clock: Callable[[], float] = time.perf_counter,
        figures: VoiceFigures | None = None,
    ):
        """`style` is the voice's table of shape (510, 256); `clock` (seconds) tells how fast this machine renders."""
        self.name = name
        self._model = model
        self._style = style
        self._phonemizer = phonemizer
        self._normaliser = normaliser
        self._statistics = statistics
        self._pace = Pace()
        self._clock = clock
        self._figures = figures or VoiceFigures()
        self._closed = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"voice-{name}")

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Speech, None]:
        """See `Voice.speak`. Raises `AvatarError` when `text` holds nothing that can be spoken."""
        if self._closed:
            raise AvatarError(f"音色 {self.name} 已经关闭 / the voice is closed")
        stop = StopSwitch()
        rendering = self._render(text, PROSODY[emotion], stop)
        loop = asyncio.get_running_loop()
        try:
            while (speech := await loop.run_in_executor(self._worker, next, rendering, None)) is not None:
                yield speech
        finally:
            stop.throw()

    def warm(self) -> None:
        """Speak a word to nobody, so that the first line finds everything loaded; blocking, half a second."""
        model, stop = self._model, StopSwitch()
        clause = Clause("好的。", ".")
        tokens = model.tokens([phoneme.symbol for phoneme in self._phonemes(clause)])
        frames = model.analyse(tokens, self._style, stop=stop)
        first, end = spoken_range(frames.energy)
        model.render(frames, first, min(end, first + 32), None, stop)

    async def idle(self) -> None:
        """Wait until nothing is being rendered."""
        await asyncio.get_running_loop().run_in_executor(self._worker, int)

    async def aclose(self) -> None:
        """Free the worker thread and let go of the model."""
        self._closed = True
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _render(self, text: str, prosody: Prosody, stop: StopSwitch) -> Iterator[Speech]:
        """The sentence's chunks; blocking, one step of it at a time in the worker."""
        if len(text) > MOST_CHARACTERS:
            logger.warning("一句话有 %d 个字，只说前 %d 个", len(text), MOST_CHARACTERS)
        spoken = clauses(self._normaliser.spoken(text))
        prepared = [(clause, found) for clause in spoken if (found := self._phonemes(clause))]
        if not prepared:
            raise NothingToSay
        sentence = Sentence(self._clock)
        for index, (clause, phonemes) in enumerate(prepared):
            final = index == len(prepared) - 1
            yield from self._clause(phonemes, clause, prosody, stop, sentence, final=final)

    def _phonemes(self, clause: Clause) -> tuple[Phoneme, ...]:
        found = tuple(p for p in self._phonemizer.phonemes(clause.text) if self._model.knows(p.symbol))
        return found[: MOST_TOKENS - 2]

    def _clause(
        self,
        phonemes: tuple[Phoneme, ...],
        clause: Clause,
        prosody: Prosody,
        stop: StopSwitch,
        sentence: Sentence,
        *,
        final: bool,
    ) -> Iterator[Speech]:
        tokens = self._model.tokens([phoneme.symbol for phoneme in phonemes])
        frames = self._model.analyse(
            tokens, self._style, speed=prosody.speed, pitch=prosody.pitch, melody=prosody.melody, stop=stop
        )
        first, end = spoken_range(frames.energy)
        pause = pause_ms(clause.mark, prosody) * 48
        sentence.plan(_visemes(phonemes, frames, first, end, pause=pause, offset=sentence.made))
        statistics = self._statistics.predict(frames.f0, frames.energy) if self._statistics else None
        expected = self._statistics.powers(frames.energy[first:end]) if self._statistics else None
        sentence.leveller.expect(expected, pause=pause // FRAME)
        doubler, seam, at = Doubler(), Seam(), first
        while at < end:
            size, sound = self._window(frames, at, end, statistics, sentence, seam, stop)
            last = at + size >= end
            pcm = sentence.levelled(doubler.push(sound, last=last), sentence.leveller.gain(sound))
            if at == first:
                pcm[:_EDGE] *= np.linspace(0, 1, _EDGE, dtype=np.float32)
            if last:
                pcm[-_EDGE:] *= np.linspace(1, 0, _EDGE, dtype=np.float32)
                pcm = np.concatenate([pcm, np.zeros(pause, np.float32)])
            at += size
            yield sentence.chunk(pcm, last=last and final)

    def _window(
        self,
        frames: Frames,
        at: int,
        end: int,
        statistics: Floats | None,
        sentence: Sentence,
        seam: Seam,
        stop: StopSwitch,
    ) -> tuple[int, Floats]:
        """Render the next window from frame `at`; returns (frames done, 24 kHz samples to play)."""
        began = self._clock()
        if statistics is None:
            audio, _ = self._model.render(frames, 0, len(frames.energy), None, stop)
            return end - at, audio[at * HOP : end * HOP]
        size = self._pace.window(end - at, sentence.buffered_s)
        audio, before, rendered = self._model.window(frames, at, at + size, statistics, stop)
        seconds = self._clock() - began
        self._pace.observe(rendered, seconds)
        self._figures.rendered_s += size * HOP / 24_000
        self._figures.rendering_s += seconds
        return size, seam.join(audio, before, size, last=at + size >= end)


def _visemes(
    phonemes: tuple[Phoneme, ...], frames: Frames, first: int, end: int, *, pause: int, offset: int
) -> tuple[VisemeSpan, ...]:
    """The clause's mouth shapes, in samples from the sentence's start; `offset` is where the clause begins.

    `pause` samples of silence follow the rendered frames first..end.
    """
    inner = frames.durations[1:-1]
    lead = frames.durations[0]
    force = stresses(phonemes, inner, frames.energy[lead:])
    ends = [min(end, max(first, int(at))) - first for at in lead + np.cumsum(inner)]
    spans = track(phonemes, [at * FRAME for at in ends], force)
    whole = (end - first) * FRAME + pause
    silent = [(start * FRAME, stop * FRAME) for start, stop in silences(frames.energy[first:end])]
    if silent and silent[-1][1] == (end - first) * FRAME:
        silent[-1] = (silent[-1][0], whole)
    return silenced(spans, silent, end=whole, offset=offset)


@dataclass(frozen=True, slots=True)
class Timbre:
    """A Mandarin voice that is shipped with its tables."""

    name: str
    title: str
    gender: str
    shortest: int = 0
    """Row of its style table that speaks anything shorter: with the rows before it the voice hardly gives a sound."""


VOICES = (
    Timbre("zf_xiaobei", "晓北", "女"),
    Timbre("zf_xiaoxiao", "晓晓", "女"),
    Timbre("zf_xiaoyi", "晓伊", "女"),
    Timbre("zm_yunxi", "云希", "男", shortest=6),
    Timbre("zm_yunjian", "云健", "男"),
    Timbre("zm_yunyang", "云扬", "男", shortest=6),
)
JAPANESE_STAND_INS = {"zf": "jf_alpha", "zm": "jm_kumo"}
"""Voices that come with the model itself and speak Mandarin with an accent, by the kind of voice they replace."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """A voice's style table and what was measured for it."""

    name: str
    style: Floats
    statistics: Statistics | None


def create_kokoro(
    name: str,
    *,
    models: ModelStore,
    normaliser: Normaliser,
    phonemizer: Phonemizer,
    threads: int = 1,
    clock: Callable[[], float] = time.perf_counter,
    figures: VoiceFigures | None = None,
) -> KokoroVoice:
    """Open the Kokoro voice `name`; blocking, about a second (some seconds more the first time, to cut the graph).

    Without the Mandarin voices a Japanese stand-in speaks, which is logged as a warning and shows in the voice's name.
    Raises `AvatarError` for an unknown name or a missing model.
    """
    if name not in (voice.name for voice in VOICES):
        raise AvatarError(f"没有名为 {name} 的音色；可选：{'、'.join(voice.name for voice in VOICES)} / no such voice")
    sound = _sound(name, models)
    model = open_model(models, threads=threads)
    return KokoroVoice(
        sound.name,
        model,
        sound.style,
        phonemizer=phonemizer,
        normaliser=normaliser,
        statistics=sound.statistics,
        clock=clock,
        figures=figures,
    )


def _sound(name: str, models: ModelStore) -> _Sound:
    if not models.present(catalogue.MANDARIN):
        stand_in = JAPANESE_STAND_INS[name[:2]]
        logger.warning(
            "普通话音色尚未下载，暂由 %s 代说，会带口音；补齐：zhanggui models fetch %s", stand_in, catalogue.MANDARIN
        )
        with np.load(models.folder(catalogue.KOKORO) / "voices_ja.npz") as voices:
            return _Sound(stand_in, voices[stand_in].reshape(-1, 256), None)
    style = np.fromfile(models.folder(catalogue.MANDARIN) / f"{name}.bin", np.float32).reshape(-1, 256)
    row = next(voice.shortest for voice in VOICES if voice.name == name)
    style[:row] = style[row]
    table = resources.files("avatar.voice.kokoro").joinpath("tables", f"{name}.npz")
    with resources.as_file(table) as path:
        statistics = Statistics.load(path) if path.is_file() else None
    return _Sound(name, style, statistics)
