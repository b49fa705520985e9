"""How customers type and how shops write: colloquial words made plain, and other ways to put a question. Pure data.

`plain` changes spelling only and is always used; `paraphrases` are tried where nothing answered the words as typed.
"""

from __future__ import annotations

import re

_SPELLING: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"咋整|咋办|肿么办|怎么整|咋弄", "怎么办"),
        (r"(?<![一-鿿])多钱|多少米(?!长|宽|高)|几多钱|好多钱", "多少钱"),
        (r"(?<=[一-鿿])多钱", "多少钱"),
        (r"啥(?=颜?色)", "什么"),
        (r"(?:什么|啥|哪些|几种|几个)色儿?的?(?![一-鿿])", "什么颜色"),
        (r"木有|冇", "没有"),
        (r"肿么|咋样?(?=[一-鿿])", "怎么"),
        (r"咋样", "怎么样"),
        (r"(?<![很真好太承载])(高|宽|长|深|重|厚)(?:是)?多少", r"多\1"),
        (r"(?:快点|几时|啥时候|多会儿)(?=发|送|到)", "什么时候"),
        (r"有木有", "有没有"),
        (r"包油|包由", "包邮"),
        (r"评论返现|反现", "返现"),
        (r"地毡", "地毯"),
    )
)
_PLACES = (
    "新疆|西藏|内蒙古?|青海|宁夏|甘肃|海南|云南|贵州|四川|广西|广东|香港|澳门|台湾|北京|上海|天津|重庆|武汉|广州|深圳|成都|杭州|南京|西安|"
    "长沙|郑州|沈阳|哈尔滨|长春|大连|青岛|济南|合肥|福州|厦门|南昌|昆明|贵阳|南宁|海口|兰州|西宁|银川|乌鲁木齐|拉萨|呼和浩特|石家庄|太原|"
    "苏州|宁波|东莞|佛山|国外|海外|外地|乡下|农村|县城"
)
_OTHERWISE: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), others)
    for pattern, others in (
        (
            r"^(?!.*(?:保修|质保)).*(?:碎|破损|破|裂|烂|磕|变形|坏)(?:了|掉|的)"
            r".{0,4}(?:怎么办|怎么处理|管不管|赔|找谁|如何|能换|换吗|退|$)",
            ("收到货坏了怎么办", "破损怎么处理"),
        ),
        (
            r"收到.{0,6}(?:碎|破|裂|烂|坏|缺|少)|(?:少|缺)了?(?:一|几|个)?(?:件|个|配件|零件)|会不会.{0,6}(?:碎|破|坏)",
            ("收到货坏了怎么办", "破损或缺件怎么处理"),
        ),
        (r"洗|清洁|保养", ("{name}怎么洗", "{name}可以拆洗吗", "{name}怎么保养")),
        (r"微信支付|支付宝|信用卡|怎么付|付款方式|支付方式", ("支持哪些付款方式", "可以货到付款吗")),
        (r"会员|积分", ("有会员吗",)),
        (
            r"(?:可以|能|能不能|可不可以|支持|给|让)退(?:货|掉|了)?(?:吗|么|不|嘛|[?？]|$)|退货(?:可以|行)?(?:吗|么|不)|不(?:喜欢|想要|合适|满意).{0,6}(?:退|怎么办)|退不退",
            ("支持七天无理由退货吗", "可以退货吗", "怎么退换货"),
        ),
        (
            r"(?:能|可以|可不可以|能不能)(?:调)?换(?:货|个|一个)?(?:吗|么|不|颜色|尺寸|$)|换货|买错",
            ("怎么退换货", "换货"),
        ),
        (
            rf"(?:多久|几天|多长时间|什么时候).{{0,6}}(?:{_PLACES})|(?:{_PLACES}).{{0,6}}(?:多久|几天|多长时间)",
            ("几天能到",),
        ),
        (
            rf"(?:{_PLACES}).{{0,4}}(?:发|送|寄|到|配送|包邮)|(?:发|送|寄|配送)(?:到|往|去)?(?:{_PLACES})",
            ("能送到{place}吗", "送到{place}运费怎么算"),
        ),
        (r"(?:今天|现在|拍下|下单|付款).{0,8}(?:什么时候|多久|几天|啥时).{0,4}(?:发|寄|出)", ("下单后多少小时内发出",)),
        (r"(?:周末|周[六日天]|节假日|星期[六日天]).{0,4}发", ("周日仓库休息吗",)),
        (
            r"(?:一起|打包|两件|多件|组合|成套|多买).{0,8}(?:优惠|便宜|打折|折扣)|(?:优惠|满减|优惠券|红包|券)(?:吗|么|有没有|怎么|多少|$)",
            ("能便宜点吗",),
        ),
        (r"门店|实体|线下|店(?:铺)?在哪|地址", ("展厅在哪里", "有实体店吗")),
        (r"开门|营业|几点关", ("有实体店吗", "营业时间")),
        (r"发票|报销|抬头", ("可以开发票吗",)),
        (r"安装|组装|自己装", ("需要自己安装吗",)),
        (r"味道|气味|异味|甲醛|环保", ("有味道吗", "甲醛达标吗")),
        (r"(?:刷卡|花呗|白条|信用卡|分期)", ("支持分期吗",)),
        (r"(?:货到|到付|先用后付|验货)", ("可以货到付款吗",)),
    )
)
_PRONOUN = re.compile(
    r"\W*(?:(?:这|那)(?:个|款|张|把|盏|件|种|双|条)?|它|第[一二三四五六1-6]个|(?:前|后|上)(?:一|面)个)(?:是|的|呢|怎么样|如何|好吗|好不好|什么|多少钱|吗|有货吗|能用吗|啊|嘛|[,，?？\s])*"
)
_VAGUE = re.compile(
    r"\W*(?:(?:这|那)[两三几]个(?:哪个|怎么选)?.{0,4}|(?:质量|品质|效果|做工|口碑)(?:怎么样|好吗|好不好|如何|行吗|可以吗|有保障吗)"
    r"|好用吗|实用吗|靠谱吗|好看吗|值得买吗|值不值)\W*"
)


def plain(text: str) -> str:
    """The text with colloquial spellings made plain: 多钱 → 多少钱, 高多少 → 多高."""
    for pattern, word in _SPELLING:
        text = pattern.sub(word, text)
    return text


def paraphrases(text: str, *, name: str = "", most: int = 3) -> tuple[str, ...]:
    """Other ways to ask the same, as shops write their answers, about the product `name`; empty for most texts."""
    for pattern, others in _OTHERWISE:
        if pattern.search(text):
            place = re.search(_PLACES, text)
            said = place[0] if place else ""
            usable = [other for other in others if name or "{name}" not in other]
            return tuple(other.format(place=said, name=name) for other in usable[:most])
    return ()


def points_at_nothing(text: str) -> bool:
    """Whether a text only points ("这个怎么样", "第二个是什么", "？"): meaningless where nothing was spoken of."""
    return (
        _PRONOUN.fullmatch(text) is not None
        or _VAGUE.fullmatch(text) is not None
        or re.fullmatch(r"[\W_]*", text) is not None
    )


def is_foreign(text: str) -> bool:
    """Whether a text is words of Latin letters without one Chinese character."""
    return re.search(r"[\u4e00-\u9fff]", text) is None and len(re.findall(r"[A-Za-z]{2,}", text)) >= 2
