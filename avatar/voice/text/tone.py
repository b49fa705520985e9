"""Readings that depend on the neighbours: characters with several readings, and tones that change in speech."""

from __future__ import annotations

from collections.abc import Container, Sequence

_NUMBERS = "零一二三四五六七八九十百千万亿两几半"
_COUNTABLE = _NUMBERS + "这那每哪"
_DIGITS = "零一二三四五六七八九幺"
_ROWS = "两三四五六七八九十几每多首末"
"""Before 行 they count rows; 一行 may be a party of people."""
_OBLIGED = "我你您咱们家都就也可又先才,.!?"
"""Words and marks after which 得 is "must"."""
_NOT_ERHUA = frozenset({"女儿", "婴儿", "幼儿", "少儿", "胎儿", "男儿", "孤儿", "新生儿", "健儿"})

Read = tuple[str, list[str]]


def in_context(word: str, before: str, after: str) -> tuple[str, ...]:
    """Return the reading of a short `word` between its neighbours; empty when they do not decide it."""
    counted = bool(before) and before[-1] in _COUNTABLE
    match word:
        case "得":
            return ("dei3",) if after and (not before or before[-1] in _OBLIGED) else ("de5",)
        case "行":
            return ("hang2",) if counted else ()
        case "切":
            return ("qie1",)
        case "了":
            return ("liao3",) if before[-1:] in ("不", "得") else ()
        case "长长":
            return ("zhang3", "chang2") if after[:1] == "了" else ()
        case "地":
            return ("de5",) if len(before) >= 2 and after else ("di4",)
        case "长":
            return ("zhang3",) if after[:1] in "高大胖胡出在着了" and after else ("chang2",)
        case "只":
            return ("zhi1",) if counted else ("zhi3",)
        case "种":
            return ("zhong4",) if after[:1] in "花树菜草了下" and after and not counted else ("zhong3",)
        case "重":
            return ("chong2",) if after[:1] in "新来拍发做装复洗" and after else ("zhong4",)
        case "量":
            return ("liang2",) if after[:1] in "一尺好了身个" and after else ("liang4",)
        case "还":
            return ("huan2",) if after[:1] in "款钱清债您" and after else ("hai2",)
        case "干":
            return ("gan4",) if after[:1] in "活什嘛" and after else ("gan1",)
        case "倒":
            return ("dao4",)
        case "调":
            return ("tiao2",)
        case "为":
            return ("wei2",) if after and after[:1] in "准主例止先期" else ("wei4",)
        case "教":
            return ("jiao1",)
        case "铺":
            return ("pu1",) if after and after[:1] in "在上着了开床地" else ()
        case "背":
            return ("bei1",) if after[:1] in "着包上" and after else ("bei4",)
    return ()


def change_tones(words: Sequence[Read], *, fixed: Container[str] = ()) -> list[Read]:
    """Apply the tone changes of 一 and 不 and the neutral 儿 and adverbial 地; words without pinyin end a phrase.

    The readings of `fixed` words (the merchant's own) are left as they are.
    Third tones in a row are left as they are written: the voice was trained on the written tones and says them right.
    """
    out = [(word, pinyin if word in fixed else _inside(word, pinyin)) for word, pinyin in words]
    for index, (word, pinyin) in enumerate(out):
        for place, character in enumerate(word if pinyin and word not in fixed else ""):
            if character not in "一不" or place >= len(pinyin):
                continue
            following = _following(out, index, place)
            if not following:
                continue
            if character == "不" and pinyin[place] == "bu4":
                pinyin[place] = "bu2" if following[-1] == "4" else "bu4"
            elif character == "一" and pinyin[place] in ("yi1", "yi2", "yi4"):
                counts = _is_quantity(out, index, place)
                pinyin[place] = "yi1" if not counts else "yi2" if following[-1] == "4" or following == "ge5" else "yi4"
    return out


def _inside(word: str, pinyin: list[str]) -> list[str]:
    if len(word) != len(pinyin) or len(word) < 2:
        return pinyin
    if word[-1] == "儿" and word not in _NOT_ERHUA:
        return [*pinyin[:-1], "er5"]
    if word[-2:] in ("得了", "不了") and len(word) == 3:
        return [pinyin[0], "de5" if word[1] == "得" else "bu4", "liao3"]
    if len(word) == 3 and word[1] == "得" and word != "家得宝":
        return [pinyin[0], "de5", pinyin[2]]
    if len(word) == 2 and word[1] == "行" and word[0] in _ROWS:
        return [pinyin[0], "hang2"]
    if word[-1] == "地" and len(word) >= 3 and word[-2] == word[-3]:
        return [*pinyin[:-1], "de5"]
    return pinyin


def _following(words: Sequence[Read], index: int, place: int) -> str:
    """Pinyin of the next syllable within the phrase, across words."""
    _, pinyin = words[index]
    if place + 1 < len(pinyin):
        return pinyin[place + 1]
    if index + 1 < len(words) and words[index + 1][1]:
        return words[index + 1][1][0]
    return ""


def _text_after(words: Sequence[Read], index: int, place: int) -> str:
    return words[index][0][place + 1 :] + "".join(word for word, _ in words[index + 1 : index + 3])


def _is_quantity(words: Sequence[Read], index: int, place: int) -> bool:
    """Whether an 一 counts something: in numbers read digit by digit, ordinals and ends of words it keeps its tone."""
    word, _ = words[index]
    before = word[place - 1] if place else (words[index - 1][0][-1:] if index else "")
    after = word[place + 1] if place + 1 < len(word) else (words[index + 1][0][:1] if index + 1 < len(words) else "")
    if (before in "第初十百周期点" and before) or (after in _DIGITS and after):
        return False
    if before in _DIGITS and before:
        return False
    if after == "点" and len(rest := _text_after(words, index, place)) > 1 and rest[1] in _DIGITS:
        return False
    return after not in ("月", "号", "日", "楼", "等")
