"""What the checks of a translation find, and where they cry wolf: on a text that exists in nine languages.

    python -m benchmarks.translation_checks FOLDER [--pages 2]

FOLDER holds the Universal Declaration of Human Rights as XML, one file a language; `docs/translation.md` says what
the figures mean. Every page gets a bill and a table of our own, written as is customary in each language.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.parallel_texts import ParallelPage, pages, written_amount, written_date, wrong_term
from tasks.translating.blocks import Block
from tasks.translating.checks import Finding, check
from tasks.translating.scripts import scripts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Blocks = list[Block]
_ROW = re.compile(r"<tr><td>2</td>.*?</tr>")


def _with(page: ParallelPage, at: int, target: str) -> Blocks | None:
    blocks = list(page.blocks)
    if blocks[at].target == target:
        return None
    blocks[at] = replace(blocks[at], target=target)
    return blocks


def _bill(page: ParallelPage, old: str, new: str) -> Blocks | None:
    return _with(page, -2, page.blocks[-2].target.replace(old, new))


def changed_amount(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """One digit is another."""
    digits = list(f"{page.bill.amount:.2f}")
    at = dice.choice([at for at, char in enumerate(digits) if char.isdigit()])
    digits[at] = str((int(digits[at]) + dice.randint(1, 8)) % 10) if at else str(int(digits[0]) % 9 + 1)
    wrong = page.bill.amount.__class__("".join(digits))
    return _bill(page, written_amount(page.bill.amount, page.target), written_amount(wrong, page.target))


def swapped_numbers(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """The numbers of two headings changed places."""
    numbered = [at for at, block in enumerate(page.blocks[:-2]) if re.search(r"\d", block.source + block.target)]
    if len(numbered) < 2:
        return None
    first, second = dice.sample(numbered, 2)
    blocks = list(page.blocks)
    blocks[first] = replace(blocks[first], target=page.blocks[second].target)
    blocks[second] = replace(blocks[second], target=page.blocks[first].target)
    return blocks


def changed_month(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """The bill is of another month."""
    day = page.bill.day
    other = date(day.year, (day.month + dice.randint(1, 10) - 1) % 12 + 1, day.day)
    return _bill(page, written_date(day, page.target), written_date(other, page.target))


def changed_code(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """A letter of the code is another."""
    del dice
    return _bill(page, page.bill.code, f"{page.bill.code[:-1]}X")


def dropped_url(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """The address of the page is gone."""
    del dice
    return _bill(page, page.bill.url, "")


def changed_mail(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """The mailbox is another."""
    del dice
    return _bill(page, page.bill.mail, "biling@example.org")


def other_term(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """The glossary was not heeded."""
    del dice
    return _with(page, -2, wrong_term(page.blocks[-2].target, page.target))


def dropped_row(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """A row of the table is gone."""
    del dice
    return _with(page, -1, _ROW.sub("", page.blocks[-1].target))


def swapped_cells(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """Two amounts of the table changed places."""
    del dice
    one, two = (written_amount(page.bill.amount + 17 * count, page.target) for count in (1, 2))
    return _with(page, -1, page.blocks[-1].target.replace(one, "\0").replace(two, one).replace("\0", two))


def _paragraph(page: ParallelPage, dice: random.Random) -> int:
    return dice.choice([at for at, block in enumerate(page.blocks[:-2]) if at and len(block.target) > 30])


def missing_paragraph(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """A paragraph has no translation."""
    return _with(page, _paragraph(page, dice), "")


def half_a_paragraph(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """Of two paragraphs in one block only one is translated."""
    at = _paragraph(page, dice)
    one, two = page.blocks[at], page.blocks[_paragraph(page, dice)]
    if one == two:
        return None
    joined = Block(f"{one.source}\n\n{two.source}", one.target)
    return [*page.blocks[:at], joined, *page.blocks[at + 1 :]]


def half_a_run(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """The same, without a line between them that would tell."""
    blocks = half_a_paragraph(page, dice)
    return blocks and [replace(block, source=block.source.replace("\n\n", " ")) for block in blocks]


def untranslated_paragraph(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """A paragraph was copied."""
    at = _paragraph(page, dice)
    return _with(page, at, page.blocks[at].source)


def untranslated_sentence(page: ParallelPage, dice: random.Random) -> Blocks | None:
    """A paragraph was translated, and the next one left as it is behind it."""
    at = _paragraph(page, dice)
    one, two = page.blocks[at], page.blocks[_paragraph(page, dice)]
    joined = Block(f"{one.source} {two.source}", f"{one.target} {two.source}")
    return None if one == two else [*page.blocks[:at], joined, *page.blocks[at + 1 :]]


def other_language(page: ParallelPage, dice: random.Random, others: Sequence[ParallelPage]) -> Blocks | None:
    """The whole page is in a language of another script than the one that was asked for."""
    scripts = scripts_of(page.wanted.target)
    foreign = [other for other in others if scripts.isdisjoint(scripts_of(other.wanted.target))]
    if not foreign:
        return None
    return list(dice.choice(foreign).blocks)


FAULTS: dict[str, tuple[Callable[[ParallelPage, random.Random], Blocks | None], str]] = {
    "a digit of an amount changed": (changed_amount, "numbers_differ"),
    "the numbers of two headings swapped": (swapped_numbers, "numbers_differ"),
    "two cells of a table swapped": (swapped_cells, "numbers_differ"),
    "the month of a date changed": (changed_month, "dates_differ"),
    "a letter of a code changed": (changed_code, "codes_differ"),
    "a URL dropped": (dropped_url, "addresses_differ"),
    "an e-mail address changed": (changed_mail, "addresses_differ"),
    "a table row dropped": (dropped_row, "table_differs"),
    "a glossary term not used": (other_term, "glossary_missed"),
    "a paragraph without translation": (missing_paragraph, "paragraph_missing"),
    "one of two paragraphs of a block dropped": (half_a_paragraph, "paragraph_missing"),
    "half of a paragraph dropped": (half_a_run, "length_ratio"),
    "a paragraph left untranslated": (untranslated_paragraph, "untranslated"),
    "the second half of a block left untranslated": (untranslated_sentence, "untranslated"),
}


def strong(findings: Iterable[Finding]) -> set[str]:
    """Name the checks that make the page suspect by themselves."""
    return {finding.check for finding in findings if finding.score >= 1}


def false_alarms(chosen: Sequence[ParallelPage]) -> Counter[str]:
    """Count the pages without a fault that each check takes for faulty; `any` counts each page once."""
    found: Counter[str] = Counter()
    for page in chosen:
        alarms = strong(check(page.blocks, page.wanted))
        found.update(alarms or ())
        found["any"] += bool(alarms)
    return found


def recalls(chosen: Sequence[ParallelPage], *, seed: int = 1) -> dict[str, tuple[int, int, int]]:
    """Plant each fault in each page where it can be: how many, found by the check that is for it, found at all."""
    dice = random.Random(seed)
    by_source = defaultdict(list)
    for page in chosen:
        by_source[page.source, page.blocks[0].source].append(page)
    planted: dict[str, tuple[int, int, int]] = {}
    for name, (fault, expected) in FAULTS.items():
        made = [(page, fault(page, dice)) for page in chosen]
        planted[name] = _found(made, expected)
    made = [(page, other_language(page, dice, by_source[page.source, page.blocks[0].source])) for page in chosen]
    return planted | {"the page in a language of another script": _found(made, "wrong_script")}


def _found(made: Iterable[tuple[ParallelPage, Blocks | None]], expected: str) -> tuple[int, int, int]:
    results = [strong(check(blocks, page.wanted)) for page, blocks in made if blocks is not None]
    return len(results), sum(expected in names for names in results), sum(map(bool, results))


def sample(folder: Path, a_pair: int) -> list[ParallelPage]:
    """Take the first pages of every pair of languages."""
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for page in pages(folder):
        taken[page.source, page.target] += 1
        if taken[page.source, page.target] <= a_pair:
            chosen.append(page)
    return chosen


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Measure the checks of translations.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=2, help="pages of each pair of languages with faults planted")
    options = parser.parse_args()
    began = time.process_time()
    every = list(pages(options.folder))
    blocks = sum(len(page.blocks) for page in every)
    alarms = false_alarms(every)
    spent = time.process_time() - began
    print(f"true pairs: {len(every)} pages, {blocks} paragraphs, {1000 * spent / len(every):.0f} ms of CPU a page")
    for name, count in alarms.most_common():
        print(f"  {name}: {count} ({count / len(every):.2%})")
    print("| planted fault | pages | found by its check | page suspect |\n|---|---|---|---|")
    for name, (planted, found, suspect) in recalls(sample(options.folder, options.pages)).items():
        print(f"| {name} | {planted} | {found / planted:.1%} | {suspect / planted:.1%} |")


if __name__ == "__main__":
    main()
