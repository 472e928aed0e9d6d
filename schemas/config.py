"""What a run is asked to do: one frozen object, the same from the command line, a notebook or a deployment."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from schemas.addresses import EXTRAS, is_web, output_objection, scheme_of, secret_in, shown, tidy
from schemas.durations import parse_duration
from schemas.failure_limit import FailureLimit, parse_failure_limit
from schemas.languages import parse_tag
from schemas.page_ranges import PageRange, parse_page_ranges


class RunConfig(BaseModel):
    """The settings of a run. Secrets never stand here but as `SecretStr`; the key comes from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    out: str
    operation: str = "text"
    backend: str = "auto"
    model: str | None = None
    pages: str | None = None
    settle: str | None = None
    allow_urls: bool = False
    allow_private_urls: bool = False
    fetch_mb: Annotated[int, Field(ge=1)] = 2_000
    passwords: tuple[SecretStr, ...] = ()
    ledger: str | None = None
    region: str | None = None
    base_url: str | None = None
    text_format: Literal["markdown", "plain", "layout"] = "markdown"
    tables: Literal["html", "markdown"] | None = None
    ocr_task: str | None = None
    enable_rotate: bool = False
    extraction_schema: str | None = None
    span_pages: Annotated[int, Field(ge=1, le=250)] = 1
    evidence: bool = False
    target_language: str | None = None
    glossary: tuple[tuple[str, str], ...] = ()
    tone: Literal["formal", "neutral", "informal"] | None = None
    repair: bool = False
    prompt: str | None = None
    max_pixels: Annotated[int | None, Field(ge=4_096)] = None
    fps: Annotated[float | None, Field(ge=0.1, le=10)] = None
    thinking: bool | None = None
    thinking_budget: Annotated[int | None, Field(ge=1)] = None
    stream: bool = False
    shard_pages: Annotated[int, Field(ge=1, le=10_000)] = 200
    render_workers: Annotated[int | None, Field(ge=1, le=256)] = None
    render_timeout: Annotated[float, Field(gt=0)] = 120.0
    render_memory_mb: Annotated[int, Field(ge=512)] = 4_096
    in_flight: Annotated[int | None, Field(ge=1, le=10_000)] = None
    requests_per_minute: Annotated[float | None, Field(gt=0)] = None
    tokens_per_minute: Annotated[float | None, Field(gt=0)] = None
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 4
    patience: Annotated[float, Field(gt=0)] = 900.0
    call_timeout: Annotated[float, Field(gt=0)] = 320.0
    max_cost: Annotated[float | None, Field(gt=0)] = None
    max_tokens: Annotated[int | None, Field(gt=0)] = None
    max_pages: Annotated[int | None, Field(gt=0)] = None
    max_failures: str | None = None

    @model_validator(mode="after")
    def _sources_may_be_read(self) -> Self:
        for source in self.sources:
            if (why := _objection(source, allow_urls=self.allow_urls)) is not None:
                raise PydanticCustomError("source", "SOURCE {shown}: {why}", {"shown": shown(source), "why": why})
        return self

    @model_validator(mode="after")
    def _results_can_lie_at_out(self) -> Self:
        if (why := output_objection(self.out)) is not None:
            raise PydanticCustomError("out", "--out: {why}", {"why": why})
        return self

    @field_validator("out")
    @classmethod
    def _out_is_tidy(cls, value: str) -> str:
        return value if scheme_of(value) is None else tidy(value)

    @field_validator("pages")
    @classmethod
    def _pages_parse(cls, value: str | None) -> str | None:
        parse_page_ranges(value)
        return value

    @field_validator("settle")
    @classmethod
    def _settle_parses(cls, value: str | None) -> str | None:
        parse_duration(value)
        return value

    @field_validator("max_failures")
    @classmethod
    def _max_failures_parse(cls, value: str | None) -> str | None:
        parse_failure_limit(value)
        return value

    @property
    def failure_limit(self) -> FailureLimit | None:
        """How many pages may fail before the run stops; None is all."""
        return parse_failure_limit(self.max_failures)

    @field_validator("target_language")
    @classmethod
    def _language_is_a_tag(cls, value: str | None) -> str | None:
        return value if value is None else str(parse_tag(value))

    @field_validator("prompt")
    @classmethod
    def _prompt_asks(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            msg = "is empty; say what is to be asked of each page"
            raise ValueError(msg)
        return value and value.strip()

    @property
    def page_ranges(self) -> tuple[PageRange, ...] | None:
        """The pages to read; None is all."""
        return parse_page_ranges(self.pages)

    @property
    def settle_seconds(self) -> float:
        """How long a file must have been left alone to be read; 0 reads whatever is there."""
        return parse_duration(self.settle)

    def public(self) -> str:
        """Give the settings as JSON without what is secret: passwords of documents and of addresses."""
        shown = {name: without_password(getattr(self, name)) for name in ("ledger", "base_url")}
        return self.model_copy(update=shown).model_dump_json(exclude={"passwords"})


def _objection(source: str, *, allow_urls: bool) -> str | None:
    """Say why an address is not taken as a source; None where it is, or is a path."""
    scheme = scheme_of(source)
    if scheme is None:
        return None
    if scheme not in EXTRAS:
        return f"{scheme}:// is not read here; known are {', '.join(f'{each}://' for each in EXTRAS)}"
    if (secret := secret_in(source)) is not None:
        return (
            f"it holds {secret}, and settings are stored; set credentials in the environment, or name it in @list.txt"
        )
    return "addresses of the web are read only with --allow-urls" if is_web(source) and not allow_urls else None


def without_password(address: str | None) -> str | None:
    """Mask the password of an address.

    >>> without_password("postgresql://mill:secret@db/ledger")
    'postgresql://mill:***@db/ledger'
    """
    return address and re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", address)
