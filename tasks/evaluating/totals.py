"""The figures of an evaluation: sums over its rows, and the rates that follow from them.

All rates are of sums, so that a long page weighs as much as its text. A rate of nothing is None, never 0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tasks.evaluating.scores import Basis, CheckScore, TextScore

Way = tuple[str, str, Basis]


@dataclass(frozen=True, slots=True)
class Fields:
    """Values of fields: found, of another value, missing, invented. A wrong value is both missing and invented."""

    hit: int = 0
    wrong: int = 0
    missing: int = 0
    extra: int = 0

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right."""
        return rate(self.hit, self.hit + self.wrong + self.extra)

    @property
    def recall(self) -> float | None:
        """Share of the truth that was found."""
        return rate(self.hit, self.hit + self.wrong + self.missing)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        return f1(self.hit, self.hit + self.wrong + self.missing, self.hit + self.wrong + self.extra)


@dataclass(frozen=True)
class Figures:
    """What the readings by one operation and one model come to, held against files of truth or marks of reviewers."""

    operation: str
    model: str
    basis: Basis
    documents: int
    texts: int
    truth_chars: int
    cer: float | None
    cer_any_order: float | None
    extra: float | None
    wer: float | None
    word_f1: float | None
    tables: int
    cell_f1: float | None
    relation_f1: float | None
    facts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    fields: Fields = field(default_factory=Fields)
    by_field: Mapping[str, Fields] = field(default_factory=dict)


def figures(texts: Sequence[TextScore], checks: Sequence[CheckScore]) -> tuple[Figures, ...]:
    """Sum up, for each operation, model and kind of truth."""
    ways = {_way(row) for row in texts} | {_way(row) for row in checks}
    return tuple(
        _figures(way, [row for row in texts if _way(row) == way], [row for row in checks if _way(row) == way])
        for way in sorted(ways)
    )


def _way(row: TextScore | CheckScore) -> Way:
    return row.operation, row.model, row.basis if isinstance(row, TextScore) else "truth"


def _figures(way: Way, texts: Sequence[TextScore], checks: Sequence[CheckScore]) -> Figures:
    total: Counter[str] = Counter()
    for row in texts:
        total.update({name: value for name, value in asdict(row).items() if isinstance(value, int)})
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for check in checks:
        outcomes[f"{check.check} {check.kind}"][check.outcome] += 1
    by_field = {name[6:]: Fields(**counts) for name, counts in sorted(outcomes.items()) if name.startswith("field ")}
    return Figures(
        *way,
        documents=len({row.source for row in texts} | {row.source for row in checks}),
        texts=len(texts),
        truth_chars=total["truth_chars"],
        cer=rate(total["wrong_chars"], total["truth_chars"]),
        cer_any_order=rate(total["lost_chars"], total["line_chars"]),
        extra=rate(total["extra_chars"], total["line_chars"]),
        wer=rate(total["wrong_words"], total["truth_words"]),
        word_f1=f1(total["shared_words"], total["truth_words"], total["read_words"]),
        tables=total["truth_tables"],
        cell_f1=f1_of_truth(total["shared_cells"], total["truth_cells"], total["read_cells"]),
        relation_f1=f1_of_truth(total["shared_relations"], total["truth_relations"], total["read_relations"]),
        facts={
            name[5:]: (counts["hit"], counts.total())
            for name, counts in sorted(outcomes.items())
            if name.startswith("fact ")
        },
        fields=_sum(by_field.values()),
        by_field=by_field,
    )


def _sum(parts: Iterable[Fields]) -> Fields:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(asdict(part))
    return Fields(**total)


def rate(part: float, whole: float) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None


def f1(shared: int, truth: int, read: int) -> float | None:
    """The harmonic mean of precision and recall; None where there was nothing on either side."""
    return rate(2 * shared, truth + read)


def f1_of_truth(shared: int, truth: int, read: int) -> float | None:
    """The same; None where the truth has nothing, whatever was read."""
    return f1(shared, truth, read) if truth else None
