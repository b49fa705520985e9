"""A merchant's own host: looked at, judged, rigged and stored, with the consent of the person shown."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from avatar.errors import AvatarError
from avatar.face.host import Host, Image, read_host, write_host
from avatar.face.host_folder import host_folders
from avatar.rigging.footage import check_rate
from avatar.rigging.landmarks import Face, FaceFinder
from avatar.rigging.portrait import read_clip, read_photo
from avatar.rigging.quality import Quality, judge, judge_far
from avatar.rigging.rig import build_host, frame_photo, moved
from avatar.rigging.round import Progress, film_round
from avatar.rigging.segmenter import PersonFinder
from avatar.rigging.tracking import attitude

CONSENT_TEXT = "画面中的人（或其监护人）已书面同意：用此照片或视频制作数字人主播，用于本店直播与短视频，可随时撤回。"
"""What the depicted person must have agreed to in writing; shown before a host is made."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class QualityError(AvatarError):
    """A picture is not good enough to become a host."""

    def __init__(self, source: str, quality: Quality) -> None:
        super().__init__(f"{source}：{quality.advice}")
        self.quality = quality


@dataclass(frozen=True, slots=True)
class Consent:
    """The written consent of the person shown."""

    person: str
    """Who is shown."""
    confirmed_by: str
    """Who declares that the written consent exists."""
    at: datetime
    """When, with a time zone."""


def check_photo(path: Path, finder: FaceFinder) -> Quality:
    """Read and judge a photo. Raises `PortraitError` when it cannot be read."""
    photo = read_photo(path)
    face, quality = _look(photo, finder)
    return quality if face is not None else _come_closer(photo, quality, finder)


def check_clip(path: Path, finder: FaceFinder) -> Quality:
    """Read a clip and judge its best still. Raises `PortraitError`, or `QualityError` when no still is usable."""
    photo, face = _best_still(path, finder)
    check_rate(path)
    return judge(photo, [face], [])


def create_host(
    source: Path,
    *,
    clip: bool,
    name: str,
    title: str,
    gender: str,
    voice: str,
    consent: Consent,
    hosts_dir: Path,
    finder: FaceFinder,
    people: PersonFinder | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Host:
    """Make a host from a photo, or from a clip of 5 to 60 seconds, and store it in `hosts_dir / name`.

    From a clip the best still becomes the host's picture, and its own movement a round without a seam. Without `people`
    the person is cut out by colour, and a clip can only be shown with its own surroundings. Nothing is left behind when
    it fails. Raises `AvatarError`: a `QualityError` carries the report.
    """
    if not _NAME.fullmatch(name):
        raise AvatarError(
            f"主播名称“{name}”不能用：请只用小写字母、数字和连字符，最多 40 个，例如 xiaomei-2 / "
            "host name: use lower-case letters, digits and hyphens, at most 40"
        )
    if not consent.person.strip() or not consent.confirmed_by.strip():
        raise AvatarError(
            "没有写明谁同意、谁确认：请加上 --person 画面中的人的姓名（和 --confirmed-by 确认人） / "
            "the written consent of the person shown must be confirmed, with both names"
        )
    if any(folder.name == name for folder in host_folders(hosts_dir)):
        raise AvatarError(
            f"已经有名为“{name}”的主播，请换个名称 / there is a host of that name already; choose another name"
        )
    if clip:
        photo, face = _best_still(source, finder)
        check_rate(source)
    else:
        photo = read_photo(source)
        found, quality = _look(photo, finder)
        if found is None or not quality.accepted:
            raise QualityError(source.name, quality if found else _come_closer(photo, quality, finder))
        face = found
    record = {
        "person": consent.person,
        "confirmed_by": consent.confirmed_by,
        "at": consent.at.isoformat(),
        "text": CONSENT_TEXT,
    }
    host = build_host(photo, face, name=name, title=title, gender=gender, voice=voice, consent=record, people=people)
    with _new_folder(hosts_dir, name) as folder:
        if clip:
            _, scale, offset = frame_photo(photo, face)
            movement = film_round(
                source,
                moved(face, scale, offset),
                host,
                scale=scale,
                offset=offset,
                folder=folder,
                finder=finder,
                people=people,
                progress=progress,
            )
            host = replace(host, movement=movement)
        write_host(host, folder)
    return read_host(hosts_dir / name)


@contextmanager
def _new_folder(hosts_dir: Path, name: str) -> Iterator[Path]:
    """Give a folder beside the host's place that is moved there in one step, or removed after a failure."""
    made = not hosts_dir.exists()
    folder: Path | None = None
    try:
        hosts_dir.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=hosts_dir))
        yield folder
        folder.chmod(0o755)
        folder.rename(hosts_dir / name)
    except OSError as exc:
        raise AvatarError(
            f"{hosts_dir}：主播存不进去，请看磁盘空间和文件夹权限 / the host could not be stored ({exc})"
        ) from exc
    finally:
        if folder is not None and folder.exists():
            shutil.rmtree(folder)
            if made:
                hosts_dir.rmdir()


def _look(photo: Image, finder: FaceFinder) -> tuple[Face | None, Quality]:
    """Find and judge the face; one that is only good, or only found, in a turned picture is told so."""
    faces = finder.find(photo)
    quality = judge(photo, faces, [])
    if quality.accepted:
        return faces[0], quality
    for code in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE):
        picture = np.ascontiguousarray(cv2.rotate(photo, code), np.uint8)
        turned = finder.find(picture)
        if turned and (not faces or judge(picture, turned, []).accepted):
            return None, judge(photo, [], turned)
    return (faces[0] if faces else None), quality


def _come_closer(photo: Image, quality: Quality, finder: FaceFinder) -> Quality:
    """Judge a photo without a face again by its parts: a face too far away for the whole photo is found in them."""
    if any(finding.name != "face" for finding in quality.findings):
        return quality
    height, width = photo.shape[:2]
    tall, wide = height * 2 // 5, width * 2 // 5
    for y in range(0, height - tall + 1, max(1, height // 5)):
        for x in range(0, width - wide + 1, max(1, width // 5)):
            part = photo[y : y + tall, x : x + wide]
            for face in finder.find(np.ascontiguousarray(part)) if part.size else []:
                if not (far := judge_far(face.size)).accepted:
                    return far
    return quality


def _best_still(source: Path, finder: FaceFinder) -> tuple[Image, Face]:
    """Find the still with closed lips, open eyes and the straightest look."""
    best: tuple[float, Image, Face] | None = None
    refused: Counter[Quality] = Counter()
    empty: Image | None = None
    for still in read_clip(source):
        face, quality = _look(still, finder)
        if face is None or not quality.accepted:
            refused[quality.told] += 1
            empty = still if face is None and empty is None else empty
            continue
        blink = max(face.blendshapes.get("eyeBlinkLeft", 0.0), face.blendshapes.get("eyeBlinkRight", 0.0))
        score = 8 * face.mouth_opening + blink + abs(attitude(face)[0]) / 20
        if best is None or score < best[0]:
            best = (score, still, face)
    if best is None:
        # What most stills lack is what is wrong with the clip; others may only have caught a blink.
        most = refused.most_common(1)[0][0]
        raise QualityError(source.name, most if empty is None else _come_closer(empty, most, finder))
    return best[1], best[2]
