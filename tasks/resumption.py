"""What a run goes on from: a budget holds for the whole of the work, however often it is interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.billing import may_have_been_billed
from schemas.records import CallRecord
from schemas.spending import NOTHING, Spending
from schemas.tokens import prompt_tokens
from schemas.usage import Usage
from tasks.account import priced, usage_of
from tasks.forecast import OutputForecast
from tasks.ledger import KeptRun, Ledger
from tasks.order import Order

ENDED = frozenset({"success", "partial_success"})


async def carried_over(ledger: Ledger, dataset_id: str, order: Order, forecast: OutputForecast) -> Spending:
    """Add up what was spent by the runs that this one goes on from: all since the last that came to its own end.

    Their answers' lengths are what *forecast* is told: who expected nothing of them would pass the same limit again.
    """
    unfinished = since_last_end(await ledger.runs(dataset_id))
    calls = await ledger.calls_of_runs(unfinished)
    learn(forecast, calls)
    return spending(calls, order)


def learn(forecast: OutputForecast, calls: Iterable[CallRecord]) -> None:
    """Tell a forecast how long these calls' answers were."""
    for call in sorted(calls, key=lambda call: call.ended_at or call.started_at):
        if call.outcome == "answered":
            forecast.learn(call.operation, call.output_tokens)


def since_last_end(runs: Sequence[KeptRun]) -> list[str]:
    """Name the runs, oldest first, behind the last one that was neither stopped nor interrupted nor killed."""
    unfinished: list[str] = []
    for run in runs:
        unfinished = [] if run.status in ENDED else [*unfinished, run.run_id]
    return unfinished


def spending(calls: Sequence[CallRecord], order: Order) -> Spending:
    """Add up calls; one of which nobody knows what it took counts as the worst that it can have been."""
    worst = _worst(order)
    total = NOTHING
    for call in priced(calls, order.models):
        usage = usage_of(call)
        if not usage.total_tokens and may_have_been_billed(call):
            total = total.plus(worst)
        else:
            total = total.plus(Spending(call.cost or 0.0, usage.total_tokens))
    return total._replace(pages=len({call.base_key for call in calls}))


def _worst(order: Order) -> Spending:
    recipe, price = order.recipe, order.spec.price
    page = recipe.render.max_pixels // recipe.render.patch**2 if recipe.render else 0
    usage = Usage(
        input_tokens=page * recipe.span_pages + prompt_tokens(recipe.turns),
        output_tokens=order.max_output_tokens + order.max_thinking_tokens,
    )
    return Spending((price.cost(usage) if price else None) or 0.0, usage.total_tokens)
