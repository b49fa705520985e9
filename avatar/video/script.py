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
are looked for beside the script. Marks of emphasis and comments (`<!-- … -->` on a line) are neither spoken nor shown.
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
_SETTING = re.compile(rf"^({'|'.join(_SETTINGS)})\s*[:：]\s*(.*)$")
_LIKE_SETTING = re.compile(r"^(?=[^:：]*[价图景情绪倒])([^\W\d_]{1,4})\s*[:：]\s*\S")
"""A short word before a colon that has a telling character of a setting; 时间：今晚八点 is something to say."""
_CERTAIN = {
    "价格": re.compile(r"[¥￥]?\s*\d[\d,.]*"),
    "原价": re.compile(r"[¥￥]?\s*\d[\d,.]*"),
    "图片": re.compile(r"\S+\.(?:jpe?g|png|webp)", re.IGNORECASE),
    "背景": re.compile(r"#[0-9a-fA-F]{6}|\S+\.(?:jpe?g|png|webp)|[a-z]+", re.IGNORECASE),
    "情绪": re.compile("|".join(Emotion)),
    "倒计时": re.compile(r"[\d:]+"),
}
"""Values that nobody says aloud: after a scene's first sentence they are settings in the wrong place."""
_HEADING = re.compile(r"^(##(?!#)|# )\s*(.*)$")
_COMMENT = re.compile(r"<!--.*?-->")
_EMPHASIS = re.compile(r"\*\*|__|`")
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
    draft = _Draft("", 1)

    def close() -> None:
        if draft.spoken:
            scenes.append(_scene(draft, name, folder))
        elif draft.settings:
            raise ScriptError(
                f"{name} 第 {draft.line} 行：场景“{draft.heading or len(scenes) + 1}”只有设置，没有要说的话，"
                "请写一句 / the scene has settings but nothing to say"
            )

    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw).strip()
        if number == 1 and (titled := re.fullmatch(r"#(?!#)\s*(.+)", line)):
            title = titled[1].strip()
        elif heading := _HEADING.match(line):
            if heading[1] == "##":
                close()
                draft = _Draft(heading[2].strip(), number)
                continue
            if title or scenes or draft.spoken:
                raise ScriptError(
                    f"{name} 第 {number} 行：标题（#）只在开头写一次，场景用 ## 开始 / "
                    "the title (#) stands once, at the top; scenes begin with ##"
                )
            title = heading[2].strip()
        elif line.startswith("###"):
            raise ScriptError(
                f"{name} 第 {number} 行：只有标题（#）和场景（##），没有 ### / "
                "there are a title (#) and scenes (##), no ###"
            )
        elif match := _SETTING.match(line):
            draft.take(match[1], match[2].strip(), number, line, name)
        elif (match := _LIKE_SETTING.match(line)) and not draft.spoken:
            # Read aloud, it would stand in the finished video: 价钱 for 价格.
            raise ScriptError(
                f"{name} 第 {number} 行：没有“{match[1]}”这个设置，可选：{'、'.join(_SETTINGS)}；"
                "是要说的话就去掉冒号 / no such setting; choose one of these, or drop the colon if it is to be spoken"
            )
        elif _SPOKEN.search(line):
            draft.spoken.append(_EMPHASIS.sub("", line).lstrip("-*> "))
    close()
    if not scenes:
        raise ScriptError(
            f"{name}：没有要说的话，请在 ## 开场 这样的标题下写句子 / "
            "nothing to say; write sentences under a heading such as `## 开场`"
        )
    return Script(title or scenes[0].title, tuple(scenes))


class _Draft:
    """A scene as far as it has been read."""

    def __init__(self, heading: str, line: int) -> None:
        self.heading, self.line = heading, line
        self.settings: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.spoken: list[str] = []

    def take(self, setting: str, value: str, number: int, line: str, name: str) -> None:
        """Take the line of a setting; raises `ScriptError` for what can neither be set nor said."""
        if self.spoken:
            certain = _CERTAIN.get(setting)
            if certain is None or not certain.fullmatch(value):
                self.spoken.append(line)
                return
            raise ScriptError(
                f"{name} 第 {number} 行：“{setting}”要写在场景开头、第一句话之前，或者用 ## 另起一个场景 / "
                "a setting stands at the head of its scene, before the first sentence; or begin a new scene with ##"
            )
        if not value:
            raise ScriptError(
                f"{name} 第 {number} 行：“{setting}”后面没有内容，请补上或删掉这一行 / "
                "the setting has no value; add one or delete the line"
            )
        if setting in self.settings:
            raise ScriptError(
                f"{name} 第 {number} 行：一个场景里“{setting}”只能写一次，另一件商品请用 ## 另起一个场景 / "
                "a setting stands once in a scene; begin a new scene with ## for another product"
            )
        self.settings[setting], self.lines[setting] = value, number


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


def _scene(draft: _Draft, name: str, folder: Path) -> Scene:
    settings = draft.settings
    try:
        emotion = Emotion(settings.get("情绪", Emotion.NEUTRAL.value))
    except ValueError as exc:
        raise ScriptError(
            f"{name} 第 {draft.lines['情绪']} 行：没有“{settings['情绪']}”这种情绪，可选：{'、'.join(Emotion)} / "
            "no such emotion; choose one of these"
        ) from exc
    sentences = tuple(sentence for line in draft.spoken for sentence in split_sentences(line))
    background = settings.get("背景")
    if background and (folder / background).is_file():
        background = str(folder / background)
    return Scene(draft.heading, sentences, emotion, background, _card(draft, name, folder))


def _card(draft: _Draft, name: str, folder: Path) -> ProductCard | None:
    settings, lines = draft.settings, draft.lines
    if "商品" not in settings:
        for setting in ("价格", "原价", "图片", "备注", "倒计时"):
            if setting in settings:
                raise ScriptError(
                    f"{name} 第 {lines[setting]} 行：写了{setting}，没写商品，请在场景开头加一行“商品: 名称” / "
                    "a product card needs the product's name (商品)"
                )
        return None
    if "价格" not in settings:
        raise ScriptError(
            f"{name} 第 {lines['商品']} 行：写了商品，没写价格，请加一行“价格: 99” / "
            "a product card needs a price (价格)"
        )
    picture = folder / settings["图片"] if "图片" in settings else None
    if picture is not None and not picture.is_file():
        raise ScriptError(
            f"{name} 第 {lines['图片']} 行：图片 {picture} 不存在，请把它放在脚本旁边 / "
            "no such picture; put it beside the script"
        )
    return ProductCard(
        settings["商品"],
        settings["价格"].lstrip("¥￥ "),
        settings.get("原价", "").lstrip("¥￥ ") or None,
        picture,
        settings.get("备注"),
        _seconds(settings["倒计时"], f"{name} 第 {lines['倒计时']} 行") if "倒计时" in settings else None,
    )


def _seconds(text: str, place: str) -> float:
    match = re.fullmatch(r"(?:(\d+):)?(\d{1,2}):(\d{2})", text)
    if match is None:
        raise ScriptError(f"{place}：倒计时“{text}”不是时间，请写 18:42 或 1:18:42 / no time; write minutes:seconds")
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])
