"""What the asking commands print: an estimate, how an output stands, the models that are known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.wording import command, counts, duration, money, plural, short, tokens, visible
from schemas.config import without_password
from schemas.estimate import Estimate
from schemas.models import ModelSpec
from schemas.status import PageProblem, Quarantined, Status

FIRST_PROBLEMS = 5
_MORE: Mapping[str, tuple[str, str]] = {
    "render_timeout": ("--render-timeout", "600"),
    "render_crash": ("--render-memory-mb", "8192"),
}
"""What a document that took too much may be given more of."""
_RETRIABLE = ("failed", "truncated", "suspect", "blocked", "invalid")


def as_json(value: object) -> str:
    """Give a dataclass, or a list of them, as one line of JSON."""
    plain = [asdict(item) for item in value] if isinstance(value, list) else asdict(value)  # type: ignore[call-overload]
    return json.dumps(plain, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def show_estimate(estimate: Estimate, console: Console) -> None:
    """Print what a run would take."""
    console.print(_grid(_estimate_lines(estimate)))


def _estimate_lines(estimate: Estimate) -> Iterator[tuple[str, str]]:
    rejected = f", {estimate.rejected:,} that cannot be read" if estimate.rejected else ""
    yield "files", f"{estimate.files:,}{rejected}"
    yield "pages", f"{estimate.pages:,} to read, {estimate.pages_kept:,} kept and free"
    yield "input", f"{estimate.input_tokens:,} tokens, of which {estimate.image_tokens:,} image (exact)"
    output = (estimate.output_tokens_low, estimate.output_tokens_likely, estimate.output_tokens_high)
    low, likely, high = (f"{count:,}" for count in output)
    yield "output", f"{likely} tokens, between {low} and {high}"
    yield "cost", _cost_range(estimate)
    if estimate.minutes_at_limits is None:
        yield "time", "unknown: no rate limit is known"
    else:
        yield "time", f"{duration(estimate.minutes_at_limits * 60)} at the rate limits"
    yield "based on", estimate.basis


def _cost_range(estimate: Estimate) -> str:
    if estimate.cost_likely is None:
        return "unknown: no price is known"
    low, likely, high = (
        money(cost, 0.0, estimate.currency) for cost in (estimate.cost_low, estimate.cost_likely, estimate.cost_high)
    )
    dated = f", prices of {estimate.price_date}" if estimate.price_date else ""
    source = f" ({estimate.price_source})" if estimate.price_source else ""
    return f"{likely}, between {low} and {high}{dated}{source}"


def show_status(
    status: Status, out: str, console: Console, *, ledger: str | None = None, every_problem: bool = False
) -> None:
    """Print how an output stands, its first problems or every one, and what to type next."""
    where = ("--out", out, *(("--ledger", ledger) if ledger and without_password(ledger) == ledger else ()))
    console.print(_grid(_status_lines(status)))
    shown = status.problems if every_problem else status.problems[:FIRST_PROBLEMS]
    for problem in shown:
        console.print(_problem(problem), soft_wrap=True, highlight=False)
    if more := len(status.problems) - len(shown):
        line = command("pagemill", "status", *where, "--problems")
        console.print(Text(f"and {plural(more, 'problem')} more: {visible(line)}"), soft_wrap=True, highlight=False)
    for document in status.quarantined if every_problem else ():
        console.print(_quarantined(document, where), soft_wrap=True, highlight=False)
    if (held := len(status.quarantined)) and not every_problem:
        line = command("pagemill", "status", *where, "--problems")
        said = f"{plural(held, 'document')} to look at before reading again: {visible(line)}"
        console.print(Text(said), soft_wrap=True, highlight=False)
    if wanted := [name for name in _RETRIABLE if status.pages.get(name)]:
        line = command("pagemill", "retry", *where, "--only", ",".join(wanted))
        console.print(Text.assemble(("ask again: ", "bold"), visible(line)), soft_wrap=True, highlight=False)


def _status_lines(status: Status) -> Iterator[tuple[str, str]]:
    if status.runs:
        last = status.runs[-1]
        why = f" ({last.error_kind})" if last.error_kind else ""
        yield "last run", f"{last.run_id}: {last.status.replace('_', ' ')}{why}, {last.finished_at:%Y-%m-%d %H:%M} UTC"
    yield "runs", f"{len(status.runs):,}"
    if status.held_by:
        yield "at work", status.held_by
    yield "files", counts(status.files)
    yield "pages", counts(status.pages)
    if status.calls:
        yield "calls", counts(status.calls)
        yield "tokens", f"{status.usage.input_tokens:,} in, {status.usage.output_tokens:,} out"
        yield "cost", money(status.cost, status.cost_known, status.currency)


def _problem(problem: PageProblem) -> Text:
    page = f" page {problem.page_no}" if problem.page_no is not None else ""
    said = ": ".join(filter(None, (problem.error_kind, short(problem.message or ""))))
    return Text.assemble((f"{problem.status:<9} ", "red"), f"{visible(problem.source)}{page}: {said}")


def _quarantined(document: Quarantined, where: Sequence[str]) -> Text:
    """Write a document, why it stands apart, and the command that tries it again with more of what it lacked."""
    kinds = counts(document.kinds)
    again = f", asked again {plural(document.asked_again, 'time')}" if document.asked_again else ""
    more = [word for kind, words in _MORE.items() if kind in document.kinds for word in words]
    line = command("pagemill", "retry", *where, "--only", ",".join(document.statuses) or "failed", *more)
    return Text.assemble(
        (f"{document.reason}: ", "bold red"),
        f"{visible(document.source)} ({visible(kinds)}{again}); look at it, then: {visible(line)}",
    )


def show_models(models: Mapping[str, ModelSpec], defaults: Mapping[str, str], console: Console) -> None:
    """Print the model table, a backend at a time; a star marks what is asked where none is named."""
    for backend in sorted({name for spec in models.values() for name in spec.backends}):
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title=backend, title_justify="left")
        for heading in ("model", "req/min", "tok/min", "in/M", "out/M", "price of"):
            side: Literal["left", "right"] = "left" if heading in {"model", "price of"} else "right"
            table.add_column(heading, justify=side, no_wrap=True)
        for spec in (spec for spec in models.values() if backend in spec.backends):
            star = "*" if defaults.get(backend) == spec.name else " "
            table.add_row(*(Text(visible(cell)) for cell in (star + spec.name, *_model_row(spec))))
        console.print(table)
    console.print(Text("* asked where none is named; ? not known; prices of the first tier, per million tokens"))


def _model_row(spec: ModelSpec) -> tuple[str, ...]:
    limits = tuple(
        tokens(round(rate)) if rate else "?"
        for rate in (spec.limits.requests_per_minute, spec.limits.tokens_per_minute)
    )
    if spec.retired_on:
        return (*limits, "", "", "retired")
    if spec.price is None:
        return (*limits, "?", "?", "")
    tier, currency = spec.price.tiers[0], spec.price.currency
    prices = ("?" if price is None else money(price, 0.0, currency) for price in (tier.input, tier.output))
    return (*limits, *prices, str(spec.price.as_of))


def _grid(lines: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for label, text in lines:
        grid.add_row(label, Text(visible(text)))
    return grid
