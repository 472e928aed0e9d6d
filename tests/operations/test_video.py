"""Films, over real sockets: one row for each, with what it took."""

import pytest

from flows.cli import main
from schemas.config import RunConfig
from schemas.errors import ExitCode, UsageFault
from tasks.catalogue import find_model
from tasks.estimate import estimate
from tasks.operations.video import GUARD, OPERATION, PROMPT
from tests.emulator.messages import Messages
from tests.filming.footage import film, frames
from tests.mill import Memory, billed, card, mill_over, paper

pytestmark = pytest.mark.xdist_group("run")


@pytest.fixture(params=["dashscope", "openai"])
def mill(request, tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    return mill_over(request.param, tmp_path, emulator, operation="video")


def recipe(model="qwen3-vl-plus", backend="dashscope", **settings):
    config = RunConfig(sources=("in",), out="out", operation="video", **settings)
    return OPERATION.recipe(config, find_model(model, backend), backend)


def by_name(frame):
    return {row["name"]: row for row in frame.to_dict("records")}


async def test_a_video_file_and_a_folder_of_frames_have_a_row_each(mill):
    film(mill.source / "walk.mp4", seconds=3.0)
    frames(mill.source / "still", 5)
    asked = []
    mill.emulator.responder = lambda question: asked.append(question) or f"{len(question.videos[0].frames)} frames.\n"

    record = await mill.run()

    pages, files, calls = (mill.table(name) for name in ("pages", "files", "calls"))
    assert {name: row["text"] for name, row in by_name(pages).items()} == {
        "walk.mp4": "6 frames.",
        "still": "5 frames.",
    }
    assert set(pages["status"]) == {"ok"}
    assert set(pages["page_no"]) == set(files["page_count"]) == {1}
    assert by_name(files)["still"]["media_type"] == "image/x-frames"
    assert (record.files, record.files_success, record.pages_ok) == (2, 2, 2)
    assert all(call.stream for call in mill.emulator.calls)
    assert {question.prompt.strip() for question in asked} == {PROMPT}
    assert {question.system for question in asked} == {GUARD}
    # Tokens as the service counted them, in every table.
    video = sum(question.video_tokens for question in asked)
    assert video == calls["video_tokens"].sum() == (3 * 15 + 2) + (3 * 15 + 2)
    assert billed(pages) == billed(calls) == billed(files)


async def test_the_service_is_told_how_fast_the_frames_were_taken(mill, monkeypatch):
    frames(mill.source / "still", 5)
    film(mill.source / "walk.mp4", seconds=3.0)
    rates, read = [], Messages._video

    async def noting(self, item):
        rates.append((len(item["video"]), item["fps"]))
        await read(self, item)

    monkeypatch.setattr(Messages, "_video", noting)

    await mill.run(fps=4)

    assert sorted(rates) == [(5, 4.0), (12, pytest.approx(4.0, abs=0.1))]


async def test_the_users_own_question_is_asked_of_a_film(mill):
    frames(mill.source / "still", 5)
    mill.emulator.responder = lambda question: question.prompt

    await mill.run(prompt="How many people are there?")

    assert mill.table("pages")["text"].to_list() == ["How many people are there?"]


async def test_a_film_is_asked_once(mill):
    frames(mill.source / "still", 5)
    await mill.run()
    await mill.run()
    assert mill.emulator.totals().requests == 1


async def test_what_is_no_film_or_a_broken_one_has_a_row_that_says_so(mill):
    paper(mill.source / "paper.pdf", "text")
    film(mill.source / "short.mp4", seconds=0.5)
    frames(mill.source / "few", 3)
    broken = film(mill.source / "broken.mp4")
    broken.write_bytes(broken.read_bytes()[:300])

    await mill.run()

    files, pages = by_name(mill.table("files")), by_name(mill.table("pages"))
    assert {name: row["error_kind"] for name, row in files.items() if row["page_count"] != 1} == {
        "paper.pdf": "unsupported",
        "broken.mp4": "corrupt",
    }
    assert {name: row["error_kind"] for name, row in pages.items()} == {
        "short.mp4": "unsupported",
        "few": "unsupported",
    }
    assert "3 frames, and the service wants 4" in pages["few"]["error_message"]
    assert mill.emulator.totals().requests == 0


async def test_films_are_read_by_this_operation_only(mill):
    frames(mill.source / "still", 5)
    film(mill.source / "walk.mp4")
    await mill.run()

    await mill.run(operation="text")

    rows = mill.table("files").query("operation == 'text'")
    assert by_name(rows)["walk.mp4"]["error_kind"] == "unsupported"
    assert rows["name"].str.startswith("still/").sum() == 5  # pictures are pages to it


async def test_an_estimate_counts_a_film_as_it_is_billed(mill):
    film(mill.source / "walk.mp4", seconds=3.0)
    frames(mill.source / "still", 5)

    expected = await estimate(mill.config(), reporter=Memory())
    await mill.run()

    assert (expected.files, expected.pages) == (2, 2)
    assert expected.image_tokens == mill.table("calls")["video_tokens"].sum()


async def test_a_film_that_was_cut_is_gone_on_with(mill):
    frames(mill.source / "still", 5)
    mill.emulator.responder = lambda _: "A card is shown, then another, and another, and in the end nothing at all."
    mill.emulator.plan.next("length")

    await mill.run()

    (row,) = mill.table("pages").to_dict("records")
    assert (row["status"], row["calls"]) == ("ok", 2)
    assert row["text"].endswith("nothing at all.")


async def test_qvq_thinks_about_films(mill):
    frames(mill.source / "still", 5)

    mill.emulator.responder = lambda _: "Cards."
    await mill.run(model="qvq-plus")

    (row,) = mill.table("pages").to_dict("records")
    assert (row["status"], row["reasoning_tokens"] > 0) == ("ok", True)


def test_a_film_is_seen_at_the_size_and_number_that_the_service_takes():
    spec = recipe().render
    assert (spec.patch, spec.max_pixels, spec.max_frames, spec.fps) == (32, 640 * 32**2, 250, 2.0)
    assert recipe("qvq-plus").render.max_pixels == 640 * 28**2
    assert recipe("qwen3-vl-plus", fps=0.5, max_pixels=100_000).render.max_pixels == 100_000
    assert recipe(fps=1).recipe_id != recipe().recipe_id


@pytest.mark.parametrize(
    ("model", "backend", "said"),
    [("qwen-vl-ocr", "dashscope", "qwen-vl-ocr sees no films"), (None, "local", "local backend .* cannot see films")],
)
def test_who_sees_no_films_says_so(model, backend, said):
    with pytest.raises(UsageFault, match=said):
        recipe(model, backend)


def test_the_command_reads_films(mill, capsys):
    frames(mill.source / "still", 5)
    mill.emulator.responder = lambda _: "Cards."
    service = ["--backend", mill.settings["backend"], "--base-url", mill.settings["base_url"]]

    code = main(
        ["run", str(mill.source), "-o", str(mill.out), "--operation", "video", "--model", "qwen3-vl-plus", *service]
    )

    assert code == ExitCode.OK, capsys.readouterr().err
    assert mill.table("pages")["name"].to_list() == ["still"]


def test_a_single_picture_is_no_film(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    card(tmp_path / "a.png", "alpha")

    code = main(["run", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--operation", "video"])

    assert code == ExitCode.PAGES_MISSING
    assert not emulator.calls
