"""Marks as they come from a browser: checked, and turned into rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from flows.review.gathered import Identity
from schemas.errors import UsageFault
from schemas.records import Mark, PageRecord, ReviewRecord

Text = Annotated[str, Field(max_length=1_000_000)]
_MOST = 1_000_000


class Said(BaseModel):
    """What a reviewer says of one page, and of which answer: the page as `doc_id` and `request_key` name it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(max_length=64)]
    doc_id: Annotated[str, Field(max_length=64)]
    request_key: Annotated[str, Field(max_length=200)]
    mark: Mark
    corrected_text: Text | None = None
    note: Annotated[str, Field(max_length=10_000)] | None = None
    marked_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _text_where_corrected(self) -> Self:
        if (self.mark == "corrected") != (self.corrected_text is not None):
            msg = "a corrected page has its text, and no other page has one"
            raise ValueError(msg)
        return self


class MarksFile(BaseModel):
    """The marks that were made in a page that is one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pagemill_marks: Literal[1]
    dataset_id: str
    marks: Annotated[tuple[Said, ...], Field(max_length=_MOST)]


def review_of(said: Said, page: PageRecord | Identity, reviewer: str | None, now: datetime) -> ReviewRecord:
    """Turn what was said of a page into a row; where no time was said, it is *now*."""
    return ReviewRecord(
        doc_id=said.doc_id,
        name=page.name,
        source=page.source,
        page_no=page.page_no,
        request_key=said.request_key,
        operation=page.operation,
        mark=said.mark,
        corrected_text=said.corrected_text,
        note=(said.note or "").strip() or None,
        reviewer=reviewer,
        marked_at=(said.marked_at or now).astimezone(UTC),
        model=page.model,
        variant=page.variant,
    )


def parse_marks_file(content: bytes, dataset_id: str) -> MarksFile:
    """Read a file of marks.

    Raises:
        UsageFault: if it is none, or was made of another output.
    """
    try:
        marks = MarksFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        msg = f"it holds no marks of a review: {where}: {first['msg']}".replace(": : ", ": ")
        raise UsageFault(msg, advice="name the file that the review page saved") from error
    if marks.dataset_id != dataset_id:
        msg = "these marks were made of another output"
        raise UsageFault(msg, advice="name the output that the review page was made of, with --out")
    return marks


def reviews_of(
    marks: MarksFile, pages: Mapping[str, Identity], reviewer: str | None, now: datetime
) -> list[ReviewRecord]:
    """Turn marks into rows; those of pages that are no longer there, or hold other bytes now, are left out."""
    return [
        review_of(said, page, reviewer, now)
        for said in marks.marks
        if (page := pages.get(said.id)) is not None and page.doc_id == said.doc_id
    ]
