"""The program of a room: a pure audio-master mixer. Each tick gives 20 ms of sound, every other tick a frame slot."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from avatar import SAMPLE_RATE, Cue, Emotion, Speech, VisemeSpan
from stream.program.clock import FRAME_SAMPLES, TICK_SAMPLES
from stream.program.utterance import Pcm, Segment, SpokenLine, Utterance

_CUE_MEMORY_SAMPLES = SAMPLE_RATE
"""A cue is kept this long after its sound ended: the mouth closes smoothly and a late frame finds it."""


@dataclass(frozen=True, slots=True)
class LineStarted:
    """The first sample of a line is in this tick."""

    line: SpokenLine
    sample: int
    """Program sample of the first sample."""


@dataclass(frozen=True, slots=True)
class LineEnded:
    """A line's last sample was played, or it was cut."""

    line: SpokenLine
    sample: int
    finished: bool
    """False when an interrupt cut it or dropped it unheard."""


ProgramEvent = LineStarted | LineEnded


@dataclass(frozen=True, slots=True)
class FrameSlot:
    """The order for one picture."""

    sample: int
    cues: tuple[Cue, ...]
    generation: int


@dataclass(frozen=True, slots=True)
class Tick:
    """20 ms of program."""

    sample: int
    """Program sample of `pcm[0]`."""
    pcm: Pcm
    """Mono int16, shape (960,)."""
    speaking: bool
    frame: FrameSlot | None
    events: tuple[ProgramEvent, ...]


class Program:
    """Mixes the lines of one room onto its timeline.

    The sound is the master: a tick never waits. When a voice is late the tick is silent and the rest of the line, its
    mouth shapes included, moves back; when it is interrupted everything of an older generation is gone at the next
    tick.
    """

    def __init__(self, *, sample: int = 0, pause_ms: int = 180) -> None:
        if sample % FRAME_SAMPLES:
            raise ValueError("a program starts on a frame")
        self.sample = sample
        self.generation = 0
        self.underruns = 0
        self._pause = pause_ms * SAMPLE_RATE // 1000
        self._queue: deque[Utterance] = deque()
        self._past: deque[tuple[int, Cue]] = deque()
        self._events: list[ProgramEvent] = []
        self._gap = 0
        self._tail: Pcm | None = None

    def open(self, line: SpokenLine, *, emotion: Emotion = Emotion.NEUTRAL) -> Utterance:
        """Queue a line after those already waiting.

        A line of an older generation is dropped at once; one of a newer generation cuts off the older ones after the
        sentence that is being heard.
        """
        utterance = Utterance(line, line.generation, emotion, self._pause)
        if line.generation < self.generation:
            utterance.dropped = True
            return utterance
        if line.generation > self.generation:
            self.interrupt(line.generation, at_sentence=True)
        self._queue.append(utterance)
        return utterance

    def push(self, utterance: Utterance, speech: Speech) -> bool:
        """Append a chunk of sound. Returns False when the line was dropped: the voice may stop."""
        if utterance.dropped:
            return False
        if utterance.complete:
            raise ValueError("sound pushed into a complete line")
        if len(speech.pcm):
            utterance.chunks.append(speech.pcm)
            utterance.pushed += len(speech.pcm)
        utterance.spans.extend(speech.visemes)
        if utterance.running:
            utterance.segments[-1].spans.extend(speech.visemes)
        utterance.complete = speech.last
        return True

    def finish(self, utterance: Utterance) -> None:
        """Say that nothing more comes (the voice ended, or failed half-way)."""
        utterance.complete = True

    def withdraw(self, utterance: Utterance) -> bool:
        """Take back a line that nobody heard yet. Returns False when its sound has begun."""
        if utterance.start is not None or utterance.dropped:
            return False
        utterance.dropped = True
        self._queue.remove(utterance)
        return True

    def interrupt(self, generation: int, *, at_sentence: bool = False) -> None:
        """Drop every line older than `generation`.

        The line being heard is faded out within 10 ms, or, with `at_sentence`, may end its sentence.
        """
        self.generation = max(self.generation, generation)
        kept: deque[Utterance] = deque()
        for utterance in self._queue:
            current = utterance is self._queue[0] and utterance.start is not None
            if utterance.generation >= self.generation or (current and at_sentence):
                kept.append(utterance)
                continue
            utterance.dropped = True
            if current:
                self._tail = utterance.faded()
                self._remember(utterance, self.sample)
            self._events.append(LineEnded(utterance.line, self.sample, finished=False))
        self._queue = kept

    @property
    def ahead(self) -> int:
        """Samples of sound that wait to be played: what bounds the voice."""
        return sum(utterance.waiting for utterance in self._queue)

    @property
    def idle(self) -> bool:
        """Nothing is being said and nothing waits."""
        return not self._queue

    @property
    def current(self) -> Utterance | None:
        """The line being heard."""
        return self._queue[0] if self._queue and self._queue[0].start is not None else None

    def skip(self, ticks: int) -> None:
        """Leave out `ticks` ticks after the process stood still; rounded up to whole frames."""
        self.sample += -(-ticks * TICK_SAMPLES // FRAME_SAMPLES) * FRAME_SAMPLES
        if self._queue:
            self._queue[0].running = False

    def tick(self) -> Tick:
        """Advance by 20 ms."""
        sample = self.sample
        pcm = np.zeros(TICK_SAMPLES, np.int16)
        at = 0
        if self._tail is not None:
            pcm[: len(self._tail)] = self._tail
            self._tail, at, self._gap = None, TICK_SAMPLES, 0
        speaking = at > 0
        while at < TICK_SAMPLES and self._queue:
            utterance = self._queue[0]
            if utterance.start is None and self._gap < utterance.pause:
                step = min(TICK_SAMPLES - at, utterance.pause - self._gap)
                self._gap += step
                at += step
                continue
            if utterance.chunks:
                at += self._play(utterance, pcm, at)
                speaking = True
            elif utterance.complete:
                self._end(utterance, sample + at)
            else:
                self._starve(utterance)
                break
        if self._queue and self._queue[0].complete and not self._queue[0].chunks and self._queue[0].start is not None:
            self._end(self._queue[0], sample + at)
        if not self._queue:
            self._gap = min(self._gap + TICK_SAMPLES - at, SAMPLE_RATE)
        self.sample = sample + TICK_SAMPLES
        events, self._events = tuple(self._events), []
        frame = FrameSlot(sample, self._cues(sample), self.generation) if sample % FRAME_SAMPLES == 0 else None
        return Tick(sample, pcm, speaking, frame, events)

    def _play(self, utterance: Utterance, pcm: Pcm, at: int) -> int:
        if utterance.start is None:
            utterance.start = self.sample + at
            self._events.append(LineStarted(utterance.line, utterance.start))
        if not utterance.running:
            for earlier in utterance.segments[-1:]:
                earlier.spans = [span for span in earlier.spans if span.start < utterance.played]
            spans = [span for span in utterance.spans if span.end > utterance.played]
            utterance.segments.append(Segment(self.sample + at - utterance.played, spans))
            utterance.running = True
        chunk = utterance.chunks[0]
        count = min(len(chunk), TICK_SAMPLES - at)
        pcm[at : at + count] = chunk[:count]
        if count == len(chunk):
            utterance.chunks.popleft()
        else:
            utterance.chunks[0] = chunk[count:]
        utterance.played += count
        return count

    def _starve(self, utterance: Utterance) -> None:
        if utterance.running:
            self.underruns += 1
            utterance.running = False

    def _end(self, utterance: Utterance, sample: int) -> None:
        self._queue.popleft()
        self._gap = 0
        # One that never had a sound (the voice failed) is as gone as one that was cut off.
        utterance.dropped = utterance.start is None
        self._remember(utterance, sample)
        self._events.append(LineEnded(utterance.line, sample, finished=utterance.start is not None))

    def _remember(self, utterance: Utterance, cut: int) -> None:
        """Keep a heard line's mouth shapes for the frames still to come, cut off where its sound was."""
        for segment in utterance.segments:
            end = cut - segment.start
            spans = tuple(
                span if span.end <= end else VisemeSpan(span.viseme, span.start, end, span.stress)
                for span in segment.spans
                if span.start < end
            )
            self._past.append((cut, Cue(segment.start, spans, utterance.emotion)))

    def _cues(self, sample: int) -> tuple[Cue, ...]:
        while self._past and self._past[0][0] + _CUE_MEMORY_SAMPLES < sample:
            self._past.popleft()
        cues = [cue for _, cue in self._past]
        if self._queue and self._queue[0].start is not None:
            utterance = self._queue[0]
            cues += [Cue(segment.start, tuple(segment.spans), utterance.emotion) for segment in utterance.segments]
        return tuple(cues)
