"""The embedded answerer's wordings: data, several for each thing that is said again and again.

`{name}` is the record, `{text}` the fact as it stands in the source, `{title}` the merchant's own column title.
"""

from __future__ import annotations

FACTS: dict[str, tuple[str, ...]] = {
    "price": ("{name}的价格是{text}。", "{name}现在卖{text}。", "这边查到，{name}是{text}。", "{name}标价{text}。"),
    "promotion_price": ("{name}的活动价是{text}。", "{name}现在活动价{text}。", "赶上活动了，{name}活动价{text}。"),
    "promotion_period": ("{name}的活动时间是{text}。", "这次活动，{name}的时间是{text}。", "{name}的活动期：{text}。"),
    "colour": ("{name}有{text}可以选。", "{name}的颜色有：{text}。", "颜色方面，{name}有{text}。"),
    "dimensions": ("{name}的尺寸是{text}。", "量好的尺寸给您：{name}{text}。", "{name}的尺寸写的是{text}。"),
    "size": ("{name}的尺寸是{text}。", "{name}的规格：{text}。", "尺寸方面，{name}是{text}。"),
    "material": ("{name}的材质是{text}。", "{name}用的是{text}。", "材质上，{name}是{text}。"),
    "capacity": ("{name}的{title}是{text}。", "{name}的{title}写的是{text}。", "{title}方面，{name}是{text}。"),
    "selling_points": (
        "{name}的亮点：{text}。",
        "说说{name}的好处：{text}。",
        "大家喜欢{name}，主要是这几点：{text}。",
    ),
    "scenario": ("{name}适合{text}。", "{name}比较适合这些场景：{text}。", "使用场景上，{name}适合{text}。"),
    "after_sales": ("{name}的售后：{text}。", "售后方面，{name}是这样的：{text}。", "{name}售后写的是：{text}。"),
    "warranty": ("{name}的{title}：{text}。", "{title}方面，{name}是{text}。", "{name}的{title}写的是{text}。"),
    "shipping": ("{name}的{title}：{text}。", "{title}上，{name}是{text}。", "{name}的{title}写的是{text}。"),
    "phone": ("{name}的电话是{text}。", "电话给您：{text}（{name}）。", "{name}的联系电话：{text}。"),
    "address": ("{name}的地址是{text}。", "{name}在{text}。", "地址给您：{name}，{text}。"),
    "opening_hours": ("{name}的{title}是{text}。", "{name}的{title}：{text}。", "{title}方面，{name}是{text}。"),
}
"""Canonical fact name → wordings."""

PART = ("{name}：{text}。", "关于{name}，资料里写的是：{text}。", "查了一下，{name}{text}。")
"""For the one selling point that was asked about."""
ANY_FACT = (
    "{name}的{title}是{text}。",
    "{name}的{title}：{text}。",
    "查到了，{name}的{title}是{text}。",
    "{title}方面，{name}是{text}。",
)
"""For every other fact."""

STOCK = ("{name}目前还有{text}件。", "{name}现在库存{text}件。", "刚查了，{name}有{text}件现货。")
"""A stock that is a bare number above zero."""
NO_STOCK = ("{name}暂时没有库存了。", "不巧，{name}现在没货。", "{name}目前库存是0。")
"""A stock of zero."""
BOTH_PRICES = (
    "{name}原价{price}，现在活动价{promotion}{until}。",
    "{name}活动价{promotion}{until}，原价是{price}。",
    "{name}现在做活动，{promotion}{until}，平时卖{price}。",
    "{name}平时{price}，活动期间{promotion}{until}。",
)
"""A price while a promotion runs."""
OTHER_PRICE = (
    "{name}平时{price}，{label}{promotion}{until}。",
    "{name}是{price}，{label}{promotion}{until}。",
    "{name}的{label}是{promotion}{until}，平时{price}。",
)
"""A price beside one that not everybody pays, by the name the shop gives it ("体验价")."""
NOT_STATED = (
    "{name}的资料里，{title}写的是“{text}”。",
    "{title}这一项，{name}写的是“{text}”。",
)
"""A fact whose text says that it does not apply."""

BARGAIN = (
    "价格我没有权限改，以页面标的为准。",
    "我这边改不了价，页面上是多少就是多少。",
    "议价我做不了主，以页面价格为准。",
)
"""To a customer who bargains."""

UNKNOWN = (
    "这个问题我手上的资料里没有写，不敢乱答。要不要我帮您问一下店里？",
    "店里给我的资料没提到这一点，我先不猜。需要的话我请店里的同事来回答您。",
    "抱歉，这个我暂时不知道，资料里没有。我可以帮您转给店里确认。",
    "这一点我没查到依据，怕说错了误导您。我可以帮您问店里，再回复您。",
)
"""What is not known is said to be not known, with the offer to ask the shop."""
NEAR = (
    "这方面店里写的是“{question}”：",
    "没有完全一样的说明，最接近的是“{question}”，店里的回答是：",
    "跟您问的最近的一条是“{question}”：",
)
"""Before the shop's answer to a question about the same matter, which is not quite the customer's."""
NEAR_SAID = (
    "这一点没有单独写，资料里相近的一句是：",
    "没有正好说到这一点的，最接近的一句是：",
    "您问的没有专门写，相近的写着：",
)
"""Before a sentence of the shop's prose that is about the same matter."""
UNKNOWN_LIVE = (
    "这个问题资料里没有写，我先记下来，请店里的同事回复您。",
    "这一点我手上没有资料，不敢乱说，您可以私信客服再确认。",
    "抱歉，这个我暂时答不上来，记下了，稍后请同事回复您。",
    "这个我没查到依据，先不猜，您点一下私信，店里帮您确认。",
)
"""The same, aloud in a live room."""
UNAVAILABLE = (
    "抱歉，我这边查资料出了点问题，请您稍等一会儿再问我一次。",
    "不好意思，资料暂时打不开，您过一会儿再发一次，我马上看。",
    "抱歉，系统刚才没查到资料，请稍后再试，或者说“转人工”。",
)
"""The knowledge could not be read."""
ASK = ("您问的是哪一款呢？", "想先跟您确认一下，您说的是哪一款？", "店里有好几款，您问的是哪一个？")
"""To ask back when the evidence gives no wording of its own."""
AGAIN = ("再跟您说一遍：", "刚才提到过，", "还是这个答复：", "跟您再确认一次：")
"""Before an answer that is word for word the last one."""
INTRODUCTION = (
    "给您介绍一下{name}。",
    "{name}是这样的：",
    "说说{name}。",
)
"""Before a product is presented as a whole."""
CALLBACK = (
    "现在不在人工服务时间，您留个电话和方便的时间，同事上班后给您回电。",
    "同事这会儿没在线。方便的话留个电话，上班后第一时间联系您。",
    "这个时间没有人工在岗，您可以留个联系方式，我让同事回您电话。",
)
"""Nobody is there: the offer to call back."""
CALLBACK_ENGLISH = (
    "Nobody is in at the moment. Leave a number and a good time, and a colleague will call you back.",
    "My colleagues are not here right now. Leave a number, and they will call you as soon as they are in.",
)
"""The same, in English."""
CALLBACK_KNOWN = (
    "现在不在人工服务时间。您留的联系方式同事看得到，上班后先联系您。",
    "同事这会儿没在线。您的联系方式已经记下，上班后第一时间联系您。",
)
"""The same to who has left a contact already: it is not asked for again."""
CALLBACK_KNOWN_ENGLISH = (
    "Nobody is in at the moment. My colleagues have the contact you left and will reach you as soon as they are in.",
    "My colleagues are not here right now. Your contact is noted, and they will reach you first thing.",
)
"""The same, in English."""
CALLBACK_PURPOSE = "同事回电解答您的问题"
"""The reason given on the call-back form."""
CALLBACK_PURPOSE_ENGLISH = "A colleague calls you back to answer your question"
"""The same, in English."""
CALLBACK_POLICY = "callback-1"
"""Version of the policy text shown with the call-back form."""

EACH = {
    "price": ("有{count}款：{items}。", "这{count}款现在的价格是{items}。", "现在{items}。"),
    "colour": ("{count}款的颜色，{items}。", "颜色有这些，{items}。"),
    "material": ("{count}款的材质，{items}。", "材质分别是，{items}。"),
    "dimensions": ("{count}款的尺寸，{items}。", "尺寸分别是，{items}。"),
}
"""One thing told of each of a few products."""
EACH_WHICH = ("您想细看哪一款？", "您看中哪一款，我接着介绍。", "哪一款更合适，说个名字我细讲。")
"""After that."""
PRICE_GAP = (
    "{high}{high_price}，{low}{low_price}，{high}贵{gap}。",
    "按现在的价格，{low}{low_price}，{high}{high_price}，相差{gap}。",
    "{low}便宜一些，{low_price}；{high}是{high_price}，多{gap}。",
)
"""Two prices side by side."""
PRICE_SAME = ("{high}和{low}价格一样，都是{high_price}。", "这两款同价，{high}和{low}都是{high_price}。")
"""Two equal prices."""
SIDE_BY_SIDE = (
    "{title}：{one}是{first}，{two}是{second}。",
    "{title}上，{one}{first}；{two}{second}。",
    "再看{title}，{one}写的是{first}，{two}写的是{second}。",
)
"""One fact of two products."""
CHOICE = (
    "主要看您放在哪里、更在意哪一点，告诉我，我帮您接着比。",
    "您更看重价格、大小还是材质？说一下，我再细比。",
    "您说说打算怎么用，我再帮您挑。",
)
"""After a comparison: the customer decides."""
STRANGER = (
    "店里的资料里有{name}，没有您说的另一款，没法替您比。",
    "另一款不在我的资料里，比不了，先说说{name}。",
    "两款里我手上只有{name}的资料，不敢乱比。",
)
"""One of the two is not sold here; what it is called is the customer's word and is not repeated."""
BASKET = (
    "按现在的价格，{items}，一共{total}。",
    "帮您算了一下：{items}，合计{total}。",
    "{items}，加起来{total}。",
)
"""What several pieces cost together."""
BASKET_SHORT = (
    "{name}目前库存{stock}件，不够{pieces}件，多的要先问店里。",
    "另外跟您说一声，{name}现在只有{stock}件，{pieces}件要请店里确认。",
)
"""More is wanted than there is."""
BASKET_WHICH = (
    "您说的{word}是哪一款：{choices}？定了我就帮您算。",
    "{word}有好几款（{choices}），您要哪一款？我来算总价。",
)
"""A name of the basket fits several products."""
UNKNOWN_ENGLISH = (
    "Sorry, I could not find that in the shop's material, which is in Chinese. Please ask in Chinese, or say “human” "
    "and a colleague will help. 资料是中文的，用中文问我会更准。",
    "I am not sure about that one: the shop's material is in Chinese. Could you ask in Chinese, or say “human” "
    "for a colleague? 也可以直接用中文问我。",
)
"""To a question without a Chinese character that nothing answers."""
WHICH = (
    "您说的是哪一款呢？把名字发给我，我马上查。",
    "不好意思，我没对上是哪一款，麻烦说一下商品名。",
    "您指的是哪件商品？告诉我名字就行。",
)
"""“这个怎么样”, with nothing spoken of before."""
NOT_SOLD = (
    "您说的这种，资料里没有查到。店里目前主要有{kinds}。",
    "这种商品我没在资料里查到，现在店里有{kinds}，需要的话给您介绍。",
    "目前的商品资料里没有这一种，有的是{kinds}。",
)
"""Asked for goods that no material speaks of; the customer's word is not repeated, it may be anything."""
HOW_TO_ORDER = (
    "点直播间下方的商品链接，或者打开商品页面，选好款式就能下单。找不到链接就说一声“转人工”，请同事帮您。",
    "在商品页面选好颜色、数量直接下单就行；正在看直播的话，点画面下方的商品链接。需要同事帮忙请说“转人工”。",
    "下单走商品页面，直播间下方的商品链接点进去就是。拿不准选哪款可以先问我，要同事帮忙就说“转人工”。",
)
"""How to buy, where the shop's material says nothing of its own about it."""
SALES = ("按资料里写的：{items}。", "资料里的数字是：{items}。")
"""Sales as the shop states them."""
NO_SALES = (
    "资料里没有销量数字，哪款卖得多我不能乱说。",
    "销量我手上没有数据，不好给您排名次。",
    "店里给我的资料没写销量，我不编排行。",
)
"""Which sells best is not known."""
NO_SALES_BUT = (
    "商品目录里排在前面的有{items}，您可以先看看。",
    "可以先看看目录里的{items}，说说用在哪里，我帮您挑。",
    "目录开头是{items}，您想放在哪儿用，我按资料帮您选。",
)
"""What there is, in the catalogue's own order, without a ranking."""
STOCK_ENOUGH = (
    "{name}目前库存{stock}件，{pieces}件够。",
    "{name}现在有{stock}件，{pieces}件是够的，下单时以页面为准。",
)
"""As many as are wanted are there."""
STOCK_SHORT = (
    "{name}目前库存{stock}件，不够{pieces}件。",
    "{name}现在只有{stock}件，您要的{pieces}件不够。",
)
"""More is wanted than there is."""
IN_TIME: dict[str, tuple[str, ...]] = {
    "open": ("{at}到的话还在营业时间里。", "{at}还来得及。", "{at}店里还开着。"),
    "early": ("{at}还没开门，{limit}才营业。", "{at}早了点，店里{limit}开门。"),
    "late": ("{at}就过了最后的到店时间{limit}了。", "{at}来不及了，最晚要{limit}前到店。"),
    "closed": ("{at}已经打烊了，店里营业到{limit}。", "{at}来不及了，{limit}就打烊。"),
}
"""A time of day against the shop's hours, before the hours themselves."""
RESTS = ("{day}店里休息，不开门。", "{day}不营业，换一天来吧。")
"""A day of the week on which the shop is closed."""
NOT_WRITTEN = ("您问的这一点资料里没有单独写，先把写了的告诉您。", "资料里没有专门写这一点，写着的有下面这些。")
"""Before advice that does not speak of what was asked."""
BORNE = ("{name}写的承重是{text}，{weight}在这个范围内。", "{weight}可以，{name}的承重是{text}。")
"""A weight within what a product bears."""
NOT_BORNE = (
    "{name}写的承重是{text}，{weight}超过了，不建议这样用。",
    "{weight}超出了承重，{name}写的是{text}。",
)
"""A weight beyond it."""
STOCK_OFFER = (
    "能不能补货要问店里，说一声“转人工”，或者留个联系方式，请同事确认后回复您。",
    "多的数量我请店里的同事确认，您说“转人工”或者留个联系方式就行。",
)
"""After a stock that does not suffice."""
ENOUGH_OF = (
    "{pieces}件的话，目前库存够的有{items}。您要的是哪一款？",
    "库存能满足{pieces}件的是{items}，您说的是哪一款？",
)
"""A number of pieces of nothing in particular."""
ONLY_SIZE = ("商品资料里只列了这一种尺寸，能不能定制可以再问我。", "别的尺寸商品资料里没有写，想定制可以接着问我。")
"""After the only size there is, where another was asked for."""
NO_SUCH_NAME = (
    "商品目录里没有单独的{word}，资料里提到它的是：{items}。",
    "单独的{word}不在商品目录里，资料里写到的是：{items}。",
)
"""Asked for goods that are only mentioned: the mention, quoted; the word stands in the material."""
ABSENT = ("商品目录里没有这种商品。", "这种商品店里的目录里没有。")
"""Goods that are not sold; the customer's word is not repeated, it may be anything."""
NEAREST = ("相近的有{items}。", "店里接近的是{items}。")
"""After goods that are not sold: products of a similar name."""
KINDS = ("店里目前主要有{kinds}。", "现在店里有的种类是{kinds}。")
"""After goods that are not sold: what is."""
NO_SUCH_COLOUR = ("您说的颜色资料里没有写。", "资料里列出的颜色就是这些，没有您说的那一种。")
"""After the colours there are, where another was asked for."""
ONE_PERIOD = ("活动时间是{text}，参加活动的商品都一样。", "参加活动的商品，活动时间都是{text}。")
"""All promotions have the same dates."""
