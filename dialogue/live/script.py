"""The wordings of a selling script: data. No wording holds a number of its own; figures come from facts alone."""

from __future__ import annotations

from collections.abc import Mapping

NOTICE = (
    "本直播间由 AI 数字人主播，商品信息以页面为准。",
    "先跟大家说明，本直播间由 AI 数字人主播，下单请以商品页面为准。",
    "跟新来的朋友说一声，本直播间由 AI 数字人主播，信息以页面为准。",
)
"""The notice that has to be spoken; the first wording is the one at the very start."""
WELCOME = (
    "欢迎来到{shop}的直播间，今天慢慢给大家介绍店里的好东西。",
    "大家好，这里是{shop}，想看哪款直接打在公屏上。",
    "欢迎大家来{shop}逛逛，有问题随时问，我看到就回答。",
)
HOOKS = (
    "接下来看{name}。",
    "我们来看这款，{name}。",
    "下面这款是{name}，正在找{kind}的朋友可以留意一下。",
    "来，给大家看看{name}。",
    "刚进来的朋友正好，现在讲{name}。",
    "说一款店里的{kind}，{name}。",
)
POINTS = ("{text}。", "它的特点是，{text}。", "再看这一点，{text}。", "我特别想说的是，{text}。", "用起来呢，{text}。")
DETAILS: Mapping[str, tuple[str, ...]] = {
    "dimensions": ("尺寸给大家报一下，{text}。", "大小是这样的，{text}。", "量好位置的朋友听一下尺寸，{text}。"),
    "size": ("规格给大家说一下，{text}。", "规格是{text}。", "选规格的朋友听一下，{text}。"),
    "material": ("材质是{text}。", "用料上，{text}。", "关心材质的朋友听好，{text}。"),
    "colour": ("颜色有{text}。", "可以选的颜色是{text}。", "颜色这边有{text}，看您家里怎么搭。"),
    "scenario": ("放在{text}都合适。", "适合的地方有{text}。", "家里{text}，都可以考虑它。"),
    "capacity": ("{title}是{text}。", "{title}方面，标的是{text}。", "问{title}的朋友，是{text}。"),
    "after_sales": ("售后是这样的，{text}。", "售后给大家说清楚，{text}。", "买回去的售后，{text}。"),
    "warranty": ("{title}是{text}。", "{title}写得很明白，{text}。", "说一下{title}，{text}。"),
    "shipping": ("{title}，{text}。", "{title}是{text}。", "着急用的朋友注意，{title}是{text}。"),
    "address": ("地址在{text}。", "位置给大家说一下，{text}。", "它在{text}。"),
    "opening_hours": ("{title}是{text}。", "想去的朋友记一下，{title}是{text}。", "{title}，{text}。"),
}
ANY_DETAIL = ("{title}是{text}。", "{title}，{text}。", "再说一下{title}，{text}。")
PRICE = ("价格是{price}。", "{name}，{price}。", "页面上标的是{price}。", "这款卖{price}。")
PROMOTION = (
    "原价{price}，现在活动价{promotion}。",
    "平时卖{price}，活动期间是{promotion}。",
    "今天看的话有活动，{promotion}，原价是{price}。",
    "活动价{promotion}，原价{price}，以页面显示为准。",
)
UNTIL = ("活动到{until}。", "活动时间到{until}，不着急，您慢慢看。", "这个活动是到{until}。")
ACTIONS = (
    "喜欢的朋友点下面的商品卡看详情。",
    "拿不准的话，把您家的情况打在公屏上，我帮您看看资料。",
    "想了解更多，直接在评论里问我。",
    "需要的朋友可以先收藏，慢慢比较。",
    "有疑问就打在公屏上，我看到就回。",
    "不确定合不合适的，可以私信客服问清楚再下单。",
)
QUESTIONS = (
    "常有朋友问，{question}",
    "顺便回答一个大家常问的，{question}",
    "后台问得比较多的是，{question}",
    "有个问题很多人关心，{question}",
)
AGAIN = (
    "刚来的朋友别急，我从头再给大家讲一遍。",
    "一圈讲完了，我们换个说法再来看看。",
    "新进来的朋友，我们接着往下看。",
)
CLOSING = (
    "今天先讲到这里，谢谢大家的陪伴，想看的商品都在页面上。",
    "这一场就到这里，谢谢大家，有问题可以私信客服。",
)
LEAD_IN = ("{name}问，{question}", "看到{name}的问题，{question}", "回答一下{name}，{question}")
LEAD_IN_MANY = ("好几位朋友在问，{question}", "{name}和几位朋友都问到，{question}", "大家都关心，{question}")
LEAD_IN_NAMED = ("看到{name}的留言了。", "回答一下{name}。", "{name}，我看到您的问题了。")
LEAD_IN_PLAIN = ("看到有朋友留言，我来回答一下。", "回答一下公屏上的问题。", "有朋友在问，我说一下。")
FAILED = ("这个问题我稍后再查一下，请先私信客服。", "抱歉，这个我一会儿再回答，先看下面的。")
