"""Results of pages made one."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from tasks.extraction.merge import Conflict, Said, merge
from tasks.extraction.pointers import as_pointer, leaves, pointer

names = st.sampled_from(["a", "b", "c/d", "e~f"])
leaf = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "X", "y"])
values = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
results = st.dictionaries(names, values, max_size=4)


def at(value, path):
    return reduce(
        lambda found, step: found[int(step)] if isinstance(found, list) else found[step],
        (step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]),
        value,
    )


@given(results)
def test_one_result_is_the_whole(result):
    merged = merge([result])

    assert (merged.value, merged.conflicts) == (result, ())


@given(results, results, results)
def test_it_is_no_matter_whether_pages_are_merged_at_once_or_one_by_one(one, two, three):
    assert merge([merge([one, two]).value, three]).value == merge([one, two, three]).value


@given(st.lists(results, max_size=4))
def test_every_leaf_is_some_pages_leaf_and_it_is_known_which(found):
    merged = merge(found)

    for path, value in leaves(merged.value):
        number, there = merged.origins[path]
        assert at(found[number], there) == value


@given(st.lists(results, max_size=4))
def test_a_conflict_names_what_pages_really_say(found):
    for conflict in merge(found).conflicts:
        for said in (conflict.kept, *conflict.others):
            assert said.value in [value for _, value in nodes(found[said.result])]


def nodes(value, path=""):
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from nodes(item, path + pointer([step]))


def test_the_first_value_stays_lists_are_joined_and_differences_are_listed():
    merged = merge(
        [
            {"number": None, "seller": {"name": "ACME Ltd"}, "lines": [{"amount": 1}]},
            {"number": "7", "seller": {"name": "acme  LTD", "city": "Rome"}, "lines": None, "total": 3},
            {"lines": [{"amount": 2}], "total": 4, "number": "7"},
        ]
    )

    assert merged.value == {
        "number": "7",
        "seller": {"name": "ACME Ltd", "city": "Rome"},
        "lines": [{"amount": 1}, {"amount": 2}],
        "total": 3,
    }
    assert merged.conflicts == (Conflict("/total", Said(1, 3), (Said(2, 4),)),)
    assert merged.origins["/lines/1/amount"] == (2, "/lines/0/amount")
    assert merged.origins["/number"] == (1, "/number")


def test_things_of_different_kinds_are_a_conflict_and_true_is_not_one():
    merged = merge([{"a": {"b": 1}, "c": True}, {"a": "text", "c": 1}])

    assert merged.value == {"a": {"b": 1}, "c": True}
    assert [conflict.path for conflict in merged.conflicts] == ["/a", "/c"]


def test_nothing_merged_is_nothing():
    assert merge([]).value == {}


def test_paths_are_read_as_models_write_them():
    assert as_pointer("#/a/0") == as_pointer("a[0]") == as_pointer("$.a.0") == "/a/0"
