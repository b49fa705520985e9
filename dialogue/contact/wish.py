"""What a customer says beside a contact: name, city, budget, quantity, time, and a visit to the store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dialogue.contact.fold import Folded
from dialogue.contact.kind import Detail, Field
from dialogue.contact.place import CITIES, COMPOUND_SURNAMES, SURNAMES

_NUMBER = r"(?:[0-9]{1,9}(?:\.[0-9]{1,4})?|[一二两三四五六七八九十百千万几半]{1,9})"
_AMOUNT = rf"(?:[0-9]{{1,4}}\s?[万千kw][0-9]{{1,4}}(?![0-9])|{_NUMBER}\s?(?:k|w|千|万|块|元|百)?)"
"""1万5, 3k5, 八千, 20000."""
_SURNAME = rf"(?:{'|'.join(COMPOUND_SURNAMES)}|[{''.join(sorted(SURNAMES))}])"
_TITLE = r"(?:先生|女士|小姐|太太|老师|总|经理|老板|阿姨|大姐|大哥|同学)"
_PUBLIC_TITLE = r"(?:先生|女士|小姐|太太)"
_CITY = "|".join(sorted(CITIES, key=len, reverse=True))
_DAY = (
    r"(?:今天|今晚|今早|明天|明晚|明早|大后天|后天|元旦|春节|国庆|中秋|端午|五一|圣诞|年前|年后|(?:这|本|下)?(?:个)?(?:周|星期|礼拜)[一二三四五六日天末]|工作日|周末|节假日|月[初中底]|下个?月|"
    r"[0-9]{1,2}月[0-9]{1,2}[日号]|[0-9]{1,2}[号日])"
)
_HOUR = (
    r"(?:(?:早上|上午|中午|下午|傍晚|晚上|凌晨)?\s?(?:[0-9]{1,2}|[一二两三四五六七八九十]{1,3})(?:点半?|[:：][0-5][0-9])(?:钟|[0-5]?[0-9]分)?(?:[以之]?[前后]|左右)?"
    r"|早上|上午|中午|下午|傍晚|晚上|白天|下班后|午休)"
)
_TIME = rf"(?:{_DAY}(?:的)?\s?{_HOUR}?(?:[到至\-~]\s?{_HOUR})?|{_HOUR}(?:[到至\-~]\s?{_HOUR})?)"
_REACH = (
    r"联系|打(?:给|我|电话|过来)|来电|回电|回复|方便|有空|有时间|送(?:货|到|来|过来)|上门|安装|收货|到货|"
    r"打\s?(?=[01])|要(?:用|货)|加我|接(?:电话|听)"
)
_GO = (
    r"(?:到|去|来|过去|过来)(?:你们|您|您们|咱们)?(?:的)?(?:店里?|门店|专卖店|实体店|展厅|现场|体验店)|"
    r"(?:来|去|过去|过来|到店|店里)(?:里|面)?(?:看看|看一?看|看样|体验|试试|试坐|自提|提货|选)|"
    r"(?:到|去|来)(?:你们|您)?[一-鿿]{2,6}店|预约(?:到店|看样|参观)|到店"
)

_FUNCTION = "的是号电话我你您们这那都可了吗就好在一下板谢要给不有和加打上多点也能请色天个包续序头"
"""Characters that no given name beside a contact has."""
_NO_NAME = "他她它什啥没过车外快人做来去谁哪师试看问装送取，。！？、：；（）"

_PATTERNS: tuple[tuple[Field, re.Pattern[str]], ...] = (
    (Field.NAME, re.compile(
        rf"(?:我(?:是|叫)|本人|叫我|称呼我?(?:为|叫)?|(?:姓名|名字|联系人|收货人|收件人|称呼)(?:是|叫|[:\s])?|找|免贵)\s*({_SURNAME}[一-鿿]{{0,2}}?{_TITLE})")),
    (Field.NAME, re.compile(rf"(?<![一-鿿])({_SURNAME}{_PUBLIC_TITLE})(?![一-鿿]*(?:吗|呢|在|推荐|介绍|说|买|同款))")),
    (Field.NAME, re.compile(
        rf"(?:我(?:的名字)?叫|名字(?:是|叫)|(?:姓名|联系人|收[货件](?:人|信息)?)(?:是|叫|[:\s]))\s*({_SURNAME}[一-鿿]{{1,2}}?)(?=[^一-鿿]|$|[,，]|电话|手机|微信|的|号|，|住|在|我)")),
    (Field.NAME, re.compile(
        rf"(?:我是\s*(?=[小老阿]{_SURNAME})|叫我\s*|找\s*(?=[小老阿]{_SURNAME}))([小老阿][一-鿿])(?=[^一-鿿]|$|[吧就好啊哈呀]|即可)")),
    (Field.NAME, re.compile(rf"(?:我|免贵|敝|鄙|本人|(?:^|[\s,。;:、]))姓\s*({_SURNAME})")),
    (Field.NAME, re.compile(
        rf"我(?:的名字)?叫\s*([^\x00-\x7f{_FUNCTION}{_NO_NAME}]{{2,5}}(?:·[一-鿿]{{1,8}})?)(?=$|[\s,。!~])")),
    (Field.CITY, re.compile(
        rf"(?:我们?(?:人|家)?(?:在|是|住)|人在|家在|住在?|坐标|位于|位置|寄(?:到|去|往)|发(?:到|往|去)|送(?:到|去|往)|来自|回|地址(?:是|在|[:\s])?|城市(?:是|[:\s])?|收货地?)[:\s]*(?:[一-鿿]{{2,3}}省)?({_CITY})")),
    (Field.CITY, re.compile(rf"(?:[一-鿿]{{2,3}}(?:省|自治区)|(?=(?:{_CITY})市[一-鿿]{{1,4}}[区县镇]))({_CITY})")),
    (Field.CITY, re.compile(rf"^\s*({_CITY})市?(?:的|这边|本地)?[,，。!\s]*$")),
    (Field.BUDGET, re.compile(
        rf"预算(?:大概|大约|差不多|是|在|就|只有|控制在|不超过|[:\s])*({_AMOUNT}(?:\s?[到至\-~]\s?{_AMOUNT})?(?:块钱?|元)?(?:以[内下上]|左右|上下|出头)?)")),
    (Field.BUDGET, re.compile(
        rf"((?:不超过|最多|控制在)\s?{_NUMBER}\s?(?:k|w|千|万|块|元)(?:块钱?|元)?|(?<![0-9kw.]){_AMOUNT}(?:\s?[到至\-~]\s?{_AMOUNT})?(?:块钱?|元)?以内)(?!天)")),
    (Field.QUANTITY, re.compile(
        rf"(?:要|买|订|定|来|拿|下单|采购|需要|一共|总共|大概)(?:了|个|大概|大约|差不多|[:\s])*({_NUMBER}\s?(?:多|来)?\s?(?:个|件|套|张|把|台|只|箱|盒|组|条|床|瓶|双|份|对|批|盏|支|根|幅|扇|片|卷|束|块地毯))(?!小时|月|星期|人|客服|电话|红包|问题)")),
    (Field.PARTY_SIZE, re.compile(
        rf"(?:我们|一家|一共|总共|带|大概|到店|过去|过来|来)(?:一共|大概|[,，\s])*({_NUMBER}\s?(?:个人|口人?|位|人))(?!份)")),
    (Field.TIME, re.compile(rf"({_TIME})(?:[之以]?[前后])?(?:再|给我|都|可以|的时候|时)*(?:{_REACH})")),
    (Field.TIME, re.compile(rf"(?:{_REACH})(?:时间)?(?:是|我|在|[:\s])*({_TIME})")),
    (Field.VISIT_TIME, re.compile(rf"({_TIME})[^,，。!?？]{{0,8}}(?:{_GO})")),
    (Field.VISIT_TIME, re.compile(rf"(?:{_GO})[^,，。!?？]{{0,6}}?({_TIME})")),
    (Field.STORE, re.compile(
        r"(?:到|去|来)(?:你们|您)?(?:的|在)?([一-鿿a-z0-9]{2,10}?(?<!门)(?<!体验)(?<!实体)(?<!你们)店)(?!里没|铺)")),
)  # fmt: skip
_COMMON = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "姜范石姚谭廖邹熊陆郝孔崔邱秦江史侯孟龙段雷钱汤尹黎易武乔贺赖龚文"
)
_FREE = rf"(?:{'|'.join(COMPOUND_SURNAMES)}|[{_COMMON}])"
_EDGE = r"[\s,，。;:、()（）\x00]"
_BESIDE: tuple[tuple[Field, re.Pattern[str]], ...] = (
    (Field.NAME, re.compile(
        rf"(?:^|{_EDGE})(?!(?:{_CITY})[市人区]?(?=$|{_EDGE}))({_FREE}[^\x00-\x7f{_FUNCTION}]{{1,2}}|[小老阿]{_FREE}|{_FREE}{_TITLE})(?=$|{_EDGE})")),
    (Field.PARTY_SIZE, re.compile(rf"(?:^|{_EDGE})(?:我们)?({_NUMBER}\s?(?:个人|位|口人))(?=$|{_EDGE})")),
    (Field.TIME, re.compile(rf"(?:^|{_EDGE})({_TIME})[都也]?(?:行|可以|方便|在家|有空|能接)的?(?=$|{_EDGE})")),
    (Field.CITY, re.compile(rf"(?:^|{_EDGE})({_CITY})市?(?:[一-鿿]{{0,8}}(?<![吗呢的么])|的)(?=$|{_EDGE})")),
)  # fmt: skip
"""Only beside a contact, and standing alone, is a bare word a name or a place: 林晓梅 13812346021 广州天河."""
_GOING = re.compile(_GO)
_ALONE = re.compile(rf"(?:^|{_EDGE})({_TIME})(?=$|{_EDGE})")
"""A time that stands alone beside a visit: 想去城西店看看，周六上午，138…"""
_NOT_STORE = re.compile(r"^(?:你们|您|网|旗舰|直|商|酒|哪|别|一家|这|那|门|家|实体|体验|专卖|饭|本)|哪|什么|几家|吗|没")


def find_details(folded: Folded, taken: Collection[tuple[int, int]]) -> tuple[Detail, ...]:
    """Finds at most one value per field, the first that stands outside the contacts (`taken`, folded spans)."""
    found: dict[Field, Detail] = {}
    for detail in (*_all(folded, taken), *_beside(folded, taken)):
        found.setdefault(detail.field, detail)
    return tuple(sorted(found.values(), key=lambda detail: detail.span))


def _all(folded: Folded, taken: Collection[tuple[int, int]]) -> Iterator[Detail]:
    for field, pattern in _PATTERNS:
        for match in pattern.finditer(folded.text):
            start, end = match.span(1)
            value = match[1].strip()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            if field == Field.STORE and _NOT_STORE.search(value):
                continue
            yield Detail(field, value, folded.span(start, end))


def _beside(folded: Folded, taken: Collection[tuple[int, int]]) -> Iterator[Detail]:
    if not taken:
        return
    text = folded.text
    for start, end in taken:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    for field, pattern in _BESIDE:
        for match in pattern.finditer(text):
            yield Detail(field, match[1], folded.span(*match.span(1)))
    if _GOING.search(text):
        for match in _ALONE.finditer(text):
            yield Detail(Field.VISIT_TIME, match[1], folded.span(*match.span(1)))
