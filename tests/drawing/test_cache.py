from __future__ import annotations

import os

import pytest

from schemas.errors import DocumentChanged, MissingDocument, RenderFailed
from tasks.drawing import cache, opened
from tests.papers import known, pdf


@pytest.fixture(autouse=True)
def _empty_cache():
    yield
    while cache._open:
        cache._open.popitem()[1].close()


def test_a_document_stays_open_for_its_next_page(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", "one"))
    with opened(document) as first, opened(document) as second:
        assert first is second


def test_only_a_few_documents_stay_open_the_latest_ones(tmp_path):
    documents = [known(pdf(tmp_path / f"{number}.pdf", "one")) for number in range(cache.MAX_OPEN + 2)]
    for document in documents:
        with opened(document):
            pass
    assert [key[0] for key in cache._open] == [each.file.path for each in documents[2:]]


def test_a_document_that_failed_is_not_kept(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", "one"))
    with pytest.raises(RenderFailed), opened(document) as source:
        source.natural_size(2)
    assert not cache._open


def test_a_file_that_is_not_the_one_identified_is_refused(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", "one"))
    os.utime(tmp_path / "a.pdf", ns=(1, 1))
    with pytest.raises(DocumentChanged), opened(document):
        pass
    (tmp_path / "a.pdf").unlink()
    with pytest.raises(MissingDocument), opened(document):
        pass


def test_a_file_that_changes_under_the_reader_is_refused(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", "one"))
    with pytest.raises(DocumentChanged), opened(document):
        pdf(tmp_path / "a.pdf", "one", "two")
    assert not cache._open
