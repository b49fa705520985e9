"""How people ask for a price, a phone, an address…: the language side of columns; knows no catalogue. Data."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing people ask for. `titles` recognise a column, `cues` (regular expressions) a question."""

    names: tuple[str, ...]
    """Canonical fact names."""
    titles: str
    """Expression over a folded column title, for facts without a canonical name."""
    cues: tuple[tuple[float, str], ...]
    """(weight 0..1, expression over a folded clause)."""


CONCEPTS: tuple[Concept, ...] = (
    Concept(
        ("price", "promotion_price"),
        r"价格?$|售价|单价|房价|学费|费用|price",
        (
            (0.95, r"价格|价钱|售价|单价|报价|房价|学费|什么价|啥价|price|howmuch"),
            (0.9, r"多少钱|多钱|几块|几多钱|多少元|怎么卖|卖多少|几百块|多少米"),
            (0.7, r"价位|贵不贵|贵吗|贵么|便宜吗|便宜么|费用|收费|怎么收|花多少|便宜点"),
        ),
    ),
    Concept(
        ("promotion_price", "promotion_period", "promotion_start", "promotion_end"),
        r"促销|活动价|优惠",
        ((0.93, r"促销价|活动价|优惠价|到手价|券后|折后"), (0.8, r"促销|打折|优惠|活动|折扣|便宜多少")),
    ),
    Concept(
        ("spend",),
        r"人均|消费",
        (
            (1.0, r"人均消费|人均"),
            (0.85, r"消费(是|水平|大概|多|怎|高|如|贵)|消费$"),
            (0.7, r"多少钱|多钱|价格|价位|贵不贵|贵吗|贵么|花多少|花费|什么价|啥价|几块|费用"),
        ),
    ),
    Concept(
        ("ticket",),
        r"门票|票价",
        (
            (1.0, r"门票|票价|入场券|票钱"),
            (0.85, r"票.{0,4}(多少|多钱|怎么卖|贵|要钱|免费)|买票|要票"),
            (0.7, r"多少钱|多钱|价格|价位|免费|收费|要钱|贵不贵|贵吗|贵么|花钱|什么价|啥价|费用"),
        ),
    ),
    Concept(
        ("phone",),
        r"电话|手机|热线|phone|tel",
        (
            (1.0, r"电话|手机号|座机|热线|phone|tel"),
            (0.85, r"联系方式|怎么联系|如何联系|联系到|打给|号码|咋联系|联系一下"),
        ),
    ),
    Concept(("email",), r"邮箱|email", ((1.0, r"邮箱|邮件|email|e-mail"),)),
    Concept(("wechat",), r"微信|wechat", ((1.0, r"微信|wechat"),)),
    Concept(
        ("address",),
        r"地址|位置|address",
        (
            (1.0, r"地址|address|where"),
            (
                0.9,
                r"在哪|哪里|哪儿|位置|地点|什么地方|啥地方|何处|哪条街|哪条路|哪个区|坐落|位于|怎么走|咋走|怎么去|咋去|在什么路|具体方位",
            ),
        ),
    ),
    Concept(("metro",), r"地铁|交通", ((1.0, r"地铁|轻轨"), (0.8, r"交通|坐什么车|公交"))),
    Concept(("parking",), r"停车", ((1.0, r"停车|车位"),)),
    Concept(
        ("opening_hours",),
        r"营业|开放时间|开馆|上班时间|hours",
        (
            (1.0, r"营业时间|开放时间|开馆时间|上班时间|营业.{0,6}(时间|时候|几点)|openinghours"),
            (
                0.9,
                r"(几点|什么时候|啥时候|何时|什么时间|啥时间|多会儿).{0,8}(营业|开门|关门|开放|上班|下班|打烊|开|闭)|(营业|开门|关门|开放|打烊).{0,8}(几点|什么时候|啥时候|何时|时间)|营业到|开到几点|几点到几点",
            ),
            (0.75, r"营业|开门|关门|打烊|几点"),
        ),
    ),
    Concept(
        ("duration",),
        r"时长|游玩时间|课时|用时",
        (
            (1.0, r"游玩时间|游玩时长|时长|课时"),
            (
                0.9,
                r"(玩|逛|游|参观|游览|待|耍|学|上).{0,8}(多久|多长|几个?小时|几天|多少时间|多少小时)|多长时间|多久|几个小时",
            ),
            (0.6, r"(游玩|游览|参观).{0,6}时间|(玩|逛).{0,6}时间"),
        ),
    ),
    Concept(
        ("rating",),
        r"评分|星级|rating",
        (
            (1.0, r"评分|打分|rating"),
            (0.9, r"几分|多少分|分数|得分"),
            (0.75, r"评价|口碑|好评|星级|几颗星"),
        ),
    ),
    Concept(
        ("stock",),
        r"库存|余量|名额|stock",
        ((1.0, r"库存|现货|stock"), (0.85, r"有货|还有多少|还剩|剩多少|剩几|断货|缺货|多少件|名额")),
    ),
    Concept(
        ("colour",),
        r"颜色|配色|colou?r",
        ((1.0, r"颜色|配色|colou?r"), (0.85, r"什么色|哪些色|几种色|几个色|有.{1,3}色")),
    ),
    Concept(
        ("size", "dimensions"),
        r"尺寸|尺码|大小|规格|size",
        (
            (1.0, r"尺寸|尺码|size"),
            (0.9, r"多大|多长$|多长[^时]|多宽|多高|多深|大小|长宽高|几码|多少码|占地|直径|厘米|规格"),
        ),
    ),
    Concept(
        ("weight",), r"重量|净重|weight", ((1.0, r"重量|净重|weight"), (0.85, r"多重|几斤|多少斤|多少公斤|重不重|重吗"))
    ),
    Concept(
        ("load",),
        r"承重|载重",
        (
            (1.0, r"承重|载重"),
            (
                0.85,
                r"[能可]以?放多重|放得下多重|承得住|撑得住|压得住|承受得|承受多|承受[0-9]|多少斤的人|压坏|最多.{0,4}(斤|公斤|kg)",
            ),
        ),
    ),
    Concept(
        ("seats",),
        r"座位|坐几|可坐|人数",
        ((1.0, r"座位"), (0.9, r"坐(?:得下|下)?(?:几|多少)个?人|几个?人坐|几人[位座份]")),
    ),
    Concept(
        ("material",),
        r"材质|面料|材料|成分|material",
        (
            (1.0, r"材质|面料|材料|成分|material"),
            (0.85, r"什么做的|啥做的|什么料|什么布|什么木|是.{0,3}(实木|真皮|纯棉)"),
        ),
    ),
    Concept(("capacity",), r"容量", ((1.0, r"容量"), (0.8, r"能装多|装多少|多少升|多少毫升"))),
    Concept(
        ("origin",),
        r"产地|origin",
        ((1.0, r"产地|原产|origin"), (0.85, r"哪里产|哪产|哪生产|哪里生产|哪儿产|哪里做的")),
    ),
    Concept(("brand",), r"品牌|brand", ((1.0, r"品牌|牌子|brand"),)),
    Concept(("model",), r"型号|model", ((1.0, r"型号|model"),)),
    Concept(
        ("warranty",),
        r"保修|质保|保质期?$|warranty",
        ((1.0, r"保修|质保|warranty"), (0.85, r"保多久|保几年|坏了.{0,4}(修|换)|质量保证")),
    ),
    Concept(
        ("storage",),
        r"储存|贮存|保存|存放|保管|收纳方式",
        (
            (1.0, r"储存|贮存|存放|保管"),
            (0.85, r"(怎么|咋|如何|怎样|要|能|用|可以)(不要|要|能)?(保存|存|放冰箱|冷藏|冷冻)|放冰箱|保存"),
        ),
    ),
    Concept(
        ("caution",),
        r"注意|须知|禁忌|忌",
        ((1.0, r"注意(事项|什么|哪些|啥)|禁忌|忌口|忌讳"),),
    ),
    Concept(
        ("aftercare",),
        r"[后完].{0,4}(注意|须知|护理|保养)",
        ((0.8, r"[做用打纹接染烫贴].{0,2}(完|好|后|了之后|过之后).{0,6}(能|可以|要|得|多久|什么时候|注意)"),),
    ),
    Concept(("shelf_life",), r"保质期|有效期", ((1.0, r"保质期|有效期"), (0.85, r"多久过期|放多久|能放几|保鲜"))),
    Concept(("production_date",), r"生产日期", ((1.0, r"生产日期|出厂日期|什么时候生产"),)),
    Concept(("after_sales",), r"售后", ((1.0, r"售后"), (0.7, r"退换|安装|上门|组装"))),
    Concept(
        ("shipping",),
        r"发货|物流|配送|shipping",
        (
            (1.0, r"发货时间|发货|shipping"),
            (0.85, r"(什么时候|几天|多久|多长时间).{0,6}(发|到|收|送)|(发|送).{0,4}(几天|多久)"),
        ),
    ),
    Concept(("shipping_fee",), r"运费|邮费", ((1.0, r"运费|邮费"), (0.8, r"包邮"))),
    Concept(
        ("selling_points",),
        r"卖点|特点|亮点|优势",
        ((1.0, r"卖点|特点|亮点|优势"), (0.75, r"好在哪|有什么好|特别之处|怎么样$|介绍一下|有啥好|什么特色|有何特色")),
    ),
    Concept(
        ("scenario", "audience"),
        r"场景|适用|适合|人群|年龄",
        ((1.0, r"适用|场景|适合什么|适合哪|适合多"), (0.8, r"适合|放哪|放在哪|什么人用|谁用|几岁|多大年龄|年龄")),
    ),
    Concept(
        ("facilities",),
        r"设施|设备|服务",
        ((1.0, r"设施"), (0.8, r"有(哪些|什么|啥).{0,2}(服务|设备)|提供.{0,3}(什么|哪些|啥)"), (0.5, r"提供|服务")),
    ),
    Concept(
        ("category",),
        r"类型|类别|类目|种类|分类|品类|档次",
        (
            (1.0, r"类型|类别|类目|种类|档次|品类"),
            (0.85, r"什么型|哪种型|啥型|属于(什么|哪|啥)|(什么|哪|啥)(级别|等级|档)|哪一类|哪类"),
        ),
    ),
    Concept(
        ("menu",),
        r"推荐菜|招牌|菜单|菜品|特色菜",
        (
            (1.0, r"推荐菜|招牌菜|特色菜|菜单|拿手菜|招牌"),
            (0.85, r"(什么|啥|哪些).{0,6}(菜|好吃的|吃的|特色)|菜.{0,3}(有哪些|有什么|有啥)|好吃的"),
        ),
    ),
    Concept(("teacher",), r"老师|教师|讲师", ((1.0, r"老师|教师|讲师|谁教|谁上"),)),
    Concept(
        ("bundle",),
        r"套餐|包装|清单|配件",
        ((1.0, r"包装清单|配件|清单"), (0.8, r"送什么|里面有什么|包含什么|附赠|赠品")),
    ),
)

ASKING = re.compile(
    r"多少|几|哪|什么|啥|怎|咋|如何|吗|么|呢|吧$|不$|是$|没有$|告诉|发给|发我|给我|查一?下|帮我查|想知道|知道|说一?下|问|报|有没有|是不是|能不能|留|记|还有|过来|发一|[给发]$|把.+发|多大|多长|多久|\?|？"
)
"""Forms in which something is asked for; a cue in a clause without one is more likely small talk."""

VAGUE = frozenset(
    {"时间", "日期", "名称", "信息", "情况", "说明", "类型", "内容", "要求", "方式", "数量", "是否", "可以"}
)
"""Halves of titles that say nothing about which column is meant."""

WISH = re.compile(r"[^多几哪什啥怎咋]{0,4}?\d")

HAVING = re.compile(r"有|带|含|提供|支持|能|可以|是.+[吗么]|[吗么]$")
"""Forms in which one value is asked for ("有红色吗", "带烘干吗")."""
