"""Our own layout: files beside the names of the documents.

`a.txt`, `a.md` or `a.html` is the text of `a.pdf`, with form feeds between pages; `a.json` is the data in it;
`a.facts.jsonl` has a fact a line. `a.pdf.txt` works as well, where `a.png` is another document.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.evaluation.truths import parsed, text_of, wrong
from flows.evaluation.truths.olmocr_bench import fact_of
from tasks.evaluating.truth import Fact, Truth

FACTS = ".facts.jsonl"
TEXTS = frozenset({".txt", ".md", ".html"})
PAGE_BREAK = "\f"


def fits(folder: Path) -> bool:
    """Any folder will do."""
    return folder.is_dir()


def read(folder: Path) -> Iterator[Truth]:
    """Take every file of truth below the folder, by name."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        if path.name.endswith(FACTS):
            yield Truth(parts=_parts(path, FACTS), origin=str(path), facts=tuple(_facts(path)))
        elif path.suffix in TEXTS:
            pages = tuple(text_of(path).split(PAGE_BREAK))
            yield Truth(parts=_parts(path, path.suffix), origin=str(path), pages=pages)
        elif path.suffix == ".json":
            yield _data(path)


def _parts(path: Path, ending: str) -> tuple[str, ...]:
    absolute = path.absolute()
    return (*absolute.parts[:-1], absolute.name.removesuffix(ending))


def _data(path: Path) -> Truth:
    data = parsed(text_of(path), path)
    if isinstance(data, list) and len(data) == 1:
        (data,) = data
    if not isinstance(data, dict):
        raise wrong(path, "holds no JSON object")
    return Truth(parts=_parts(path, ".json"), origin=str(path), data=data)


def _facts(path: Path) -> Iterator[Fact]:
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        if line.strip():
            fact = fact_of(parsed(line, path, number), f"{path}, line {number}")
            if fact is not None:
                yield fact
