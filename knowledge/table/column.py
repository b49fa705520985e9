"""Which column of a catalogue means what: titles in Chinese and English → canonical names and value kinds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class ValueKind(StrEnum):
    """How the cells of a column are read; a cell that does not fit stays text."""

    TEXT = "text"
    MONEY = "money"
    INTEGER = "integer"
    NUMBER = "number"
    DATES = "dates"
    DIMENSIONS = "dimensions"
    LIST = "list"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A canonical column and the titles people give it."""

    name: str
    kind: ValueKind
    titles: tuple[str, ...]
    """Folded titles, Chinese first; also recognised as the end of a longer title ("酒店地址")."""


@dataclass(frozen=True, slots=True)
class Role:
    """What one column of a given table means."""

    index: int
    title: str
    """As the merchant wrote it, without surrounding space."""
    name: str
    """Canonical name, or the title where the column is not recognised."""
    kind: ValueKind | None
    """None where it has to be inferred from the cells."""
    unit: str | None = None
    """Unit in the title: "元/晚" of "价格（元/晚）"."""


def _column(name: str, kind: ValueKind, titles: str) -> Column:
    return Column(name, kind, tuple(titles.split("|")))


_T, _M, _I, _N = ValueKind.TEXT, ValueKind.MONEY, ValueKind.INTEGER, ValueKind.NUMBER
_D, _S, _L, _F = ValueKind.DATES, ValueKind.DIMENSIONS, ValueKind.LIST, ValueKind.FLAG

COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        _column(
            "name",
            _T,
            "名称|商品名称|产品名称|商品名|产品名|品名|商品|产品|名字|商品标题|宝贝标题|宝贝名称|款名|房型|房型名称|课程|课程名称|"
            "班级名称|套餐名称|服务名称|项目名称|项目|店名|店铺名称|门店名称|菜名|菜品|书名|"
            "name|product name|product|item|item name|title|product title|course|room type",
        ),
        _column(
            "sku",
            _T,
            "sku|货号|商品编号|产品编号|商品编码|产品编码|"
            "编码|编号|款号|商品id|产品id|条码|sku编码|sku id|id|item no|item code|code",
        ),
        _column("aliases", _L, "别名|简称|俗称|又名|别称|昵称|短名|alias|aliases|short name|aka"),
        _column(
            "category",
            _T,
            "类目|类别|分类|品类|种类|商品分类|产品分类|商品类目|类型|领域|系列|category|type|kind|series",
        ),
        _column("brand", _T, "品牌|品牌名|brand"),
        _column("model", _T, "型号|规格型号|机型|model"),
        _column(
            "price",
            _M,
            "价格|售价|单价|现价|日常价|零售价|销售价|"
            "价钱|价位|一口价|直播间价格|房价|学费|课程价格|price|unit price|selling price|fee",
        ),
        _column(
            "list_price", _M, "原价|市场价|吊牌价|划线价|建议零售价|指导价|门市价|list price|original price|msrp|rrp"
        ),
        _column(
            "promotion_price",
            _M,
            "促销价|活动价|优惠价|促销价格|活动价格|优惠价格|特价|折扣价|直播价|直播间价|到手价|券后价|秒杀价|会员价|体验价|新客价|新人价|首单价|团购价|拼团价|"
            "promotion price|promo price|sale price|discount price|special price|deal price",
        ),
        _column(
            "promotion_period",
            _D,
            "促销时间|活动时间|优惠时间|促销期|活动期|促销期间|活动期间|优惠期|优惠期限|促销有效期|活动有效期|促销日期|活动日期|体验价时间|体验价有效期|团购时间|特价时间|折扣时间|秒杀时间|"
            "promotion period|promo period|sale period|promotion dates",
        ),
        _column(
            "promotion_start",
            _D,
            "促销开始|促销开始时间|活动开始|活动开始时间|优惠开始时间|开始日期|促销开始日期|"
            "promotion start|sale start|start date",
        ),
        _column(
            "promotion_end",
            _D,
            "促销结束|促销结束时间|活动结束|活动结束时间|优惠结束时间|结束日期|截止日期|促销结束日期|"
            "promotion end|sale end|end date",
        ),
        _column(
            "stock",
            _I,
            "库存|库存数量|库存量|现货|现货数量|剩余数量|余量|剩余|余位|名额|"
            "stock|inventory|quantity|qty|available|in stock",
        ),
        _column("colour", _L, "颜色|色彩|可选颜色|颜色分类|配色|color|colour|colors|colours"),
        _column("size", _L, "尺码|码数|规格|可选规格|规格参数|size|sizes|spec|specification"),
        _column("dimensions", _S, "尺寸|外形尺寸|产品尺寸|商品尺寸|长宽高|外形|大小|面积|dimensions|measurements|area"),
        _column("weight", _S, "重量|净重|毛重|克重|weight|net weight"),
        _column("load", _S, "承重|最大承重|载重|load|max load"),
        _column("capacity", _S, "容量|净含量|容积|capacity|volume|net content"),
        _column("material", _T, "材质|面料|材料|成分|用料|配料|material|fabric|ingredients"),
        _column("origin", _T, "产地|原产地|origin|made in"),
        _column(
            "selling_points",
            _L,
            "卖点|亮点|特点|特色|产品特点|商品卖点|产品亮点|优势|功能|功效|selling points|highlights|features",
        ),
        _column("scenario", _L, "场景|适用场景|使用场景|用途|scenario|use case|usage"),
        _column("audience", _T, "适用人群|适合人群|人群|适龄|适用年龄|招生对象|audience|age"),
        _column(
            "after_sales",
            _T,
            "售后|售后服务|售后政策|退换|退换货|退换政策|退货政策|after sales|after-sales|returns|return policy",
        ),
        _column("warranty", _T, "保修|质保|保修期|质保期|保修时间|warranty|guarantee"),
        _column("shipping", _T, "发货|发货时间|发货时效|物流|配送|快递|发货地|shipping|delivery"),
        _column("shipping_fee", _M, "运费|邮费|快递费|配送费|shipping fee|freight|postage"),
        _column("phone", _T, "电话|联系电话|手机|手机号|联系方式|热线|phone|tel|telephone|mobile|contact"),
        _column("wechat", _T, "微信|微信号|wechat"),
        _column("email", _T, "邮箱|电子邮箱|email|e-mail"),
        _column("address", _T, "地址|位置|所在地|地点|address|location"),
        _column("metro", _T, "地铁|地铁站|附近地铁|metro|subway"),
        _column(
            "opening_hours",
            _T,
            "营业时间|开放时间|上课时间|服务时间|入住时间|opening hours|business hours|hours|schedule",
        ),
        _column("duration", _T, "时长|游玩时间|游玩时长|课时|课程时长|学制|周期|duration|length of stay"),
        _column("rating", _N, "评分|星级评分|得分|rating|score"),
        _column("ticket", _M, "门票|票价|门票价格|ticket|admission"),
        _column("spend", _M, "人均消费|人均|人均价格|per person|average spend"),
        _column("facilities", _L, "设施|配套|配套设施|服务设施|facilities|amenities"),
        _column("dishes", _L, "推荐菜|招牌菜|特色菜|signature dishes"),
        _column("teacher", _T, "老师|教师|讲师|主讲|授课老师|teacher|instructor"),
        _column("bundle", _T, "赠品|套装内容|包装清单|包含|清单|gift|bundle|includes"),
        _column("production_date", _D, "生产日期|出厂日期|production date"),
        _column("shelf_life", _T, "保质期|shelf life"),
        _column("link", _T, "链接|商品链接|网址|购买链接|link|url"),
        _column("image", _T, "图片|主图|商品图|照片|image|picture|photo"),
        _column(
            "description",
            _T,
            "描述|简介|介绍|详情|商品描述|产品介绍|商品详情|说明|备注|description|details|notes|remark",
        ),
        _column("question", _T, "问题|提问|问|标准问|标准问题|用户问题|question|q|query|prompt|instruction"),
        _column("answer", _T, "答案|回答|答|回复|标准答案|话术|参考答案|answer|a|reply|response|output"),
        _column("variants", _L, "相似问|相似问法|相似问题|其他问法|扩展问|similar questions|variants|paraphrases"),
    )
}

QUESTION_COLUMNS = ("question", "answer", "variants")
"""Recognised only in a table that has both a question and an answer."""

_UNIT = re.compile(r"[(（\[【](?P<unit>[^()（）\[\]【】]*)[)）\]】]\s*$")
_BY_TITLE = {title: column for column in COLUMNS.values() for title in column.titles}
_SUFFIXES = sorted((title for title in _BY_TITLE if len(title) >= 2 and not title.isascii()), key=len, reverse=True)
_SUFFIX_STOPS = ("成本", "进货", "采购", "供货", "内部")
"""Titles that begin so are the merchant's own business, never the price a customer pays."""


def folded_title(title: str) -> str:
    """A title as it is compared: width and case folded, unit, marks and doubled spaces taken off."""
    text = unicodedata.normalize("NFKC", title).casefold()
    text = _UNIT.sub("", text).strip(" *:：#_-.\t\n").replace("_", " ")
    text = " ".join(text.split())
    return text if text.isascii() else text.replace(" ", "")


def title_unit(title: str) -> str | None:
    """The unit in brackets at the end of a title, or None."""
    match = _UNIT.search(unicodedata.normalize("NFKC", title))
    unit = match["unit"].strip() if match else ""
    return unit if unit and unit not in ("必填", "选填", "可选", "required", "optional") else None


def recognise(header: Sequence[str], *, mapping: Mapping[str, str] | None = None) -> tuple[Role, ...]:
    """What each column of `header` means; no column is left out.

    `mapping` (title → canonical name, or "name:kind", or any new name) overrides. An exact title beats the end of a
    longer one; of two columns with one meaning the first has it and the other keeps its own title.
    """
    wanted = {folded_title(title): meaning for title, meaning in (mapping or {}).items()}
    found: dict[int, tuple[int, Column]] = {}
    overridden: dict[int, Role] = {}
    for index, title in enumerate(header):
        folded = folded_title(title)
        if folded in wanted:
            overridden[index] = _overridden(index, title, wanted[folded])
        elif folded in _BY_TITLE:
            found[index] = (0, _BY_TITLE[folded])
        elif not folded.startswith(_SUFFIX_STOPS):
            suffix = next((end for end in _SUFFIXES if folded.endswith(end)), None)
            if suffix is not None:
                found[index] = (1, _BY_TITLE[suffix])
    if not {"question", "answer"} <= {c.name for _, c in found.values()} | {r.name for r in overridden.values()}:
        found = {index: hit for index, hit in found.items() if hit[1].name not in QUESTION_COLUMNS}
    taken = {role.name for role in overridden.values()}
    owner: dict[str, int] = {}
    for index, (_, column) in sorted(found.items(), key=lambda item: (item[1][0], item[0])):
        if column.name not in taken:
            owner.setdefault(column.name, index)
    if "price" not in owner and "price" not in taken and "list_price" in owner:
        owner["price"] = owner.pop("list_price")
    meaning = {index: COLUMNS[name] for name, index in owner.items()}
    roles = []
    for index, title in enumerate(header):
        shown = title.strip() or f"第{index + 1}列"
        known = meaning.get(index)
        if index in overridden:
            roles.append(overridden[index])
        elif known is not None:
            roles.append(Role(index, shown, known.name, known.kind, title_unit(title)))
        else:
            kind = found[index][1].kind if index in found else None
            roles.append(Role(index, shown, shown, kind, title_unit(title)))
    return tuple(roles)


def _overridden(index: int, title: str, meaning: str) -> Role:
    name, _, kind = meaning.partition(":")
    name = name.strip()
    if kind:
        return Role(index, title.strip(), name, ValueKind(kind.strip()), title_unit(title))
    known = COLUMNS.get(name) or _BY_TITLE.get(folded_title(name))
    if known is None:
        return Role(index, title.strip(), name, None, title_unit(title))
    return Role(index, title.strip(), known.name, known.kind, title_unit(title))
