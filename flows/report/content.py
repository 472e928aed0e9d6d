"""What a run's report says, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file: what became of it, and what it took over all runs."""

    name: str
    status: str
    pages_read: int
    pages_selected: int
    error: str
    input_tokens: int
    output_tokens: int
    calls: int
    cost: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file that stands out, and by what."""

    name: str
    figure: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Pages or files with one and the same fault: how many, one of them, and the command that asks them again."""

    status: str
    kind: str
    count: int
    example: str
    message: str
    command: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the estimate would have said of the requests that were answered, beside what the calls came to.

    Its output is that of no knowledge; money is as it is written, and so says where it is not known.
    """

    requests: int
    input_tokens: int
    output_low: int
    output_likely: int
    output_high: int
    cost_low: str
    cost_likely: str
    cost_high: str
    actual_input: int
    actual_output: int
    actual_cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """The report. `headline` says how the run ended, `tone` how good that is; `files` are the worst, of `files_of`."""

    run_id: str
    out: str
    headline: str
    tone: str
    reason: str | None
    started_at: datetime
    finished_at: datetime
    lines: tuple[tuple[str, str], ...]
    pages_by_status: tuple[tuple[str, int], ...]
    files_by_status: tuple[tuple[str, int], ...]
    steps: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    expected: Expected | None
    slowest: tuple[Ranked, ...]
    dearest: tuple[Ranked, ...]
    files: tuple[FileLine, ...]
    files_of: int
    settings: tuple[tuple[str, str], ...]
