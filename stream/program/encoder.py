"""The encoders of a room: H.264 and Opus once for everyone, AAC beside Opus only while an output needs it."""

from __future__ import annotations

import fractions
import time
from dataclasses import dataclass

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from avatar import FRAME_RATE, I420, SAMPLE_RATE
from stream.errors import StreamError
from stream.program.clock import FRAME_SAMPLES, TICK_SAMPLES
from stream.program.utterance import Pcm
from stream.viewer.packet import packetise

GOP_FRAMES = 50
"""Frames from one key frame to the next, 2 s: what platforms ask of RTMP and HLS wants for its segments. They fall on
whole multiples of program time, whatever key frames viewers ask for between."""
AAC_SAMPLES = 1024
_BT709 = 1
_LIMITED = 1


class EncoderError(StreamError):
    """The encoder refused its settings or a picture."""


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """One encoded picture."""

    data: bytes
    """Access unit, Annex B; a key frame carries SPS and PPS."""
    payloads: tuple[bytes, ...]
    """The same as RTP payloads."""
    sample: int
    """Program sample at which the picture was due."""
    key: bool


@dataclass(frozen=True, slots=True)
class AudioUnit:
    """One encoded packet of sound."""

    data: bytes
    sample: int
    """Program sample of its first sample of sound."""
    samples: int
    """Length in samples: 960 for Opus, 1,024 for AAC."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size and bitrate of a room's picture."""

    name: str
    width: int
    height: int
    bitrate: int
    """Bits per second, also the ceiling over half a second."""


def picture(frame: I420) -> av.VideoFrame:
    """Copy an I420 array, shape (height * 3 // 2, width), into a frame for `VideoEncoder.encode`."""
    made = av.VideoFrame.from_ndarray(frame, format="yuv420p")
    made.colorspace, made.color_primaries, made.color_trc, made.color_range = _BT709, _BT709, _BT709, _LIMITED
    return made


class VideoEncoder:
    """x264, superfast and without latency: one picture in, one access unit out. Not for two threads at a time."""

    def __init__(self, rendition: Rendition) -> None:
        self.rendition = rendition
        self.frames = 0
        """Pictures encoded since it was made: what the number of viewers must not change."""
        self.cpu_s = 0.0
        context = av.CodecContext.create("libx264", "w")
        if not isinstance(context, VideoCodecContext):
            raise EncoderError("libx264 is not a video encoder in this build of FFmpeg")
        context.width, context.height, context.pix_fmt = rendition.width, rendition.height, "yuv420p"
        context.bit_rate = rendition.bitrate
        context.gop_size = 2 * GOP_FRAMES  # never reached: `encode` sets the key frames
        context.max_b_frames = 0
        context.thread_count = 1
        context.framerate = fractions.Fraction(FRAME_RATE)
        context.time_base = fractions.Fraction(1, SAMPLE_RATE)
        context.colorspace, context.color_primaries, context.color_trc = _BT709, _BT709, _BT709
        context.color_range = _LIMITED
        context.profile = "Baseline"
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "maxrate": str(rendition.bitrate),
            "bufsize": str(rendition.bitrate // 2),
            "x264-params": "scenecut=0:repeat-headers=1:force-cfr=1",
        }
        self._context = context
        self._period = -1
        """Which 2 s of program time the newest picture was in."""

    def encode(self, frame: av.VideoFrame, sample: int, *, key: bool) -> VideoUnit:
        """Encode one picture, as a key frame if asked. Raises `EncoderError`."""
        began = time.thread_time()
        period, self._period = self._period, sample // (GOP_FRAMES * FRAME_SAMPLES)
        key = key or period != self._period
        frame.pts, frame.time_base = sample, self._context.time_base
        frame.pict_type = PictureType.I if key else PictureType.NONE
        try:
            packets = self._context.encode(frame)
        except av.FFmpegError as exc:
            raise EncoderError(f"x264 refused a picture of {frame.width}x{frame.height}: {exc}") from exc
        data = b"".join(bytes(packet) for packet in packets)
        if not data:
            raise EncoderError("x264 gave nothing back for a picture")
        unit = VideoUnit(data, packetise(data), sample, any(packet.is_keyframe for packet in packets))
        self.frames += 1
        self.cpu_s += time.thread_time() - began
        return unit


class OpusEncoder:
    """Opus for speech, 20 ms a packet."""

    def __init__(self, *, bitrate: int = 32_000) -> None:
        self._context = _audio_context("libopus", "s16", bitrate)
        self._context.options = {"application": "voip", "frame_duration": "20", "compression_level": "5"}

    def encode(self, pcm: Pcm, sample: int) -> AudioUnit:
        """Encode the 960 samples of one tick. Raises `EncoderError`."""
        data = b"".join(bytes(packet) for packet in _encode(self._context, pcm, sample))
        return AudioUnit(data, sample, TICK_SAMPLES)


class AacEncoder:
    """AAC for RTMP, HLS and recordings; takes the same ticks as Opus and gives packets of 1,024 samples."""

    def __init__(self, *, bitrate: int = 96_000) -> None:
        self._context = _audio_context("aac", "fltp", bitrate)
        self._rest = np.zeros(0, np.int16)
        self._sample: int | None = None
        self._context.open(strict=False)
        self.extradata = bytes(self._context.extradata or b"")
        """AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1)."""

    def encode(self, pcm: Pcm, sample: int) -> list[AudioUnit]:
        """Encode one tick; usually gives 0 or 1 packets. A gap in `sample` is carried over. Raises `EncoderError`."""
        if self._sample is None or sample != self._sample + len(self._rest):
            self._sample, self._rest = sample, np.zeros(0, np.int16)
        self._rest = np.concatenate((self._rest, pcm))
        units: list[AudioUnit] = []
        while len(self._rest) >= AAC_SAMPLES:
            block = (self._rest[:AAC_SAMPLES].astype(np.float32) / 32768.0)[None, :]
            self._rest = self._rest[AAC_SAMPLES:]
            for packet in _encode(self._context, block, self._sample):
                made = self._sample if packet.pts is None else int(packet.pts)
                units.append(AudioUnit(bytes(packet), made, AAC_SAMPLES))
            self._sample += AAC_SAMPLES
        return units


def _audio_context(codec: str, layout_format: str, bitrate: int) -> AudioCodecContext:
    context = av.CodecContext.create(codec, "w")
    if not isinstance(context, AudioCodecContext):
        raise EncoderError(f"{codec} is not an audio encoder in this build of FFmpeg")
    context.sample_rate = SAMPLE_RATE
    context.layout = "mono"
    context.format = layout_format
    context.bit_rate = bitrate
    context.time_base = fractions.Fraction(1, SAMPLE_RATE)
    return context


def _encode(context: AudioCodecContext, block: np.ndarray, sample: int) -> list[av.Packet]:  # type: ignore[type-arg]
    array = block if block.ndim == 2 else block[None, :]
    frame = av.AudioFrame.from_ndarray(array, format=context.format.name, layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, sample, context.time_base
    try:
        return list(context.encode(frame))
    except av.FFmpegError as exc:
        raise EncoderError(f"{context.name} refused 20 ms of sound: {exc}") from exc


def scaled(frame: av.VideoFrame, rendition: Rendition) -> av.VideoFrame:
    """The picture at another size, still I420."""
    return frame.reformat(
        width=rendition.width, height=rendition.height, format="yuv420p", interpolation="FAST_BILINEAR"
    )
