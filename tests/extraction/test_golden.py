"""What real invoices and receipts say fits the shipped schemas."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.extraction.check import violations
from tasks.extraction.fields import typed
from tasks.extraction.merge import merge
from tasks.extraction.schema import find

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

INVOICE = {
    "invoice_number": "INV-2024/017",
    "invoice_date": "2024-04-19",
    "due_date": "2024-05-03",
    "order_number": None,
    "seller": {"name": "ACME Trading GmbH", "address": "Große Straße 7, 10115 Berlin", "tax_id": "DE123456789"},
    "buyer": {"name": "某某科技有限公司", "address": None},
    "currency": "EUR",
    "lines": [
        {"description": "Paper, A4", "quantity": 3, "unit": "box", "unit_price": 1234.5, "amount": 3703.5},
        {"description": "Postage", "quantity": None, "unit_price": None, "tax_percent": 19, "amount": 0},
    ],
    "net_amount": 3703.5,
    "tax_amount": 703.67,
    "total_amount": 4407.17,
    "payment_terms": "Payable within 14 days",
}
CONTRACT = {
    "title": "Mutual Non-Disclosure Agreement",
    "parties": [{"name": "ACME Ltd", "role": "Disclosing Party"}, {"name": "Globex Inc.", "role": "Receiving Party"}],
    "effective_date": "2023-01-01",
    "term": "two years",
    "governing_law": "Laws of the State of Delaware",
    "signatures": [{"name": "J. Doe", "on_behalf_of": "ACME Ltd", "date": None, "is_signed": True}],
}
ID_CARD = {
    "document_type": "identity card",
    "issuing_country": "CHN",
    "document_number": "11010119900307001X",
    "full_name": "张三",
    "sex": "M",
    "ethnicity": "汉",
    "birth_date": "1990-03-07",
    "address": "北京市东城区某某街道1号",
    "expiry_date": None,
}


@pytest.mark.parametrize(("name", "value"), [("invoice", INVOICE), ("contract", CONTRACT), ("id_card", ID_CARD)])
def test_what_a_paper_says_fits_its_schema(name, value):
    assert violations(value, find(name)) == ()


def files(folder: str, pattern: str) -> list[Path]:
    found = sorted((CORPUS / folder).glob(pattern))
    if not found and "CI" not in os.environ:
        pytest.skip(f"the corpus is not here: {CORPUS}")
    assert found
    return found


def only_date(text: str) -> str | None:
    """Give what an ISO date is; what else was written is not for this test to read."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def as_invoice(known: dict[str, Any]) -> dict[str, Any]:
    """Put what an invoice is known to say under our names."""
    lines = [line for line in known.get("lines", ()) if "name" in line]
    return {
        "invoice_number": known.get("invoice_number"),
        "invoice_date": only_date(known.get("date", "")),
        "seller": {"name": known.get("issuer") or known.get("partner_name"), "tax_id": str(known.get("vat"))},
        "currency": known.get("currency"),
        "lines": [
            {
                "description": line["name"],
                "quantity": line.get("qty"),
                "unit_price": line.get("price_unit"),
                "tax_percent": line.get("line_tax_percent"),
                "amount": line.get("price_subtotal"),
            }
            for line in lines
        ],
        "net_amount": known.get("amount_untaxed"),
        "total_amount": known.get("amount"),
    }


def test_what_the_invoices_of_the_corpus_say_fits_and_merges_to_itself():
    schema = find("invoice")

    for path in files("invoices", "*.json"):
        for known in json.loads(path.read_text(encoding="utf-8")):
            value = typed(as_invoice(known), schema)
            assert violations(value, schema) == (), path.name
            assert merge([value, {"lines": None, "total_amount": value["total_amount"]}]).conflicts == ()


def test_what_the_receipts_of_the_corpus_say_fits_once_it_has_its_types():
    schema = find("receipt")
    outcomes = []

    for path in files("receipts", "key/*.json"):
        known = json.loads(path.read_text(encoding="utf-8"))
        names = {"company": "merchant", "date": "date", "address": "address", "total": "total"}
        value = typed({ours: known[theirs] for theirs, ours in names.items() if theirs in known}, schema)
        faults = violations(value, schema)
        assert all(fault.startswith(("/date: ", "/total: ")) for fault in faults), path.name
        outcomes.append(not faults)

    assert len(outcomes) >= 40
    # The rest have dates such as 04/05/2018, which could be of April or of May.
    assert sum(outcomes) > len(outcomes) / 2
