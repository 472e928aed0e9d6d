"""What judging finds, and where it cries wolf: honest answers, and the same with faults planted into them.

    python -m benchmarks.judging UDHR OUT... [--recognize 8]

UDHR holds the Universal Declaration of Human Rights as XML, one file a language; each OUT is a finished run over PDFs
with text layers. Every so many pages (--recognize) one is read from its picture as well, which takes seconds of CPU.
`docs/quality.md` says what the figures mean.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.judged_pages import JudgedPage, kept_pages, parallel_pages, recognized
from benchmarks.judging_faults import FAULTS
from schemas.requests import ModelResponse, Recipe
from tasks.judge import judge
from tasks.operations.text import OPERATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasks.ports import Verdict

_RECIPE = Recipe("text", 1, "dashscope", "m", options={"text_format": "markdown"})
BAD = frozenset({"suspect", "invalid", "truncated"})


def verdict(page: JudgedPage, answer: str) -> Verdict:
    """Judge an answer as a run does."""
    return judge(ModelResponse(answer, "stop"), (page.facts,), OPERATION, _RECIPE)


def alarms(pages: Iterable[JudgedPage]) -> tuple[Counter[str], list[str]]:
    """Count the flags of honest answers; `suspect` counts pages, which are named."""
    found: Counter[str] = Counter()
    named = []
    for page in pages:
        given = verdict(page, page.answer)
        found.update(flag.name for flag in given.flags)
        if given.status in BAD:
            found["suspect"] += 1
            named.append(f"{page.name}: {', '.join(f'{flag.name} {flag.score}' for flag in given.flags)}")
    return found, named


def recalls(pages: Sequence[JudgedPage], *, seed: int = 1) -> dict[str, tuple[int, int, int]]:
    """Plant each fault in each page where it can be: how many, found by the signal that is for it, page suspect."""
    found = {}
    for name, (fault, signal) in FAULTS.items():
        dice = random.Random(seed)
        planted = [made for page in pages if (made := fault(page, dice, _others(page, pages))) is not None]
        given = [verdict(page, answer) for page, answer in planted]
        by_signal = sum(each.is_flagged(signal) for each in given)
        found[name] = (len(planted), by_signal, sum(each.status in BAD for each in given))
    return found


def _others(page: JudgedPage, pages: Sequence[JudgedPage]) -> list[JudgedPage]:
    """Pages of other documents."""
    return [other for other in pages if other.name.split()[0] != page.name.split()[0]]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Measure the judging of answers.")
    parser.add_argument("udhr", type=Path)
    parser.add_argument("outs", type=Path, nargs="*", metavar="OUT")
    parser.add_argument("--recognize", type=int, default=0, metavar="N", help="read every Nth page from its picture")
    options = parser.parse_args()
    kept = [page for out in options.outs for page in kept_pages(out)]
    drawn = list(parallel_pages(options.udhr))
    pictures = [recognized(page) for page in kept[:: options.recognize]] if options.recognize else []
    print("| planted fault | pages | found by its signal | page suspect |\n|---|---|---|---|")
    for name, (planted, by_signal, suspect) in recalls([*kept, *drawn]).items():
        print(f"| {name} | {planted} | {by_signal / planted:.1%} | {suspect / planted:.1%} |")
    for name, pages in (("kept by runs", kept), ("drawn in nine languages", drawn), ("recognized", pictures)):
        found, named = alarms(pages)
        print(f"honest answers, {name}: {len(pages)} pages, {dict(found)}")
        print("".join(f"  suspect: {each}\n" for each in named), end="")


if __name__ == "__main__":
    main()
