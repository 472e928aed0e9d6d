"""The rows that an analyst reads. One dataclass a table; its Arrow schema and its documentation come from it.

Columns are only ever added, at the end, and nullable; a rename or a removal is a new `SCHEMA_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from schemas.blocks import Block

SCHEMA_VERSION = 1
MONEY = "decimal(18, 9)"
"""Marks a column of money. In memory it is a float that is a whole number of billionths; tables have it as a decimal
with nine places, so that sums over calls, pages and files are the same to the last digit (docs/decisions/0015)."""
MONEY_PLACES = 9

PageStatus = Literal["ok", "blank", "truncated", "suspect", "blocked", "invalid", "failed", "skipped"]
FileStatus = Literal["success", "partial_success", "failure", "skipped"]
RunStatus = Literal["success", "partial_success", "stopped", "interrupted", "failed"]
CallOutcome = Literal["open", "answered", "throttled", "transient", "timeout", "permanent", "fatal", "lost"]
PageOrigin = Literal["model", "text_layer", "ocr"]
Mark = Literal["right", "wrong", "corrected"]

READ: frozenset[str] = frozenset({"ok", "blank", "skipped"})
"""Page statuses after which nothing of the page is missing."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One signal that something may be wrong with an answer: its name, and how strong it is (0-1)."""

    name: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """One page of one file, as it stands now."""

    run_id: Annotated[str, "run that wrote the row"]
    doc_id: Annotated[str, "SHA-256 of the file's bytes; the same for the same bytes under another name"]
    source: Annotated[str, "path of the file"]
    name: Annotated[str, "path below the folder that was named as source"]
    page_no: Annotated[int, "number of the page, from 1"]
    page_label: Annotated[str, "what the document calls the page (`iv`, `A-3`)"]
    status: Annotated[PageStatus, "what became of the page"]
    error_kind: Annotated[str | None, "stable code of the reason, where the page was not read"] = None
    error_message: Annotated[str | None, "the reason in words"] = None
    flags: Annotated[tuple[Flag, ...], "signals that the answer may be wrong, with their strength (0-1)"] = ()
    operation: Annotated[str, "what was asked: text, translation, structured, ask, video"]
    text: Annotated[str | None, "what was read"] = None
    text_format: Annotated[str | None, "markdown, plain or latex"] = None
    result: Annotated[str | None, "structured result as JSON; of a translation its pairs of source and target"] = None
    reasoning: Annotated[str | None, "the model's reasoning, where it gave one"] = None
    language: Annotated[str | None, "main language, where the answer names it"] = None
    origin: Annotated[PageOrigin | None, "who read it: the model, the text layer, or local OCR"] = None
    backend: Annotated[str, "recognizer that was asked"]
    model: Annotated[str, "model that was asked"]
    response_model: Annotated[str | None, "model that the service says answered"] = None
    stop_reason: Annotated[str | None, "why the answer ended: stop, length, content_filter, partial, loop"] = None
    request_key: Annotated[str, "name of the kept answer in the ledger; joins `calls`"]
    request_id: Annotated[str | None, "the service's own id of the answer"] = None
    generation: Annotated[int, "how often the page was asked anew on purpose"] = 0
    calls: Annotated[int, "wire sends made for this page, failed ones included"] = 0
    retries: Annotated[int, "wire sends beyond the first of each request"] = 0
    input_tokens: Annotated[int, "input tokens over all its calls"] = 0
    output_tokens: Annotated[int, "output tokens over all its calls, reasoning included"] = 0
    image_tokens: Annotated[int, "part of the input that was image"] = 0
    cached_tokens: Annotated[int, "part of the input that was billed as cached"] = 0
    reasoning_tokens: Annotated[int, "part of the output that was reasoning"] = 0
    cost: Annotated[float | None, "money over all its calls; null is unknown, never 0", MONEY] = None
    cost_known: Annotated[float, "the part of the cost that is known", MONEY] = 0.0
    currency: Annotated[str | None, "currency of `cost`"] = None
    price_date: Annotated[str | None, "date of the price table behind `cost`"] = None
    width: Annotated[float | None, "page width in points, as displayed"] = None
    height: Annotated[float | None, "page height in points, as displayed"] = None
    image_width: Annotated[int | None, "width in pixels of the image that was sent"] = None
    image_height: Annotated[int | None, "height in pixels of the image that was sent"] = None
    ink: Annotated[float | None, "share of pixels that differ from the background"] = None
    ocr_score: Annotated[float | None, "mean confidence of local OCR (0-1)"] = None
    notes: Annotated[tuple[str, ...], "complaints of the parser and the renderer"] = ()
    finished_at: Annotated[datetime, "when the row was made"]
    source_text: Annotated[str | None, "what stands on the page in its own language, where `text` translates it"] = None
    target_language: Annotated[str | None, "language that `text` was translated into (BCP 47)"] = None
    evidence: Annotated[str | None, "where the values of `result` stand, as JSON: path, page, quote, in_text_layer"] = (
        None
    )
    recipe_id: Annotated[str | None, "all that was asked besides the pages, as one hash; joins `runs`"] = None
    variant: Annotated[
        str | None, "which of several things was asked: the schema, the target language, the question"
    ] = None
    blocks: Annotated[
        tuple[Block, ...] | None,
        "what stands where, in reading order: boxes in points of the page as displayed, from its top left; null where "
        "the answer tells of no blocks",
    ] = None
    rotation: Annotated[int | None, "degrees clockwise by which the page was turned to be read; null is not known"] = (
        None
    )
    has_tables: Annotated[bool | None, "whether a table stands on the page, where the answer says so"] = None
    has_handwriting: Annotated[bool | None, "whether something is written by hand, where the answer says so"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One source file and what it took to read it."""

    run_id: Annotated[str, "run that wrote the row"]
    doc_id: Annotated[str | None, "SHA-256 of the bytes; null where they could not be read"] = None
    source: Annotated[str, "path of the file"]
    name: Annotated[str, "path below the folder that was named as source"]
    media_type: Annotated[str | None, "format, by content"] = None
    size_bytes: Annotated[int, "size of the file"]
    modified_at: Annotated[datetime | None, "when the file was last changed"] = None
    status: Annotated[FileStatus, "never `success` while a page is missing"]
    error_kind: Annotated[str | None, "stable code of the reason, where the file could not be read"] = None
    error_message: Annotated[str | None, "the reason in words"] = None
    operation: Annotated[str, "what was asked"]
    backend: Annotated[str, "recognizer that was asked"]
    model: Annotated[str, "model that was asked"]
    page_count: Annotated[int | None, "pages of the document; null where unknown"] = None
    pages_selected: Annotated[int, "pages that were to be read"] = 0
    pages_ok: Annotated[int, "pages with status ok"] = 0
    pages_blank: Annotated[int, "pages with status blank"] = 0
    pages_truncated: Annotated[int, "pages with status truncated"] = 0
    pages_suspect: Annotated[int, "pages with status suspect"] = 0
    pages_blocked: Annotated[int, "pages with status blocked"] = 0
    pages_invalid: Annotated[int, "pages with status invalid"] = 0
    pages_failed: Annotated[int, "pages with status failed"] = 0
    pages_skipped: Annotated[int, "pages with status skipped"] = 0
    duplicate_of: Annotated[str | None, "path of the file of the same bytes that carries the cost"] = None
    calls: Annotated[int, "wire sends, failed ones included"] = 0
    retries: Annotated[int, "wire sends beyond the first of each request"] = 0
    input_tokens: Annotated[int, "input tokens over all calls"] = 0
    output_tokens: Annotated[int, "output tokens over all calls, reasoning included"] = 0
    image_tokens: Annotated[int, "part of the input that was image"] = 0
    cached_tokens: Annotated[int, "part of the input that was billed as cached"] = 0
    reasoning_tokens: Annotated[int, "part of the output that was reasoning"] = 0
    cost: Annotated[float | None, "money over all calls; null if any part of it is unknown", MONEY] = None
    cost_known: Annotated[float, "the part of the cost that is known", MONEY] = 0.0
    currency: Annotated[str | None, "currency of `cost`"] = None
    price_date: Annotated[str | None, "date of the price table behind `cost`"] = None
    text_chars: Annotated[int, "characters read"] = 0
    notes: Annotated[tuple[str, ...], "the parser's complaints about the file"] = ()
    finished_at: Annotated[datetime, "when the row was made"]
    result: Annotated[str | None, "structured results of its pages merged into one, as JSON"] = None
    result_conflicts: Annotated[str | None, "what pages say differently, as JSON: path, kept, others"] = None
    evidence: Annotated[str | None, "where the values of `result` stand, as JSON: path, page, quote, in_text_layer"] = (
        None
    )
    recipe_id: Annotated[str | None, "all that was asked besides the pages, as one hash; joins `runs`"] = None
    variant: Annotated[
        str | None, "which of several things was asked: the schema, the target language, the question"
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One wire send, whatever came of it."""

    call_id: Annotated[str, "unique name of the send"]
    run_id: Annotated[str, "run that made it"]
    request_key: Annotated[str, "name of the request; joins `pages`"]
    base_key: Annotated[str, "name of the request before it was asked anew"]
    doc_id: Annotated[str, "document that it was about"]
    pages: Annotated[str, "page numbers that it was about, comma-separated"]
    operation: Annotated[str, "what was asked"]
    attempt: Annotated[int, "which attempt of the request, from 1; throttled sends do not count up"]
    lane: Annotated[str, "how it was sent: realtime, batch"]
    backend: Annotated[str, "recognizer"]
    model: Annotated[str, "model that was asked"]
    outcome: Annotated[CallOutcome, "what came of it; `lost` was in flight when the process died"]
    http_status: Annotated[int | None, "HTTP status, where there was one"] = None
    code: Annotated[str | None, "the service's own code"] = None
    message: Annotated[str | None, "the service's own message"] = None
    request_id: Annotated[str | None, "the service's own id"] = None
    started_at: Annotated[datetime, "when it was sent"]
    first_byte_at: Annotated[datetime | None, "when the answer began"] = None
    ended_at: Annotated[datetime | None, "when it was over"] = None
    stop_reason: Annotated[str | None, "why the answer ended"] = None
    input_tokens: Annotated[int, "input tokens"] = 0
    output_tokens: Annotated[int, "output tokens, reasoning included"] = 0
    image_tokens: Annotated[int, "part of the input that was image"] = 0
    text_tokens: Annotated[int, "part of the input that was text"] = 0
    video_tokens: Annotated[int, "part of the input that was video"] = 0
    cached_tokens: Annotated[int, "part of the input that was billed as cached"] = 0
    reasoning_tokens: Annotated[int, "part of the output that was reasoning"] = 0
    usage_raw: Annotated[str | None, "usage as the service sent it, as JSON"] = None
    cost: Annotated[float | None, "money; null is unknown", MONEY] = None
    currency: Annotated[str | None, "currency of `cost`"] = None
    price_date: Annotated[str | None, "date of the price table behind `cost`"] = None
    recipe_id: Annotated[str | None, "all that was asked besides the pages, as one hash; joins `pages`"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run: what it was asked, what it did, what it cost."""

    run_id: Annotated[str, "sorts by time"]
    status: Annotated[RunStatus, "how it ended"]
    error_kind: Annotated[str | None, "why it stopped early"]
    error_message: Annotated[str | None, "the reason in words"]
    exit_code: Annotated[int, "exit code of the command"]
    started_at: Annotated[datetime, "start"]
    finished_at: Annotated[datetime, "end"]
    operation: Annotated[str, "what was asked"]
    backend: Annotated[str, "recognizer"]
    model: Annotated[str, "model"]
    recipe_id: Annotated[str, "SHA-256 of all that determines an answer besides the pages"]
    config: Annotated[str, "settings of the run as JSON, secrets left out"]
    files: Annotated[int, "files found"]
    files_success: Annotated[int, "files with status success"]
    files_partial: Annotated[int, "files with status partial_success"]
    files_failure: Annotated[int, "files with status failure"]
    files_skipped: Annotated[int, "files with status skipped"]
    pages: Annotated[int, "pages selected, over all files"]
    pages_ok: Annotated[int, "pages with status ok"]
    pages_blank: Annotated[int, "pages with status blank"]
    pages_truncated: Annotated[int, "pages with status truncated"]
    pages_suspect: Annotated[int, "pages with status suspect"]
    pages_blocked: Annotated[int, "pages with status blocked"]
    pages_invalid: Annotated[int, "pages with status invalid"]
    pages_failed: Annotated[int, "pages with status failed"]
    pages_skipped: Annotated[int, "pages with status skipped"]
    pages_kept: Annotated[int, "pages answered before this run, and free"]
    calls: Annotated[int, "wire sends of this run"]
    input_tokens: Annotated[int, "input tokens of this run's calls"]
    output_tokens: Annotated[int, "output tokens of this run's calls"]
    image_tokens: Annotated[int, "image tokens of this run's calls"]
    cached_tokens: Annotated[int, "cached tokens of this run's calls"]
    reasoning_tokens: Annotated[int, "reasoning tokens of this run's calls"]
    cost: Annotated[float | None, "money of this run's calls; null if any part is unknown", MONEY]
    cost_known: Annotated[float, "the part of the cost that is known", MONEY]
    currency: Annotated[str | None, "currency of `cost`"]
    price_date: Annotated[str | None, "date of the price table"]
    total_calls: Annotated[int, "wire sends ever made for these files"]
    total_input_tokens: Annotated[int, "input tokens of all calls ever made for these files"]
    total_output_tokens: Annotated[int, "output tokens of all calls ever made for these files"]
    total_cost: Annotated[
        float | None, "money of all calls ever made for these files; null if any part is unknown", MONEY
    ]
    total_cost_known: Annotated[float, "the part of `total_cost` that is known", MONEY]
    pagemill_version: Annotated[str, "version of this program"]
    host: Annotated[str, "machine"]
    prefect_flow_run_id: Annotated[str | None, "flow run, where it was one"]
    files_unsettled: Annotated[int | None, "files left for the next run: they were still being written"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord:
    """What a person says of a page. Of several marks of one page the latest counts."""

    doc_id: Annotated[str, "SHA-256 of the file's bytes"]
    name: Annotated[str, "path below the folder that was named as source"]
    source: Annotated[str, "path of the file"]
    page_no: Annotated[int, "number of the page, from 1"]
    request_key: Annotated[str, "name of the answer that was looked at; joins `pages`"]
    operation: Annotated[str, "what was asked"]
    mark: Annotated[Mark, "what the reviewer found: right, wrong, or put right by hand"]
    corrected_text: Annotated[str | None, "the text as it should be; only of `corrected`"] = None
    note: Annotated[str | None, "what the reviewer remarked"] = None
    reviewer: Annotated[str | None, "who looked"] = None
    marked_at: Annotated[datetime, "when"]
    model: Annotated[str | None, "model that was asked"] = None
    variant: Annotated[
        str | None, "which of several things was asked: the schema, the target language, the question"
    ] = None


Record = PageRecord | FileRecord | CallRecord | RunRecord | ReviewRecord

TABLES: Mapping[str, type[Record]] = {
    "pages": PageRecord,
    "files": FileRecord,
    "calls": CallRecord,
    "runs": RunRecord,
}
"""The tables that runs write, each with what its rows are."""

REVIEWS = "reviews"
"""The table that people write. No run touches it, nor does compaction: a mark cannot be made again for free."""

ALL_TABLES: Mapping[str, type[Record]] = {**TABLES, REVIEWS: ReviewRecord}
"""Every table that there can be."""
