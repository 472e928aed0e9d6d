from __future__ import annotations

import hashlib

import pytest

from schemas.errors import DocumentChanged, EncryptedDocument, MissingDocument, RenderFailed
from tasks.picture import Wanted, draw
from tests.papers import jpeg, pdf, stripes


def wanted(path, **more):
    doc_id = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wanted(**{"source": str(path), "doc_id": doc_id, "page_no": 1, "dpi": 100, "max_side": 2_000} | more)


def test_a_page_is_as_large_as_its_points_and_the_resolution_say(tmp_path):
    path = pdf(tmp_path / "a.pdf", "one", width=360, height=720)
    assert draw(wanted(path)).size == (500, 1_000)
    assert draw(wanted(path, dpi=50)).size == (250, 500)
    assert draw(wanted(path, max_side=100)).size == (50, 100)
    assert draw(wanted(path, dpi=2_000, max_side=10_000)).size == (1_000, 2_000)


def test_a_photograph_is_never_enlarged(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(stripes(300, 200)))
    assert draw(wanted(path)).size == (300, 200)
    assert draw(wanted(path, points=(300.0, 200.0), dpi=36)).size == (150, 100)


def test_a_page_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RenderFailed, match="there is no page 2"):
        draw(wanted(pdf(tmp_path / "a.pdf", "one"), page_no=2))


def test_other_bytes_under_the_same_path_are_not_drawn(tmp_path):
    path = pdf(tmp_path / "a.pdf", "one")
    earlier = wanted(path)
    pdf(path, "one", "two")
    with pytest.raises(DocumentChanged, match="holds other bytes"):
        draw(earlier)
    path.write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(DocumentChanged, match="holds other bytes"):
        draw(earlier)
    path.unlink()
    with pytest.raises(MissingDocument):
        draw(earlier)


def test_an_encrypted_page_is_drawn_with_one_of_the_passwords(tmp_path):
    path = pdf(tmp_path / "a.pdf", "secret", encryption=4, user_pw="sesame", owner_pw="other")
    with pytest.raises(EncryptedDocument):
        draw(wanted(path))
    assert draw(wanted(path, passwords=("wrong", "sesame"))).width == 826
