"""The page as HTML: one template, its style and its program inside it, each allowed by its hash and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = files("flows") / "templates"
_PROGRAM = ("words.js", "data.js", "pane.js", "list.js", "review.js")


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Give the templates; whatever is put into them is escaped."""
    return Environment(
        loader=PackageLoader("flows"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@lru_cache(maxsize=8)
def asset(*names: str) -> str:
    """Read files of ours that go into a page, one behind the other."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def review_assets() -> tuple[str, str]:
    """Give the style and the program of the review page."""
    return asset("look.css", "review.css"), asset(*_PROGRAM)


def hashed(content: str) -> str:
    """Name an inline style or program in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}'"


def policy(style: str, program: str, *, served: bool) -> str:
    """Say what the page may do: run its own program, and talk to nobody but who served it."""
    own = "'self'" if served else "'none'"
    allowed = {
        "default-src": "'none'",
        "script-src": hashed(program) if program else "'none'",
        "style-src": hashed(style),
        "img-src": "'self' data:" if served else "data:",
        "connect-src": own,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def page(about: dict[str, Any], blocks: Iterable[tuple[str, str]] = (), *, served: bool) -> Iterator[str]:
    """Write the review page piece by piece. *about* is what its program needs at once; *blocks* are data it holds."""
    style, program = review_assets()
    return (
        templates()
        .get_template("review.html")
        .generate(
            title=about["title"],
            policy=policy(style, program, served=served),
            style=Markup(style),  # noqa: S704 - our own file
            program=Markup(program),  # noqa: S704 - our own file
            about=in_script(about),
            blocks=blocks,
        )
    )


def in_script(value: object) -> Markup:
    """Write JSON that can stand in a script element: no `<`, so nothing ends it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704 - made harmless in this line
