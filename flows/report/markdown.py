"""A run's report as Markdown, for Prefect's pages. Prefect keeps it in a database: the list of files is short here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flows.report.content import Expected, FileLine, RunReport
from flows.wording import plural

FILES = 50
"""Files that are listed; `report.html` has more, the table has all."""
_ACTS = str.maketrans({"|": "\\|", "<": "&lt;", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\[", "\\": "\\\\"})


def markdown(report: RunReport) -> str:
    """Write the report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: RunReport) -> Iterator[str]:
    yield f"# {report.headline}"
    if report.reason is not None:
        yield f"\n**{_text(report.reason)}**"
    yield from _table(("run", report.run_id), report.lines)
    for label, command in report.steps:
        yield f"\n{label}:\n\n```\n{command}\n```"
    if report.problems:
        yield "\n## Problems"
        rows = ((it.status, it.kind, str(it.count), it.example, it.message) for it in report.problems)
        yield from _table(("status", "kind", "how many", "such as", "message"), rows)
        for command in dict.fromkeys(filter(None, (it.command for it in report.problems))):
            yield f"\n```\n{command}\n```"
    if report.expected is not None:
        yield "\n## Cost against estimate"
        yield from _table(("", "estimated", "came to"), expected_rows(report.expected))
    for title, ranked in (("Slowest files", report.slowest), ("Most expensive files", report.dearest)):
        if ranked:
            yield f"\n## {title}"
            yield from _table(("file", ""), ((it.name, it.figure) for it in ranked))
    if report.files:
        shown = report.files[:FILES]
        yield f"\n## Files\n\n{len(shown):,} of {plural(report.files_of, 'file')}, the worst first"
        heads = ("file", "status", "pages read", "tokens in", "out", "cost", "why")
        yield from _table(heads, map(_file, shown))


def _file(line: FileLine) -> tuple[str, ...]:
    read, tokens = f"{line.pages_read}/{line.pages_selected}", (f"{line.input_tokens:,}", f"{line.output_tokens:,}")
    return (line.name, line.status, read, *tokens, line.cost, line.error)


def expected_rows(expected: Expected) -> tuple[tuple[str, str, str], ...]:
    """Lay out the estimate beside what was, a figure a row."""
    low, likely, high = (f"{it:,}" for it in (expected.output_low, expected.output_likely, expected.output_high))
    return (
        ("tokens in", f"{expected.input_tokens:,}", f"{expected.actual_input:,}"),
        ("tokens out", f"{likely} ({low} to {high})", f"{expected.actual_output:,}"),
        (
            "cost",
            f"{expected.cost_likely} ({expected.cost_low} to {expected.cost_high})",
            expected.actual_cost,
        ),
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(map(_text, heads))} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_text, row))} |"


def _text(text: str) -> str:
    return " ".join(text.translate(_ACTS).split())
