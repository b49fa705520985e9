"""Twenty-six hours of program time through the real clock, program, hubs, packetiser and muxers, in seconds."""

import struct
from pathlib import Path

import av
import numpy as np
import pylibsrtp
import pytest

from avatar import SAMPLE_RATE
from stream.output.muxer import Muxer
from stream.output.recorder import Recording
from stream.program.clock import FRAME_SAMPLES, TICK_SAMPLES, SampleClock, video_timestamp
from stream.program.encoder import AacEncoder, AudioUnit, VideoEncoder, VideoUnit, picture
from stream.program.program import Program
from stream.viewer.fanout import Hub
from stream.viewer.outgoing import OutgoingStream
from stream.viewer.wire import Leg, Numbers, Route, Scratch
from tests.stream.fakes import BarsStage
from tests.stream.media import SMALL

HOURS = 26
HOUR_TICKS = 3600 * 50
WRAPPED = 0x1_0000_0000


class Wall:
    """A machine's time that jumps when the test says so."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


class Taken:
    """A sink that keeps the last thing it was sent."""

    def __init__(self) -> None:
        self.timestamp = 0
        self.seq = 0
        self.sent = 0

    def send(self, seq: int, timestamp: int, payloads: tuple[bytes, ...]) -> bool:
        self.seq, self.timestamp, self.sent = seq, timestamp, self.sent + 1
        return True

    def resend(self, seq: int, timestamp: int, payload: bytes, *, marker: bool) -> bool:
        return False

    def later(self, delay_s: float, call: object) -> None:
        raise AssertionError("nothing is put off in a group of one frame")


def simulate(*, run_ticks: int) -> tuple[float, float, int, float]:
    """Run the room's clock work for 26 hours: `run_ticks` of every hour one by one, the rest of it in one step.

    Gives the worst distance in ms of RTP and of NTP times from the program's, the wraps of the video's RTP clock, and
    by how many seconds the clock ends off the wall. Stalls of 0.3 to 61 s are injected.
    """
    wall = Wall()
    clock, program = SampleClock(monotonic=wall, wall=wall), Program()
    video, audio = Hub("high", video=True, clock_rate=90_000), Hub("audio", video=False, clock_rate=48_000)
    seen, heard = Taken(), Taken()
    offset = 0xFFFF_0000
    OutgoingStream(video, seen, seq=32_000, timestamp_offset=offset).start()
    OutgoingStream(audio, heard, seq=32_000, timestamp_offset=offset).start()
    worst_ms = worst_ntp_ms = 0.0
    wraps, last = 0, offset
    stalls = {5: 0.3, 9: 2.7, 13: 61.0, 21: 0.9}
    for hour in range(HOURS):
        for number in range(run_ticks):
            wall.now = max(wall.now, clock.due(program.sample))
            wall.now += stalls.get(hour, 0.0) if number == 100 else 0.0
            late = clock.late_ticks(program.sample)
            if late > 25:
                program.skip(late)
                clock.skip_to(program.sample)
            tick = program.tick()
            audio.publish((b"sound",), tick.sample, key=True, ntp=clock.ntp(tick.sample))
            if tick.frame is None:
                continue
            sample = tick.frame.sample
            video.publish((b"picture",), video_timestamp(sample), key=True, ntp=clock.ntp(sample))
            made_s = tick.sample / SAMPLE_RATE
            for taken, rate in ((seen, 90_000), (heard, 48_000)):
                sent_s = ((taken.timestamp - offset) % WRAPPED) / rate
                worst_ms = max(worst_ms, abs(sent_s - made_s % (WRAPPED / rate)) * 1000)
            assert video.latest is not None
            assert audio.latest is not None
            worst_ntp_ms = max(worst_ntp_ms, abs(video.latest.ntp - audio.latest.ntp) / (1 << 32) * 1000)
            wraps += seen.timestamp < last
            last = seen.timestamp
        program.sample += max(0, HOUR_TICKS - run_ticks) * TICK_SAMPLES
    wall.now = max(wall.now, clock.due(program.sample))
    return worst_ms, worst_ntp_ms, wraps, abs(wall.now - clock.due(program.sample))


def test_after_26_hours_with_stalls_picture_and_sound_are_still_in_step() -> None:
    worst_ms, worst_ntp_ms, wraps, off_s = simulate(run_ticks=2000)
    assert wraps == 2, "at once, and after 13 h 15 min"
    assert worst_ms < 1e-3
    assert worst_ntp_ms < 1e-3
    assert off_s < 0.5


def test_the_fast_path_writes_wrapped_numbers_into_the_header() -> None:
    sent: list[bytes] = []

    class Plain:
        """A router without a socket: packets come back as they would leave."""

        def route(self) -> Route:
            return Route(srtp, None, None, lambda packet: sent.append(packet) is None)

        def close(self) -> None:
            return

    policy = pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    session = pylibsrtp.Session(policy)
    srtp = session._srtp[0]
    leg = Leg(Plain(), Numbers(ssrc=7, payload_type=96), Scratch())
    hub = Hub("audio", video=False, clock_rate=48_000)
    stream = OutgoingStream(hub, leg, seq=65_534, timestamp_offset=WRAPPED - 960)
    stream.start()
    for number in range(4):
        hub.publish((b"x",), number * 960, key=True, ntp=0)
    heads = [struct.unpack("!BBHLL", packet[:12]) for packet in sent]
    assert [head[2] for head in heads] == [65_534, 65_535, 0, 1]
    assert [head[3] for head in heads] == [WRAPPED - 960, 0, 960, 1920]


def group(start: int) -> tuple[list[VideoUnit], list[AudioUnit]]:
    """Two seconds of encoded bars and tone, made at `start`."""
    encoder, aac, stage = VideoEncoder(SMALL), AacEncoder(), BarsStage(180, 320)
    tone = (np.sin(np.arange(TICK_SAMPLES) / 10) * 8000).astype(np.int16)
    pictures, sounds = [], []
    for number in range(50):
        sample = start + number * FRAME_SAMPLES
        pictures.append(encoder.encode(picture(stage.frame(sample, ())), sample, key=number == 0))
        for half in (0, 1):
            sounds += aac.encode(tone, sample + half * TICK_SAMPLES)
    return pictures, sounds


@pytest.mark.parametrize(("container", "wrap_s"), [("mp4", None), ("flv", None), ("mpegts", (1 << 33) / 90_000)])
def test_containers_keep_the_distance_of_picture_and_sound_after_26_hours(
    container: str, wrap_s: float | None, tmp_path: Path
) -> None:
    path = tmp_path / f"long.{container}"
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if container == "mp4" else {}
    start = HOURS * 3600 * SAMPLE_RATE
    pictures, sounds = group(start)
    # A push lasts for days in one container; a recording begins a new file every half hour.
    first, zero_s = (pictures[0], 0) if container == "mp4" else (group(0)[0][0], HOURS * 3600)
    muxer = Muxer(str(path), container, first, options=options)
    for unit in sorted([*pictures, *sounds], key=lambda unit: unit.sample):
        muxer.write(unit)
    muxer.close()
    found: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(str(path)) as opened:
        for packet in opened.demux():
            if packet.pts is not None and packet.size:
                found[packet.stream.type].append(float(packet.pts * packet.time_base))
    stamps = [stamp for stamp in found["video"] if stamp >= zero_s]
    assert np.all(np.diff(stamps) > 0)
    assert len(stamps) == 50
    video_ms = [(stamp - zero_s) * 1000 for stamp in stamps]
    first_sound = min(stamp for stamp in found["audio"] if stamp >= zero_s)
    made = [unit.sample for unit in sounds if unit.sample >= start]
    skew_ms = (first_sound - stamps[0]) * 1000 - (made[0] - pictures[0].sample) / 48
    assert abs(skew_ms) <= 40
    origin = video_ms[0]
    assert np.allclose([at - origin for at in video_ms], np.arange(50) * 40, atol=1.1)
    assert wrap_s is None or HOURS * 3600 < wrap_s, "MPEG-TS wraps at 26 h 30 min; players unwrap it"


def test_a_recording_is_cut_by_program_time(tmp_path: Path) -> None:
    pictures, _ = group(0)
    recording = Recording(
        tmp_path,
        pictures[0],
        file_s=3600,
        keep_bytes=1 << 40,
        keep_s=1e9,
        free_bytes=0,
        free=lambda _: 1 << 40,
        wall=lambda: 0.0,
    )
    for hour in range(5):
        for unit in group(hour * 3600 * SAMPLE_RATE)[0]:
            recording.write(unit)
    recording.close()
    assert len(list(tmp_path.glob("*.mp4"))) == 5
