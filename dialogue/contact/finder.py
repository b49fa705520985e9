"""Finding every contact and wish in a message, also when it is split over several."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.contact.account import (
    Account,
    account_label,
    asked_for,
    label_at_end,
    promised,
    qq_number,
    scan_emails,
    scan_loose,
    scan_qq,
    scan_restated,
    scan_wechat,
    wechat_id,
)
from dialogue.contact.context import announces_other, is_other
from dialogue.contact.correction import correction_end, without_corrected
from dialogue.contact.fold import CHINESE_DIGITS, Folded, fold
from dialogue.contact.kind import Contact, ContactKind, Findings
from dialogue.contact.number import is_mobile
from dialogue.contact.phone import Number, scan, spoken_digits
from dialogue.contact.wish import find_details

_REACHED = re.compile(r"电话|手机|联系|微|加我|打给?我|号码是|vx|wx|tel|phone")
_SPOKEN = "".join(CHINESE_DIGITS)
_URL = re.compile(
    r"(?:https?://|www\.)[!-~]+|(?<![a-z0-9._@-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}\.[a-z][a-z0-9-]{1,63}/[!-~]*"
)
_PIECE = rf"[0-9{_SPOKEN}](?:[\s.\-]?[0-9{_SPOKEN}])*"
_TAIL = re.compile(rf"(?<![0-9a-z])({_PIECE})[\s.,…\-—~、。]*$")
_LEAD = (
    r"(?:(?:我的?)?(?:手机|电话|号码?|手机号码?)?(?:的)?(?:前|后|中|最后|末|开头|结)[面边间尾]?(?:[几两三四五六七八1-9][位个段])?半?|"
    r"然后|接着|接上条|接下来|剩下的?|还有|接上|续|再来)(?:数字|号码)?(?:是|为)?"
)
_HEAD = re.compile(rf"^[\s.,…\-—~、。]*(?:{_LEAD})?[\s:,]*({_PIECE})(?![0-9a-z])")
_OPENING = re.compile(r"\s*(?:(?:好的?|嗯+|行|来了|喏|给你?|ok)[\s,。~!:]*)?")
_LED = re.compile(rf"[\s.,…\-—~、。]*(?:{_LEAD})?[\s:,]*")


def find(text: str, *, earlier: Sequence[str] = (), asked: str = "") -> Findings:
    """Finds every contact and wish in `text`; `earlier` are the visitor's last messages, oldest first.

    `asked` is what the shop said last: after "您的微信号是多少？" a bare `abc_123` is a WeChat id.

    Pure and linear in the length of `text`. No digit is made up: each value consists of characters of the messages.
    """
    folded = fold(text)
    folded = Folded(_URL.sub(lambda match: "\x00" * len(match[0]), folded.text), folded.starts, folded.ends)
    before = fold(earlier[-1]).text if earlier else ""
    label = before if label_at_end(before) else promised(before) or _corrected(folded, before)
    if label:
        labelled = _labelled(folded, label)
        if labelled is not None:
            return Findings((labelled,))
    if asked:
        answered = _labelled(folded, asked_for(fold(asked).text))
        if answered is not None:
            return Findings((answered,))
    emails = list(scan_emails(folded.text))
    rest = _without(folded.text, emails)
    phones = scan(rest)
    accounts = [*scan_wechat(rest, phones.numbers), *scan_qq(rest)]
    accounts += scan_loose(rest, accounts)
    accounts = without_corrected(rest, [*accounts, *scan_restated(rest, accounts)])
    taken = {(account.start, account.end) for account in accounts}
    numbers = [number for number in phones.numbers if not _is_account(number, accounts)]
    numbers = without_corrected(rest, numbers)
    contacts = [*_contacts(folded, numbers), *_contacts(folded, accounts), *_contacts(folded, emails)]
    broken = phones.broken and not contacts
    if earlier and announces_other(before):
        contacts = [one for one in contacts if one.kind == ContactKind.EMAIL or _REACHED.search(folded.text)]
        return Findings(_distinct(contacts), find_details(folded, taken))
    if not contacts and earlier:
        joined = _continued(folded, [fold(one).text for one in earlier])
        if joined is not None:
            contacts, broken = [joined], False
    details = find_details(folded, taken | {(number.start, number.end) for number in phones.numbers})
    return Findings(_distinct(contacts), details, broken)


def may_continue(text: str) -> bool:
    """True when the message could be the second part of a contact: only then `earlier` matters."""
    folded = fold(text).text.strip()
    return _HEAD.search(folded) is not None or re.fullmatch(r"[a-z][-_a-z0-9]{5,19}", folded) is not None


def read_contact(kind: ContactKind, text: str) -> str | None:
    """The normal form of a form field's contact, or None when it is not valid."""
    folded = fold(text).text.strip()
    if kind in (ContactKind.PHONE, ContactKind.LANDLINE):
        found = [number.value for number in scan(f"电话 {folded}").numbers if number.kind == kind]
        return found[0] if len(found) == 1 else None
    if kind == ContactKind.EMAIL:
        emails = list(scan_emails(folded))
        return emails[0].value if len(emails) == 1 and emails[0].end - emails[0].start == len(folded) else None
    if kind == ContactKind.QQ:
        return qq_number(folded) if re.fullmatch(_PIECE, folded) else None
    return wechat_id(folded) if re.fullmatch(rf"[a-z][-_a-z0-9]*|{_PIECE}", folded) else None


def _without(text: str, emails: Sequence[Account]) -> str:
    """The text with e-mail addresses blanked, at the same length: 12345678@qq.com is no QQ number."""
    for email in emails:
        text = text[: email.start] + "\x00" * (email.end - email.start) + text[email.end :]
    return text


def _is_account(number: Number, accounts: Sequence[Account]) -> bool:
    """True when the digits were given as a QQ number or WeChat id, and not also as a telephone."""
    here = [account for account in accounts if account.start < number.end and number.start < account.end]
    return bool(here) and not any(account.same for account in here)


def _contacts(folded: Folded, found: Sequence[Number | Account]) -> list[Contact]:
    return [Contact(one.kind, one.value, folded.span(one.start, one.end)) for one in found]


def _distinct(contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    seen: dict[tuple[ContactKind, str], Contact] = {}
    for contact in sorted(contacts, key=lambda contact: (contact.span, contact.kind)):
        seen.setdefault((contact.kind, contact.value), contact)
    return tuple(seen.values())


def _corrected(folded: Folded, before: str) -> str:
    """The label of the account in the message before, when this one begins by taking it back (打错了，是…)."""
    return account_label(before) if correction_end(folded.text) is not None else ""


def _labelled(folded: Folded, before: str) -> Contact | None:
    """An account whose label stood at the end of the message before, when this message is nothing but the account."""
    if not before:
        return None
    opening = _OPENING.match(folded.text)
    said = correction_end(folded.text) or (opening.end() if opening else 0)
    if said:
        folded = Folded(" " * said + folded.text[said:], folded.starts, folded.ends)
    text = f"{before} {folded.text}"
    shift = len(before) + 1
    for account in (*scan_wechat(text, ()), *scan_qq(text)):
        if account.start >= shift and len(folded.text.strip()) - (account.end - account.start) <= 4:
            return Contact(account.kind, account.value, folded.span(account.start - shift, account.end - shift))
    return None


def _continued(folded: Folded, earlier: Sequence[str]) -> Contact | None:
    """A mobile number in pieces: 138 / 1234 / 6021."""
    head = _HEAD.search(folded.text)
    if head is None or is_other(folded.text, head.start(1), head.end(1)):
        return None
    digits = spoken_digits(head[1])
    for text in reversed(earlier):
        if announces_other(text):
            return None
        tail = _TAIL.search(text)
        if tail is None or is_other(text, tail.start(1), tail.end(1)):
            return None
        digits = spoken_digits(tail[1]) + digits
        if len(digits) >= 11:
            break
        if not _LED.fullmatch(text, 0, tail.start(1)):
            break
    if any(announces_other(text) for text in earlier[-4:]):
        return None
    return Contact(ContactKind.PHONE, digits, folded.span(head.start(1), head.end(1))) if is_mobile(digits) else None
