"""What judging finds, and where it cries wolf: honest answers, and the same with faults planted into them.

    python -m benchmarks.judging CORPUS [--cache FILE]

CORPUS is a folder of real documents; `docs/quality.md` says which, and what the figures mean. Reading them takes some
minutes of CPU; --cache keeps what was read.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.judged_pages import JudgedPage, parallel_pages, real_pages, recognized_pages
from benchmarks.judging_faults import FAULTS
from schemas.documents import PageFacts
from schemas.requests import ModelResponse, Recipe
from tasks.judge import judge
from tasks.operations.text import OPERATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasks.ports import Verdict

RECOGNIZED_EVERY = 5
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


def gathered(corpus: Path, cache: Path | None) -> dict[str, list[JudgedPage]]:
    """Read the pages, or take what was read before."""
    if cache is not None and cache.exists():
        kept = json.loads(cache.read_text(encoding="utf-8"))
        return {name: [_page(page) for page in pages] for name, pages in kept.items()}
    sets = {
        "text layers": list(real_pages(corpus)),
        "recognized": list(recognized_pages(corpus, RECOGNIZED_EVERY)),
        "nine languages": list(parallel_pages(corpus / "udhr")),
    }
    if cache is not None:
        cache.write_text(json.dumps({name: [asdict(page) for page in pages] for name, pages in sets.items()}))
    return sets


def _page(kept: Mapping[str, Any]) -> JudgedPage:
    facts = {**kept["facts"], "notes": tuple(kept["facts"]["notes"])}
    return JudgedPage(kept["name"], PageFacts(**facts), kept["answer"], kept["language"])


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Measure the judging of answers.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    sets = gathered(options.corpus, options.cache)
    for name, pages in sets.items():
        found, named = alarms(pages)
        print(f"honest answers, {name}: {len(pages)} pages, {dict(found)}")
        print("".join(f"  suspect: {each}\n" for each in named), end="")
    print("| planted fault | pages | found by its signal | page suspect |\n|---|---|---|---|")
    for name, (planted, by_signal, suspect) in recalls([*sets["text layers"], *sets["nine languages"]]).items():
        print(f"| {name} | {planted} | {by_signal / planted:.1%} | {suspect / planted:.1%} |")


if __name__ == "__main__":
    main()
