"""Is a picture good enough to become a host? Every finding says what is wrong and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.host import Image
from avatar.rigging.landmarks import LEFT_EYE, OUTER_LIPS, RIGHT_EYE, Face, outline

_LEAST_FACE = 220
_LEAST_COLOUR = 4.0
"""Of the face in CIE L*a*b*, away from grey; pale skin in cold light has about 8."""
_LEAST_REDNESS = 2.5
"""Of lips against the skin around them; pale lips have about 6, a hand over them 0."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """Stable identifier, for example `blur`."""
    passed: bool
    measured: str
    advice: str
    """What is wrong and what to do, in Chinese and ` / ` in English; empty when it passed."""


@dataclass(frozen=True, slots=True)
class Quality:
    """All findings on one picture."""

    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        """Whether the picture may become a host: nothing failed."""
        return all(finding.passed for finding in self.findings)

    @property
    def told(self) -> Quality:
        """What failed, without its measures: equal for pictures with the same faults."""
        return Quality(tuple(replace(finding, measured="") for finding in self.findings if not finding.passed))

    @property
    def advice(self) -> str:
        """The advice of everything that failed, in one line: all of it in Chinese, then in English."""
        told = [finding.advice.partition(" / ") for finding in self.findings if not finding.passed]
        return " / ".join(("；".join(one[0] for one in told), "; ".join(one[2] for one in told))) if told else ""


def judge(photo: Image, faces: list[Face], turned: list[Face]) -> Quality:
    """Judge a BGR photo by the faces found in it, and by those found after turning it upside down or on its sides."""
    if not faces:
        if turned:
            return Quality(
                (
                    _finding(
                        "orientation", False, "sideways", "照片方向不对，请旋转到头朝上再试 / turn the picture upright"
                    ),
                )
            )
        return Quality(
            (
                _finding(
                    "face",
                    False,
                    "0 faces",
                    "没有找到人脸，请用靠近些拍的正面照片，光线均匀、脸部无遮挡 / "
                    "no face found; come closer and face the camera in even light",
                ),
            )
        )
    second = faces[1].size / faces[0].size if len(faces) > 1 else 0.0
    face = faces[0]
    one = _finding(
        "one face", second < 0.35, f"{len(faces)} faces", "画面里有两张脸，请只留一个人 / two faces; leave one"
    )
    frontal, lit, colour = _frontal(face), _lit(photo, face), _coloured(photo, face)
    findings = [one, _large(face.size), _upright(face), frontal, lit, _closed(face), _chin_inside(photo, face)]
    # What the light hides, or a turned head, would get advice that does not help: the cause alone is told.
    if lit.passed:
        findings += [_sharp(photo, face), colour, _eyes_seen(photo, face)]
        if colour.passed and frontal.passed:
            findings.append(_mouth_seen(photo, face))
    return Quality(tuple(findings))


def judge_far(size: float) -> Quality:
    """Judge a photo whose face, `size` pixels from forehead to chin, was only found by coming closer."""
    return Quality((_large(size),))


def _finding(name: str, passed: bool, measured: str, advice: str) -> Finding:
    return Finding(name, bool(passed), measured, "" if passed else advice)


def _large(size: float) -> Finding:
    advice = "脸太小，额头到下巴至少 220 像素，请靠近些拍 / face too small; forehead to chin needs 220 pixels"
    return _finding("size", size >= _LEAST_FACE, f"{size:.0f} px", advice)


def _upright(face: Face) -> Finding:
    left, right = outline(face, LEFT_EYE).mean(0), outline(face, RIGHT_EYE).mean(0)
    angle = float(np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0])))
    return _finding("tilt", abs(angle) < 14, f"{angle:.0f}°", "头歪得太多，请把头摆正 / hold the head upright")


def _frontal(face: Face) -> Finding:
    """The nose stands between the cheeks' outlines; its share tells how far the head is turned."""
    left, right, nose = face.points[234, 0], face.points[454, 0], face.points[1, 0]
    share = float((nose - left) / max(right - left, 1e-6))
    return _finding(
        "frontal", 0.34 < share < 0.66, f"{share:.2f}", "脸偏向一侧，请正对镜头 / turned aside; face the camera"
    )


def _sharp(photo: Image, face: Face) -> Finding:
    x0, y0, x1, y1 = _box(photo, face.points[:, :2])
    grey = cv2.cvtColor(photo[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    side = 256 / max(grey.shape)
    small = cv2.resize(grey, None, fx=side, fy=side, interpolation=cv2.INTER_AREA) if side < 1 else grey
    value = float(cv2.Laplacian(small, cv2.CV_32F).var())
    return _finding(
        "sharpness",
        value > 28,
        f"{value:.0f}",
        "照片模糊，请擦净镜头、拿稳再拍 / blurred; clean the lens and hold still",
    )


def _lit(photo: Image, face: Face) -> Finding:
    x0, y0, x1, y1 = _box(photo, face.points[:, :2])
    grey = cv2.cvtColor(photo[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    level = float(np.median(grey))
    return _finding(
        "light",
        55 < level < 235,
        f"{level:.0f}",
        "光线太暗或太亮，请在柔和的正面光下拍 / too dark or too bright; use soft light from the front",
    )


def _coloured(photo: Image, face: Face) -> Finding:
    """Skin and lips are told apart by their colour, which a black-and-white picture does not have."""
    x0, y0, x1, y1 = _box(photo, face.points[:, :2])
    lab = cv2.cvtColor(photo[y0:y1, x0:x1], cv2.COLOR_BGR2LAB)[..., 1:].reshape(-1, 2).astype(np.float32)
    strength = float(np.percentile(np.abs(lab - 128).max(1), 90)) if len(lab) else 0.0
    return _finding(
        "colour",
        strength >= _LEAST_COLOUR,
        f"{strength:.0f}",
        "照片是黑白的，请用彩色照片 / black and white; use a photo in colour",
    )


def _closed(face: Face) -> Finding:
    value = face.mouth_opening
    return _finding(
        "closed mouth", value < 0.035, f"{value:.3f}", "嘴是张开的，请闭上嘴、自然微笑 / close the mouth and smile"
    )


def _eyes_seen(photo: Image, face: Face) -> Finding:
    """Open eyes show white beside the iris; sunglasses are even and dark, closed lids are skin."""
    if max(face.blendshapes.get("eyeBlinkLeft", 0.0), face.blendshapes.get("eyeBlinkRight", 0.0)) > 0.6:
        return _finding("eyes", False, "closed", "眼睛是闭着的，请睁眼看镜头 / eyes closed; look into the camera")
    skin = _median_luma(photo, face, (50, 280, 117, 346))
    contrast = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        x0, y0, x1, y1 = _box(photo, outline(face, eye))
        grey = cv2.cvtColor(photo[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY).astype(np.float32)
        contrast.append(float(np.percentile(grey, 95) - np.percentile(grey, 5)) if grey.size else 0.0)
        above = photo[max(0, y0 - (y1 - y0)) : y0, x0:x1]
        if above.size and float(np.median(above)) < 0.42 * skin:
            return _finding(
                "eyes",
                False,
                "dark above",
                "眼睛被墨镜或刘海遮住，请摘掉墨镜、露出眼睛 / eyes covered; take sunglasses off",
            )
    value = min(contrast)
    return _finding(
        "eyes",
        value > 35,
        f"{value:.0f}",
        "看不清眼睛，请摘掉墨镜、露出眼睛 / eyes cannot be seen; take sunglasses off",
    )


def _mouth_seen(photo: Image, face: Face) -> Finding:
    """Lips are redder than the skin around them, which is as bright as the cheeks; a hand, a mask or a beard is not."""
    cheeks = _median_colour(photo, face, (50, 280, 205, 425))
    around = _median_colour(photo, face, (164, 18, 200, 43, 273))
    value = float(np.abs(cheeks - around).max())
    if value >= 52 and around.mean() < 0.62 * cheeks.mean():
        advice = "胡须盖住或围住了嘴唇，请修剪到露出整个嘴唇再拍 / the beard covers the lips; trim it"
        return _finding("mouth", False, f"dark, {value:.0f}", advice)
    redder = _redness(photo, face)
    advice = "嘴被手、口罩或别的东西挡住，请露出嘴唇和下巴 / mouth covered; show lips and chin"
    return _finding("mouth", value < 52 and redder > _LEAST_REDNESS, f"{value:.0f}, lips {redder:+.0f}", advice)


def _redness(photo: Image, face: Face) -> float:
    """Return how much redder the lips are than the skin around them: a* of CIE L*a*b*."""
    x0, y0, x1, y1 = _box(photo, outline(face, OUTER_LIPS))
    margin = max(4, int(0.06 * face.size))
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = max(0, x0 - margin), max(0, y0 - margin), min(width, x1 + margin), min(height, y1 + margin)
    red = cv2.cvtColor(photo[y0:y1, x0:x1], cv2.COLOR_BGR2LAB)[..., 1].astype(np.float32)
    lips = np.zeros(red.shape, np.uint8)
    cv2.fillPoly(lips, [(outline(face, OUTER_LIPS) - (x0, y0)).astype(np.int32)], 1)
    step = np.ones((3, 3), np.uint8)
    near = cv2.dilate(lips, step, iterations=max(1, int(0.012 * face.size)))
    ring = cv2.dilate(lips, step, iterations=max(2, int(0.035 * face.size))) - near
    if not lips.any() or not ring.any():
        return 0.0
    return float(np.median(red[lips > 0]) - np.median(red[ring > 0]))


def _chin_inside(photo: Image, face: Face) -> Finding:
    height, width = photo.shape[:2]
    x, y = face.points[:, 0], face.points[:, 1]
    inside = x.min() > 0.01 * width and x.max() < 0.99 * width and y.max() < 0.97 * height and y.min() > 0
    return _finding(
        "whole face",
        inside,
        "cut" if not inside else "whole",
        "脸没有拍全，请后退一步，头顶和肩膀都要在画面里 / face cut off; step back",
    )


def _box(photo: Image, points: NDArray[np.floating[Any]]) -> tuple[int, int, int, int]:
    height, width = photo.shape[:2]
    x0, y0 = np.floor(points.min(0)).astype(int)
    x1, y1 = np.ceil(points.max(0)).astype(int) + 1
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)


def _median_colour(photo: Image, face: Face, indices: tuple[int, ...]) -> NDArray[np.float64]:
    radius = max(2, int(0.015 * face.size))
    height, width = photo.shape[:2]
    colours = []
    for x, y in face.points[list(indices), :2].astype(int):
        patch = photo[max(0, y - radius) : min(height, y + radius), max(0, x - radius) : min(width, x + radius)]
        if patch.size:
            colours.append(np.median(patch.reshape(-1, 3), 0))
    return np.median(np.array(colours), 0) if colours else np.zeros(3)


def _median_luma(photo: Image, face: Face, indices: tuple[int, ...]) -> float:
    return float(_median_colour(photo, face, indices).mean())
