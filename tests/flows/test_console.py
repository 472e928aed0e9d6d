from __future__ import annotations

import contextlib
import io
import threading
from collections import Counter

import pytest
from rich.console import Console

from flows.console import LINES_OF_A_KIND, LiveReporter, PlainReporter, reporter_for
from flows.describe import describe
from schemas.config import RunConfig
from schemas.errors import UnsupportedDocument
from schemas.records import PageRecord
from schemas.requests import Recipe
from tasks.account import Tally
from tasks.catalogue import load_models
from tests.flows.scripted import HARMFUL, recipe, rejected, run_record, tell_page
from tests.sinks.rows import example

CONFIG = RunConfig(sources=("in",), out="re'sults")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def console(*, width=100, terminal=False):
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, legacy_windows=False)


def reporter(**options):
    return PlainReporter(console(), describe=lambda recipe, _: f"backend: {recipe.backend}", **options)


def text(told):
    return told.console.file.getvalue()


def ended(**values):
    return run_record(CONFIG, Counter(ok=4, failed=1), status="partial_success", exit_code=1, **values)


def test_the_first_line_says_who_reads():
    with reporter() as told:
        told.started("run-1", recipe(), CONFIG)
    assert text(told).splitlines()[0] == "backend: dashscope"


def test_progress_is_said_again_only_when_it_moved_or_a_minute_has_passed():
    told = reporter(clock=Clock())
    told.found(files=1, pages=9, kept=2)
    for _ in range(6):
        told.tick()
    assert text(told).count("pages 2/9") == 1
    told.tick()
    assert text(told).count("pages 2/9") == 2


def test_a_plain_reporter_speaks_on_its_own_while_a_run_is_silent():
    class Listening(io.StringIO):
        def __init__(self):
            super().__init__()
            self.heard = threading.Event()

        def write(self, said):
            if "files found" in said:
                self.heard.set()
            return super().write(said)

    ear = Listening()
    told = PlainReporter(Console(file=ear, width=100), describe=lambda *_: "", period=0.001)
    with told:
        told.started("run-1", recipe(), CONFIG)
        assert ear.heard.wait(30)


def test_names_that_would_harm_a_terminal_are_told_as_text():
    told = reporter()
    told.rejected(rejected(HARMFUL))
    assert text(told) == (
        "rejected  a\\x1b[31m\\n[bold]b\\u202ec\\udcff.pdf: corrupt: its cross-reference table is broken\n"
    )


def test_after_twenty_problems_of_a_kind_the_rest_is_left_to_the_table():
    told = reporter()
    for number in range(1, 101):
        tell_page(told, Counter(), number, "failed")
    told.rejected(rejected("other.pdf"))
    lines = text(told).splitlines()
    assert len(lines) == LINES_OF_A_KIND + 2
    assert lines[-2] == "failed    and more of render_failed; see the pages table"
    assert lines[-1].startswith("rejected  other.pdf")
    assert told.progress.failed == 100


def test_what_lies_in_a_folder_and_is_no_document_is_skipped_and_not_rejected():
    told = reporter()
    told.rejected(rejected("notes.txt", kind=UnsupportedDocument, explicit=False))
    assert text(told).startswith("skipped ")
    assert told.progress.rejected == 0


def test_a_suspect_page_is_told_with_what_is_suspicious_about_it():
    told = reporter()
    told.page(example(PageRecord, source="a.pdf", page_no=2, status="suspect", error_kind="loop"))
    assert text(told) == "suspect   a.pdf page 2: loop\n"


def test_quiet_leaves_problems_and_the_last_line():
    told = reporter(quiet=True)
    told.started("run-1", recipe(), CONFIG)
    told.note("by the way")
    tell_page(told, Counter(), 3, "failed")
    told.finished(ended())
    assert text(told).splitlines() == [
        "failed    in/report.pdf page 3: render_failed: the page cannot be drawn",
        "partial success: 4 of 5 pages read · 1 failed · ¥0.09 · 0.0 s",
    ]


def test_the_end_says_how_to_ask_again_and_how_to_open_the_result():
    told = reporter(again="pagemill run in")
    told.started("run-1", recipe(), CONFIG)
    told.finished(ended())
    said = text(told)
    assert """ask again: pagemill retry --out 're'"'"'sults' --only failed""" in said
    assert "python -c 'import pandas as pd; print(pd.read_parquet(" in said
    assert "resume:" not in said


@pytest.mark.parametrize(
    ("kind", "why", "onward"),
    [
        ("budget", "the next call could pass 5.00; raise --max-cost", "raise the limit in"),
        ("credentials", "the key is refused; check DASHSCOPE_API_KEY", "resume"),
    ],
)
def test_a_run_that_stopped_says_why_and_how_to_go_on(kind, why, onward):
    told = reporter(again="pagemill run in --out out")
    told.started("run-1", recipe(), CONFIG)
    told.finished(
        run_record(CONFIG, Counter(ok=4), status="stopped", exit_code=6, error_kind=kind, error_message=why, pages=9)
    )
    said = text(told)
    assert f"{kind}: {why}" in said
    assert "stopped: 4 of 9 pages read · 5 open" in said
    assert f"{onward}: pagemill run in --out out" in said


def test_a_ledger_whose_address_holds_a_password_is_not_repeated():
    told = reporter()
    told.started("run-1", recipe(), CONFIG)
    secret = CONFIG.model_copy(update={"ledger": "postgresql://me:secret@host/db"})
    told.finished(run_record(secret, Counter(failed=1), status="partial_success", exit_code=1))
    assert "secret" not in text(told)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_live_lines_fit_the_terminal(width):
    told = LiveReporter(console(width=width, terminal=True), describe=lambda *_: "", clock=Clock())
    told.found(files=1, pages=12_000, kept=300)
    for number in range(50):
        tell_page(told, Counter(), number, "failed" if number % 9 == 0 else "ok")
    lines = told.console.render_lines(told, pad=False)
    plain = ["".join(segment.text for segment in line) for line in lines]
    assert all(len(line) <= width for line in plain)
    assert "pages 350/12,000" in plain[0]
    assert len(plain) == (1 if width == 200 else 2)


def test_a_terminal_is_left_as_it_was_when_a_run_breaks():
    told = LiveReporter(console(terminal=True), describe=lambda *_: "")
    with contextlib.suppress(ZeroDivisionError), told:
        told.started("run-1", recipe(), CONFIG)
        raise ZeroDivisionError
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert text(told).count(hidden) == text(told).count(shown) == 1


def test_a_bar_is_drawn_only_where_a_terminal_is():
    options = {"describe": lambda *_: "", "weigh": lambda _: Tally(), "again": "", "quiet": False}
    assert isinstance(reporter_for(console(terminal=True), **options), LiveReporter)
    assert not isinstance(reporter_for(console(), **options), LiveReporter)


def test_the_backend_is_named_with_the_reason_and_the_price():
    models = load_models()
    local = Recipe("text", 1, "local", "local")
    assert describe(local, CONFIG, models) == "backend: local (text layer + PP-OCRv6), no DASHSCOPE_API_KEY is set"
    asked = CONFIG.model_copy(update={"backend": "dashscope"})
    price = models["qwen3-vl-plus"].price
    assert price is not None
    said = describe(recipe(), asked, models)
    assert said.startswith("backend: dashscope, model qwen3-vl-plus, ")
    assert said.endswith(f"price of {price.as_of}")
    unknown = Recipe("text", 1, "dashscope", "a-model-of-tomorrow")
    assert describe(unknown, asked, models).endswith("model a-model-of-tomorrow, price unknown")
