"""What a run goes on from: a budget holds for the whole of the work, however often it is interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from heapq import heappush, heappushpop

from schemas.billing import may_have_been_billed
from schemas.records import CallRecord
from schemas.spending import NOTHING, Spending
from schemas.tokens import prompt_tokens
from schemas.usage import Usage
from tasks.account import priced, usage_of
from tasks.forecast import SEEN, OutputForecast
from tasks.ledger import KeptRun, Ledger
from tasks.order import Order

ENDED = frozenset({"success", "partial_success"})


async def carried_over(ledger: Ledger, dataset_id: str, order: Order, forecast: OutputForecast) -> Spending:
    """Add up what was spent by the runs that this one goes on from: all since the last that came to its own end.

    Their answers' lengths are what *forecast* is told: who expected nothing of them would pass the same limit again.
    """
    unfinished = since_last_end(await ledger.runs(dataset_id))
    spent, lengths = await ledger.over_calls_of_runs(unfinished, partial(_gone_through, order=order))
    lengths.tell(forecast)
    return spent


def _gone_through(calls: Iterator[CallRecord], order: Order) -> tuple[Spending, LatestLengths]:
    lengths = LatestLengths()
    return spending(map(lengths.seen, calls), order), lengths


class LatestLengths:
    """How long the latest answers of each kind were; no more of them than a forecast remembers."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[tuple[datetime, int]]] = {}

    def seen(self, call: CallRecord) -> CallRecord:
        """Take note of a send and hand it on."""
        if call.outcome == "answered":
            latest = self._kinds.setdefault(call.operation, [])
            (heappush if len(latest) < SEEN else heappushpop)(
                latest, (call.ended_at or call.started_at, call.output_tokens)
            )
        return call

    def tell(self, forecast: OutputForecast) -> None:
        """Tell a forecast of them, the oldest first."""
        for kind, latest in self._kinds.items():
            for _, output_tokens in sorted(latest):
                forecast.learn(kind, output_tokens)


def learn(forecast: OutputForecast, calls: Iterable[CallRecord]) -> None:
    """Tell a forecast how long these calls' answers were."""
    lengths = LatestLengths()
    for call in calls:
        lengths.seen(call)
    lengths.tell(forecast)


def since_last_end(runs: Sequence[KeptRun]) -> list[str]:
    """Name the runs, oldest first, behind the last one that was neither stopped nor interrupted nor killed."""
    unfinished: list[str] = []
    for run in runs:
        unfinished = [] if run.status in ENDED else [*unfinished, run.run_id]
    return unfinished


def spending(calls: Iterable[CallRecord], order: Order) -> Spending:
    """Add up calls; one of which nobody knows what it took counts as the worst that it can have been."""
    worst = _worst(order)
    total, asked = NOTHING, set()
    for sent in calls:
        (call,) = priced([sent], order.models)
        asked.add(call.base_key)
        usage = usage_of(call)
        if not usage.total_tokens and may_have_been_billed(call):
            total = total.plus(worst)
        else:
            total = total.plus(Spending(call.cost or 0.0, usage.total_tokens))
    return total._replace(pages=len(asked))


def _worst(order: Order) -> Spending:
    recipe, price = order.recipe, order.spec.price
    page = recipe.render.max_pixels // recipe.render.patch**2 if recipe.render else 0
    usage = Usage(
        input_tokens=page * recipe.span_pages + prompt_tokens(recipe.turns),
        output_tokens=order.max_output_tokens + order.max_thinking_tokens,
    )
    return Spending((price.cost(usage) if price else None) or 0.0, usage.total_tokens)
