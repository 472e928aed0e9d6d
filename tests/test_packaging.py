"""What is installed, and what is shipped."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from schemas.version import version

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK, re.MULTILINE))
TRIED_HERE = Requirement(PROJECT["optional-dependencies"]["dev"][0]).extras
ASKED_FOR = [
    Requirement(text)
    for text in [
        *PROJECT["dependencies"],
        *(text for extra in ("dev", *sorted(TRIED_HERE)) for text in PROJECT["optional-dependencies"][extra]),
    ]
]
"""All but the extras that no test uses: those of object stores other than S3."""


def test_the_lock_names_no_host_and_no_path():
    assert not re.search(r"https?:|file:|--\w*index|--find-links|(?<!sha256):/", LOCK)


def test_every_entry_of_the_lock_is_exact_and_hashed():
    entries = [entry for entry in re.split(r"\n(?=\S)", LOCK) if entry.strip() and not entry.startswith("#")]

    assert len(entries) > 100
    assert not [entry for entry in entries if "==" not in entry.split("\n")[0] or "--hash=sha256:" not in entry]


@pytest.mark.parametrize("asked", ASKED_FOR, ids=lambda asked: asked.name)
def test_the_lock_holds_what_the_project_asks_for(asked):
    if asked.name == PROJECT["name"]:
        return
    assert asked.name in PINNED
    assert asked.specifier.contains(PINNED[asked.name], prereleases=True)


def test_what_is_installed_fits_together():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_version_stands_in_one_place():
    assert version() == PROJECT["version"] == metadata.version("pagemill")


def test_a_wheel_holds_the_program_and_its_data_and_nothing_else(tmp_path):
    source = tmp_path / "source"  # a build leaves things behind
    for folder in ("flows", "tasks", "schemas", "data"):
        shutil.copytree(ROOT / folder, source / folder)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        source,
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")

    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("flows", "tasks", "schemas")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert there <= names
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "flows" / "templates").iterdir()}
    assert templates
    assert templates <= names
    assert {"data/models.toml", "data/dashscope_errors.toml", "flows/py.typed"} <= names
    assert not [
        name for name in names if name.startswith(("tests/", "data/samples", "data/truth", "data/making", "docs/"))
    ]
