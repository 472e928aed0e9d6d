from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from schemas.errors import LedgerFault
from schemas.records import CallRecord
from tasks.ledger import OutputLengths, Spent
from tasks.ledger.tables import calls
from tasks.ports import Answers
from tests.ledger.samples import START, a_call, an_answer


async def test_an_answer_is_found_under_what_was_asked(ledger):
    contract: Answers = ledger
    await contract.close_calls([a_call(outcome="answered")], an_answer("key"))
    assert await contract.kept(["key", "another"]) == {"key": an_answer("key")}
    assert await ledger.kept_keys(["key", "another"]) == {"key"}
    assert await contract.kept([]) == {}


async def test_the_first_answer_stays(ledger):
    await ledger.close_calls([a_call(outcome="answered")], an_answer(text="first"))
    await ledger.close_calls([a_call("call-2", outcome="answered")], an_answer(text="second"))
    assert (await ledger.kept(["key"]))["key"].response.text == "first"
    assert len(await ledger.calls_of(["key"])) == 2


async def test_an_answer_without_a_send_is_kept(ledger):
    await ledger.close_calls([], an_answer())
    assert await ledger.kept_keys(["key"]) == {"key"}


async def test_a_send_is_there_before_it_is_over_and_says_then_what_came_of_it(ledger):
    await ledger.open_call(a_call())
    assert await ledger.calls_of(["key"]) == [a_call()]
    closed = a_call(
        outcome="answered",
        http_status=200,
        request_id="service-7",
        first_byte_at=START + timedelta(microseconds=1),
        ended_at=START + timedelta(days=1, microseconds=999_999),
        stop_reason="stop",
        input_tokens=2**40,
        output_tokens=7,
        usage_raw='{"image_tokens": 3}',
    )
    await ledger.close_calls([closed], an_answer())
    assert await ledger.calls_of(["key"]) == [closed]


async def test_closing_twice_is_closing_once_and_opening_late_opens_nothing(ledger):
    closed = a_call(outcome="answered", output_tokens=5)
    await ledger.close_calls([closed], an_answer())
    await ledger.close_calls([closed], an_answer())
    await ledger.open_call(a_call())
    assert await ledger.calls_of(["key"]) == [closed]


async def test_sends_of_all_generations_come_oldest_first(ledger):
    anew = a_call("call-b", request_key="key of generation 1", after=3)
    first, throttled = a_call("call-c"), a_call("call-a", after=1, outcome="throttled")
    await ledger.close_calls([anew, throttled, first, a_call("call-d", key="another")])
    assert await ledger.calls_of(["key"]) == [first, throttled, anew]
    assert await ledger.calls_of_runs(["run-1"]) == [first, a_call("call-d", key="another"), throttled, anew]


async def test_words_of_the_service_that_no_database_takes_are_cleaned(ledger):
    await ledger.close_calls([a_call(outcome="permanent", code="\0", message="a\0b \ud83d\ude00 \ud83d!")])
    (call,) = await ledger.calls_of(["key"])
    assert (call.code, call.message) == ("\ufffd", "a\ufffdb \U0001f600 \ufffd!")


async def test_the_journal_holds_every_field_of_a_send_but_its_price_and_what_it_was_asked_by(ledger):
    added = {"cost", "currency", "price_date", "recipe_id"}
    assert {column.name for column in calls.columns} == {field.name for field in fields(CallRecord)} - added
    await ledger.close_calls([a_call(cost=1.5, currency="CNY", price_date="2026-01-01")])
    assert (await ledger.calls_of(["key"]))[0].cost is None


async def test_a_value_that_cannot_be_written_harms_no_other(ledger):
    broken = a_call("broken", key="broken", outcome="answered")
    broken = replace(broken, started_at=broken.started_at.replace(tzinfo=None))
    outcomes = await asyncio.gather(
        *(ledger.close_calls([a_call(f"call-{n}", outcome="answered")], an_answer(f"key-{n}")) for n in range(50)),
        ledger.close_calls([broken], an_answer("broken")),
        ledger.close_calls([a_call("huge", output_tokens=2**70)], an_answer("huge")),
        *(ledger.close_calls([], an_answer(f"more-{n}")) for n in range(50)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LedgerFault, LedgerFault]
    assert len(await ledger.kept_keys([f"{kind}-{n}" for kind in ("key", "more") for n in range(50)])) == 100
    assert await ledger.kept_keys(["broken", "huge"]) == set()


async def test_an_answer_that_is_no_json_harms_only_itself(ledger):
    broken = an_answer("broken")
    broken = replace(broken, response=replace(broken.response, raw={"value": object()}))
    with pytest.raises(LedgerFault, match="no JSON value"):
        await ledger.close_calls([a_call(outcome="answered")], broken)
    await ledger.close_calls([a_call(outcome="answered")], an_answer())


async def test_those_who_wait_share_a_commit(ledger):
    commits = []
    event.listen(ledger._engine, "commit", commits.append)
    await asyncio.gather(*(ledger.close_calls([], an_answer(f"key-{n}")) for n in range(500)))
    assert len(commits) < 20


async def test_an_answer_is_kept_although_nobody_waits_for_it_any_more(ledger):
    keeping = asyncio.ensure_future(ledger.close_calls([], an_answer()))
    await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await ledger.close_calls([], an_answer("later"))
    assert await ledger.kept_keys(["key"]) == {"key"}


async def test_thousands_of_keys_are_looked_up_at_once(ledger):
    keys = [f"key-{n}" for n in range(12_000)]
    await asyncio.gather(*(ledger.close_calls([], an_answer(key)) for key in keys[::100]))
    assert await ledger.kept_keys(keys) == set(keys[::100])
    assert set(await ledger.kept(keys)) == set(keys[::100])


async def test_lengths_of_answers_are_of_this_model_and_operation(ledger):
    lengths = [*range(1, 101)]
    seen = [a_call(f"call-{n}", outcome="answered", output_tokens=n) for n in lengths]
    others = [
        a_call("x", outcome="timeout", output_tokens=9_999),
        a_call("y", outcome="answered", output_tokens=9_999, model="another"),
        a_call("z", outcome="answered", output_tokens=9_999, operation="structured"),
    ]
    await ledger.close_calls(seen + others)
    assert await ledger.output_quantiles("a-model", "text") == OutputLengths(100, 10, 50, 90, 100)
    assert await ledger.output_quantiles("unseen", "text") == OutputLengths()


async def test_what_was_spent_adds_up_by_run_and_by_dataset(ledger):
    await ledger.open_run("run-1", "dataset", START)
    await ledger.open_run("run-2", "another dataset", START)
    sends = [
        a_call("a", outcome="answered", input_tokens=10, output_tokens=1),
        a_call("b", outcome="answered", input_tokens=20, output_tokens=2, image_tokens=15),
        a_call("c", outcome="throttled"),
        a_call("d", outcome="answered", run_id="run-2", input_tokens=1_000),
    ]
    await ledger.close_calls(sends)
    (answered, throttled) = await ledger.spent(run_ids=["run-1"])
    assert (answered.outcome, answered.calls) == ("answered", 2)
    assert (answered.usage.input_tokens, answered.usage.output_tokens, answered.usage.image_tokens) == (30, 3, 15)
    assert isinstance(throttled, Spent)
    assert await ledger.spent(dataset_id="dataset") == [answered, throttled]
    assert [spent.usage.input_tokens for spent in await ledger.spent(dataset_id="another dataset")] == [1_000]
    assert await ledger.spent() == []
