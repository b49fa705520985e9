"""Shops that sell no furniture: a beauty salon with its questions in Markdown, a food shop with its own columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from dialogue import Conversation, Done, Engine, Sentence
from knowledge import KnowledgeBase, Library
from knowledge.embedder import create_embedder
from tests.dialogue.attack import NOON

pytestmark = pytest.mark.slow

SALON = {
    "项目.csv": """编号,项目名称,别名,类目,价格,体验价,体验价时间,时长,禁忌,护理后注意
XF01,深层清洁小气泡,小气泡、清洁,面部护理,198元/次,98元,2026-10-01 至 2027-06-30,60分钟,近一周刷酸的不做,当天不化妆
XF02,水光补水管理,补水、水光,面部护理,298元/次,168元,2026-10-01 至 2027-06-30,75分钟,过敏的不做,24小时内不泡温泉
XF03,全身精油SPA,SPA,身体护理,498元/次,,,90分钟,孕期不做,多喝温水
XF04,光疗美甲纯色,美甲、指甲,美甲,88元,68元,2026-10-01 至 2027-06-30,60分钟,灰指甲不做,一般保持3周
""",
    "常见问题.md": """# 常见问题

## 怎么预约？
在这里告诉我项目、哪天、几点和几个人就行。

## 店在哪里？
文三路259号2楼203，地铁学院路站C口出来走5分钟。

## 几点营业？
每天10:30到21:30，最后一位顾客20:00前到店。

## 有停车位吗？
楼下地库可以停，消费满200元送2小时停车券。

## 迟到了怎么办？
迟到15分钟以内正常做；超过15分钟会缩短护理时间或者改约，不另外收费。

## 疗程卡能退吗？
没用过的七天内全额退；用过的按单次原价扣掉已做的次数。

## 可以用什么付款？
微信、支付宝、银行卡、现金都行。

## 孕妇能做吗？
孕期可以做补水管理，不能做推拿和SPA；请先问过您的医生。

## 男士可以做吗？
可以，有单独的房间。

## 可以带宠物吗？
抱歉，店里不能带宠物进操作间。

## 能开发票吗？
可以，做完当场开电子普通发票。
""",
}
FOOD = {
    "商品.csv": """货号,商品名,简称,分类,售价,规格,口味,保质期,储存方式,库存
SY01,野生枣花蜂蜜,蜂蜜,蜂蜜,69元,500g/瓶,,24个月,阴凉干燥，不要放冰箱,320
SY02,风干牛肉干,牛肉干,肉干,79元,250g/袋,原味、香辣、孜然,9个月,常温避光,210
SY03,高山云雾绿茶,绿茶,茶叶,128元,250g/罐,清香,18个月,密封冷藏,64
SY04,陈皮白茶饼,白茶,茶叶,228元,300g/饼,陈香,长期保存,通风干燥避光,18
SY05,手工红薯粉条,粉条,干货,19.9元,500g×2袋,,18个月,阴凉干燥,900
SY06,东北黑木耳,木耳,干货,39元,250g/袋,,24个月,密封干燥,150
SY07,低糖桂花糕,糕点,糕点,36元,16枚/盒,桂花、绿豆,45天,常温,42
""",
    "faq.csv": """问题,答案
包邮吗,全店满59元包邮；新疆、西藏满159元包邮，港澳台暂时不发。
多久能收到,江浙沪皖一般1到2天，其他地区2到4天。
发什么快递,默认中通或韵达，想发顺丰补10元。
吃着不新鲜怎么办,收到48小时内拍照给我们，有异味的全额退。
蜂蜜结晶是坏了吗,不是，温水泡一会儿就化开。
对花生过敏能吃吗,每盒不含花生，但在同一车间分装，过敏严重请不要吃。
可以开发票吗,可以开电子普通发票，下单备注抬头和税号。
批发怎么算,同款20件以上有批发价，留个电话和数量。
木耳怎么泡,冷水泡2到3小时，泡好当天吃完。
粉条怎么煮,温水泡20分钟，下锅煮5到8分钟。
""",
}
TALKS: tuple[tuple[dict[str, str], tuple[tuple[str, str], ...]], ...] = (
    (SALON, (("小气泡多少钱", "198元.*体验价.*98元|体验价.*98元.*198元"), ("要做多久", "60分钟"))),
    (SALON, (("男的能来做吗", "单独的房间"),)),
    (SALON, (("卡用不完可以退吗", "全额退"),)),
    (SALON, (("迟到了怎么办", "正常做.*超过15分钟"),)),
    (SALON, (("能带狗狗吗", "宠物"),)),
    (SALON, (("几点关门", "21:30"),)),
    (SALON, (("孕妇可以做spa吗", "不能做"),)),
    (SALON, (("我迟到20分钟行不", "超过15分钟"), ("卸甲另外收费吗", "资料|依据|没查到"))),
    (SALON, (("美甲多少钱", "88元"), ("做完美甲能管多久", "一般保持3周"))),
    (SALON, (("8点半下班过来还来得及吗", "20:30.*20:00"),)),
    (SALON, (("水光是打针的吗", "资料|依据|没查到"), ("做完能化妆吗", "没有.*写.*不泡温泉"))),
    (SALON, (("小气泡做完能化妆吗", "^(?!.*没有).*当天不化妆"),)),
    (SALON, (("吃完饭能做SPA吗", "^(?!.*孕)"),)),
    (SALON, (("哺乳期能做小气泡吗", "资料|依据|没查到"),)),
    (SALON, (("离地铁近吗", "“店在哪里”"),)),
    (SALON, (("能用支付宝么", "支付宝"),)),
    (SALON, (("灰指甲可以做么", "灰指甲不做"),)),
    (FOOD, (("含糖吗蜂蜜", "资料|依据|没查到"),)),
    (SALON, (("美甲做多久 能开票吗", "60分钟.*发票"),)),
    (FOOD, (("木耳咋泡", "2到3小时"),)),
    (FOOD, (("绿茶怎么存", "密封冷藏"), ("白茶呢", "通风干燥"))),
    (FOOD, (("能寄香港吗", "暂时不发"), ("新疆呢", "159元"))),
    (FOOD, (("发到合肥几天", "1到2天"),)),
    (FOOD, (("能寄到美国吗", "资料|依据|没查到"),)),
    (FOOD, (("牛奶过敏能吃吗", "“对花生过敏能吃吗”"),)),
    (FOOD, (("蜂蜜 price 多少", "69元"),)),
    (FOOD, (("能发顺丰不", "补10元"),)),
    (FOOD, (("能发圆通不", "默认中通"),)),
    (FOOD, (("牛肉干多少克一袋", "250g"),)),
    (FOOD, (("来三袋牛肉干多少钱", "237元"),)),
    (FOOD, (("风干牛肉干多少钱", "79元"), ("有不辣的没", "原味"))),
    (FOOD, (("粉条煮多久", "5到8分钟"), ("保质期呢", "18个月"))),
    (FOOD, (("想买点茶", "绿茶.*白茶"), ("第二个多少钱", "228元"))),
)


async def _opened(folder: Path, files: dict[str, str], merchant: str) -> tuple[KnowledgeBase, Engine]:
    source = folder / merchant
    source.mkdir()
    for name, text in files.items():
        (source / name).write_text(text, "utf-8")
    database = create_engine(f"sqlite:///{folder / merchant}.db")
    embedder = create_embedder("use")
    library = Library(folder / "knowledge", engine=database, create_embedder=lambda: embedder)
    library.add(merchant, [source])
    library.publish(merchant)
    knowledge = KnowledgeBase(folder / "knowledge", engine=database, create_embedder=lambda: embedder)
    records = await knowledge.records(merchant)
    return knowledge, Engine(knowledge, clock=lambda: NOON, shelf=lambda merchant: records, audit=lambda line: None)


async def test_other_shops_are_answered_as_well(tmp_path: Path) -> None:
    wrong = []
    for merchant, files in (("salon", SALON), ("food", FOOD)):
        knowledge, engine = await _opened(tmp_path, files, merchant)
        async with knowledge:
            for number, (shop, talk) in enumerate(TALKS):
                conversation = Conversation(id=f"{merchant}{number}", merchant=merchant)
                for question, expected in talk if shop is files else ():
                    events = [event async for event in engine.reply(conversation, question, channel="chat")]
                    said = "".join(event.text for event in events if isinstance(event, Sentence))
                    assert isinstance(events[-1], Done)
                    if not re.search(expected, said, re.S):
                        wrong.append((question, said))
    assert not wrong
