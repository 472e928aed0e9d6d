"""The command `backfill`: an archive read in shares, by this process, a runner's or the runs of a deployment."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.interrupts import Watch, drive
from flows.options import Access, Budget, Ledger, Pace, Reading, Talk, config_of, grouped, settings
from flows.session import Session
from flows.wording import command, visible
from schemas.errors import UsageFault

if TYPE_CHECKING:
    from flows.backfill_view import Problems, View
    from flows.backfill_work import Outcome
    from flows.runners import Runner
    from schemas.backfill import Backfill, Chosen

_WHICH, _STOPS, _THERE = "Which files", "Where it stops", "A backfill that there is"
_WHO = "Who works at it"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]...", help="Files, folders or globs; @list.txt reads them.", show_default=False),
]
Out = Annotated[str | None, typer.Option("--out", "-o", metavar="DIR", help="Where the tables go.", show_default=False)]


def _option(*names: str, panel: str, help: str, **more: Any) -> Any:  # noqa: A002 - Typer's own word for it
    return typer.Option(*names, rich_help_panel=panel, help=help, **more)


@dataclass(frozen=True, kw_only=True)
class Which:
    """Which files are meant, and how they are shared out."""

    since: Annotated[str | None, _option(panel=_WHICH, metavar="DATE", help="Changed since then.")] = None
    until: Annotated[str | None, _option(panel=_WHICH, metavar="DATE", help="Changed before then.")] = None
    match: Annotated[str | None, _option(panel=_WHICH, metavar="GLOB", help="Whose name below SOURCE fits.")] = None
    limit: Annotated[int | None, _option(panel=_WHICH, metavar="N", min=1, help="At most so many files.")] = None
    shards_per_run: Annotated[int, _option(panel=_WHICH, metavar="N", min=1, help="Shards that one run takes.")] = 20
    deadline: Annotated[
        str | None, _option(panel=_STOPS, metavar="TIME", help="When to rest: 8h, 2d, or a date with a time.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class There:
    """What is to be done with a backfill that was planned before."""

    resume: Annotated[str | None, _option(panel=_THERE, metavar="ID", help="Go on with it.")] = None
    pause: Annotated[str | None, _option(panel=_THERE, metavar="ID", help="Let it rest, whoever runs it.")] = None
    drop: Annotated[str | None, _option(panel=_THERE, metavar="ID", help="Give it up; what was read stays.")] = None
    listed: Annotated[bool, _option("--list", panel=_THERE, help="List those that are not finished.")] = False


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Which processes read the shares, if not this one."""

    runner: Annotated[
        str | None,
        _option(panel=_WHO, metavar="NAME[=ADDRESS]", help="dask or ray: a cluster, or processes here for as long."),
    ] = None
    runner_workers: Annotated[
        int | None, _option(panel=_WHO, metavar="N", min=1, help="Processes here (default: 2).", show_default=False)
    ] = None


@grouped
def backfill(
    ctx: typer.Context,
    sources: Sources = None,
    out: Out = None,
    ledger: Ledger = None,
    *,
    which: Which,
    there: There,
    carried: Carried,
    reading: Reading,
    access: Access,
    pace: Pace,
    budget: Budget,
    talk: Talk,
) -> None:
    """Read an archive in shares that any number of processes and machines take, each share once."""
    session: Session = ctx.obj
    if sum(map(bool, (sources, there.resume, there.pause, there.drop, there.listed))) != 1:
        msg = "give SOURCE, or one of --resume ID, --pause ID, --drop ID and --list"
        raise UsageFault(msg, advice="see `pagemill backfill --help`")
    if there.pause or there.drop or there.listed:
        _manage(session, _place(out, ledger), there, as_json=talk.as_json)
        return
    ends = _deadline(which.deadline, datetime.now(UTC))
    runner = _runner(carried)
    if there.resume:
        limits = settings(budget) | ({"deadline": ends} if ends else {})
        job = _Job(
            _place(out, ledger), settings(access).get("passwords", ()), talk, runner, resume=(there.resume, limits)
        )
    else:
        config = config_of(
            {"sources": sources, "out": out or "", "ledger": ledger} | settings(reading, access, pace, budget)
        )
        if out is None:
            msg = "--out: say where the tables go"
            raise UsageFault(msg, advice="pagemill backfill SOURCE --out DIR")
        chosen = _chosen(which, config.shard_pages)
        job = _Job(_place(out, ledger), config.passwords, talk, runner, new=(config, chosen, ends))
    _conduct(session, job)


@dataclass(frozen=True)
class _Job:
    """A backfill to plan, or one to take up with changed limits."""

    place: str
    passwords: tuple[Any, ...]
    talk: Talk
    runner: Runner | None = None
    new: tuple[Any, Chosen, datetime | None] | None = None
    resume: tuple[str, dict[str, Any]] | None = None

    @property
    def submits(self) -> bool:
        """Whether runs of the deployment do the work."""
        return self.runner is None and (self.talk.prefect or bool(os.environ.get("PREFECT_API_URL")))


def _conduct(session: Session, job: _Job) -> None:
    from flows import backfill_work as doing
    from flows.backfill_view import Problems, View, last_line

    told: list[str] = []
    problems = Problems(session.words, describe=lambda *_: "", quiet=job.talk.quiet)

    async def work(watch: Watch) -> Outcome:
        problems.at_start = watch.claim
        if job.passwords and (job.submits or job.runner):
            msg = "--password: passwords are not handed to Prefect, which would store and show them"
            without = "leave --runner out" if job.runner else "unset PREFECT_API_URL"
            raise UsageFault(msg, advice=f"{without} to read these files in this process")
        planned = await _planned(job, problems, watch)
        currency = doing.currency_of(planned, job.place)
        told.extend((planned.backfill_id, currency or ""))
        problems.note(f"backfill {planned.backfill_id}; go on with it: {_again(planned, job.place)}")
        with View(session.words, quiet=job.talk.quiet, currency=currency) as view:
            return await _worked(job, planned, view, problems, watch.stop)

    # What the runs of a deployment have in flight is not ours to finish: then an interrupt only leaves them alone.
    outcome = drive(work, say=(lambda _: None) if job.submits else problems.urgent)
    if outcome.message:
        problems.urgent(outcome.message)
    problems.urgent(last_line(outcome.stands, outcome.why, told[1] or None))
    if outcome.why != "finished":
        problems.urgent(f"go on with: {_again(outcome.stands.backfill, job.place)}")
    if job.talk.as_json:
        session.emit(json.dumps(_plain(outcome)))
    raise typer.Exit(outcome.exit_code)


async def _worked(job: _Job, planned: Backfill, view: View, problems: Problems, stop: asyncio.Event) -> Outcome:
    if job.runner is not None:
        from flows.carrying import Passage, carry

        return await carry(Passage(job.place, planned, job.runner, view, problems, stop))
    if job.submits:
        from flows.submission import follow

        return await follow(job.place, planned, view, problems, stop)
    from flows.backfill_work import work_here

    return await work_here(job.place, planned.backfill_id, view, problems, stop, job.passwords)


def _runner(carried: Carried) -> Runner | None:
    """Look the runner up.

    Raises:
        UsageFault: if it does not exist, is not installed, or nothing is to be carried.
    """
    from flows.runners import chosen

    if carried.runner is None:
        if carried.runner_workers is not None:
            msg = "--runner-workers: processes of which runner?"
            raise UsageFault(msg, advice="say --runner dask or --runner ray")
        return None
    return chosen(carried.runner, carried.runner_workers)


async def _planned(job: _Job, problems: Any, watch: Watch) -> Backfill:
    from flows import backfill_work as doing

    if job.new is not None:
        config, chosen, ends = job.new
        return await doing.begin(config, chosen, ends, problems=problems, stop=watch.stop)
    backfill_id, limits = job.resume or ("", {})
    return await doing.take_up(
        job.place, backfill_id, limits, passwords=job.passwords, problems=problems, stop=watch.stop
    )


def _manage(session: Session, place: str, there: There, *, as_json: bool) -> None:
    from flows import backfill_work as doing
    from flows.backfill_view import last_line

    if there.pause:
        found = [(asyncio.run(doing.change(place, there.pause, paused=True)), "paused")]
    elif there.drop:
        found = [(asyncio.run(doing.change(place, there.drop, finished_at=datetime.now(UTC))), "given up")]
    else:
        stands = asyncio.run(doing.unfinished(place))
        found = [(one, "paused" if one.backfill.paused else "open") for one in stands]
    if as_json:
        session.emit(json.dumps([_plain(doing.Outcome(one, why)) for one, why in found]))
        return
    for one, why in found:
        session.emit(visible(last_line(one, why, doing.currency_of(one.backfill, place))))
    if not found:
        session.emit(f"no backfill in {visible(place)} is unfinished")


def _plain(outcome: Outcome) -> dict[str, Any]:
    stands = outcome.stands
    return {
        "backfill_id": stands.backfill.backfill_id,
        "status": outcome.why,
        "error_message": outcome.message or None,
        "exit_code": int(outcome.exit_code),
        "pages": stands.pages,
        "pages_done": stands.pages_done,
        "pages_failed": stands.pages_failed,
        "shares": len(stands.shares),
        "shares_open": len(stands.open),
        "cost_known": stands.cost,
        "out": json.loads(stands.backfill.config)["out"],
    }


def _again(backfill: Backfill, place: str) -> str:
    from schemas.config import without_password

    named = () if "@" in place and without_password(place) != place else ("--ledger", place)
    return command("pagemill", "backfill", "--resume", backfill.backfill_id, *named)


def _place(out: str | None, ledger: str | None) -> str:
    """Say where the ledger with the plan is."""
    from tasks.books import ledger_place

    if out is None and ledger is None:
        msg = "say where the backfill is kept: --out DIR, or --ledger"
        raise UsageFault(msg, advice="pagemill backfill --resume ID --out DIR")
    return ledger_place(out or "", ledger)


def _chosen(which: Which, shard_pages: int) -> Chosen:
    from schemas.backfill import Chosen

    return Chosen(
        since=_moment("--since", which.since),
        until=_moment("--until", which.until),
        match=which.match,
        limit=which.limit,
        share_pages=which.shards_per_run * shard_pages,
    )


def _moment(option: str, given: str | None) -> datetime | None:
    """Read a date, or a date with a time; without a zone it is this machine's."""
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given).astimezone(UTC)
    except ValueError:
        msg = f"{option}: {given!r} is no date"
        raise UsageFault(msg, advice=f"write it like {option} 2026-03-31 or {option} 2026-03-31T18:00") from None


def _deadline(given: str | None, now: datetime) -> datetime | None:
    """Read a moment, or how long from now: 90m, 8h, 2d."""
    if given is None:
        return None
    if (match := re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", given)) is not None:
        return now + timedelta(**{_UNITS[match[2]]: float(match[1])})
    return _moment("--deadline", given)
