"""Words the advertising law and the platforms forbid, with what may stand in their place and where they are harmless.

Data. Sources: Advertising Law of the PRC (2018/2021), articles 9 (absolute terms), 16–18 (medical and health claims),
25 (investment), 28 (false claims); E-Commerce Law, articles 17 and 40; Measures for Live-streaming Marketing (2021),
article 18; SAMR guide on absolute terms (2023), whose articles 5 and 6 list the exemptions (own range, time, own
instructions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What kind of rule a term breaks."""

    ABSOLUTE = "absolute"
    URGENCY = "urgency"
    MEDICAL = "medical"
    FINANCIAL = "financial"
    GUARANTEE = "guarantee"
    SUPERSTITION = "superstition"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Term:
    """One forbidden expression."""

    family: Family
    pattern: re.Pattern[str]
    replacement: str | None
    """What stands in its place; None drops the whole sentence."""


def _term(family: Family, pattern: str, replacement: str | None) -> Term:
    return Term(family, re.compile(pattern), replacement)


TERMS: tuple[Term, ...] = (
    _term(
        Family.ABSOLUTE,
        r"(?:全网|全国|全球|全世界|世界|宇宙|亚洲|行业内?|业内|同行(?:业)?|市场上?|史上|有史以来)(?:销量|口碑|排名|品质|质量|价格)?(?:的)?(?:第一|最[\u4e00-\u9fff]{1,2}|唯一|首家|顶级|独家)(?:价|的)?",
        "值得一看的",
    ),
    _term(Family.ABSOLUTE, r"(?:销量|口碑|排名|品质|质量|人气)(?:遥遥领先|稳居|排名)?第一(?:名)?", "口碑不错"),
    _term(
        Family.ABSOLUTE,
        r"最(?:好|佳|优|棒|强|牛|火|热销|畅销|受欢迎|高级|高端|先进|专业|安全|环保|健康|优质|完美|实惠|便宜|划算|低价|权威|新技术|顶级|优秀|满意|值|正宗|纯正)(?!选(?:择|一)|的?(?:是|办法|不要|先|别))(?:的)?",
        "很不错的",
    ),
    _term(Family.ABSOLUTE, r"(?:史|全网|历史|全年|年度)?最(?:低价|低折扣|低优惠|高优惠|大优惠|大力度)", "活动价"),
    _term(
        Family.ABSOLUTE,
        r"(?:顶级|极品|极致|顶尖|终极|绝无仅有|史无前例|前无古人|独一无二|万能|无与伦比|空前绝后|完美无缺|天花板级(?:别)?|王牌|至尊|巅峰|登峰造极)(?:的)?",
        "不错的",
    ),
    _term(Family.ABSOLUTE, r"(?:国家级|世界级|宇宙级|国际级|全球级)(?:的)?", "优质的"),
    _term(Family.ABSOLUTE, r"(?:NO\.?\s?1|No\.?\s?1|TOP\s?1|top\s?1)(?!\d)", "受欢迎"),
    _term(Family.ABSOLUTE, r"(?:独家|唯一|首个|首款|首创|首选|第一品牌|领导品牌|领袖品牌|销冠)(?!售后|授权书)", "主推"),
    _term(
        Family.STATE,
        r"(?:国家|政府|国务院|人民大会堂|中南海|领导人|军队|军用|国宾|国宴)(?:机关|部门|级别)?(?:专供|特供|推荐|指定|认可|专用|背书)",
        None,
    ),
    _term(Family.STATE, r"国家免检|质量免检|免抽检|央视(?:推荐|合作|指定)", None),
    _term(
        Family.MEDICAL,
        r"(?:治疗|治愈|根治|医治|治好|缓解)(?:[\u4e00-\u9fff]{0,6}(?:病|症|痛|炎|癌|失眠|糖尿|高血压|颈椎|腰椎|近视|感冒|过敏))?(?!方案以医)",
        None,
    ),
    _term(
        Family.MEDICAL,
        r"(?:预防|抵抗|抗|防)(?:癌|肿瘤|疾病|衰老|病毒|新冠|流感|老年痴呆)|(?:降|调节)(?:低)?(?:血压|血糖|血脂|三高)|(?:增强|提高|提升)(?:免疫力|抵抗力|记忆力|性功能)|(?:排毒|祛湿|活血化瘀|壮阳|补肾|通经活络|延年益寿|返老还童|药到病除|药效|疗效|无副作用|安全无毒副|燃脂|减肥|瘦身|丰胸|祛斑|祛痘|生发|助眠|改善睡眠)",
        None,
    ),
    _term(
        Family.FINANCIAL,
        r"稳赚(?:不赔)?|保本(?:保息)?|无风险|零风险|包赚|躺赚|年化(?:收益)?|保(?:证)?收益|高回报|翻倍(?:收益|回报)|必涨|升值(?:空间|潜力|保值)|保值增值",
        None,
    ),
    _term(
        Family.GUARANTEE,
        r"(?:100%|百分之?百|百分百|绝对|保证|包(?:你|您))(?:[^，。！？]{0,3})(?:有效|见效|安全|满意|不(?:会)?(?:坏|裂|褪色|起球|变形|过敏|掉色)|正品|无(?:害|毒|副作用)|成功|通过|提分|提高成绩|上岸|录取)",
        None,
    ),
    _term(Family.GUARANTEE, r"永不(?:褪色|变形|磨损|生锈|开裂|降价)|一劳永逸|立竿见影|包过|保过|必过|必中|保分", None),
    _term(Family.SUPERSTITION, r"(?:招财|旺财|辟邪|镇宅|转运|化煞|旺夫|风水宝|开光|保佑|逢凶化吉|改运|旺运)", None),
    _term(
        Family.URGENCY,
        r"(?:最后|仅剩|只剩|就剩|还剩|限量|限购)(?:最后)?\s*[\d一二三四五六七八九十百几]+\s*(?:件|个|套|台|单|名|份|位|分钟|秒|小时|天|张|把|只)",
        "",
    ),
    _term(
        Family.URGENCY,
        r"马上(?:就)?(?:涨价|恢复原价|没货|抢光|售罄|下架|结束)|(?:错过|过了)(?:今天|这次|今晚|这村)?(?:就)?(?:再)?(?:没有?|等一年|不再有|没这个店)|再不(?:买|抢|下单)|手慢无|最后(?:一波|一批|机会|几分钟|一次机会)|(?:即将|快要|马上)(?:卖完|售罄|抢光|涨价|断货)|秒(?:没|光)|倒计时|全场清仓|跳楼价|亏本|不赚钱|赔本|(?:今天|明天|下周|活动后)(?:就)?(?:恢复原价|涨价)|仅限(?:今天|今晚|今日)|抢(?:完|光)(?:即止|为止|就没)|疯抢",
        "",
    ),
)
"""In the order in which they are applied."""

EXEMPT = re.compile(
    r"最(?:近|后(?!一波|一批|机会|几|[\s\d一二三四五六七八九十])|初|终|多(?:可|能|放|坐|承|装|选|[\d一二三四五六七八九十])|少(?:要|需|[\d一二三四五六七八九十])|高(?:温度|一档|档|[\d]|处|可|不)|低(?:温度|一档|档|消费|[\d]|水位)|大(?:承重|容量|功率|载重|[\d]|尺寸|码)|小(?:尺寸|码|[\d])|亮一档|暗一档|快(?:[\d]|明天|今天)|慢|迟|晚|早|长|短|宽|厚|薄|新(?:的)?(?:订单|消息|通知|版|活动))"
    r"|第一(?:次|步|时间|天|遍|层|档|件|排|周|年|个|章|节课)|(?:首|头)(?:次|先|页|单|件)|唯一(?:编号|码|标识)"
)
"""Uses that say nothing about rank: limits, order, own instructions."""
