"""Questions as customers of the demo shop type them: each stands for a class that was once answered badly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialogue import Conversation, Done, Sentence
from dialogue.answer.colloquial import paraphrases, plain, points_at_nothing
from knowledge import KnowledgeBase, Record
from tests.dialogue.demo import MERCHANT, demo_engine, demo_shop

TALKS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("云朵沙发和纸月落地灯差多少钱", "answer", "940元"),),
    (("山丘比云朵贵多少", "answer", "1300元"),),
    (("云朵单人沙发和山丘双人沙发哪个好", "answer", "180kg"),),
    (("云朵沙发和北欧沙发哪个好", "answer", "云朵单人沙发"),),
    (("云朵单人沙发跟弧光餐桌哪个贵", "answer", "1299元"),),
    (("餐桌能坐几个人", "answer", "坐4到6人"),),
    (("买三个云朵沙发多少钱", "answer", "3897元"),),
    (("餐桌要两张，再来四把吧椅，总价多少", "answer", "6914元"),),
    (("云朵沙发100个多少钱", "answer", "36件"),),
    (("两个沙发加一个落地灯一共多少", "answer", "哪"),),
    (("可以退吗", "answer", "7天内"),),
    (("买回去不喜欢能退不", "answer", "7天内"),),
    (("花瓶碎了怎么办", "answer", "24小时内"),),
    (("收到破损了咋整", "answer", "24小时内"),),
    (("花瓶能装水吗", "refuse", ""), ("高多少", "answer", "26cm")),
    (("新疆能发吗", "answer", "能送"),),
    (("发广东几天到", "answer", "3到6天"),),
    (("今天下单什么时候发货", "answer", "48小时"),),
    (("地毯能机洗吗", "answer", "不要机洗"),),
    (("沙发咋清洗", "answer", "拆"),),
    (("支持微信支付吗", "answer", "微信"),),
    (("门店在哪", "answer", "梦栖路18号"),),
    (("有没有双人的", "answer", "山丘双人沙发"), ("多少钱", "answer", "2599元")),
    (("有抽屉的桌子", "answer", "半山书桌"),),
    (("小满台灯", "answer", "199元"), ("来2个多少钱", "answer", "398元"), ("那个有什么颜色", "answer", "米白")),
    (("云朵沙发承重多少 我200斤", "answer", "180kg"),),
    (("别人家才卖999", "refuse", "页面"),),
    (("有没有冰箱", "refuse", "沙发"),),
    (("这个怎么样", "ask", "哪"),),
    (("怎么下单", "answer", "商品页面"),),
    (("在哪拍", "answer", "商品"), ("链接呢", "answer", "链接")),
    (("哪款卖得最好", "answer", "云朵单人沙发（1299元）"),),
    (("有坐垫吗", "answer", "枝桠吧椅的材质“可加坐垫”"),),
    (("有没有床", "answer", "云眠床品四件套（569元）"),),
    (("卖窗帘吗", "refuse", "布艺"),),
    (("有灯吗", "answer", "小满台灯（199元）"),),
    (("买一百张有货吗", "answer", "松间餐桌"),),
    (("餐桌买一百张有货吗", "answer", "9件"),),
    (("云朵沙发要20个有吗", "answer", "36件"), ("50个够不够", "answer", "转人工")),
    (("山丘双人沙发多少钱", "answer", "2599元"), ("那个小的呢", "answer", "1299元")),
    (("云朵单人沙发有什么颜色", "answer", "苔绿"), ("大的呢", "answer", "雾灰")),
    (("沙发多少钱", "answer", "山丘双人沙发2599元"), ("那个小的呢", "answer", "1299元")),
    (("灯怎么卖", "answer", "小满台灯199元"),),
    (("你们家凳子什么价", "answer", "枝桠吧椅"),),
    (("沙发都有什么颜色呢", "answer", "雾灰"),),
    (("沙发什么材质", "answer", "山丘双人沙发"),),
    (("桌子多大", "answer", "半山书桌"),),
    (("台灯能用多久", "refuse", ""),),
    (("置物架几层", "answer", "五层"),),
    (("台灯多久发货", "answer", "24小时"),),
    (("沙发", "answer", "云朵单人沙发1299元"),),
    (("云朵沙发有货吗", "answer", "36件"), ("沙发多少钱", "answer", "1299元")),
    (("地毯有大点的吗", "answer", "160×230cm"),),
    (("书桌有1米4的吗", "answer", "长120"),),
    (("要运费吗", "answer", "满99元包邮"),),
    (("邮费谁出", "answer", "满99元包邮"),),
    (("落地灯要运费吗", "answer", "满99元包邮"),),
    (("退货邮费谁出", "answer", "个人原因"),),
    (("能送到楼上吗", "answer", "三楼以内"),),
    (("我家6楼没电梯", "answer", "三楼以内"),),
    (("多久发货啊", "answer", "48小时"),),
    (("能开票吗", "answer", "抬头"),),
    (("能去看看吗", "answer", "展厅"),),
    (("猫抓沙发咋办", "answer", "耐抓"),),
    (("餐桌能放几个人", "answer", "坐4到6人"),),
    (("餐桌啥木头的", "answer", "松木"),),
    (("支持货到附款吗", "answer", "不支持货到付款"),),
    (("两千块能买什么", "answer", "1299元"),),
    (("有啥推荐的", "answer", "云朵单人沙发（1299元）"),),
    (("客厅放什么好", "answer", "麦田地毯（599元）"),),
    (("老婆生日买啥", "answer", "预算"),),
    (("沙发有黑色吗", "answer", "雾灰"),),
    (("有没有粉色的凳子", "answer", "陶土粉"),),
    (("推荐个手机", "refuse", ""),),
    (("人呢", "smalltalk", ""),),
    (("四件套多钱", "answer", "569元"),),
    (("茶几有吗", "answer", "胡桃木边几（469元）"),),
    (("被子有卖不", "refuse", "布艺"),),
    (("吧椅带坐垫不", "answer", "可加坐垫"),),
    (("地毯掉毛不", "refuse", ""),),
    (("羊羔绒掉毛不", "answer", "浮毛"),),
    (("哪个沙发好", "answer", "1300元"),),
    (("活动到几号", "answer", "2027-12-31"),),
    (("过保了能修吗", "answer", "材料费"),),
    (("洗过还能退吗", "answer", "拆洗过"),),
    (("差价退不退", "answer", "15天内"),),
    (("晚上还有人吗", "answer", "9:00"),),
    (("公司采购咋弄", "answer", "企业价"),),
    (("你们工厂在哪", "answer", "杭州"),),
    (("送货师傅装吗", "answer", "组装"),),
    (("便宜20行不", "answer", "没有权限"),),
    (("地址填错了", "smalltalk", "转人工"),),
    (("咋还没发货", "smalltalk", "转人工"),),
    (("质量咋样", "ask", "哪"),),
    (("今天天气怎么样", "smalltalk", "店"),),
    (("我的快递到哪了", "smalltalk", "转人工"),),
    (("can you refund my sofa", "refuse", "human"),),
    (("书桌上放什么灯好", "answer", "小满台灯（199元）"),),
    (("卧室用什么灯", "answer", "纸月落地灯（359元）"),),
    (("玄关放什么凳子", "answer", "陶土圆墩（239元）"),),
    (("用什么快递", "answer", "顺丰"),),
    (("用什么付款", "answer", "微信"),),
    (("挂钟声音大吗", "answer", "滴答"),),
    (("台灯声音大吗", "refuse", ""),),
    (("落地灯伤眼睛吗", "answer", "不刺眼"),),
    (("台灯刺眼吗", "refuse", ""),),
    (("床品宝宝能用吗", "answer", "婴儿可以贴身用"),),
    (("置物架放阳台会发霉吗", "answer", "不发霉"),),
    (("边几弄上水怎么办", "answer", "一擦就掉"),),
    (("餐桌多少钱，有小孩", "answer", "2399元"),),
    (("台灯充一次电用几个小时", "answer", "8小时"),),
    (("落地灯亮度能调吗", "answer", "三档调光"),),
    (("地毯洗坏了算谁的", "refuse", ""),),
    (("怎么改收货地址", "refuse", ""),),
    (("甲醛检测报告能发我看吗", "answer", "电子版"),),
    (("沙发拆开包装有味儿", "answer", "开窗"),),
    (("7天内不想要了可以退不 邮费呢", "answer", "小件运费您出"),),
    (("买贵了咋办 过几天又降价", "answer", "退差价"),),
    (("落地灯线多长", "answer", "158cm"),),
    (("云朵沙发大概多宽", "answer", "宽82"),),
    (("可以砍到1000不 单人沙发", "answer", "1299元"),),
    (("开车来有地方停不", "refuse", "6个车位"),),
    (("用什么电池", "answer", "五号电池"),),
    (("有FSC认证吗", "answer", "FSC认证的林场"),),
    (("就那个圆的凳子多少钱", "answer", "239元"),),
    (("你们师傅多少个人", "answer", "二十三位师傅"),),
    (("运费险有没有", "answer", "运费险"),),
    (("老板是谁呀", "answer", "夫妻"),),
    (("你们店开了多少年了", "answer", "2016年"),),
    (("买边几送什么", "refuse", ""),),
    (("书架会不会倒啊", "refuse", ""),),
    (("有没有床垫", "refuse", ""),),
    (("有免运费的吗", "answer", "满99元包邮"),),
    (("礼拜一去展厅看看，开门吗", "answer", "周一休息"),),
    (("周三下午3点去展厅还开着吗", "answer", "15:00"),),
    (("花瓶是机器做的吗", "refuse", ""),),
    (("置物架可以挂墙上吗", "refuse", ""),),
    (("书桌能放两个显示器吗", "refuse", ""),),
    (("四件套有几个枕套", "refuse", ""),),
    (("付款后多久发货", "answer", "48小时"),),
    (("公司买20张书桌有优惠不", "answer", "10件以上"),),
    (("前面那家卖900，你们云朵沙发多少", "answer", "1299元"),),
    (("云朵沙发能拆洗吗", "answer", "30度"),),
    (("山丘沙发坐垫能拆吗", "refuse", ""),),
    (("想要1米6的书桌", "answer", "定制"),),
    (("木头会裂吗", "answer", "窑干"),),
    (("展厅周一开吗", "answer", "周一休息"),),
    (("云朵沙发能坐两个人吗", "refuse", ""),),
    (("书桌怎么保养", "refuse", ""),),
    (("胡桃木边几怎么保养", "refuse", ""),),
    (("边几多重", "refuse", ""),),
    (("圆墩能承受200斤的人坐吗", "answer", "100公斤"),),
)

_FOREIGN = re.compile("弧光|北欧|冰箱|卖得最|最好|第一")
"""What is not the shop's, and what it may not say of itself."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo-shop")


@pytest.fixture
async def shop(folder: Path) -> AsyncIterator[tuple[KnowledgeBase, tuple[Record, ...]]]:
    async with demo_shop(folder) as opened:
        yield opened


@pytest.mark.slow
async def test_everyday_questions_are_answered_as_a_merchant_would(
    shop: tuple[KnowledgeBase, tuple[Record, ...]],
) -> None:
    engine = demo_engine(*shop)
    wrong = []
    for number, talk in enumerate(TALKS):
        conversation = Conversation(id=f"e{number}", merchant=MERCHANT)
        for question, decision, words in talk:
            said, decided = "", ""
            async for event in engine.reply(conversation, question, channel="chat"):
                said += event.text if isinstance(event, Sentence) else ""
                decided = event.decision if isinstance(event, Done) else decided
            if decided != decision or words not in said or _FOREIGN.search(said):
                wrong.append((question, decided, said))
    assert not wrong


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("多钱", "多少钱"),
        ("它高多少", "它多高"),
        ("承重多少", "承重多少"),
        ("坏了咋整", "坏了怎么办"),
        ("价格", "价格"),
    ],
)
def test_spelling_is_made_plain_and_nothing_else(typed: str, meant: str) -> None:
    assert plain(typed) == meant


def test_a_question_is_put_otherwise_only_where_its_class_is_known() -> None:
    assert "能送到西藏吗" in paraphrases("西藏发货吗")
    assert paraphrases("怎么清洗", name="地毯")[0] == "地毯怎么洗"
    assert paraphrases("怎么清洗") == ()
    assert paraphrases("坏了保修多久") == ()
    assert paraphrases("这款是什么材质") == ()


def test_only_what_says_nothing_of_its_own_points_at_nothing() -> None:
    assert all(points_at_nothing(text) for text in ("这个怎么样", "第二个是什么", "？", "质量怎么样"))
    assert not any(points_at_nothing(text) for text in ("这个沙发怎么样", "包邮吗", "它能机洗吗"))
