"""A message into the questions it asks: several in one message are answered one after the other."""

from __future__ import annotations

import re

from dialogue.answer.smalltalk import Talk, talk_of, without_greeting
from dialogue.conversation import Conversation
from dialogue.safety.numeral import folded

MOST = 4
"""Questions answered in one reply."""
_ASKS = re.compile(
    r"[?？]|吗|呢|么|多少|什么|怎么|几(?:天|个|点|号|折|块|元|种|款|件|层|米)|哪|能不能|可不可以|可以|有没有|是不是|会不会|要不要|多久|多大|多高|多长|多宽|多重|如何|介绍|推荐|想问|想知道|请问|价格|尺寸|材质|颜色|库存|发货|包邮|保修|退|换"
)
_CUT = re.compile(r"\n+|(?<=[?？])(?![?？])")
_PAUSE = re.compile(r"(?<=[\u4e00-\u9fff])[ \u3000]+(?=[\u4e00-\u9fff])|[，,；;。]")
_OWN_QUESTION = re.compile(
    r"[?？]|[吗么嘛]\W*$|(?:可以|能|行|要|有|是|好|贵|够|会)(?:[退换用洗吃做放寄发喝]{1,2}[货掉]?)?不\W*$|有没有|能不能|可不可以|会不会|要不要|是不是|包不包|多少|多久|多大|多高|多长|多宽|多重|什么|啥|怎么|咋|如何"
    r"|几[天个点号折块元种款件层米年斤]|哪[个款种里儿些]|(?:邮费|运费|尺寸|材质|颜色|价格|保修|库存)呢?\W*$"
)
"""What asks something by itself; parts that only go along ("我家有猫") do not."""
_CONDITION = re.compile(r"^(?:如果|要是|假如|万一|因为|由于|我问|问一?下|想问|请问|想知道|不知道)")
_ORDINAL = re.compile(r"^\D{0,2}第?\s*([一二三四五六1-6])\s*(?:个|款|种|号)?\W*$")
_YES = re.compile(r"(?:是|对|嗯|没错|就是|yes)[的呀啊呢哦啦对是嗯，,]*(?:这个|那个|它)?\W*", re.I)
_CONTACT = re.compile(r"[\d\s+\-.]{6,}|(?:微信|电话|手机|联系|号码|加|我的|是|vx|wx|qq|叫我|我姓|先生|女士|小姐)", re.I)


def questions(text: str, *, lead: bool = False) -> tuple[str, ...]:
    """The questions of a message, at most `MOST`, courtesy dropped, statements joined to the question they go with.

    With `lead` only what asks something counts, contact data taken out: empty for a message that only leaves a contact.
    """
    parts = [piece for part in _CUT.split(text) for piece in _apart(part.strip()) if piece]
    wanted: list[str] = []
    waiting = ""
    for part in parts:
        part = without_greeting(part)
        if talk_of(part) in (Talk.GREETING, Talk.THANKS, Talk.BYE, Talk.ACKNOWLEDGE, Talk.PRAISE):
            continue
        if _ASKS.search(_CONTACT.sub("", part) if lead else part):
            wanted.append(f"{waiting}，{part}" if waiting else part)
            waiting = ""
        elif lead:
            continue
        elif wanted:
            wanted[-1] = f"{wanted[-1]}{part}"
        else:
            waiting = f"{waiting}，{part}" if waiting else part
    if waiting:
        wanted.append(waiting)
    if not wanted and not lead:
        wanted = [text.strip()]
    return tuple(wanted[:MOST])


def _apart(part: str) -> tuple[str, ...]:
    """The questions that only a space or a comma parts ("多高 几天发货"); one part unless several ask by themselves."""
    pieces = [piece.strip() for piece in _PAUSE.split(part) if piece.strip()]
    if sum(_asks_itself(piece) for piece in pieces) < 2:
        return (part,)
    found: list[str] = []
    lead = ""
    for piece in pieces:
        lead = f"{lead}，{piece}" if lead else piece
        if _asks_itself(piece):
            found.append(lead)
            lead = ""
    if lead:
        found[-1] = f"{found[-1]}，{lead}"
    return tuple(found)


def _asks_itself(piece: str) -> bool:
    return len(piece) >= 2 and _OWN_QUESTION.search(piece) is not None and not _CONDITION.search(piece)


def resolved(conversation: Conversation, text: str) -> str:
    """The text, completed by the question that was left open when it names one of the choices ("第二个")."""
    if not conversation.open_question or not conversation.open_choices:
        return text
    plain = folded(text).strip()
    if _YES.fullmatch(plain):
        return _completed(conversation.open_choices[0], conversation.open_question)
    ordinal = _ORDINAL.match(plain)
    if ordinal:
        index = "一二三四五六".find(ordinal[1]) if not ordinal[1].isdigit() else int(ordinal[1]) - 1
        if 0 <= index < len(conversation.open_choices):
            return _completed(conversation.open_choices[index], conversation.open_question)
    for choice in conversation.open_choices:
        rest = plain.replace(choice, "").strip("的那个吧呢啊就要看款，。！ ")
        if choice in plain and len(rest) >= 2:
            return text  # names the choice, but asks something of its own
        if len(plain) <= len(choice) + 6 and (
            choice in plain or (len(plain) >= 2 and plain.strip("的那个吧呢啊。！") in choice)
        ):
            return _completed(choice, conversation.open_question)
    return text


def _completed(choice: str, question: str) -> str:
    """The chosen thing with the open question; a choice that is a question itself stands alone."""
    return choice if choice.rstrip().endswith(("?", "？")) else f"{choice}，{question}"
