"""A small shop in memory: typed records, FAQ and prose, searched by shared character pairs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from knowledge import (
    DateRange,
    Decision,
    Evidence,
    Fact,
    KnowledgeError,
    Money,
    Passage,
    PassageKind,
    Record,
    Source,
    Turn,
    Value,
)

MERCHANT = "demo"
VERSION = "v1"
SHEET = Source("products.xlsx", sheet="商品", line=2)
TODAY = date(2026, 11, 23)

_TITLES = {
    "price": "价格",
    "promotion_price": "促销价",
    "promotion_period": "促销时间",
    "stock": "库存",
    "colour": "颜色",
    "dimensions": "尺寸",
    "material": "材质",
    "capacity": "承重",
    "selling_points": "卖点",
    "scenario": "适用场景",
    "after_sales": "售后",
    "warranty": "保修",
    "shipping": "发货时间",
}
_ASKED = {
    "price": r"多少钱|价格|怎么卖|价钱|便宜|贵|卖多少|几折|打折|优惠|预算",
    "promotion_period": r"活动到|活动时间|什么时候结束|活动多久|促销时间",
    "stock": r"库存|现货|有货|还有多少|还剩",
    "colour": r"颜色|什么色|几种色|哪些色|色号",
    "dimensions": r"尺寸|多大|多高|多宽|多长|多厚|直径",
    "material": r"材质|什么做|什么木|材料|面料|料子|成分",
    "capacity": r"承重|能坐多重|承多|多少斤|多少公斤",
    "selling_points": r"卖点|优点|好在哪|特点|亮点",
    "scenario": r"适合放|适合什么|场景|放哪",
    "after_sales": r"售后",
    "warranty": r"保修|质保|保多久",
    "shipping": r"发货|多久发|几天发",
}


def record(id: str, name: str, aliases: tuple[str, ...] = (), /, **fields: str | tuple[str, Value]) -> Record:
    """A record of the test shop; a field is its text, or its text and its typed value."""
    facts = []
    for field, content in fields.items():
        text, value = content if isinstance(content, tuple) else (content, content)
        facts.append(Fact(id, name, field, _TITLES.get(field, field), value, text, SHEET))
    return Record(id, name, "商品", aliases, tuple(facts))


def yuan(amount: int) -> tuple[str, Value]:
    """A price as the sheet has it."""
    return f"{amount}元", Money(Decimal(amount))


RUNNING: tuple[str, Value] = ("2026-11-01 至 2027-12-31", DateRange(date(2026, 11, 1), date(2027, 12, 31)))
OVER: tuple[str, Value] = ("2026-05-01 至 2026-05-31", DateRange(date(2026, 5, 1), date(2026, 5, 31)))

RECORDS = (
    record(
        "QM-SF01",
        "云朵单人沙发",
        ("云朵沙发", "单人沙发"),
        price=yuan(1699),
        promotion_price=yuan(1299),
        promotion_period=RUNNING,
        stock=("36", 36),
        colour="奶白、燕麦、苔绿",
        dimensions="宽82×深86×高78cm，坐深54cm",
        material="羊羔绒外套，45密度海绵加羽绒坐垫，白蜡木脚",
        capacity="180kg",
        selling_points="外套整套带拉链，30度以下可以机洗；坐垫回弹快，久坐不塌",
        scenario="客厅阅读角、卧室窗边、小户型",
        after_sales="送货上门并组装，三楼以内无电梯不加搬运费",
        warranty="框架5年，坐垫塌陷5年内免费换芯",
        shipping="48小时内",
    ),
    record(
        "QM-LP01",
        "纸月落地灯",
        ("落地灯", "纸月灯"),
        price=yuan(459),
        promotion_price=yuan(359),
        promotion_period=OVER,
        stock=("58", 58),
        colour="暖白",
        dimensions="灯罩直径40cm，总高158cm",
        material="手工和纸灯罩，榉木三脚架",
        selling_points="三档调光，色温2700K，夜里开最低档不刺眼；灯罩折起来只有3厘米厚",
        scenario="沙发旁、床头、玄关",
        after_sales="灯罩破损终身半价换新",
        warranty="整灯2年，光源3年",
        shipping="24小时内",
    ),
    record(
        "QM-TB01",
        "胡桃木边几",
        ("边几", "小茶几"),
        price=yuan(469),
        stock=("0", 0),
        colour="胡桃木色",
        dimensions="直径45×高52cm",
        material="北美黑胡桃实木，木蜡油",
        capacity="30kg",
        selling_points="整块实木拼板，不用一颗钉子；上木蜡油，杯底水渍一擦就掉",
        scenario="沙发边、床边",
        after_sales="七天无理由退货",
        warranty="不适用",
        shipping="48小时内",
    ),
    record(
        "QM-RG01",
        "麦田地毯",
        ("地毯",),
        price=yuan(699),
        promotion_price=yuan(599),
        promotion_period=RUNNING,
        stock=("41", 41),
        colour="燕麦、浅灰",
        dimensions="160×230cm，厚1.2cm",
        material="新西兰羊毛80%，涤纶20%",
        selling_points="机织短绒，扫地机器人爬得上去；背面有天然乳胶防滑",
        scenario="客厅、卧室",
        after_sales="七天无理由退货，不影响二次销售即可",
        shipping="48小时内",
    ),
)

FAQ = (
    ("包邮吗？", "灯具、摆件、布艺和收纳满99元包邮；家具送货上门免运费，新疆、西藏和海岛另算运费，下单前会先报给您。"),
    ("支持七天无理由退货吗？", "支持。收货7天内，不影响二次销售就可以退；定制尺寸和拆洗过的床品不在内。"),
    ("退货运费谁出？", "质量问题我们出；个人原因退货，小件运费您出，家具按实际物流费用出。我们给每单都买了运费险。"),
    ("怎么退换货？", "在订单页申请，写明原因并附照片；我们24小时内回复，家具由物流上门取件。"),
    ("退款多久到账？", "我们收到货验好后48小时内退，原路返回，银行卡一般1到3个工作日到账。"),
    ("收到货坏了怎么办？", "请在签收后24小时内拍下外箱和破损处发给我们，当天安排补发或退款，不用您出运费。"),
    ("可以开发票吗？", "可以，下单时填抬头和税号，发货后3天内把电子普通发票发到您的邮箱；专票请联系人工客服。"),
    ("支持分期吗？", "满600元可以用花呗分3期，免手续费。"),
    ("有实体店吗？展厅在哪里？", "有一间展厅，在杭州市余杭区良渚街道梦栖路18号，周二到周日10:00到20:00，周一休息。"),
    ("几天能到？", "江浙沪一般2到3天，其他地区3到6天；家具走物流，多2到3天。发货时间以商品页为准。"),
    ("发什么快递？", "小件发顺丰或中通，家具由德邦送货上门。"),
    ("人工客服几点上班？", "人工客服每天9:00到21:00在线，其余时间由AI助手回答，可以留电话让同事第二天回。"),
    ("沙发可以拆洗吗？", "云朵单人沙发的外套整套带拉链，30度以下机洗、不要烘干。"),
    ("地毯怎么洗？", "平时吸尘，小污渍用温水加中性洗涤剂轻轻按压；整张请送干洗，不要机洗。"),
    ("家具有味道吗？甲醛达标吗？", "用的是木蜡油和水性胶，每批都送检，达到E0级，展厅可以看检测报告。"),
    ("企业采购有优惠吗？", "一次买10件以上有企业价，留个电话和清单，采购同事在工作时间2小时内给您报价。"),
    ("有会员吗？会员有什么规则？", "关注店铺就是会员，每满100元积1分，积分可以换木蜡油和灯罩。"),
    ("会降价吗？能保价吗？", "下单后15天内同款降价，找客服退差价。"),
    ("能便宜点吗？有优惠吗？打折吗？", "页面上的促销价就是现在的活动价，我没有权限再改价；10件以上可以走企业价。"),
    ("可以定制尺寸吗？", "书桌和餐桌可以定制长度，工期20天左右，价格按尺寸报；定制的不支持无理由退货。"),
    ("怎么联系你们？客服电话是多少？", "客服热线400-820-5566，也可以直接在这里说；要真人请说“转人工”。"),
    ("可以送礼代写贺卡吗？", "可以，下单备注里写好内容，免费代写，小件还能换成礼盒包装，加10元。"),
    (
        "我的订单信息会泄露吗？你们怎么保护隐私？",
        "订单信息只用于发货和售后，快递面单隐藏中间四位号码，我们不会给第三方。",
    ),
    ("你们的品牌叫什么？老板是谁？", "栖木家居由两位木匠在2016年创办，工坊在杭州余杭。"),
    ("实木会开裂吗？", "木料都窑干到含水率8%到12%再加工，正常居家不会开裂；别靠着暖气或空调出风口放。"),
    ("下单后怎么修改地址？", "没发货前在订单页点修改地址，或者把订单号发给人工客服改。"),
    ("怎么用优惠券？", "领券后结算时自动抵扣，一单限用一张，不能和企业价同享。"),
    ("忘记账号密码怎么办？", "在登录页点“忘记密码”，用注册手机号收验证码就能重新设置。"),
    ("商品图片和实物有色差吗？", "图片都是自然光下实拍，不同屏幕会有轻微色差，展厅可以看实物。"),
    ("家具需要自己组装吗？", "沙发、书桌和餐桌都送货上门并组装；边几不用工具，15分钟就能装好。"),
)

TEXTS = (
    "灯具、摆件、床品和收纳类下单后24到48小时内发出，家具48到72小时内发出。每天16:00之前的订单当天交给仓库，周日仓库休息。"
    "发货后短信里有单号，家具由物流提前一天打电话约上门时间。",
    "栖木的木料来自可持续林场。每块木板都在工坊里放足三个月再开料，这是老师傅定下的规矩。",
)

_FILLER = re.compile(
    r"请问|你们|我们|您好|你好|想问|一下|可以|怎么|什么|多少|有没有|是不是|能不能|[吗呢吧啊呀的了是我你您？?，。！这那]"
)


def _pairs(text: str) -> set[str]:
    compact = re.sub(r"\W", "", _FILLER.sub("", text))
    return {compact[i : i + 2] for i in range(len(compact) - 1)} or {compact}


class Shop:
    """The test shop as the engine sees it: `search` over the material above."""

    def __init__(self, *, records: Sequence[Record] = RECORDS, fails: bool = False, open: bool = False) -> None:
        self._records = records
        self._fails = fails
        self._open = open
        """Finds an answer to everything, so that every text reaches the model."""
        self.asked: list[str] = []

    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: Sequence[Turn] = (),
    ) -> Evidence:
        """Evidence for a question: a record by name or product, the facts asked for, FAQ by shared pairs."""
        self.asked.append(question)
        if self._fails:
            raise KnowledgeError("the index cannot be read")
        plain = re.sub(r"\s", "", question).upper()
        question = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", question)
        named = next((r for r in self._records if any(n in plain for n in (r.id, r.name, *r.aliases))), None)
        current = named or next((r for r in self._records if r.id == product), None)
        facts: list[Fact] = []
        asked_field = [name for name, words in _ASKED.items() if re.search(words, question)]
        if self._open and not asked_field:
            current = current or self._records[0]
            asked_field = ["price", "promotion_price", "selling_points"]
        if current:
            facts = [f for name in asked_field if (f := current.fact(name))]
        wanted = _pairs(question)
        ranked: list[tuple[float, Passage]] = []
        for number, (asked, answer) in enumerate(FAQ):
            shared = len(wanted & _pairs(asked)) / max(1, min(len(wanted), len(_pairs(asked))))
            shared += 0.02 * len(wanted & _pairs(asked + answer))
            ranked.append(
                (shared, Passage(f"faq{number}", answer, PassageKind.FAQ, Source("faq.csv", line=number + 2), asked))
            )
        for number, text in enumerate(TEXTS):
            shared = len(wanted & _pairs(text)) / max(4, len(wanted))
            ranked.append(
                (shared, Passage(f"text{number}", text, PassageKind.TEXT, Source("shipping.md", line=number + 1)))
            )
        ranked.sort(key=lambda pair: -pair[0])
        best = ranked[0][0]
        passages = tuple(p for score, p in ranked[:limit] if score >= 0.34)
        if named and not asked_field and best < 0.6:
            text = "；".join(f"{f.title}：{f.text}" for f in named.facts)
            passages = (Passage(f"rec-{named.id}", text, PassageKind.RECORD, SHEET, None, named.id), *passages)
        if facts and not (best >= 0.99 and len(wanted) > 3):
            passages = tuple(p for p in passages if p.kind is not PassageKind.FAQ or best >= 0.5)
        if facts or passages:
            return Evidence(question, merchant, VERSION, Decision.ANSWER, 0.9, passages, tuple(facts), current)
        if asked_field and not current and asked_field != ["price"]:
            names = tuple(r.name for r in self._records)
            ask = f"您问的是哪一款：{'、'.join(names)}？"
            return Evidence(question, merchant, VERSION, Decision.ASK, 0.3, ask=ask, choices=names)
        if asked_field == ["price"] and not current:
            names = tuple(r.name for r in self._records)
            return Evidence(
                question,
                merchant,
                VERSION,
                Decision.ASK,
                0.3,
                ask=f"您问的是哪一款：{'、'.join(names)}？",
                choices=names,
            )
        return Evidence(question, merchant, VERSION, Decision.REFUSE, 0.1, record=current)
