"""What the words around a number say about it: the customer's own, somebody else's, or no contact at all."""

from __future__ import annotations

import re

_BEFORE = 16
_AFTER = 12

_MEANT = re.compile(
    r"电话|電話|手机|手機|号码|號碼|联系|聯繫|聯絡|联络|方式|致电|回电|来电|拨打|打给|打我|打这|短信|找我|加我|呼我|本人|同号|"
    r"微|薇|威信|维信|徽信|v信|vx|wx|v:|(?<![a-z])tel(?![a-z])|tel:|phone|mobile|cell|(?<![a-z])call(?![a-z])|dianhua|shouji|我是|我的|我[叫姓]|先生|女士|小姐|"
    r"收货人|收件人|姓名|留|记一下|打(?:$|[:\s])"
)
_OTHER_THING = re.compile(
    r"(?:订单|訂單|单号|單號|运单|運單|流水|编号|編號|货号|貨號|型号|条码|条形码|sku|卡号|卡號|账号|帐号|賬號|账户|身份证|证号|工号|会员|"
    r"验证码|校验码|房号|合同|发票|税号|取件码|提货码|密码|(?<![a-z])id(?![a-z])|isbn|版本|批次|序列号|(?<![a-z])sn(?![a-z])|imei|价格|售价|总价|原价|现价|¥|\$|金额|余额|"
    r"转账|付款|群号|股票|邮编|编码|代码|款号|面积|尺寸|容量|车牌|快递号|物流号|工单|票号|券码|卡券|兑换码|直播间|房间号|店铺号|"
    r"(?<![a-z])n[o0](?![a-z])|条形|二维码|参数|像素|分辨率|时间戳|播放量|浏览量|粉丝|销量|人口)"
    r"(?:号码?|编号)?|(?<![下买名])单(?:号|编号|据)?(?=(?:是|为|:|\s)*$)|第\s?$"
)
_THEIRS = re.compile(
    r"(?:(?:你们|你家|贵司|贵店|贵公司|店里|店铺|门店|本店|商家|卖家|厂家|品牌|总部|官方|平台|官网|页面|包装|盒子|网上|公众号)"
    r"(?:店|家|那边|这边|上|里|写|留|给|印|挂)*(?:的|上)?(?:客服|官方|售后|服务|预留|联系|店长|老板|经理)*"
    r"(?:电话|手机|号码|座机|微信|薇信|联系方式|热线|qq|邮箱|号|公众号|小程序)?"
    r"|(?:客服|售后|快递员?|快递小哥|配送员|师傅|司机|骑手|中介|骗子|诈骗|骚扰|推销|陌生|广告|冒充|垃圾|公安|银行|物业)(?:的)?"
    r"(?:电话|手机|号码|座机|来电|短信|微信|热线|qq|邮箱|号)?"
    r"|热线|举报|报警|投诉电话|收到)(?:号码|号|电话)?(?:是|为|就是|不是|叫|:|,|\s|“|\"|')*$"
)
_SUPPOSED = re.compile(
    r"(?:比如|例如|举例|假如|如果|格式|不是|不要打|别打|别加)(?:说|如|像|是)?(?:我|本人)?(?:的)?"
    r"(?:电话|手机|号码|微信|qq|邮箱)?号?(?:是|为|叫|:|\s)*$"
)
_UNIT = re.compile(
    r"\s*(?:元|块|万|千|百|亿|人民币|rmb|kg|公斤|斤|克|毫升|ml|mm|cm|厘米|毫米|米|平|件|套|人|次|分|秒|天|年|%|度|吨|"
    r"这?个?(?:订单|单号|运单|快递|物流)|号?(?:订单|运单)|的(?:订单|单子|快递|物流)|查(?:一下)?(?:物流|快递|订单)|这(?:个|一)?单)"
)
_DOUBTED = re.compile(
    r"[\s,。]*(?:这个?(?:号码?|电话|微信)?)?(?:是(?:不是)?(?:你们|你家|店里|客服|商家|官方|谁|哪|骗子)|"
    r"(?:一直|老是|天天|总是?|昨天|刚才)?(?:给我)?(?:打|骚扰)(?:了)?(?:我|来|过来|的?电话)|(?:一直|老是|天天|总是?)(?:发|加)|(?:是|打)不通|没人接|停机|空号|(?:是|算)(?:不是)?(?:假|错)的|是我瞎|是谁)"
)
_NOT_MINE = re.compile(r"我|本人|咱")


def is_meant(text: str, start: int) -> bool:
    """True when words before `start` announce a way to reach somebody."""
    return _MEANT.search(text[max(0, start - _BEFORE) : start]) is not None


def is_other(text: str, start: int, end: int) -> bool:
    """True when the words around `text[start:end]` say that it is another kind of number, or not the customer's."""
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    if _UNIT.match(after) or _DOUBTED.match(after) or _SUPPOSED.search(before):
        return True
    if before.endswith("#") and after.startswith("#"):
        return True
    theirs = _THEIRS.search(before)
    if theirs and not _NOT_MINE.search(before[theirs.start() :]):
        return True
    other = [match.end() for match in _OTHER_THING.finditer(before)]
    meant = [match.end() for match in _MEANT.finditer(before)]
    return bool(other) and max(other) >= max(meant, default=-1)
