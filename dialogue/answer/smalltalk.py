"""What is no question about the shop: greetings, thanks, complaints, abuse; each with replies of its own.

Pure: text in, a `Talk` or nothing out. A greeting before a question is no small talk; a complaint is one even with a
question behind it, since somebody who is angry wants to be heard first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from dialogue.event import Emotion
from dialogue.safety.numeral import folded

MAX_TALK = 40
"""Characters up to which a text may be nothing but courtesy."""


class Talk(StrEnum):
    """Kinds of small talk."""

    GREETING = "greeting"
    THANKS = "thanks"
    BYE = "bye"
    ACKNOWLEDGE = "acknowledge"
    PRAISE = "praise"
    IDENTITY = "identity"
    ABUSE = "abuse"
    COMPLAINT = "complaint"
    REFUND = "refund"
    HUMAN = "human"
    CONTACT = "contact"
    """Nothing but a contact was left."""
    REFUSAL = "refusal"
    """The customer does not want to leave a contact."""
    ORDER = "order"
    """Where an order or a parcel is, which only a colleague can look up."""
    ELSEWHERE = "elsewhere"
    """Something that is no shop's business: the weather, a joke, homework."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of small talk is answered."""

    emotion: Emotion
    wordings: tuple[str, ...]
    live: tuple[str, ...] = ()
    """Wordings for a live room; the others where empty."""


MANNERS: dict[Talk, Manner] = {
    Talk.GREETING: Manner(
        Emotion.JOY,
        (
            "您好，欢迎光临！想了解哪款商品，直接问我就行。",
            "您好呀，我在的。您想看点什么？",
            "欢迎欢迎！有什么想问的尽管说。",
            "您好，很高兴为您服务，请问想了解什么？",
        ),
        ("欢迎新来的朋友！想看哪款打在公屏上。", "您好您好，欢迎来到直播间！", "欢迎欢迎，随便看看，有问题直接问我。"),
    ),
    Talk.THANKS: Manner(
        Emotion.JOY,
        ("不客气，能帮到您就好。", "不用谢，有需要再叫我。", "您太客气啦，还有问题随时说。", "应该的，祝您购物愉快！"),
    ),
    Talk.BYE: Manner(
        Emotion.JOY,
        ("好的，祝您生活愉快，再见！", "再见，有需要随时回来找我。", "慢走，欢迎下次再来！"),
    ),
    Talk.ACKNOWLEDGE: Manner(
        Emotion.NEUTRAL,
        ("好的，还有什么想了解的吗？", "嗯嗯，有问题随时问我。", "好，您慢慢看，我一直在。"),
    ),
    Talk.PRAISE: Manner(
        Emotion.JOY,
        ("谢谢您的喜欢，我们会继续努力的！", "听您这么说真开心，谢谢！", "谢谢夸奖，您的肯定对我们很重要。"),
    ),
    Talk.IDENTITY: Manner(
        Emotion.NEUTRAL,
        (
            "我是店里的 AI 助手，不是真人。需要真人客服的话，说一声“转人工”就好。",
            "跟您说实话，我是 AI 客服。想找真人可以回复“转人工”。",
            "我是人工智能助手，回答都以店里的资料为准；要真人同事请说“转人工”。",
        ),
        (
            "我是 AI 数字人主播，不是真人哦，商品信息都来自店里的资料。",
            "跟大家说实话，我是 AI 数字人，想找真人可以私信客服。",
            "我是店里的 AI 数字人主播，讲的都是店铺资料里的内容。",
        ),
    ),
    Talk.ABUSE: Manner(
        Emotion.EMPATHY,
        (
            "我理解您现在不太高兴。咱们说说具体遇到了什么问题，我尽力帮您解决。",
            "您先别急，把情况告诉我，我帮您想办法。",
            "我明白您心里有气，请告诉我是哪里没做好，我来处理或请同事来处理。",
        ),
        ("咱们好好说，有什么问题可以私信客服处理。", "您先别急，有问题我们一定处理。"),
    ),
    Talk.COMPLAINT: Manner(
        Emotion.APOLOGY,
        (
            "非常抱歉给您带来不好的体验，您的心情我理解。我这就请同事来跟进。",
            "真的对不起，让您遇到这样的事。我马上转给同事处理。",
            "抱歉，是我们没做好。我把情况记下来，马上请同事联系您。",
        ),
        (
            "非常抱歉给您带来不好的体验，麻烦您私信一下客服，同事会跟进处理。",
            "对不起让您不满意了，请私信客服说一下订单情况，我们一定处理。",
        ),
    ),
    Talk.REFUND: Manner(
        Emotion.EMPATHY,
        (
            "理解您想退款，这个需要同事核对订单，我帮您转过去。",
            "好的，我明白您的意思。退款要由同事查过订单再办，我这就帮您转接。",
            "别着急，退款的事我请同事来核对处理。",
        ),
        ("退款需要核对订单，麻烦您私信客服，同事会帮您办。", "订单的事请私信客服，同事核对后马上处理。"),
    ),
    Talk.HUMAN: Manner(
        Emotion.NEUTRAL,
        ("好的，我帮您转人工。", "没问题，这就为您转接同事。", "好的，马上请同事过来。"),
        ("要找真人同事的话，请点一下私信，客服会回复您。", "真人客服在私信里，您点一下私信就能找到。"),
    ),
    Talk.CONTACT: Manner(
        Emotion.JOY,
        (
            "收到，联系方式我记下了，同事会尽快联系您。",
            "好的，已经记好了，请留意同事的来电或消息。",
            "谢谢您，我已经登记好，同事会按您方便的时间联系。",
        ),
        ("收到啦，已经帮您记下。提醒大家别在公屏发电话，注意保护隐私哦。",),
    ),
    Talk.REFUSAL: Manner(
        Emotion.NEUTRAL,
        (
            "没问题，不留也可以，您有问题直接在这里问我。",
            "好的，不打扰您，想了解什么就在这里说。",
            "明白，那您随时在这里问我就行。",
        ),
    ),
    Talk.ORDER: Manner(
        Emotion.NEUTRAL,
        (
            "订单和物流我这边看不到，要同事核对。回复“转人工”，我马上帮您转过去。",
            "具体订单我查不了，怕说错。说一声“转人工”，同事帮您看物流。",
            "这个要查您的订单，我没有权限看。需要的话回复“转人工”，同事来查。",
        ),
        ("订单的事请私信客服，同事帮您查。", "物流要查订单，麻烦您私信一下客服。"),
    ),
    Talk.ELSEWHERE: Manner(
        Emotion.JOY,
        (
            "这个我可不在行，我只懂店里的东西。想看哪款，随时问我。",
            "哈哈，这个超出我的本事了，店里的商品、发货、售后我都能答。",
            "这个我帮不上忙，我只管店里的事。您想了解哪件商品？",
        ),
        ("这个我可不在行，我只懂店里的东西，想看哪款打在公屏上。", "这个超出我的本事啦，商品的事尽管问。"),
    ),
}
"""Replies as data."""

_GREETING = (
    r"(?:您|你|大家|各位|主播|老板|客服|亲)(?:们)?好[啊呀哦]?(?=$|\W|主播|老板|客服)|哈[喽啰罗]|嗨|hello|hi|hey|在吗|在不在|(?:还)?有人(?:吗|么|在吗|不)|在么|(?<![一-鿿])在不(?![一-鿿])|(?<![一-鿿])人呢|(?<![一-鿿])亲亲?(?![一-鿿])"
    r"|早上好|下午好|晚上好|早安|中午好"
)
_THANKS = r"(?:非常|太)?(?:谢谢|感谢|多谢|谢了|辛苦了|thanks|thank ?you|3q)(?:您|你|啦|了|哈|啊|呀)*"
_BYE = r"再见|拜拜|拜|bye|回头见|下次再来|先走了|晚安|88"
_ACK = (
    r"好的?|嗯|哦|噢|行|可以|ok|okay|知道了|明白了?|了解了?|收到|好吧|没事了?|没有了|没了"
    r"|不用了|先这样|哈{2,}|我再看看|我考虑一下|考虑考虑"
)
_PRAISE = (
    r"(?:真|好|很|太)?(?:不错|棒|厉害|专业|贴心|漂亮|好看|喜欢|赞|给力|用心|耐心|清楚|详细|仔细|周到|热情)(?:了|哦|啊|呀|呢)*"
    r"|(?:您|你)?(?:讲|说|介绍|解释|回答|回复|服务|态度)(?:得|的)?(?:真|很|太|挺|好|都)*(?:不错|好|清楚|明白|详细|仔细|到位|快|周到|耐心|专业)(?:了|哦|啊|呀|呢)*|我?(?:都)?(?:清楚|懂|明白)了"
    r"|好评|点赞|666+|你真[好棒]"
)
_FILL = r"[，,。.!！~～、\s…?？哈呵嘻啊呀呢哟啦吧了的亲老板主播客服小姐姐哥宝子们家人]*"
_ONLY = {
    Talk.GREETING: _GREETING,
    Talk.THANKS: _THANKS,
    Talk.BYE: _BYE,
    Talk.PRAISE: _PRAISE,
    Talk.ACKNOWLEDGE: _ACK,
}
_ANY = "|".join(_ONLY.values())
_WHOLE = re.compile(rf"{_FILL}(?:(?:{_ANY}){_FILL})+", re.I)
_HEAD = re.compile(rf"^{_FILL}(?:(?:{_GREETING}|{_THANKS}){_FILL})+", re.I)

_HUMAN = re.compile(
    r"转(?:到|接)?(?:一下)?(?:人工|真人|客服)|人工客服(?!几点|什么时候|上班|电话|在线|的?时间)|(?:找|要|叫|换|来)(?:个|一个|一下|你们)?(?:真人|人工|活人|负责人|老板|店长|经理|主管|领导)"
    r"|(?:不想|别|不要)(?:跟|和|让)?(?:机器人|AI|ai|人工智能)(?:聊|说|回|讲)|^\W*(?:人工|真人)(?:服务)?\W*$"
    r"|^\W*(?:human|person|real person|agent|operator)(?:,? please)?\W*$"
    r"|\b(?:talk|speak|chat|connect me|transfer me|pass me on)(?:ing)? (?:to|with) (?:an? |the |some )?(?:real |live )?"
    r"(?:human|person|agent|someone|somebody|colleague|representative|operator)\b"
    r"|\b(?:want|need|get me|like) (?:an? )?(?:real |live )?(?:human|person|agent|representative)\b"
    r"|\b(?:human|live|real) (?:agent|support|service|being)\b",
    re.I,
)
_COMPLAINT = re.compile(
    r"投诉|举报|曝光|12315|消协|消费者协会|工商局?|市场监管|差评|欺骗消费者|假货|骗子|骗人|骗钱|太差(?:了|劲)|什么破|什么垃圾|质量(?:太|真|好|很)差|服务(?:太|真)差|态度(?:太|真|这么|很)差"
    r"|等了(?:好几|[一二三四五六七八九十\d]+)(?:天|周|个月|个小时).{0,8}(?:没|不)|到现在(?:还|都)没|一直没(?:发货|收到|人|回)|(?:拍|下单|买|付款|付钱|等|催)了?(?:都|快|好)?(?:[一二两三四五六七八九十几\d]+|半)个?(?:多)?(?:天|周|星期|礼拜|月|小时)(?:多)?了?.{0,6}(?:还没|都没|没有?动|不发|没发|没到|没收到|没人)|(?:拖|等)了?(?:我)?(?:都|快|好|这么|那么)*(?:[一二两三四五六七八九十\d]+|半)个?(?:天|周|星期|礼拜|月)了|到底(?:还)?(?:发不发|送不送|管不管|退不退|给不给)"
    r"|(?:发货|物流|快递|送货|回复|处理)(?:也|真|实在)?(?:是)?太慢|浪费(?:我|我的|人家)?(?:时间|钱|感情)|(?:什么|啥)态度|说话不算|不讲(?:理|信用)|忽悠|敷衍|气人"
    r"|收到(?:就|的时候)?(?:是)?(?:坏|破|碎|烂)的|少发|发错|漏发|没人(?:管|理|处理|回)|气死|坑人|上当|失望"
)
_ASKING = re.compile(r"怎么办|如果|要是|万一|的话|假如|会不会|是不是|吗|流程|规定|政策|怎么处理|怎么算|多久")
_REFUND = re.compile(
    r"(?:我要|我想|给我|帮我|申请|马上|立刻|赶紧|快)(?:申请|办理|办|要求)?(?:一下)?(?:退款|退货|退钱|退了|退掉|把钱退)|把钱退|退我钱|还我钱|我的退款.{0,6}(?:没|呢)|退款.{0,4}(?:还没|没到|不到账)"
)
_ABUSE = re.compile(
    r"傻[逼比bB屄]|煞笔|沙雕|脑残|智障|白痴|弱智|废物|滚(?:蛋|开|远|$|！|!|。)|去死|操你|草泥马|[你他]妈的|妈的|狗(?:东西|屎|日的)|贱人|王八蛋|垃圾(?:东西|玩意|主播|客服|机器人|店|货)|破(?:玩意|店|机器人)|sb(?![a-z])|nmsl|cnm|tmd|神经病|死骗子|蠢货|猪脑子",
    re.I,
)
_IDENTITY = re.compile(
    r"(?:你|您|主播|客服)(?:到底)?(?:是|不是)(?:不是)?(?:真人|机器人|人工|AI|ai|人类|活人|假人|数字人|人工智能|虚拟|录播|chatgpt|gpt|什么模型|哪个模型|谁)|是真人(?:吗|么|还是)|(?:是|不是)(?:个)?(?:机器人|真人|AI|ai|录播|假人)(?:吗|吧|么|嘛|啊|？|\?|$)"
)
_REFUSAL = re.compile(
    r"(?:不想|不愿意?|不方便|不用|不要|不)(?:给你们?|留|提供|透露|给)(?:我的)?(?:电话|号码|手机|微信|联系方式|隐私)|(?:电话|号码|微信|联系方式)(?:就)?(?:不留|不给|不方便)|别(?:给我)?打电话|不留了"
)

_ORDER = re.compile(
    r"(?:帮我|给我|麻烦)?查(?:一?下|查|询)?(?:我的?)?(?:订单|快递|物流|单号|包裹)|(?:我的|我)(?:订单|快递|物流|包裹|货).{0,6}(?:到哪|哪里了|怎么还没|还没|没动|不动)|"
    r"(?:地址|电话|手机号|收货人|颜色|尺码|尺寸|数量|款式)(?:填|写|拍|选|下|弄)错|(?:拍|下)错(?:了|单)|(?:怎么|咋|为什么|为啥)还(?:没|不)(?:发|到|收到)|"
    r"单号(?:发|给|是多少|多少)|催(?:一?下)?(?:单|发货|快递|物流)|"
    r"(?:快递|包裹|物流|订单).{0,4}(?:到哪|没动|不动了|没更新|卡住)"
)
_ELSEWHERE = re.compile(
    r"(?:今天|明天|外面|那边)?天气(?:怎么样|如何|好吗|预报)|(?:下雨|下雪)了?吗$|讲(?:个|一个)?(?:笑话|故事)|唱(?:首|个)?歌|跳(?:个|支)?舞|"
    r"写(?:首|一首|个|篇)?(?:诗|作文|论文|代码|作业(?!.{0,5}[用桌灯椅坐看]))|(?:股票|基金|彩票|比特币)|(?:世界杯|奥运会|球赛)|(?:你|您)(?:吃饭了?吗|有(?:男|女)朋友|结婚了?|几岁|多大了?$|喜欢谁)|"
    r"(?:谈恋爱|做我(?:男|女)朋友)|^\W*(?:今天|明天|现在)?是?(?:星期几|几号)(?:了|啊|呀)?\W*$|现在几点了?\W*$|[0-9]+[+*/×÷-][0-9]+(?:等于|=)"
)


def talk_of(text: str) -> Talk | None:
    """The kind of small talk, or None for a text that asks about the shop or anything else."""
    folded_text = folded(text).strip()
    if not folded_text:
        return Talk.ACKNOWLEDGE
    if _HUMAN.search(folded_text):
        return Talk.HUMAN
    if _REFUSAL.search(folded_text):
        return Talk.REFUSAL
    if _IDENTITY.search(folded_text):
        return Talk.IDENTITY
    if _REFUND.search(folded_text) and not _ASKING.search(folded_text):
        return Talk.REFUND
    if _COMPLAINT.search(folded_text) and not _ASKING.search(folded_text):
        return Talk.COMPLAINT
    if _ABUSE.search(folded_text):
        return Talk.ABUSE
    if (
        len(folded_text) <= MAX_TALK
        and _ORDER.search(folded_text)
        and not re.search(r"怎么查|在哪查|如何查", folded_text)
    ):
        return Talk.ORDER
    if len(folded_text) <= MAX_TALK and _ELSEWHERE.search(folded_text):
        return Talk.ELSEWHERE
    if len(folded_text) <= MAX_TALK and _WHOLE.fullmatch(folded_text):
        return next(
            (talk for talk, words in _ONLY.items() if re.search(words, folded_text, re.I)),
            Talk.ACKNOWLEDGE,
        )
    return None


def without_greeting(text: str) -> str:
    """The text without greeting or thanks in front of its question; the text itself where nothing else is left."""
    text = text.strip()
    head = _HEAD.match(text[:MAX_TALK])
    rest = text[head.end() :] if head else text
    return rest if len(rest) >= 2 else text
