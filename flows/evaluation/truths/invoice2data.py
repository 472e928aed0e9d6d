"""Invoices of the tests of invoice2data: `a.json` beside `a.pdf`, a list with one object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.evaluation.truths import parsed, parts_of, text_of
from tasks.evaluating.truth import Fact, Truth

_PRINTED = (
    *("invoice_number", "booking_id", "order_id", "client_id", "gstin", "cin"),
    *("amount", "amount_untaxed", "amount_tax", "vat", "siren"),
)
"""Fields that stand on the paper; the others are the annotator's words."""
_ALIASES = {
    "/date": "/invoice_date",
    "/amount": "/total_amount",
    "/amount_untaxed": "/net_amount",
    "/amount_tax": "/tax_amount",
    "/vat": "/seller/tax_id",
    "/issuer": "/seller/name",
    "/order_id": "/order_number",
    "/lines/*/name": "/lines/*/description",
    "/lines/*/price_unit": "/lines/*/unit_price",
    "/lines/*/qty": "/lines/*/quantity",
}
"""What the fields are called in our own schema."""
_LEFT_OUT = frozenset({"desc"})


def fits(folder: Path) -> bool:
    """PDFs with lists of one object beside them that name an issuer."""
    beside = [path for path in sorted(folder.glob("*.json")) if path.with_suffix(".pdf").is_file()]
    return bool(beside) and '"issuer"' in text_of(beside[0])


def read(folder: Path) -> Iterator[Truth]:
    """Give the fields, and as facts those that are printed."""
    for path in sorted(folder.glob("*.json")):
        found = parsed(text_of(path), path)
        fields = found[0] if isinstance(found, list) and found else found
        if isinstance(fields, dict):
            data = {name: value for name, value in fields.items() if name not in _LEFT_OUT}
            facts = tuple(_fact(fields[name]) for name in _PRINTED if fields.get(name) is not None)
            yield Truth(parts=parts_of(path), origin=str(path), data=data, aliases=_ALIASES, facts=facts)


def _fact(value: Any) -> Fact:
    if isinstance(value, float):
        return Fact(kind="value", text=value, label="amount")
    return Fact(kind="value", text=str(value), label="number")
