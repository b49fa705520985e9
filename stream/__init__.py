"""How it reaches people, all day: rooms, one encode for everyone, WHEP, chat, and the composition root."""

from stream.errors import StreamError

__all__ = ["StreamError"]
