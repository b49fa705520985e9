"""Settings: frozen, typed, checked at start. The only place that reads the environment."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from stream.errors import StreamError


def _home_data() -> Path:
    return Path.home() / ".local" / "share" / "zhanggui"


def _home_models() -> Path:
    return Path.home() / ".cache" / "zhanggui" / "models"


class SettingsError(StreamError):
    """A setting is missing or cannot be read; the text names the variable."""


class Settings(BaseSettings):
    """Everything an operator can set, each by the environment variable `ZHANGGUI_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="ZHANGGUI_", frozen=True, extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default_factory=_home_data)
    """Folder of the database, knowledge, keys, hosts and recordings."""
    models_dir: Path = Field(default_factory=_home_models)
    """Folder of the downloaded speech and face models; may be shared by several data folders."""
    database_url: str | None = None
    """SQLAlchemy URL (`postgresql+psycopg://…`); default is SQLite inside `data_dir`."""
    host: str = "127.0.0.1"
    """Address `serve` binds; anything but loopback needs a token."""
    port: int = Field(default=8700, ge=0, le=65535)
    """TCP port `serve` binds; 0 takes a free one."""

    llm_base_url: str | None = None
    """OpenAI-compatible base URL; without it the embedded grounded answerer replies."""
    llm_api_key: SecretStr = SecretStr("none")
    """Its API key."""
    llm_model: str = "default"
    """Its model name."""
    llm_timeout_s: float = Field(default=2.5, gt=0, le=120)
    """Seconds to the first words before the embedded answerer takes over."""
    llm_daily_tokens: int = Field(default=2_000_000, ge=0)
    """Tokens a merchant may spend a day; above it the embedded answerer replies."""
    llm_daily_cost: Decimal | None = Field(default=None, ge=0)
    """Money a merchant may spend a day, in the currency of the prices; above it the embedded answerer replies."""
    llm_prompt_price: Decimal = Field(default=Decimal(0), ge=0)
    """What a million tokens of question cost; without the two prices no cost per lead is known."""
    llm_completion_price: Decimal = Field(default=Decimal(0), ge=0)
    """What a million tokens of answer cost."""

    voice: str = ""
    """Voice of hosts whose room names none: `kokoro:zf_xiaobei`, `edge:zh-CN-XiaoxiaoNeural`, `openai:NAME`; empty
    takes the one that suits the host."""
    cloud_voice: bool = False
    """Whether text may be sent to a cloud voice at all."""
    speech_base_url: str | None = None
    """OpenAI-compatible base URL with `/audio/speech`, for `voice=openai:…`."""
    speech_api_key: SecretStr = SecretStr("none")
    """Its API key."""

    embedder: Literal["use", "openai", "langchain"] = "use"
    """`use` (embedded multilingual sentence encoder), `openai` (any compatible `/embeddings`) or `langchain` (any
    provider whose package is installed)."""
    embedder_base_url: str | None = None
    """Base URL for `embedder=openai`, and for those providers of `langchain` that take one."""
    embedder_api_key: SecretStr = SecretStr("none")
    """Its API key."""
    embedder_model: str = "text-embedding-3-small"
    """Its model name; `provider:name` for `embedder=langchain`, like `ollama:bge-m3`."""
    chroma_url: str | None = None
    """A Chroma server (`http://host:8000`); default is Chroma inside the process."""

    stun_urls: Annotated[tuple[str, ...], NoDecode] = ()
    """STUN servers offered to viewers, `stun:host:3478`, several with blanks between them."""
    turn_url: str | None = None
    """TURN server offered to viewers, `turn:host:3478`."""
    turn_username: str = ""
    """TURN user name."""
    turn_password: SecretStr = SecretStr("")
    """TURN password."""
    server_ice: Literal["none", "ask", "relay"] = "none"
    """What this server does with them: nothing; `ask` its own address there, behind a NAT, which costs each join a
    round trip; or `relay`: send through the TURN server alone."""
    max_viewers: int = Field(default=300, ge=1)
    """Viewers of one room before 503."""
    drain_s: float = Field(default=10.0, ge=0, le=600)
    """Seconds a process that is told to leave (SIGTERM, `serve --replace`) waits for its viewers to go."""
    smtp_host: str | None = None
    """Mail server for lead mails; without it a lead target of kind e-mail waits."""
    smtp_port: int = Field(default=465, ge=1, le=65535)
    """Its port."""
    smtp_sender: str = ""
    """Address the mails come from."""
    smtp_username: str = ""
    """Its user name."""
    smtp_password: SecretStr = SecretStr("")
    """Its password."""
    smtp_security: Literal["tls", "starttls", "none"] = "tls"
    """How the connection is protected."""
    webhook_private: bool = False
    """Whether a webhook may reach this machine and its private network."""
    lead_days: int = Field(default=365, ge=1)
    """Days a lead is kept after it last changed."""
    conversation_days: int = Field(default=180, ge=1)
    """Days a conversation without a lead is kept."""
    viewer_token: SecretStr | None = None
    """Bearer token that WHEP requests must carry, if set."""
    metrics_token: SecretStr | None = None
    """Bearer token for `/metrics`, if set."""
    otel_traces_exporter: Literal["none", "console", "otlp"] = Field(
        default="none", validation_alias="OTEL_TRACES_EXPORTER"
    )
    """Where traces of questions go: nowhere, the terminal, a collector. OpenTelemetry's variable, as the next two."""
    otel_exporter_otlp_endpoint: str = Field(
        default="http://localhost:4317", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    """The collector, by OTLP over gRPC."""
    otel_service_name: str = Field(default="zhanggui", validation_alias="OTEL_SERVICE_NAME")
    """The service's name in the traces."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""

    @field_validator("stun_urls", mode="before")
    @classmethod
    def _divided(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @property
    def resolved_database_url(self) -> str:
        """The database URL, SQLite in the data folder by default."""
        return self.database_url or f"sqlite:///{self.data_dir / 'zhanggui.db'}"


def load_settings(**overrides: object) -> Settings:
    """Read the environment, then `overrides` that are not None (the command line's options).

    Raises `SettingsError` with one line naming the variable and what is wrong.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as exc:
        first = exc.errors()[0]
        name = str(first["loc"][0]).upper()
        variable = name if name.startswith("OTEL_") else f"ZHANGGUI_{name}"
        raise SettingsError(f"{variable} 设得不对 / {first['msg']}; got {first['input']!r}") from exc
