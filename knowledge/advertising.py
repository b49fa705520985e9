"""Claims that the PRC Advertising Law forbids in advertisements. Pure.

Our own list for Article 9 (2021 text): item 1 state symbols, item 2 state organs and officials, item 3 superlatives
such as 国家级, 最高级, 最佳, item 8 superstition and gambling; and Article 17: treatment claims for goods that are no
medicine. Each entry has the contexts in which the same words are harmless: "第一次", "最好提前预约", "唯一编码".
It finds what a careful editor would ask about; it is no legal advice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that are forbidden, unless an exemption covers them."""

    article: str
    """"9.3": Article 9, item 3."""
    why: str
    pattern: re.Pattern[str]
    exempt: re.Pattern[str] | None = None
    """A match of this that covers the found words makes them harmless."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One forbidden claim in a text."""

    text: str
    """The words found."""
    start: int
    """Characters from the beginning of the text."""
    article: str
    why: str


def _rule(article: str, why: str, pattern: str, exempt: str | None = None) -> Rule:
    return Rule(article, why, re.compile(pattern, re.IGNORECASE), re.compile(exempt, re.IGNORECASE) if exempt else None)


_QUALITIES = (
    "好|佳|优|优秀|优质|强|美|棒|牛|火|靓|先进|高级|高档|高端|顶级|权威|专业|时尚|流行|受欢迎|畅销|热销|便宜|低价|实惠|优惠|划算|超值|"
    "值得买|安全|舒适|舒服|正宗|地道|新鲜|靠谱|可靠|健康|环保|天然|有效|好用|好吃|好看|完美|理想|耐用|完善|有实力|有影响力|奢华"
)
_ADVICE = (
    "不要|别|不|先|在|提前|能|可以|是|用|每|避免|放|选|请|把|还是|隔|手洗|干洗|机洗|洗|搭配|配|留|早|晚|咨询|联系|看|量|再|有人|"
    "两|一|三|于|从|到|让|等|穿|戴|垫|擦|加|打|带|事先|当天|半|趁|由|按|按照|定期|单独|分开"
)
RULES: tuple[Rule, ...] = (
    _rule(
        "9.3",
        "最高级用语",
        rf"最(?:{_QUALITIES})",
        rf"最好(?:{_ADVICE})|(?:保持|放|控制|控制在|湿度|温度|水温|气温|清洗|浸泡|存放|使用|饮用|食用|搭配|时候|时|后|前|内|下|度|%|℃)[^，。！？；\n]{{0,16}}最(?:好|佳|安全|舒适)"
        rf"|(?:您|你|自己|孩子|宝宝)(?:觉得|认为|心中|感觉|想要|喜欢)[^，。！？；\n]{{0,4}}最(?:{_QUALITIES})|(?:不是|没有|未必是|哪[个款种件]|什么|谁)[^，。！？；\n]{{0,6}}最(?:{_QUALITIES})"
        r"|最佳(?:赏味期?|食用期?|饮用期?|使用期?|观赏期?|观看时间|游玩时间|游览时间|食用时间|女主角|男主角|导演)|最(?:佳|优)(?:路线|答案|解)|最火[锅]",
    ),
    _rule(
        "9.3", "最高级用语", r"最(?:低价|高品质|高质量|高标准|大优惠|大折扣|大力度|大让利|低折扣|新科技|新技术|先进)"
    ),
    _rule(
        "9.3",
        "最高级用语",
        r"(?:全国|全网|全球|世界|行业|业内|国内|史上|有史以来|同类|市场)(?:里|中|上)?最[\u4e00-\u9fff]",
    ),
    _rule(
        "9.3",
        "最高级用语",
        r"国家级|世界级|宇宙级|最高级|顶级|顶尖|极品|至尊|巅峰|登峰造极|无与伦比|无可比拟|独一无二|绝无仅有|前所未有|史无前例|空前绝后|前无古人|举世无双|天下无双",
        r"国家级(?:非物质文化遗产|非遗|自然保护区|风景名胜区|森林公园|湿地公园|文物保护单位|旅游景区|地质公园)|顶级域名",
    ),
    _rule(
        "9.3",
        "排名第一",
        r"(?:全国|全网|全球|世界|行业|业内|国内|亚洲|中国|同行|类目|销量|销售|口碑|质量|品质|服务|人气|排名|排行|市场占有率)[^，。！？；\n]{0,4}第一"
        r"|第一(?:品牌|大品牌|名牌|销量|选择|梯队)|(?<![a-z])(?:no\.?\s?1|top\s?1)(?![\d.a-z])|销冠|销量冠军|领导品牌|领军品牌|领袖品牌",
        r"(?:服务|质量|品质|安全|客户|顾客|诚信|信誉)第一(?=[，、；]|的?(?:原则|理念|宗旨|位))|第一(?:次|步|时间|天|年|个月|件事|，|、|：)",
    ),
    _rule(
        "9.3",
        "绝对化用语",
        r"唯一|独家|绝对|万能|永久|永不|永远不|零风险|无风险|百分百(?:有效|安全|满意)|100%(?:有效|安全|满意|正品率)|全网最低|底价",
        r"唯一(?:编码|编号|标识|码|性|不足|缺点|要|需要|的?(?:不足|缺点|女儿|儿子|孩子|问题))|绝对(?:值|湿度|温度|不要|不能|禁止|不可|不可以|不允许)"
        r"|永久(?:地址|链接|居留|居民|磁铁|基本农田)|永远不(?:要|会忘)|万能(?:胶|钥匙|插座|转换|充)",
    ),
    _rule(
        "9.1",
        "国旗、国徽、军旗等国家标志",
        r"国旗|国徽|国歌|军旗|军徽|军歌",
        r"升国旗|国旗护卫队|看国旗|降国旗|升降国旗|国旗班",
    ),
    _rule(
        "9.2",
        "国家机关或工作人员的名义",
        r"(?:国家领导人|国家主席|总书记|总理|国务院|中央军委|国家机关|政府机关|中南海|人民大会堂|公安部|卫生部|部队|军队)[^，。！？；\n]{0,4}"
        r"(?:推荐|认证|指定|专用|专供|特供|选用|合作|使用)|(?:机关|军队|部队|政府|国宴|中南海)?特供|国宴(?:用酒|用茶|专用|同款)",
    ),
    _rule(
        "9.8",
        "迷信或赌博的内容",
        r"招财进宝|旺夫|旺财|转运珠?|辟邪|开光|改运|化煞|镇宅|包赢|稳赚不赔|稳赚|必中",
        r"转运(?:中心|站|车|公司|仓)|货物转运",
    ),
    _rule(
        "17",
        "非药品不得宣传治疗作用",
        r"根治|治愈|药到病除|包治百病|百病不生|祛病|抗癌|防癌|降血压|降血糖|降血脂|消炎止痛|治疗(?:失眠|颈椎|腰椎|关节|脱发|过敏|湿疹|鼻炎)",
        r"(?:不能|不可|无法|不具有|没有)[^，。！？；\n]{0,4}(?:根治|治愈|抗癌|防癌|治疗)",
    ),
)


def find_claims(text: str) -> list[Claim]:
    """All forbidden claims in `text`, in order; overlapping finds are reported once."""
    found: list[Claim] = []
    for rule in RULES:
        harmless = [match.span() for match in rule.exempt.finditer(text)] if rule.exempt else []
        for match in rule.pattern.finditer(text):
            if not any(left <= match.start() < right for left, right in harmless):
                found.append(Claim(match[0], match.start(), rule.article, rule.why))
    found.sort(key=lambda claim: (claim.start, -len(claim.text)))
    kept: list[Claim] = []
    for claim in found:
        if not kept or claim.start >= kept[-1].start + len(kept[-1].text):
            kept.append(claim)
    return kept
