"""The report of a run, from its row and the tables, read a little at a time: a run can have a million files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from flows import summary
from flows.report.content import Expected, FileLine, Problem, Ranked, RunReport
from flows.wording import command, duration, money, short, visible
from schemas.arrow import arrow_schema
from schemas.errors import OutputFault
from schemas.records import READ, TABLES, RunRecord
from schemas.usage import Usage
from tasks.catalogue import load_models
from tasks.estimate import PRIOR
from tasks.places import Place, Where, place_at

WORST = 500
"""Files that the report lists; the table has them all."""
FIRST = 10
"""Files that are named as the slowest and the most expensive."""
KINDS = 50
"""Kinds of problem that are listed: there are some thirty."""
_FILE = (
    *("name", "status", "pages_ok", "pages_blank", "pages_skipped", "pages_selected", "error_kind", "error_message"),
    *("input_tokens", "output_tokens", "calls", "cost", "cost_known", "currency"),
)
_TONES = {"success": "good", "partial_success": "warn"}
_UNIMPORTANT = frozenset({"sources", "out", "passwords"})


def gather(run: RunRecord, out: Where) -> RunReport:
    """Put together what is to be said of a run.

    Raises:
        OutputFault: if a table cannot be read.
    """
    try:
        return _gathered(run, place_at(out))
    except (OSError, pa.ArrowInvalid) as error:
        msg = f"a table of {out} cannot be read: {error}"
        raise OutputFault(msg, advice="run again: answers are kept") from error


def _gathered(run: RunRecord, place: Place) -> RunReport:
    out = str(place)
    worst, dearest = _files(place, run)
    return RunReport(
        run_id=run.run_id,
        out=out,
        headline=summary.last_line(run).plain,
        tone=_TONES.get(run.status, "bad"),
        reason=summary.reason(run),
        started_at=run.started_at,
        finished_at=run.finished_at,
        lines=tuple(summary.lines(run)),
        pages_by_status=_counted(summary.pages_by_status(run)),
        files_by_status=_counted(summary.files_by_status(run)),
        steps=(*summary.next_steps(run, out, "the same command again"), _look(out)),
        problems=tuple(_problems(place, run, out)),
        expected=_expected(place, run),
        slowest=tuple(_slowest(place, run)),
        dearest=dearest,
        files=worst,
        files_of=run.files,
        settings=tuple(_settings(run)),
    )


def _look(out: str) -> tuple[str, str]:
    return "look at pages", command("pagemill", "review", "--out", out, "--serve")


def _counted(figures: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in figures.items() if count)


def _scan(place: Place, table: str, columns: Sequence[str], rows: ds.Expression) -> ds.Scanner:
    """Go through a table. What was learned of a file goes with it: a large output has thousands, of sixty columns."""
    dataset = place.dataset(table, arrow_schema(TABLES[table]))
    return dataset.scanner(columns=list(columns), filter=rows, fragment_readahead=1, cache_metadata=False)


def _own(run: RunRecord) -> ds.Expression:
    """Pick the rows of what this run was about, whichever run wrote them."""
    return ds.field("recipe_id") == run.recipe_id


def _files(place: Place, run: RunRecord) -> tuple[tuple[FileLine, ...], tuple[Ranked, ...]]:
    """List the worst files, and those that cost most."""
    worst = dearest = None
    scanner = _scan(place, "files", _FILE, _own(run))
    for batch in scanner.to_batches():
        rows = pa.Table.from_batches([batch]).unify_dictionaries()
        rows = rows.set_column(1, "status", rows["status"].cast(pa.string()))
        rows = rows.append_column("badness", _badness(rows))
        worst = _most(worst, rows, [("badness", "descending"), ("cost_known", "descending")], WORST)
        dearest = _most(dearest, rows, [("cost_known", "descending")], FIRST)
    spent = [row for row in dearest.to_pylist() if row["cost_known"] > 0] if dearest is not None else []
    listed = worst.to_pylist() if worst is not None else []
    return tuple(map(_line, listed)), tuple(Ranked(visible(row["name"]), _cost(row)) for row in spent)


def _badness(rows: pa.Table) -> pa.Array:
    """Rank files: not read at all, then by the share of their pages that is missing."""
    missing = pc.subtract(rows["pages_selected"], _read(rows)).cast(pa.float64())
    share = pc.divide(missing, pc.max_element_wise(rows["pages_selected"], 1).cast(pa.float64()))
    return pc.add(share, pc.multiply(2.0, pc.equal(rows["status"], "failure").cast(pa.float64())))


def _read(rows: pa.Table) -> pa.ChunkedArray:
    return pc.add(pc.add(rows["pages_ok"], rows["pages_blank"]), rows["pages_skipped"])


def _most(so_far: pa.Table | None, rows: pa.Table, keys: Sequence[tuple[str, str]], count: int) -> pa.Table:
    together = rows if so_far is None else pa.concat_tables([so_far, rows])
    return together.sort_by([*keys, ("name", "ascending")]).slice(0, count).combine_chunks()


def _line(row: Mapping[str, Any]) -> FileLine:
    read = row["pages_ok"] + row["pages_blank"] + row["pages_skipped"]
    error = ": ".join(filter(None, (row["error_kind"], short(row["error_message"] or "", 160))))
    return FileLine(
        name=visible(row["name"]),
        status=row["status"],
        pages_read=read,
        pages_selected=row["pages_selected"],
        error=error,
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        calls=row["calls"],
        cost=_cost(row),
    )


def _cost(row: Mapping[str, Any]) -> str:
    return money(row["cost"], row["cost_known"], row["currency"]) if row["calls"] else ""


def _problems(place: Place, run: RunRecord, out: str) -> Iterator[Problem]:
    """Gather pages and files that were not read, by what was wrong with them, the most first."""
    columns = ["status", "error_kind", "error_message", "name"]
    bad = ~ds.field("status").cast(pa.string()).isin(sorted(READ))
    pages = _scan(place, "pages", [*columns, "page_no"], _own(run) & bad).to_table()
    ledger = summary.ledger_words(run)
    for row in _grouped(pages):
        status = row["status"]
        again = command("pagemill", "retry", "--out", out, *ledger, "--only", status) if status in summary.AGAIN else ""
        yield _problem(row, f"{row['name_first']} p. {row['page_no_first']}", again)
    unread = (ds.field("status").cast(pa.string()) == "failure") & (ds.field("pages_selected") == 0)
    files = _scan(place, "files", columns, _own(run) & unread).to_table()
    for row in _grouped(files):
        yield _problem(row, row["name_first"], "")


def _grouped(rows: pa.Table) -> list[dict[str, Any]]:
    if not rows.num_rows:
        return []
    rows = rows.set_column(0, "status", rows["status"].cast(pa.string()))
    wanted = [(name, "first") for name in rows.column_names if name not in {"status", "error_kind"}]
    groups = rows.group_by(["status", "error_kind"], use_threads=False).aggregate([*wanted, ("name", "count")])
    listed: list[dict[str, Any]] = groups.sort_by([("name_count", "descending")]).slice(0, KINDS).to_pylist()
    return listed


def _problem(row: Mapping[str, Any], example: str, again: str) -> Problem:
    message = short(row["error_message_first"] or "", 240)
    kind = row["error_kind"] if row["error_kind"] != row["status"] else None
    return Problem(row["status"], kind or "", row["name_count"], visible(example), message, again)


def _expected(place: Place, run: RunRecord) -> Expected | None:
    """Hold the calls of a run against what an estimate without knowledge says of as many requests of their input."""
    asked: Counter[tuple[str, int]] = Counter()
    first = (ds.field("run_id") == run.run_id) & (ds.field("outcome").cast(pa.string()) == "answered")
    first &= ds.field("request_key") == ds.field("base_key")
    for batch in _scan(place, "calls", ["model", "input_tokens"], first).to_batches():
        counted = pa.Table.from_batches([batch]).group_by(["model", "input_tokens"]).aggregate([([], "count_all")])
        asked.update({(row["model"], row["input_tokens"]): row["count_all"] for row in counted.to_pylist()})
    if not any(tokens for _, tokens in asked):
        return None
    requests = sum(asked.values())
    outputs = (PRIOR.p10, PRIOR.median, PRIOR.p90)
    low, likely, high = (money(_price(asked, output), 0.0, run.currency) for output in outputs)
    return Expected(
        requests=requests,
        input_tokens=sum(tokens * count for (_, tokens), count in asked.items()),
        output_low=requests * PRIOR.p10,
        output_likely=requests * PRIOR.median,
        output_high=requests * PRIOR.p90,
        cost_low=low,
        cost_likely=likely,
        cost_high=high,
        actual_input=run.input_tokens,
        actual_output=run.output_tokens,
        actual_cost=money(run.cost, run.cost_known, run.currency),
    )


def _price(asked: Mapping[tuple[str, int], int], output: int) -> float | None:
    models, total = load_models(), 0.0
    for (model, tokens), count in asked.items():
        price = models[model].price if model in models else None
        one = price.cost(Usage(input_tokens=tokens, output_tokens=output)) if price else None
        if one is None:
            return None
        total += one * count
    return total


def _slowest(place: Place, run: RunRecord) -> Iterator[Ranked]:
    """Name the files whose calls of this run took longest, all their calls together."""
    ended = (ds.field("run_id") == run.run_id) & ds.field("ended_at").is_valid()
    calls = _scan(place, "calls", ["doc_id", "started_at", "ended_at"], ended).to_table()
    if not calls.num_rows:
        return
    taken = pc.microseconds_between(calls["started_at"], calls["ended_at"])
    sums = pa.table({"doc_id": calls["doc_id"], "taken": taken}).group_by("doc_id").aggregate([("taken", "sum")])
    slow = sums.sort_by([("taken_sum", "descending"), ("doc_id", "ascending")]).slice(0, FIRST).to_pylist()
    known = ds.field("doc_id").isin([row["doc_id"] for row in slow])
    named = _scan(place, "files", ["doc_id", "name"], _own(run) & known).to_table()
    names = dict(zip(named["doc_id"].to_pylist(), named["name"].to_pylist(), strict=True))
    for row in slow:
        name = names.get(row["doc_id"])
        if name is not None:
            yield Ranked(visible(name), f"{duration(row['taken_sum'] / 1e6)} of calls")


def _settings(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Say what was asked, leaving out what was left to itself."""
    yield "recipe", run.recipe_id[:12]
    yield "version", run.pagemill_version
    yield "machine", run.host
    for name, value in json.loads(run.config).items():
        if name == "sources":
            yield "sources", short(", ".join(map(str, value)), 400)
        elif value not in (None, [], False) and name not in _UNIMPORTANT:
            yield name.replace("_", " "), short(str(value), 200)
