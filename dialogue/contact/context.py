"""What the words around a number say about it: the customer's own, somebody else's, or no contact at all."""

from __future__ import annotations

import re

_BEFORE = 16
_AFTER = 12

_MEANT = re.compile(
    r"电话|電話|手机|手機|号码|號碼|联系|聯繫|聯絡|联络|方式|致电|回电|来电|拨打|打给|打我|打这|短信|找我|加我|呼我|本人|同号|"
    r"微(?!博)|薇|威信|维信|徽信|v信|vx|wx|v:|(?<![a-z])tel(?![a-z])|tel:|phone|mobile|cell|(?<![a-z])call(?![a-z])|dianhua|shouji|我是|我的|我[叫姓]|先生|女士|小姐|"
    r"收货人|收件人|姓名|留|记(?:一下|下|好|住|不住|得)|打(?:$|[:\s])"
)
_OTHER_THING = re.compile(
    r"(?:订单|訂單|单号|單號|运单|運單|流水|编号|編號|货号|貨號|型号|条码|条形码|sku|卡号|卡號|账号|帐号|賬號|账户|身份证|证号|工号|会员|"
    r"验证码|校验码|房号|合同|发票|税号|取件码|提货码|密码|(?<![a-z])id(?![a-z])|isbn|版本|批次|序列号|(?<![a-z])sn(?![a-z])|imei|价格|售价|总价|原价|现价|¥|\$|金额|余额|"
    r"转账|付款|群号|学号|抖音号?|快手号?|小红书号?|视频号|主播号|旺旺|淘宝号|游戏|用户名|昵称|uid|期号|彩票|色号|尺码|"
    r"股票|(?:快递|物流|订单|单)尾号|邮编|编码|代码|款号|面积|尺寸|容量|车牌|快递号|物流号|工单|票号|券码|卡券|兑换码|直播间|房间号|店铺号|"
    r"(?<![a-z])n[o0](?![a-z])|条形|二维码|参数|护照|保单|批号|追溯码|防伪码|激活码|邀请码|推荐码|口令|采购单|箱号|物料|料号|定金|尾款|押金|运费|积分|阅读|点赞|观看|人气|热度|预订号|像素|分辨率|时间戳|播放量|浏览量|粉丝|销量|人口)"
    r"(?:号码?|编号)?|(?<![下买名])单(?:号|编号|据)?(?=(?:是|为|:|\s)*$)|第\s?$"
)
_THEIRS = re.compile(
    r"(?:(?:你们|你家|贵司|贵店|贵公司|店里|店铺|门店|本店|商家|卖家|厂家|品牌|总部|官方|平台|官网|页面|包装|盒子|网上|公众号|广告|海报|传单)"
    r"(?:店|家|那边|这边|门店|官网|页面|上|里|写|留|给|印|挂|贴|登|公布)*(?:的|上)?(?:客服|销售|导购|店员|员工|官方|售后|服务|预留|联系|店长|老板|经理)*"
    r"(?:电话|手机|号码|座机|微信|薇信|联系方式|热线|qq|邮箱|号|公众号|小程序)?"
    r"|(?:客服|售后|快递员?|快递小哥|配送员|师傅|司机|骑手|中介|骗子|诈骗|骚扰|推销|陌生|广告|冒充|垃圾|公安|银行|物业)(?:的)?"
    r"(?:电话|手机|号码|座机|来电|短信|微信|热线|qq|邮箱|号)?"
    r"|热线|举报|报警|投诉电话|收到)(?:号码|号|电话)?(?:是|为|就是|不是|叫|:|,|\s|“|\"|')*$"
)
_SUPPOSED = re.compile(
    r"(?:比如|例如|举例|假如|如果|格式|不是|不要打|别打|别加)(?:说|如|像|是)?(?:我|本人)?(?:的)?(?:填写?|输入?)?"
    r"(?:电话|手机|号码|微信|qq|邮箱)?号?(?:是|为|叫|:|\s)*$"
)
_ORDER = (
    r"这?个?(?:订单|单号|运单)|这个?(?:快递|物流)|(?:快递|物流)(?![也都就]|可以|地址)|号?(?:订单|运单)|的(?:订单|单子|快递|物流)|"
    r"查(?:一下)?(?:物流|快递|订单)|这(?:个|一)?单"
)
_ORDERED = re.compile(rf"\s*(?:{_ORDER})")
_UNIT = re.compile(
    rf"\s*(?:{_ORDER}|元|块|万|千|百|亿|人民币|rmb|mah|kg|公斤|斤|克|毫升|ml|mm|cm|厘米|毫米|米|平|件|套|人|次|"
    r"分(?!机)|秒|天|年|%|度|吨|折|寸|英寸|瓦|伏|"
    r"(?:这|那)?[几两三四五六七]?个?(?:颜色|色号|款|型号|货号|尺码|尺寸|规格|价位|档|数字|编码|条码))"
)
_DOUBTED = re.compile(
    r"[\s,。]*(?:这(?:种|类|样的?)(?:手机|电话)?(?:号|格式|数字)|"
    r"(?:这(?:个|种|类|样)?的?(?:手机|电话|微信)?(?:号码?)?|的(?:号码?|人))?(?:"
    r"是(?:不是)?(?:你|你家|店里|客服|商家|官方|谁|哪|骗子)|"
    r"(?:一直|老是?|天天|总是?|昨天|昨晚|今天|刚才|刚刚|刚)(?:又|还|就|给我)*(?:打|骚扰)|"
    r"(?:给我)?(?:打|骚扰)了?(?:我|来|过来|的?电话)(?!吧|就|可以|即可|都?行|哈|哦|啊|呗|联系|找|[\s,。!~]*$)|"
    r"联系过?我[,。\s]*(?:他|她|说|问|是)|真的(?:吗|假)|这[串组]|(?:一直|老是|天天|总是?)(?:发|加)|"
    r"(?:是|打)不通(?!的?话|就|再|可以|请|时)|没人接(?!就|的话|再)|是?(?:停机|空号)|"
    r"发(?:过去|了|过)[^,。]{0,4}(?:没人?回|没反应|退信|被退)|(?:能不能|可不可以|可以|能)(?:注册|登[录陆])|"
    r"(?:都?是|算)(?:不是)?(?:假|错|乱|瞎|编|虚)|是我瞎|是谁))"
)
_SOON = re.compile(
    r"(?:是|为|:|,|\s|…|\.|。|呢|的|尾号|在这|这个|(?:我)?(?:发|给|报)(?:给)?(?:你|您)?(?:了|看|查|下|一下)*)*"
)
_NOT_MINE = re.compile(r"我|本人|咱")
_PAST = re.compile(r"[,;。\s]我(?:的|是)?\s*$|[一-鿿][?!。]\s*$")
"""After these words the other thing is done with: 问下运费，我138… and 运费贵不贵？138…"""
_SELF = re.compile(r"我[姓叫是]|找我")


def announces_other(text: str) -> bool:
    """True when a message ends by announcing another kind of number: the one that follows is no contact."""
    tail = text[-_BEFORE:]
    other = [match.end() for match in _OTHER_THING.finditer(tail)]
    if re.fullmatch(r"\s*(?:我的?|查一?下?|帮我查)*(?:快递|物流|订单|单子|包裹|价格|价钱)[:\s。,]*", text):
        return True
    return bool(other) and not _MEANT.search(tail[max(other) :]) and _SOON.fullmatch(tail[max(other) :]) is not None


def is_meant(text: str, start: int) -> bool:
    """True when words before `start` announce a way to reach somebody."""
    return _MEANT.search(text[max(0, start - _BEFORE) : start]) is not None


def is_other(text: str, start: int, end: int) -> bool:
    """True when the words around `text[start:end]` say that it is another kind of number, or not the customer's."""
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    if is_theirs(text, start, end) or (_ORDERED if _MEANT.search(before) else _UNIT).match(after):
        return True
    other = [match.end() for match in _OTHER_THING.finditer(before)]
    meant = [match.end() for match in _MEANT.finditer(before)]
    if other and _PAST.search(before, max(other)):
        return False
    return bool(other) and max(other) >= max(meant, default=-1)


def is_theirs(text: str, start: int, end: int) -> bool:
    """True when the words around `text[start:end]` say that it is the shop's, a stranger's, or an example."""
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    if _DOUBTED.match(after) or _SUPPOSED.search(before):
        return True
    if before.endswith("#") and after.startswith("#"):
        return True
    theirs = _THEIRS.search(before)
    return theirs is not None and not _NOT_MINE.search(before[theirs.start() :]) and not _SELF.search(after)
