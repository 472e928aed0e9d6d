"""A real browser, and the command itself behind it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.flows.review.made import fill, many

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium with a new profile. While it is there, an event loop runs in this thread."""
    program = shutil.which("chromium")
    if program is None:
        reason = "chromium is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield started
        started.close()


class Looked:
    """A page in a browser, what it asked for, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.faults: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heard)

    def open(self, address: str) -> Page:
        self.page.goto(address)
        self.page.wait_for_selector("#judge button")
        return self.page

    def _heard(self, said: ConsoleMessage) -> None:
        """Take note of what the browser complains about, but not that a picture is not there, which it logs too."""
        if said.type == "error" and "/picture/" not in said.location["url"]:
            self.faults.append(said.text)

    @property
    def hosts(self) -> set[str]:
        """Other machines and ports that were asked for something."""
        return {urlsplit(url).netloc for url in self.asked if not url.startswith(("data:", "blob:", "file:"))}


@pytest.fixture
def look(browser) -> Iterator:
    """Open pages in contexts of their own; fails if one of them complained."""
    made = []

    def new(*, complains: bool = False, **context: object) -> Looked:
        settings = {"locale": "en-GB", "viewport": {"width": 1_400, "height": 800}, **context}
        opened = browser.new_context(**settings)
        looked = Looked(opened.new_page())
        made.append((opened, looked, complains))
        return looked

    yield new
    for opened, _, _ in made:
        opened.close()
    faults = [fault for _, looked, complains in made if not complains for fault in looked.faults]
    assert not faults


def pagemill(*words: object) -> str:
    """Run a command to its end, in a process of its own; give what it printed."""
    command = [sys.executable, "-m", "flows.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@contextmanager
def served(out: Path, *words: str) -> Iterator[str]:
    """The address of `pagemill review --serve`, while it runs."""
    command = [sys.executable, "-m", "flows.cli", "review", "--out", str(out), "--serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            readable, _, _ = select.select([process.stdout], [], [], 60)
            line = process.stdout.readline() if readable else ""
            assert line.startswith("review: http://127.0.0.1:"), (line, process.poll())
            yield line.removeprefix("review: ").strip()
        finally:
            process.terminate()
            _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert said == ""


@pytest.fixture(scope="session")
def out(tmp_path_factory) -> Path:
    """An output with every kind of page; tests that mark make their own."""
    return fill(tmp_path_factory.mktemp("review"))


@pytest.fixture(scope="session")
def address(out) -> Iterator[str]:
    with served(out) as address:
        yield address


@pytest.fixture(scope="session")
def long_address(tmp_path_factory) -> Iterator[str]:
    with served(many(tmp_path_factory.mktemp("many"), 10_000)) as address:
        yield address
