"""The lead form: checking what was filled in, and storing it once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dialogue.contact import Contact, ContactKind, Detail, Field, Findings, read_contact
from dialogue.errors import DialogueError
from dialogue.lead.consent import Purpose

_LIMIT = 200
"""Code points of one field."""


class FormError(DialogueError):
    """A field is not usable; `field` names it and the text is for the customer."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Saved:
    """The form is on disk."""

    seq: int
    duplicate: bool
    lead_id: str
    complete: bool


_NAMES = {
    ContactKind.PHONE: "手机号",
    ContactKind.LANDLINE: "座机号",
    ContactKind.WECHAT: "微信号",
    ContactKind.QQ: "QQ 号",
    ContactKind.EMAIL: "邮箱",
}


def read_form(fields: Mapping[str, str]) -> Findings:
    """Checks a form's fields. Raises `FormError` for an unknown or too long field and for a contact that is none."""
    contacts: list[Contact] = []
    details: list[Detail] = []
    for name, raw in fields.items():
        value = raw.strip()
        if len(value) > _LIMIT:
            raise FormError(name, f"内容太长了，最多 {_LIMIT} 个字")
        if not value:
            continue
        if name in tuple(ContactKind):
            kind = ContactKind(name)
            read = read_contact(kind, value)
            if read is None and kind == ContactKind.PHONE:
                kind, read = ContactKind.LANDLINE, read_contact(ContactKind.LANDLINE, value)
            if read is None:
                raise FormError(name, f"{_NAMES[ContactKind(name)]}好像不对，请检查一下")
            contacts.append(Contact(kind, read, (0, len(value))))
        elif name in tuple(Field):
            details.append(Detail(Field(name), value, (0, len(value))))
        else:
            raise FormError(name, "没有这个字段")
    if not contacts:
        raise FormError("phone", "请留下至少一种联系方式")
    return Findings(tuple(contacts), tuple(details))


def purposes(consent: Collection[str]) -> frozenset[Purpose]:
    """The purposes that were ticked. Raises `FormError` for an unknown one."""
    unknown = set(consent) - set(Purpose)
    if unknown:
        raise FormError("consent", "没有这个授权项")
    return frozenset(Purpose(one) for one in consent)
