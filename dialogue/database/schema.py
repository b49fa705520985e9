"""The tables, the same on SQLite and PostgreSQL.

Times are integers: milliseconds since 1970-01-01 UTC (`…_at_ms`). Whatever a customer wrote or left (`body`, `profile`,
`value`, `detail`, `config`) and every secret of a merchant is sealed by `dialogue.database.cipher` before it gets
here; a `lookup` is a keyed hash.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

_COUNTER = BigInteger().with_variant(Integer, "sqlite")
"""A row number that grows, so that rows of one millisecond keep their order."""

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("applied_at_ms", BigInteger, nullable=False),
)

merchants = Table(
    "merchants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("removed_at_ms", BigInteger),
    Column("origins", Text, nullable=False, server_default="[]"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("label", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("visitor", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("variant", String(16), nullable=False),
    Column("product", Text),
    Column("last_seq", Integer, nullable=False),
    Column("lead_id", String(64)),
    Column("profile", LargeBinary),
    Column("consent_asked_seq", Integer),
    Column("messages", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("spoke_at_ms", BigInteger),
    Column("answered_at_ms", BigInteger),
    Column("handed_over_at_ms", BigInteger),
    Index("conversations_by_day", "merchant", "created_at_ms"),
    Index("conversations_by_activity", "merchant", "updated_at_ms"),
    Index("conversations_by_lead", "lead_id"),
)

events = Table(
    "events",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("client_id", String(128)),
    Column("lead_id", String(64)),
    Column("decision", String(16)),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "client_id", name="events_once"),
)

leads = Table(
    "leads",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("conversation_id", String(64)),
    Column("variant", String(16), nullable=False),
    Column("product", Text),
    Column("complete", Boolean, nullable=False),
    Column("profile", LargeBinary, nullable=False),
    Column("merged_into", String(64)),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("completed_at_ms", BigInteger),
    Column("updated_at_ms", BigInteger, nullable=False),
    Index("leads_by_age", "merchant", "created_at_ms"),
    Index("leads_by_merge", "merged_into"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("lead_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("lookup", String(64), nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("conversation_id", String(64)),
    Column("seq", Integer),
    Column("span_start", Integer),
    Column("span_end", Integer),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("merchant", "kind", "lookup", name="contacts_once"),
    Index("contacts_by_lookup", "merchant", "lookup"),
    Index("contacts_by_lead", "lead_id"),
)

history = Table(
    "lead_history",
    metadata,
    Column("id", _COUNTER, primary_key=True),
    Column("lead_id", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("history_by_lead", "lead_id"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", _COUNTER, primary_key=True),
    Column("lead_id", String(64), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("text_version", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("conversation_id", String(64)),
    Column("seq", Integer),
    Column("at_ms", BigInteger, nullable=False),
    Index("consents_by_lead", "lead_id"),
)

offers = Table(
    "offers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("conversation_id", String(64), nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("variant", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("offers_by_conversation", "conversation_id", "at_ms"),
)

audits = Table(
    "audits",
    metadata,
    Column("id", _COUNTER, primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("audits_by_time", "merchant", "at_ms"),
)

targets = Table(
    "targets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("label", Text, nullable=False),
    Column("config", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("removed_at_ms", BigInteger),
    Index("targets_by_merchant", "merchant"),
)

channels = Table(
    "channels",
    metadata,
    Column("merchant", String(64), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("config", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("done_seq", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at_ms", BigInteger, nullable=False),
    Column("leased_until_ms", BigInteger, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Index("deliveries_due", "next_at_ms"),
    Index("deliveries_by_channel", "merchant", "channel"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("merchant", String(64), nullable=False),
    Column("target_id", String(64), nullable=False),
    Column("lead_id", String(64), nullable=False),
    Column("event", String(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at_ms", BigInteger, nullable=False),
    Column("leased_until_ms", BigInteger, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("delivered_at_ms", BigInteger),
    Index("outbox_due", "state", "next_at_ms"),
    Index("outbox_by_lead", "lead_id"),
)

spending = Table(
    "spending",
    metadata,
    Column("merchant", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
)
