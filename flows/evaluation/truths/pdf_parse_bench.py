"""Pages of pdf-parse-bench: `ground_truth/000.json` lists the pieces of `pdfs/000.pdf`, text and formulas, in order.

Every text must stand there, one after the other, and every formula as it is written; a character in fifty may be
another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from flows.evaluation.truths import parsed, parts_of, text_of, wrong
from tasks.evaluating.truth import Fact, Truth

_FORMULAS = frozenset({"inline-formula", "display-formula"})
_A_DIFFERENCE = 50


def fits(folder: Path) -> bool:
    """Two folders: documents and lists."""
    return (folder / "ground_truth").is_dir() and (folder / "pdfs").is_dir()


def read(folder: Path) -> Iterator[Truth]:
    """Make facts of the pieces."""
    for path in sorted((folder / "ground_truth").glob("*.json")):
        pieces = parsed(text_of(path), path)
        if not isinstance(pieces, list):
            raise wrong(path, "holds no list")
        texts = [piece["data"] for piece in pieces if piece["type"] == "text"]
        facts = [Fact(kind="present", text=text, differences=_few(text)) for text in texts]
        facts += [
            Fact(kind="order", text=one, after=other, differences=max(_few(one), _few(other)))
            for one, other in pairwise(texts)
        ]
        facts += [Fact(kind="math", text=piece["data"]) for piece in pieces if piece["type"] in _FORMULAS]
        yield Truth(parts=parts_of(folder / "pdfs" / path.stem), origin=str(path), facts=tuple(facts))


def _few(text: str) -> int:
    return len(text) // _A_DIFFERENCE
