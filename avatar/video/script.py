"""The script of a product video: Markdown that a merchant can write.

    # 云朵单人沙发
    ## 开场
    情绪: joy
    大家好，今天给您介绍这款沙发。
    ## 价格
    商品: 云朵单人沙发
    价格: 1,299
    原价: 1,699
    图片: sofa.jpg
    备注: 余 36 件
    背景: daylight
    现在下单只要一千二百九十九元。

`#` is the title, `##` begins a scene, lines `word: value` at a scene's head set it, everything else is spoken. Pictures
are looked for beside the script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from avatar.errors import AvatarError
from avatar.scene.plate import ProductCard
from avatar.voice.speech import Emotion

_MOST_CHARACTERS = 20_000
_MOST_SENTENCE = 300
_SETTINGS = ("商品", "价格", "原价", "图片", "备注", "背景", "情绪", "倒计时")
_SETTING = re.compile(rf"^({'|'.join(_SETTINGS)})\s*[:：]\s*(.+)$")
_LIKE_SETTING = re.compile(r"^(?=[^:：]*[价图景情绪倒])([^\W\d_]{1,4})\s*[:：]\s*\S")
"""A short word before a colon that has a telling character of a setting; 时间：今晚八点 is something to say."""
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*[”’」』）)]*")
_SPOKEN = re.compile(r"[^\W_]")


class ScriptError(AvatarError):
    """A script cannot be read; the text names the line."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of the video with one background and at most one product card."""

    title: str
    sentences: tuple[str, ...]
    emotion: Emotion = Emotion.NEUTRAL
    background: str | None = None
    card: ProductCard | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A whole video."""

    title: str
    scenes: tuple[Scene, ...]


def read_script(path: Path) -> Script:
    """Read a script; pictures are looked for beside it. Raises `ScriptError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ScriptError(
            f"{path}：脚本不是 UTF-8 文本，请另存为 UTF-8 / not UTF-8 text; save the script as UTF-8"
        ) from exc
    except FileNotFoundError as exc:
        raise ScriptError(f"{path}：没有这个脚本文件 / no such file") from exc
    except OSError as exc:
        raise ScriptError(
            f"{path}：脚本读不了，请看它是不是文件、有没有权限 / cannot be read ({exc.strerror})"
        ) from exc
    return parse_script(text, name=str(path), folder=path.parent)


def parse_script(text: str, *, name: str = "脚本", folder: Path = Path()) -> Script:
    """Parse a script's text. Raises `ScriptError` with the number of the line at fault."""
    if len(text) > _MOST_CHARACTERS:
        raise ScriptError(
            f"{name}：有 {len(text)} 个字，一个脚本最多 {_MOST_CHARACTERS} 个，请分成几个 / "
            f"a script has at most {_MOST_CHARACTERS} characters"
        )
    title = ""
    scenes: list[Scene] = []
    heading = ""
    settings: dict[str, str] = {}
    spoken: list[str] = []

    def close() -> None:
        if spoken:
            scenes.append(_scene(heading, settings, spoken, name, folder))
        elif settings:
            raise ScriptError(
                f"{name}：场景“{heading or len(scenes) + 1}”只有设置，没有要说的话，请写一句 / "
                "the scene has settings but nothing to say"
            )

    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("## "):
            close()
            heading, settings, spoken = line[3:].strip(), {}, []
        elif line.startswith("# "):
            if title or scenes or spoken:
                raise ScriptError(
                    f"{name} 第 {number} 行：标题（#）只在开头写一次，场景用 ## 开始 / "
                    "the title (#) stands once, at the top; scenes begin with ##"
                )
            title = line[2:].strip()
        elif (match := _SETTING.match(line)) and not spoken:
            settings[match[1]] = match[2].strip()
        elif (match := _LIKE_SETTING.match(line)) and not spoken:
            # Read aloud, it would stand in the finished video: 价钱 for 价格.
            raise ScriptError(
                f"{name} 第 {number} 行：没有“{match[1]}”这个设置，可选：{'、'.join(_SETTINGS)}；"
                "是要说的话就去掉冒号 / no such setting; choose one of these, or drop the colon if it is to be spoken"
            )
        elif _SPOKEN.search(line):
            spoken.append(line.lstrip("-*> "))
    close()
    if not scenes:
        raise ScriptError(
            f"{name}：没有要说的话，请在 ## 开场 这样的标题下写句子 / "
            "nothing to say; write sentences under a heading such as `## 开场`"
        )
    return Script(title or scenes[0].title, tuple(scenes))


def split_sentences(text: str) -> list[str]:
    """Split text into sentences of at most 300 characters; pieces without a letter or digit are left out."""
    out = []
    for sentence in _SENTENCE.findall(text):
        sentence = sentence.strip()
        while len(sentence) > _MOST_SENTENCE:
            cut = max(sentence.rfind(mark, 0, _MOST_SENTENCE) for mark in "，,、 ")
            cut = cut + 1 if cut > 0 else _MOST_SENTENCE
            out.append(sentence[:cut])
            sentence = sentence[cut:]
        out.append(sentence)
    return [sentence for sentence in out if _SPOKEN.search(sentence)]


def _scene(heading: str, settings: dict[str, str], spoken: list[str], name: str, folder: Path) -> Scene:
    try:
        emotion = Emotion(settings.get("情绪", Emotion.NEUTRAL.value))
    except ValueError as exc:
        known = "、".join(Emotion)
        raise ScriptError(
            f"{name}：场景“{heading}”没有“{settings['情绪']}”这种情绪，可选：{known} / "
            "no such emotion; choose one of these"
        ) from exc
    card = None
    if "商品" in settings:
        if "价格" not in settings:
            raise ScriptError(
                f"{name}：场景“{heading}”写了商品，没写价格，请加一行“价格: 99” / a product card needs a price (价格)"
            )
        picture = folder / settings["图片"] if "图片" in settings else None
        if picture is not None and not picture.is_file():
            raise ScriptError(f"{name}：场景“{heading}”的图片 {picture} 不存在，请把它放在脚本旁边 / no such picture")
        card = ProductCard(
            settings["商品"],
            settings["价格"].lstrip("¥￥ "),
            settings.get("原价", "").lstrip("¥￥ ") or None,
            picture,
            settings.get("备注"),
            _seconds(settings["倒计时"], name) if "倒计时" in settings else None,
        )
    sentences = tuple(sentence for line in spoken for sentence in split_sentences(line))
    background = settings.get("背景")
    if background and (folder / background).is_file():
        background = str(folder / background)
    return Scene(heading, sentences, emotion, background, card)


def _seconds(text: str, name: str) -> float:
    match = re.fullmatch(r"(?:(\d+):)?(\d{1,2}):(\d{2})", text)
    if match is None:
        raise ScriptError(f"{name}：倒计时“{text}”不是时间，请写 18:42 或 1:18:42 / no time; write minutes:seconds")
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])
