"""What binds a shop when its assistant says it: discounts, gifts, refunds, guarantees; and yes or no about each."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """One commitment and the words it is made with; all count as the same commitment."""

    name: str
    pattern: re.Pattern[str]
    exact: bool = False
    """Whether the very word has to stand in the evidence; else any word of the pattern does."""

    def made(self, clause: str, word: str) -> bool:
        """Whether the clause makes the commitment that `word` made elsewhere."""
        return word in clause if self.exact else self.found(clause) is not None

    def found(self, clause: str) -> str | None:
        """The words in the clause that make this commitment, or None."""
        match = self.pattern.search(clause)
        return match[0] if match else None


_EXACT = frozenset(
    {"express", "wash", "certified", "custom", "cash_on_delivery", "health", "income", "store", "person"}
)


def _promise(name: str, words: str) -> Promise:
    return Promise(name, re.compile(words), name in _EXACT)


PROMISES: tuple[Promise, ...] = (
    _promise("free", r"免费|不要钱|不收钱|白送|免单|零元购|0元购|不花钱"),
    _promise("gift", r"赠品|赠送|送您|送你|送一|附赠|加送|额外送|小礼品|买[一二两1-9]送|多送"),
    _promise(
        "discount",
        r"打折|折扣|优惠|立减|满减|减免|返现|返利|返您|红包|优惠券|代金券|便宜|让利|内部价|员工价|降价|降到|改价|特批|最低价|半价",
    ),
    _promise("free_shipping", r"包邮|免运费|免邮|运费全免|不收运费"),
    _promise("return", r"(?:可以|支持|能|无理由|随时)[^，。]{0,4}退|退货|退款|全额退|无理由|换货|换新"),
    _promise("compensation", r"赔付|赔偿|包赔|补偿|假一赔|赔您|双倍"),
    _promise("price_guard", r"保价|价保|退差价|补差价"),
    _promise("warranty", r"保修|质保|终身|终生|永久|包换|包修|保用"),
    _promise("installation", r"安装|组装"),
    _promise("invoice", r"发票|专票"),
    _promise("instalment", r"分期|花呗|免息"),
    _promise("cash_on_delivery", r"货到付款"),
    _promise("express", r"顺丰|加急|当天发|当天到|次日达|今天发|今天就发|马上发|立刻发|明天到|明天就"),
    _promise("wash", r"机洗|水洗|干洗|手洗|烘干"),
    _promise("custom", r"定制|定做"),
    _promise("certified", r"检测报告|认证|专利|质检|正品|官方授权"),
    _promise("stock", r"现货|有货|缺货|售罄|卖完|预售|补货"),
    _promise("gift_wrap", r"贺卡|礼盒|礼品包装"),
    _promise("store", r"门店|展厅|实体店|到店|停车"),
    _promise(
        "everything", r"全场|全店|所有(?:的)?(?:商品|东西|顾客|订单)|全部(?:的)?商品|一律|任何商品|统统|通通|无门槛"
    ),
    _promise("agreed", r"成交|同意|答应|遵命|遵照|批准|照办|一言为定|说定|反悔|没问题.{0,8}(?:卖|送|减|给)"),
    _promise(
        "person",
        r"名单|身份证|银行卡|密码|[\u4e00-\u9fff](?:先生|女士|小姐)(?!们)|[他她](?:们)?的?(?:电话|微信|地址|手机)|(?:客户|顾客|会员)(?:信息|资料|电话)|(?:张三|李四|王五)|(?:告诉|提供|发|报|给)(?:给)?我.{0,10}(?:电话|手机|微信|身份证|银行卡|卡号|密码|验证码|住址)|假货|骗子|跑路",
    ),
    _promise(
        "deal_made",
        r"(?:已经|已|马上|立刻|这就)(?:为|给|帮)?(?:您|你)?(?:改价|修改|下单|退款|开通|申请好|登记好|锁定|预留|备注好|安排发)",
    ),
    _promise("health", r"治疗|疗效|治愈|根治|药效|预防疾病|抗癌|降血压|降血糖|减肥|瘦身|缓解疼痛|助眠|孕妇"),
    _promise("income", r"稳赚|保本|收益率|年化|躺赚|包赚|升值|回报率"),
)
"""Every commitment that has to stand in the evidence before it is said."""

_NEGATION = re.compile(
    r"不支持|不可以|不可|不能|不要|不用|不需|不提供|不包|不在|不含|不收|不会|不行|不是|不(?=[\u4e00-\u9fff]{0,2}$)|没有|没法|无法|未|并非|除外|暂不|别|勿|不"
)
_OWN_LIMIT = re.compile(
    r"我(?:这边|这里)?[^，。]{0,4}(?:不能|无法|没法|不便|做不了)|没有?权限|无权|没办法"
    r"|(?:不能|无法|没法)(?:给|帮|为|替|向)?您|帮您问|帮您确认|为您确认|以[^，。]{0,10}为准|咨询|不知道|没有写|没有提到|没提到"
)


def denied(clause: str) -> bool:
    """Whether the clause only says what the speaker cannot do or will ask about: no commitment."""
    return bool(_OWN_LIMIT.search(clause))


def polarity(promise: Promise, clause: str) -> bool:
    """True when the clause affirms the commitment, False when it denies it."""
    match = promise.pattern.search(clause)
    if match is None:
        return True
    around = clause[max(0, match.start() - 8) : match.end() + 4]
    around = around.replace(match[0], "＿") if match[0] in around else around
    around = re.sub(
        r"不影响|不限|不仅|不光|不但|不论|无论|要不要|能不能|是不是|可不可以|不错|没问题|不客气|七天无理由", "", around
    )
    return not _NEGATION.search(around)
