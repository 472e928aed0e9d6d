"""The tables of the ledger. A change of them is a new `VERSION`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

VERSION = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A point in time as microseconds since 1970 UTC: exact, and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Count microseconds; a time without a zone is a bug and raises TypeError."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Give the time back, in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Words(TypeDecorator[str]):
    """Text of foreign origin: what a database refuses (NUL, lone surrogates) becomes a replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Clean what is not plain."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

answers = Table(
    "answers",
    metadata,
    Column("request_key", String, primary_key=True),
    Column("base_key", String),
    Column("doc_id", String),
    Column("model", Words),
    Column("created_at", Moment, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("request_key", String, nullable=False),
    Column("base_key", String, nullable=False),
    Column("doc_id", String, nullable=False),
    Column("pages", Text, nullable=False),
    Column("operation", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lane", String, nullable=False),
    Column("backend", String, nullable=False),
    Column("model", Words, nullable=False),
    Column("outcome", String, nullable=False),
    Column("http_status", Integer),
    Column("code", Words),
    Column("message", Words),
    Column("request_id", Words),
    Column("started_at", Moment, nullable=False),
    Column("first_byte_at", Moment),
    Column("ended_at", Moment),
    Column("stop_reason", String),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("image_tokens", BigInteger, nullable=False),
    Column("text_tokens", BigInteger, nullable=False),
    Column("video_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("usage_raw", Words),
)
Index("calls_by_base_key", calls.c.base_key)
Index("calls_by_run", calls.c.run_id)
_IS_OPEN = text("outcome = 'open'")
Index("calls_open", calls.c.run_id, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)

files_seen = Table(
    "files_seen",
    metadata,
    # The SHA-256 of the path's bytes: a path may be longer than an index entry and need not be text.
    Column("path_hash", String, primary_key=True),
    Column("source", Words, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("found", Text, nullable=False),
)

placements = Table(
    "placements",
    metadata,
    # Too large for 32 bits in the long run, and SQLite numbers rows by itself only under the name INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("recipe_id", String, nullable=False),
    Column("shard_id", String, nullable=False),
    Column("source", Words, nullable=False),
    Column("doc_id", String, nullable=False),
    Column("pages", Text, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("carries", Boolean, nullable=False),
)
Index("placements_by_shard", placements.c.dataset_id, placements.c.recipe_id, placements.c.shard_id)

generations = Table(
    "generations",
    metadata,
    Column("base_key", String, primary_key=True),
    Column("generation", Integer, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("dataset_id", String, nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("config", Text, nullable=False),
    Column("record", Text),
)

flow_runs = Table(
    "flow_runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("flow_run_id", String, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("token", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("description", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("machine", String, nullable=False),
    Column("boot", String, nullable=False),
    Column("namespace", String, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("pid_started", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("renewed_at", Moment, nullable=False),
)

quotas = Table(
    "quotas",
    metadata,
    Column("account", String, primary_key=True),
    Column("requests", Double, nullable=False),
    Column("tokens", Double, nullable=False),
    Column("updated", Double, nullable=False),
)

limits = Table(
    "limits",
    metadata,
    Column("account", String, primary_key=True),
    Column("requests_per_minute", Double),
    Column("tokens_per_minute", Double),
)

backfills = Table(
    "backfills",
    metadata,
    Column("backfill_id", String, primary_key=True),
    Column("dataset_id", String, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("config", Text, nullable=False),
    Column("chosen", Text, nullable=False),
    Column("planned", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("deadline", Moment),
    Column("max_cost", Double),
    Column("max_tokens", BigInteger),
    Column("max_pages", BigInteger),
    Column("finished_at", Moment),
)

shares = Table(
    "shares",
    metadata,
    Column("backfill_id", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("files", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("run_id", String),
    Column("flow_run_id", String),
    Column("ended", String),
    Column("pages_done", Integer, nullable=False),
    Column("pages_failed", Integer, nullable=False),
    # What the runs at it that are over are known to have cost, and the one that is not.
    Column("cost_known", Double, nullable=False),
    Column("cost_at_work", Double, nullable=False),
    # What the run at work may spend of the whole's budget, and what all runs at it have spent.
    Column("allowed_cost", Double, nullable=False),
    Column("allowed_tokens", BigInteger, nullable=False),
    Column("allowed_pages", BigInteger, nullable=False),
    Column("spent_cost", Double, nullable=False),
    Column("spent_tokens", BigInteger, nullable=False),
    Column("spent_pages", BigInteger, nullable=False),
)

share_files = Table(
    "share_files",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("backfill_id", String, nullable=False),
    Column("number", Integer, nullable=False),
    # ASCII: a path need not be text, and its surrogate escapes stand here as escapes of JSON.
    Column("file", Text, nullable=False),
)
Index("share_files_by_share", share_files.c.backfill_id, share_files.c.number)
