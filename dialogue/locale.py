"""The language the server's own words are said in; what the shop's material says stays in the material's language."""

from __future__ import annotations

from enum import StrEnum

LOCALE_PATTERN = r"^[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*$"
"""The shape of a BCP 47 tag, as a client may send it."""


class Locale(StrEnum):
    """A language that the server speaks."""

    ZH = "zh"
    EN = "en"


def locale_of(tag: str) -> Locale:
    """The language for a BCP 47 tag: Chinese for Chinese (`zh`, `zh-Hans-CN`) and for none, else English."""
    primary = tag.strip().lower().replace("_", "-").split("-")[0]
    return Locale.ZH if primary in ("", "zh") else Locale.EN
