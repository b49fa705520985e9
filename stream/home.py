"""The front door `/`: what this is, the live rooms, the shops' chats, the console. Chinese first, English beside."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from urllib.parse import quote

HOME_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Headers of the page: nothing but its own script, style and pictures."""
_PAGE = resources.files("stream") / "web" / "home.html"
_QUESTIONS = 2
_EVERYDAY = ("有什么推荐的？", "几天能到？")


@dataclass(frozen=True, slots=True)
class RoomDoor:
    """One room on air."""

    name: str
    shop: str
    product: str
    """Name of what is shown now; empty between products."""
    live: bool


@dataclass(frozen=True, slots=True)
class ShopDoor:
    """One shop whose chat can be entered."""

    merchant: str
    name: str
    questions: tuple[str, ...] = ()
    """A few that its customers ask."""


def home_page(*, rooms: Sequence[RoomDoor], shops: Sequence[ShopDoor], healthy: bool, release: str, origin: str) -> str:
    """The page's HTML; every word from outside is escaped. `origin` is where visitors reach the server."""
    live = [room for room in rooms if room.live]
    first, others = (live[0], live[1:]) if live else (None, [])
    doors = [
        _room(first) if first else _no_room(),
        _chat(shops[0]) if shops else _no_shop(),
        _console(),
    ]
    more = [_room(room) for room in others] + [_chat(shop) for shop in shops[1:]]
    merchant = shops[0].merchant if shops else "myshop"
    values = {
        "release": html.escape(release),
        "headline": "开张了" if live else "准备开张",
        "headline_en": "Open for business." if live else "Nobody is on air yet.",
        "tone": "jade" if healthy else "amber",
        "health": "一切正常 / all well" if healthy else "有直播间没开起来 / a room is not on air",
        "doors": "\n".join(doors),
        "more": f'  <section class="rooms" aria-label="更多 / more">{"".join(more)}</section>\n' if more else "",
        "merchant": html.escape(merchant),
        "embed": html.escape(f'<script src="{origin}/widget.js"\n  data-merchant="{merchant}" defer></script>'),
    }
    page = _PAGE.read_text(encoding="utf-8")
    for name, value in values.items():
        page = page.replace("{{" + name + "}}", value)
    return page


def _room(room: RoomDoor) -> str:
    where = quote(room.name)
    showing = f"正在讲 {html.escape(room.product)}" if room.product else "正在直播"
    return (
        f'<a class="door live-door" href="/live/{where}">'
        f'<img src="/hosts/{where}.webp" alt="数字人主播 / digital host">'
        '<span class="lv"><span class="tag brand"><i class="dot live"></i>直播中</span>'
        '<span class="ai">AI 生成 · 数字人直播</span></span>'
        f'<span class="cap">{html.escape(room.shop)} · {showing}</span>'
        f'<span class="go"><b>进直播间</b><span lang="en">Live room</span>{_icon("right")}</span></a>'
    )


def _chat(shop: ShopDoor) -> str:
    asked = "".join(
        f'<span class="q">{html.escape(question)}</span>' for question in (shop.questions or _EVERYDAY)[:_QUESTIONS]
    )
    return (
        f'<a class="door chat-door" href="/chat/{quote(shop.merchant)}"><span class="demo">{asked}'
        f'<span class="note">{_icon("spark", "xs")}{html.escape(shop.name)}的 AI 客服，只说资料里有的</span></span>'
        f'<span class="go"><b>问问客服</b><span lang="en">Chat</span>{_icon("right")}</span></a>'
    )


def _console() -> str:
    tasks = (
        ("inbox", "接管会话，AI 立即静音"),
        ("phone", "线索打码，查看留痕"),
        ("wave", "漏斗、成本、没答上来的问题"),
    )
    items = "".join(f"<li>{_icon(name, 's')}{text}</li>" for name, text in tasks)
    return (
        f'<a class="door con-door" href="/console"><div class="demo"><ul>{items}</ul></div>'
        f'<span class="go"><b>打开运营台</b><span lang="en">Console</span>{_icon("right")}</span></a>'
    )


def _no_room() -> str:
    return (
        f'<div class="door closed-door">{_icon("live")}<b>还没有直播间在播</b>'
        "<p>建一个：<code>zhanggui room create</code></p><p lang=en>No room is on air.</p></div>"
    )


def _no_shop() -> str:
    return (
        f'<div class="door closed-door">{_icon("chat")}<b>还没有店铺</b>'
        "<p>建一家：<code>zhanggui merchant create</code></p><p lang=en>There is no shop yet.</p></div>"
    )


def _icon(name: str, size: str = "") -> str:
    return f'<svg class="i {size}" aria-hidden="true"><use href="/web/icons.svg#i-{name}"/></svg>'
