"""Readings that depend on the neighbours: characters with several readings, and tones that change in speech."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

_NUMBERS = "零一二三四五六七八九十百千万亿两几半"
_COUNTABLE = _NUMBERS + "这那每哪"
_DIGITS = "零一二三四五六七八九幺"
_ROWS = "两三四五六七八九十几每多首末"
"""Before 行 they count rows; 一行 may be a party of people."""
_LENGTHS = "裤衣袖裙身腿臂脚全总周边肩线管绳带杆步字最多很更太较特超加延够挺不波弧轴桌"
"""Before 长 they tell what is so long, or how long it is."""
_GROWING = "大高胖胡得出在着了辈子女老孙者官兄势草痘斑肉个虫霉皱牙进成满"
"""After 长 they tell what grows, or who is older."""
_FOR_HAIR = "伤护养染烫洗吹卷理软润顺柔黑短长碎干湿育蓬塌梳整盘束型"
_OF_HAIR = "尾缝色泥绳根丝膜箍饰梢"
"""Before 发 and after it they tell that hair is meant."""
_BESIDE_HAIR = ",.!?;:的帽巾露油膏乳水精液剂喷后时前很不更也都"
"""What may follow the hair; 干发货 and 洗发出去 are another thing."""
_TO_BECOME = "定名改换升降分设选评列称变化认作"
_FOR_WHOM = frozenset("您 你 你们 大家 我 我们 他 她 他们 了 什么 此 自己 家人 孩子 宝宝 客户 顾客".split())
_ALONE: Mapping[str, tuple[str, ...]] = {
    character: (said,)
    for character, said in (
        pair.split(":")
        for pair in "嚼:jiao2 剥:bao1 削:xiao1 脏:zang1 拽:zhuai4 呛:qiang4 晃:huang4 曝:bao4 掺:chan1 咯:lo5 倔:jue4 "
        "欸:ei1 参:shen1 结:jie2 琢:zhuo2".split()
    )
}
"""Spoken alone these have another reading than in most words."""
_GIVEN_BACK = "款钱清贷债给您"
_DONE_AGAIN = "写做装新来拍发洗复登归见现组返播试启选设申买领印刷染涂贴走制修"
_DRY = "性湿红白面热制皮爽发敷拌锅果货花贝粉脆瘪枯粮肉酪海香辣炒煸蒸磨"
_DRIED = "快速阴风晾烘吹晒擦沥拧甩瓜肉果豆饼笋菇枣梨虾鱼牛薯笋榨"
_OBLIGED = "我你您咱们家都就也可又先才,.!?"
"""Words and marks after which 得 is "must"."""
_PEOPLE = frozenset(
    "老师 老板 主播 妈妈 爸爸 班长 代理 模特 客服 店长 顾客 家长 医生 领导 队长 主角 学生 评委 嘉宾".split()
)
"""Whom one can be (当, first tone); what can be used as something else is 当 with the fourth."""
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
        case "闷":
            return ("men1",) if after and after[0] in _NUMBERS + "在煮熟饭着上住" else ("men4",)
        case "了":
            return ("liao3",) if before[-1:] in ("不", "得") else ()
        case "长长":
            return ("zhang3", "chang2") if after[:1] == "了" else ()
        case "地":
            return ("de5",) if len(before) >= 2 and after else ("di4",)
        case "盛":
            return ("cheng2",) if after[:1] in _NUMBERS + "汤饭水菜粥出在满上进点" and after else ()
        case "数":
            return ("shu3",) if after[:1] in _NUMBERS + "数完到着" and after else ()
        case "中":
            return ("zhong4",) if after[:1] in "了过不" and after else ()
        case "撒":
            return ("sa3",)
        case "冲着":
            return ("chong4", "zhe5") if after else ()
        case "长":
            if after[:1] == "得":
                return ("chang2",) if after[1:2] in ("多", "很") else ("zhang3",)
            return ("zhang3",) if after[:1] in _GROWING and after else ("chang2",)
        case "炸":
            fried = bool(after) and after[0] in "鸡薯串丸虾鱼肉排条豆春油酥物食出好至"
            return ("zha2",) if fried or (before and before[-1] in "油现酥复免来") else ("zha4",)
        case "卡住":
            return ("qia3", "zhu4")
        case "当":
            passes = bool(before and after) and before[-1] in "来它能以可别" and after not in _PEOPLE
            return ("dang4",) if passes else ("dang1",)
        case "的":
            return ("di1",) if before == "打" and after and after[0] in "过去来回到费车" else ("de5",)
        case "和":
            return ("huo2",) if after == "面" and before in ("", "来", "要", "先", "会", "自动", "手工") else ("he2",)
        case "只":
            return ("zhi1",) if counted else ("zhi3",)
        case "种":
            plants = bool(after) and after[:1] in "花树菜草了下" + ("" if before else _NUMBERS)
            plants = plants or (bool(before) and before[-1] in "现自亲栽会来家")
            return ("zhong4",) if plants and not counted else ("zhong3",)
        case "重":
            return ("chong2",) if after[:1] in "新来拍发做装复洗" and after else ("zhong4",)
        case "量":
            measures = (after and after[:1] in "一尺好了身个量脚头腰胸臀肩体血") or before == "量"
            return ("liang2",) if measures else ("liang4",)
        case "还":
            return ("huan2",) if after[:1] in "款钱清债您" and after else ("hai2",)
        case "干":
            return ("gan4",) if after[:1] in "活什嘛家农" and after else ("gan1",)
        case "倒":
            return ("dao4",)
        case "调":
            return ("tiao2",)
        case "为":
            becomes = before[-1:] in _TO_BECOME and after and after not in _FOR_WHOM
            return ("wei2",) if becomes or (after and after[:1] in "准主例止先期") else ("wei4",)
        case "教":
            return ("jiao1",)
        case "铺":
            return ("pu1",) if after and after[:1] in "在上着了开床地" else ()
        case "背":
            return ("bei1",) if after[:1] in "着包上" and after else ("bei4",)
        case "嗯":  # the dictionary's n2 has no vowel: the voice gives hardly a sound for it
            return ("en2",) if after == "?" else ("en4",)
        case "转":
            return ("zhuan4",) if after[:1] in "一两三几起着得" and after else ("zhuan3",)
        case "缝":
            sewn = (bool(after) and after[0] in "得制上了合在好") or (bool(before) and before[-1] in "手工线机")
            return ("feng2",) if sewn else ("feng4",)
        case "发":
            hair = bool(before) and before[-1] in _FOR_HAIR and (not after or after[0] in _BESIDE_HAIR)
            return ("fa4",) if hair or (after and after[0] in _OF_HAIR) else ("fa1",)
    return _ALONE.get(word, ())


def unlisted(word: str, pinyin: list[str]) -> list[str]:
    """Return the reading of a `word` that no dictionary lists, given that of its parts."""
    read, first, last = list(pinyin), word[0], word[-1]
    if len(read) != len(word):
        return read
    if first == "长":
        read[0] = "zhang3" if word[1] in _GROWING else "chang2"
    elif last == "长":
        read[-1] = "chang2" if word[-2] in _LENGTHS else "zhang3"
    elif "长" in word and word[word.index("长") - 1] in _LENGTHS:
        read[word.index("长")] = "chang2"
    elif first == "还" and word[1] in _GIVEN_BACK:
        read[0] = "huan2"
    elif first == "重" and word[1] in _DONE_AGAIN:
        read[0] = "chong2"
    elif first == "干" and word[1] in _DRY:
        read[0] = "gan1"
    elif len(word) == 2:
        match last:
            case "发" if first in _FOR_HAIR:
                read[1] = "fa4"
            case "重" if first in _COUNTABLE + "多数":
                read[1] = "chong2"
            case "干" if first in _DRIED:
                read[1] = "gan1"
            case "为" if first != "因":
                read[1] = "wei2"
            case "差" if first in "价利压温偏级级时落":
                read[1] = "cha1"
            case "只" if first in _COUNTABLE:
                read[1] = "zhi1"
    return read


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
    _try_out(out, fixed)
    return out


def _try_out(words: Sequence[Read], fixed: Container[str]) -> None:
    """Read 晃一晃 the second time as the first, with a light 一 between, however it is divided into words."""
    written = [
        (character, word, pinyin, place)
        for word, pinyin in words
        for place, character in enumerate(word if len(word) == len(pinyin) else " ")
    ]
    for index in range(len(written) - 2):
        (before, first, said, at), (one, middle, light, between), (after, last, again, end) = written[index : index + 3]
        if (
            one != "一"
            or before != after
            or before in _NUMBERS + " 不"
            or any(w in fixed for w in (first, middle, last))
        ):
            continue
        if index and written[index - 1][0] in _COUNTABLE:  # 一件一件
            continue
        light[between], again[end] = "yi5", said[at]


def _inside(word: str, pinyin: list[str]) -> list[str]:
    if len(word) != len(pinyin) or len(word) < 2:
        return pinyin
    if word[-1] == "儿" and word not in _NOT_ERHUA:
        return [*pinyin[:-1], "er5"]
    if word[-2:] in ("得了", "不了") and len(word) == 3 and word != "不得了":
        return [pinyin[0], "de5" if word[1] == "得" else "bu4", "liao3"]
    if len(word) == 3 and word[1] == "得" and word not in ("家得宝", "不得了"):
        return [pinyin[0], "de5", pinyin[2]]
    if len(word) == 2 and word[1] == "长" and word[0] in _LENGTHS:
        return [pinyin[0], "chang2"]
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
