"""The faults that one page of five can meet, and what is to come of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pymupdf

from tests.mill import paper

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.question import Question

ATTEMPTS = 2
"""Attempts that each case is allowed, so that those which use them up are soon over."""
SOON = 3.0
"""The deadline in seconds of calls that are to run into it."""
STREAMED = "qwen3-vl-235b-a22b-thinking"
"""A model that answers in streams only, and whose price nobody told."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the wide page meets, and what is to become of it.

    *times* is how often the fault comes (None: always); *sends* how much goes over the wire for the page (None: as
    much as time allows); *attempts* the last attempt's number; *known* says that nothing of its cost is in doubt.
    """

    fault: str
    status: str = "ok"
    kind: str | None = None
    sends: int | None = 2
    attempts: int = 2
    known: bool = True
    times: int | None = 1
    settings: dict[str, Any] = field(default_factory=dict)
    how: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.fault + ("-always" if self.times is None else "")

    @property
    def is_priced(self) -> bool:
        return self.settings.get("model") != STREAMED

    @property
    def is_slow(self) -> bool:
        return "call_timeout" in self.settings


def _passing(fault: str, **more: Any) -> Case:
    return Case(fault, **more)


def _doubtful(fault: str, **more: Any) -> Case:
    return Case(fault, known=False, **more)


def _throttled(fault: str, **more: Any) -> Case:
    return Case(fault, attempts=1, **more)


def _final(fault: str, status: str, kind: str | None, **more: Any) -> Case:
    return Case(fault, status, kind, sends=1, attempts=1, **more)


def _completed(fault: str, status: str = "ok", **more: Any) -> Case:
    return Case(fault, status, None if status == "ok" else status, attempts=1, **more)


def _hopeless(fault: str, kind: str = "service_error", **more: Any) -> Case:
    return Case(fault, "failed", kind, times=None, **more)


_TIMED = {"call_timeout": SOON}
_STREAM = {"model": STREAMED}

CASES = (
    # told to be slower: never an attempt
    *(_throttled(name) for name in ("429", "429-tokens", "429-burst", "429-plain", "200-error")),
    _throttled("429", how={"retry_after": 1}, times=2, sends=3),
    _throttled("429", status="failed", kind="throttled", sends=None, times=None, settings={"patience": 0.5}),
    # the service's own trouble: asked again, and not on the bill
    *(_passing(name) for name in ("500", "503", "502-html", "502-not-utf8", "500-openai", "500-broken-json")),
    _passing("400-download"),
    _hopeless("500"),
    _hopeless("503"),
    _hopeless("502-not-utf8"),
    # an answer that got lost on its way: asked again, and perhaps on the bill
    *(_doubtful(name) for name in ("500-timeout", "200-html", "200-output-null", "200-output-empty", "200-empty")),
    *(_doubtful(name) for name in ("200-truncated", "short-body", "chunked-cut")),
    _hopeless("200-truncated", known=False),
    _hopeless("500-timeout", "timeout", known=False),
    # a connection that broke before an answer began: the SDK itself sends once more, which is a send and no attempt
    *(_doubtful(name, attempts=1) for name in ("reset", "reset-after", "close")),
    _hopeless("close", sends=4, known=False),
    # no answer in time: asked again once at most
    _doubtful("hang", settings=_TIMED),
    _doubtful("drip", settings=_TIMED, how={"seconds": 1.0}),
    _hopeless("hang", "timeout", known=False, settings={**_TIMED, "max_attempts": 4}),
    # turned away for good
    _final("400-blocked", "blocked", "blocked"),
    _final("400-parameter", "failed", "refused"),
    _final("413", "failed", "request_too_large"),
    # cut: the model goes on from its own words, three times at most
    *(_completed(name, sends=2) for name in ("partial", "length")),
    *(_completed(name, "truncated", sends=4, times=None) for name in ("partial", "length")),
    # answered, and not well
    # the first models never said why they ended; a whole answer that came whole is one
    *(_final(name, "ok", None) for name in ("finish-null", "finish-null-string", "content-string")),
    _final("content-empty", "suspect", "suspect"),
    # streams
    _throttled("sse-error", settings=_STREAM),
    _passing("sse-error", how={"like": "500"}, settings=_STREAM),
    _final("sse-error", "blocked", "blocked", how={"like": "400-blocked"}, settings=_STREAM),
    _doubtful("sse-cut", settings=_STREAM),
    # a model that cannot go on reads the page in two halves, and each of these once more in two
    _completed("sse-no-finish", sends=3, known=False, settings=_STREAM),
    _completed("sse-no-finish", "truncated", sends=7, times=None, known=False, settings=_STREAM),
    _doubtful("sse-stall", settings={**_STREAM, **_TIMED}),
)


def fill(source: Path) -> None:
    """Five pages in three files; the second of `b.pdf` is wide, and so can be told from the others."""
    paper(source / "a.pdf", "alpha one")
    paper(source / "c.pdf", "gamma one")
    with pymupdf.open() as drawn:
        for width, text in ((144, "beta one"), (432, "beta two, the wide one"), (144, "beta three")):
            drawn.new_page(width=width, height=72).insert_text((10, 40), text, fontsize=12)
        drawn.save(source / "b.pdf")


def is_wide(question: Question) -> bool:
    picture = question.pictures[0]
    return picture.width > 3 * picture.height
