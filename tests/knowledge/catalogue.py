"""Records and a content in memory for tests of retrieval: a small town of hotels, restaurants and sights, and lamps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from knowledge import Fact, Passage, PassageKind, Record, Source

_TOWN = """酒店 临江大酒店 地址=江滨路1号 电话=0571-80000001 价格=420 酒店类型=高档型 设施=健身房、游泳池、会议室
酒店 临江快捷酒店(南站店) 地址=站前街8号 电话=0571-80000002 价格=199 酒店类型=经济型 设施=wifi、停车场、叫醒服务
酒店 临江快捷酒店(北站店) 地址=北站路3号 电话=0571-80000003 价格=209 酒店类型=经济型 设施=wifi、停车场、早餐
酒店 临江听雨大酒店 地址=雨巷5号 电话=0571-80000004 价格=560 酒店类型=豪华型 设施=温泉、早餐、健身房
酒店 临江青禾大酒店 地址=青禾路9号 电话=0571-80000005 价格=380 酒店类型=舒适型 设施=早餐、停车场、酒吧
酒店 临江云栖大酒店 地址=云栖里2号 电话=0571-80000006 价格=610 酒店类型=豪华型 设施=温泉、酒吧、会议室
餐馆 老灶头面馆 地址=石板街12号 电话=0571-70000001 人均消费=28 营业时间=06:30-14:00 推荐菜=片儿川、拌川、虾爆鳝面
餐馆 荷塘餐厅 地址=荷花塘44号 电话=0571-70000002 人均消费=88 营业时间=10:00-21:30 推荐菜=叫花鸡、藕夹、桂花糕
餐馆 半山餐厅 地址=半山腰6号 电话=0571-70000003 人均消费=120 营业时间=11:00-22:00 推荐菜=春笋、石鸡、土鸡煲
餐馆 渔歌餐厅 地址=码头2号 电话=0571-70000004 人均消费=150 营业时间=10:30-21:00 推荐菜=醋鱼、河虾、鱼圆
餐馆 小满餐厅 地址=麦田路7号 电话=0571-70000005 人均消费=60 营业时间=09:00-20:00 推荐菜=麦饼、米线、凉皮
景点 临江塔 地址=塔山路1号 电话=0571-60000001 门票=30 游玩时间=1小时 评分=4.6
景点 荷花塘 地址=荷花塘路 电话=0571-60000002 门票=0 游玩时间=2小时 评分=4.4
景点 听雨书院 地址=雨巷15号 电话=0571-60000003 门票=10 游玩时间=1小时 评分=4.8"""

_NAMES = {
    "地址": "address",
    "电话": "phone",
    "价格": "price",
    "人均消费": "spend",
    "门票": "ticket",
    "营业时间": "opening_hours",
    "游玩时间": "duration",
    "评分": "rating",
    "设施": "facilities",
}


def town() -> tuple[Record, ...]:
    """Fourteen records of three kinds; "听雨大酒店" and "听书院" share rare words, two hotels share a chain."""
    return tuple(_record(number, line) for number, line in enumerate(_TOWN.splitlines(), 2))


def _record(number: int, line: str) -> Record:
    kind, name, *cells = line.split(" ")
    record_id = f"T{number:03}"
    facts = []
    for cell in cells:
        title, text = cell.split("=")
        facts.append(
            Fact(record_id, name, _NAMES.get(title, title), title, text, text, Source("town.csv", line=number))
        )
    return Record(record_id, name, kind, (), tuple(facts))


def record_passages(records: Sequence[Record]) -> list[Passage]:
    """One passage for each record, as ingestion makes them."""
    return [
        Passage(
            id=f"record-{record.id}",
            text=record.name + "\n" + "\n".join(f"{fact.title}：{fact.text}" for fact in record.facts),
            kind=PassageKind.RECORD,
            source=record.facts[0].source,
            record_id=record.id,
        )
        for record in records
    ]


def faq(number: int, question: str, answer: str) -> Passage:
    """An FAQ passage."""
    return Passage(f"faq-{number}", answer, PassageKind.FAQ, Source("faq.csv", line=number), question=question)


def prose(number: int, text: str, heading: str | None = None) -> Passage:
    """A text passage."""
    return Passage(f"text-{number}", text, PassageKind.TEXT, Source("guide.md", line=number), heading=heading)


class MemoryContent:
    """What a retriever reads of a version, held in memory."""

    def __init__(self, records: Iterable[Record], passages: Iterable[Passage], *, version: str = "v1") -> None:
        self.version = version
        self.records = tuple(records)
        self._passages = {passage.id: passage for passage in passages}

    @property
    def passages(self) -> Iterator[Passage]:
        return iter(self._passages.values())

    @property
    def faqs(self) -> Sequence[Passage]:
        return [passage for passage in self._passages.values() if passage.kind is PassageKind.FAQ]

    def record(self, key: str) -> Record | None:
        return next((record for record in self.records if key in (record.id, record.name, *record.aliases)), None)

    def passages_by_id(self, ids: Iterable[str]) -> Iterator[Passage]:
        return (self._passages[id_] for id_ in ids if id_ in self._passages)

    def passages_of(self, record_id: str) -> Sequence[Passage]:
        return [passage for passage in self._passages.values() if passage.record_id == record_id]
