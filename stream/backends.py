"""The replaceable parts, made as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.engine import Engine as DatabaseEngine

from avatar import LexiconFile, Voice, VoiceFigures, create_voice
from dialogue.lead import Mailbox, Postman
from knowledge import Embedder, create_embedder
from stream.settings import Settings, SettingsError

if TYPE_CHECKING:
    from stream.viewer.peer import IceServer


def voice_of(settings: Settings, name: str, stand_in: str, figures: VoiceFigures | None = None) -> Voice:
    """A voice by name, which counts into `figures`; `stand_in` speaks where one of the cloud fails.

    Blocking, two or three seconds. Raises `avatar.AvatarError`.
    """
    return create_voice(
        name,
        models_dir=settings.models_dir,
        cache_dir=settings.data_dir / "speech",
        lexicon=LexiconFile(settings.data_dir / "lexicon.txt"),
        allow_cloud=settings.cloud_voice,
        base_url=settings.speech_base_url,
        api_key=settings.speech_api_key.get_secret_value(),
        stand_in=stand_in,
        figures=figures,
    )


def ice_servers(settings: Settings) -> tuple[IceServer, ...]:
    """STUN and TURN as configured, for the viewers."""
    from stream.viewer.peer import IceServer

    servers = [IceServer(url) for url in settings.stun_urls]
    if settings.turn_url:
        servers.append(IceServer(settings.turn_url, settings.turn_username, settings.turn_password.get_secret_value()))
    return tuple(servers)


def own_ice_servers(settings: Settings) -> tuple[IceServer, ...]:
    """The same for this server itself, where it is to use them. Raises `SettingsError` when they cannot do it."""
    if settings.server_ice == "none":
        return ()
    if settings.server_ice == "relay" and not settings.turn_url:
        raise SettingsError("ZHANGGUI_SERVER_ICE: 经 TURN 转发要先设 ZHANGGUI_TURN_URL / relay needs a TURN server")
    return ice_servers(settings)


def postman_of(settings: Settings) -> Postman:
    """What carries leads out, by mail only where a mail server is set."""
    mailbox = None
    if settings.smtp_host:
        mailbox = Mailbox(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_sender,
            settings.smtp_username,
            settings.smtp_password.get_secret_value(),
            settings.smtp_security,
        )
    return Postman(mailbox=mailbox, allow_private=settings.webhook_private)


def open_database(settings: Settings) -> DatabaseEngine:
    """The engine behind the knowledge pointers; the same database as everything else."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return create_engine(settings.resolved_database_url)


def embedder_of(settings: Settings) -> Callable[[], Embedder]:
    """Makes the configured embedder when it is first needed."""
    return lambda: create_embedder(
        settings.embedder,
        base_url=settings.embedder_base_url,
        model=settings.embedder_model,
        api_key=settings.embedder_api_key.get_secret_value(),
        cache=settings.models_dir / "sentence-encoder",
    )
