"""The notebooks: each runs from top to bottom on real results, and is stored as nobody has run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
PICTURES = {"accounting": 3, "first-look": 4, "quality": 2, "structured-data": 3}
"""How many plots each shows of an output that has everything."""
PAGES = {"accounting": 0, "first-look": 0, "quality": 4, "structured-data": 1}
"""And how many pages beside their pictures."""
PAGE_PICTURE = "data:image/jpeg;base64,"


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Run a notebook as it is stored, where Jupyter would run it."""

    def run(name: str, out: Path) -> list:
        monkeypatch.setenv("PAGEMILL_OUT", str(out))
        for home in ("IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR"):
            monkeypatch.setenv(home, str(tmp_path / home))
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(FOLDER)}}).execute()
        return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]

    return run


def pictures(outputs: list) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def said(outputs: list) -> str:
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/html", "") for output in outputs)


def test_there_is_a_notebook_for_each_of_the_four_questions():
    assert sorted(PICTURES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_without_what_running_it_left(name):
    stored = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert code
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None]
    assert set(stored["metadata"]) <= {"kernelspec", "language_info"}
    assert stored["cells"][0]["cell_type"] == "markdown"


def test_the_guide_names_every_notebook():
    guide = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"notebooks/([\w-]+)\.ipynb", guide)) == set(NAMES)


@pytest.mark.long
@pytest.mark.xdist_group("notebooks")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_shows_its_plots(name, prepared, execute):
    outputs = execute(name, prepared)
    assert (pictures(outputs), said(outputs).count(PAGE_PICTURE)) == (PICTURES[name], PAGES[name])
    assert "Warning" not in said([output for output in outputs if output.get("name") == "stderr"])


@pytest.mark.long
@pytest.mark.xdist_group("notebooks")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["first-look", "quality", "accounting"])
def test_a_notebook_runs_where_nothing_was_paid_flagged_or_marked(name, read_for_free, execute):
    assert execute(name, read_for_free)


@pytest.mark.long
@pytest.mark.xdist_group("notebooks")
@pytest.mark.filterwarnings("default")
def test_where_nothing_was_extracted_the_notebook_says_so(read_for_free, execute):
    with pytest.raises(CellExecutionError, match="nothing was extracted by the schema invoice here"):
        execute("structured-data", read_for_free)
