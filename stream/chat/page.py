"""The widget's script, put together from its parts, and the chat page around it."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from stream.chat.hub import ChatShop

_PARTS = (
    "words.js",
    "draw.js",
    "link.js",
    "transcript.js",
    "form.js",
    "evidence.js",
    "composer.js",
    "pace.js",
    "panel.js",
    "widget.js",
)

_NOSCRIPT = "聊天需要 JavaScript。请打开浏览器的 JavaScript 后刷新。"
_NOSCRIPT_EN = "The chat needs JavaScript. Please switch it on and reload the page."

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors *",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Headers of the chat page: nothing but its own script, style and socket."""


@dataclass(frozen=True, slots=True)
class WidgetScript:
    """The widget as one script."""

    text: str
    packed: bytes
    """The same, gzipped."""
    tag: str
    """A weak ETag: it stands for both."""


@lru_cache(maxsize=1)
def widget_script() -> WidgetScript:
    """The script as it is served. Every name stays inside one function."""
    parts = [_read(f"widget/{name}") for name in _PARTS]
    style = json.dumps(_slim(_read("widget/widget.css")), ensure_ascii=False)
    script = "\n".join(["(() => {", '"use strict";', f"const STYLE = {style};", *parts, "})();\n"])
    raw = script.encode()
    return WidgetScript(script, gzip.compress(raw, mtime=0), f'W/"{hashlib.sha256(raw).hexdigest()[:16]}"')


def chat_page_of(shop: ChatShop, *, language: str = "zh", theme: str = "auto") -> str:
    """The shop's chat as a page of its own."""
    english = language == "en"
    values = {
        "merchant": shop.merchant,
        "tag": "en" if english else "zh-CN",
        "title": f"{shop.name} support" if english else f"{shop.name}客服",
        "noscript": _NOSCRIPT_EN if english else _NOSCRIPT,
        "name": shop.name,
        "lang": "en" if english else "zh",
        "theme": theme if theme in ("light", "dark") else "auto",
    }
    page = _read("chat.html")
    for name, value in values.items():
        page = page.replace("{{" + name + "}}", html.escape(value, quote=True))
    return page


def _read(name: str) -> str:
    return (resources.files("stream") / "web" / name).read_text(encoding="utf-8")


def _slim(style: str) -> str:
    """Style without comments and line breaks."""
    while (start := style.find("/*")) >= 0:
        style = style[:start] + style[style.index("*/", start) + 2 :]
    return " ".join(style.split())
