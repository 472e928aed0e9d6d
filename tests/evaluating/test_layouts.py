"""Layouts of truth: made small, and the real collections where they are at hand."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from flows.evaluation import truths
from flows.evaluation.matching import matched
from schemas.errors import UsageFault
from tasks.evaluating.truth import Truth
from tests.papers import corpus


def read(folder):
    return list(truths.get(truths.layout_of(folder)).read(folder))


def test_what_no_other_layout_claims_is_our_own(tmp_path):
    (tmp_path / "a.txt").write_text("one\ftwo", encoding="utf-8")
    (tmp_path / "b.png.json").write_text('[{"total": 1}]', encoding="utf-8")
    one, other = read(tmp_path)
    assert (truths.layout_of(tmp_path), one.pages, one.parts[-1]) == (truths.OWN, ("one", "two"), "a")
    assert (other.data, other.parts[-1]) == ({"total": 1}, "b.png")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("[]", "has no type"),
        ('{"type": "present"}', "lacks 'text'"),
        ('{"type": "present", "text": "x"}', "names no pdf"),
        ("{", "is no JSON"),
    ],
)
def test_a_fact_that_is_none_is_told_with_its_line(tmp_path, entry, words):
    (tmp_path / "pdfs").mkdir()
    (tmp_path / "facts.jsonl").write_text(f"\n{entry}\n", encoding="utf-8")
    with pytest.raises(UsageFault, match=words) as caught:
        read(tmp_path)
    assert "line 2" in str(caught.value)


def test_files_that_are_not_text_are_told(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageFault, match="is not UTF-8"):
        read(tmp_path)


def a_truth(path):
    return Truth(parts=tuple(path.split("/")), origin=path)


def test_the_longest_common_end_of_two_paths_decides():
    found = matched([a_truth("/truth/letters/a")], ["/in/letters/a.pdf", "/in/invoices/a.pdf"])
    assert list(found.by_source) == ["/in/letters/a.pdf"]


def test_a_document_and_its_picture_share_a_truth_unless_it_names_one():
    sources = ["/in/a.pdf", "/in/a.png"]
    assert set(matched([a_truth("/truth/a")], sources).by_source) == set(sources)
    assert set(matched([a_truth("/truth/a.png")], sources).by_source) == {"/in/a.png"}


def test_a_truth_of_two_documents_is_of_none():
    found = matched([a_truth("/truth/a"), a_truth("/truth/b")], ["/in/x/a.pdf", "/in/y/a.pdf"])
    assert (dict(found.by_source), found.ambiguous, found.unmatched) == ({}, ("/truth/a",), ("/truth/b",))


@pytest.mark.parametrize(
    ("folder", "layout", "truths_there", "kinds"),
    [
        ("receipts", "sroie", 80, {}),
        ("invoices", "invoice2data", 12, {"amount", "number"}),
        ("nda", "kleister", 12, {"party": 24, "effective date": 10, "jurisdiction": 10, "term": 5}),
        ("orbit", "olmocr_bench", 30, {"present": 23, "absent": 20, "order": 24, "table": 13, "math": 7}),
        ("tables/2025-q4", "pdf_parse_bench", 12, {"present": 291, "order": 279, "math": 249}),
    ],
)
def test_the_collections_are_read_as_they_are(folder, layout, truths_there, kinds):
    place = corpus(folder)
    found = read(place)
    counts = Counter(fact.label or fact.kind for truth in found for fact in truth.facts)
    assert truths.layout_of(place) == layout
    assert len(found) == truths_there
    assert set(counts) == kinds if isinstance(kinds, set) else counts == kinds
    json.dumps([truth.data for truth in found])
