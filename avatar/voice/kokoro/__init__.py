"""Kokoro-82M as a streaming Mandarin voice: the graph cut in two, windows, statistics, the voice itself."""

from avatar.voice.kokoro.voice import KokoroVoice, create_kokoro

__all__ = ["KokoroVoice", "create_kokoro"]
