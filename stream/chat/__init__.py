"""Private messages over a websocket: chat protocol version 1, its page, its widget and its document."""

from stream.chat.asyncapi import asyncapi_document
from stream.chat.hub import ChatHub, ChatShop
from stream.chat.limit import ChatLimits, Rate
from stream.chat.platform import create_channel_router
from stream.chat.router import create_chat_router
from stream.chat.session import CloseCode
from stream.chat.thread import Thread
from stream.chat.token import TokenSigner

__all__ = [
    "ChatHub",
    "ChatLimits",
    "ChatShop",
    "CloseCode",
    "Rate",
    "Thread",
    "TokenSigner",
    "asyncapi_document",
    "create_channel_router",
    "create_chat_router",
]
