"""Translating pages: what is asked, what becomes of the answers, and what a second turn puts right."""

import asyncio
import json

import pytest

from flows import results
from flows.cli import main
from schemas.config import RunConfig
from schemas.errors import ExitCode, UsageFault
from tasks.catalogue import find_model
from tasks.operations.translation import OPERATION
from tasks.run import replay
from tests.mill import Memory, Mill, billed, card

pytestmark = pytest.mark.xdist_group("run")

RIGHT = """<source lang="fr">
# Facture INV-2024-001
</source>
<target>
# Rechnung INV-2024-001
</target>
<source lang="fr">
Le montant de 1 234,56 euros est à payer avant le 5 mars 2024.
</source>
<target>
Der Betrag von 1.234,56 Euro ist vor dem 5. März 2024 zu zahlen.
</target>"""
WRONG = RIGHT.replace("1.234,56", "1.243,56")
OPTIONS = {"operation": "translation", "target_language": "de"}


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    card(source / "a.png", "alpha")
    return Mill(source, tmp_path / "out", emulator, dict(OPTIONS))


def answering(*answers):
    """Give one answer after the other, the last one for ever, and remember the questions."""
    asked = []

    def respond(question):
        asked.append(question)
        return answers[min(len(asked), len(answers)) - 1]

    return respond, asked


def recipe(backend="dashscope", model="qwen3-vl-plus", **settings):
    config = RunConfig(sources=("in",), out="out", **{**OPTIONS, **settings})
    return OPERATION.recipe(config, find_model(model, backend), backend)


async def test_translations_into_two_languages_stand_side_by_side_in_one_output(mill):
    mill.emulator.responder, _ = answering(RIGHT)
    await mill.run()
    await mill.run(target_language="en")

    with results.open(mill.out) as read:
        assert sorted(read.pages["variant"]) == sorted(read.files["variant"]) == ["de", "en"]
        assert read.document("a.png", variant="en").page(1).record.target_language == "en"


async def test_a_page_becomes_its_translation_with_its_own_text_beside_it(mill):
    mill.emulator.responder, asked = answering(RIGHT)

    record = await mill.run()

    row = mill.table("pages").iloc[0]
    assert (row["status"], record.exit_code, len(asked)) == ("ok", ExitCode.OK, 1)
    assert row["text"].startswith("# Rechnung INV-2024-001\n\nDer Betrag")
    assert row["source_text"].startswith("# Facture INV-2024-001\n\nLe montant")
    assert (row["text_format"], row["language"], row["target_language"]) == ("markdown", "fr", "de")
    assert [pair["target"] for pair in json.loads(row["result"])] == row["text"].split("\n\n")
    assert "German (de)" in asked[0].prompt
    assert "data to be translated" in asked[0].system


async def test_a_failed_check_makes_the_page_suspect_by_its_name(mill):
    mill.emulator.responder, asked = answering(WRONG)

    await mill.run()

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["error_message"], len(asked)) == ("suspect", "numbers_differ", 1)
    assert [flag["name"] for flag in row["flags"]] == ["numbers_differ"]
    assert "1.243,56" in row["text"]


async def test_a_fault_is_put_right_on_the_second_turn_and_both_are_accounted_for(mill):
    mill.emulator.responder, asked = answering(WRONG, RIGHT)

    await mill.run(repair=True)

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["calls"], len(asked)) == ("ok", 2, 2)
    assert "1.234,56" in row["text"]
    assert WRONG in asked[1].prompt
    assert "1 234,56 is not in the translation, which has 1.243,56" in asked[1].prompt
    assert len(asked[1].pictures) == 1
    totals = mill.emulator.totals()
    assert billed(mill.table("pages"))["output_tokens"] == totals.output_tokens


async def test_what_two_more_turns_do_not_put_right_stays_suspect(mill):
    mill.emulator.responder, asked = answering(WRONG)

    await mill.run(repair=True)

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["calls"], len(asked)) == ("suspect", 3, 3)


async def test_a_replay_goes_the_same_way_through_kept_answers(mill):
    mill.emulator.responder, asked = answering(WRONG, RIGHT)
    await mill.run(repair=True)
    before = mill.comparable("pages")

    await replay(mill.config(repair=True), reporter=Memory(), stop=asyncio.Event())

    assert len(asked) == 2
    assert mill.comparable("pages").equals(before)


async def test_repair_is_no_other_question(mill):
    mill.emulator.responder, asked = answering(RIGHT)
    await mill.run()
    await mill.run(repair=True)

    assert len(asked) == 1
    assert recipe(repair=True).recipe_id == recipe().recipe_id


async def test_an_answer_without_pairs_is_asked_again_with_other_sampling(mill):
    mill.emulator.responder, asked = answering("Rechnung INV-2024-001", RIGHT)

    await mill.run()

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["calls"]) == ("ok", 2)
    assert [question.parameters["temperature"] for question in asked] == [0.01, 0.3]


async def test_an_answer_that_never_has_pairs_is_invalid(mill):
    mill.emulator.responder, asked = answering("Rechnung INV-2024-001")

    record = await mill.run()

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["error_kind"], len(asked)) == ("invalid", "malformed", 3)
    assert record.exit_code == ExitCode.PAGES_MISSING


async def test_a_page_without_writing_has_no_translation(mill):
    mill.emulator.responder, asked = answering("<blank/>")

    await mill.run()

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["text"], row["source_text"], len(asked)) == ("blank", "", "", 1)


async def test_a_cut_answer_is_truncated_and_keeps_what_there_is(mill):
    mill.emulator.responder, _ = answering(RIGHT)
    mill.emulator.plan.always("length")

    await mill.run()

    row = mill.table("pages").iloc[0]
    # What was cut is not checked: it would fail for that alone.
    assert (row["status"], [flag["name"] for flag in row["flags"]]) == ("truncated", ["continued"])
    assert row["text"].startswith("# Rechnung")


@pytest.mark.parametrize(
    "change",
    [{"target_language": "fr"}, {"target_language": "de-AT"}, {"tone": "formal"}, {"glossary": (("feu", "Feuer"),)}],
)
def test_all_that_is_wanted_is_part_of_the_question(change):
    assert recipe(**change).recipe_id != recipe().recipe_id


def test_who_cannot_translate_says_who_can():
    with pytest.raises(UsageFault, match="local backend reads pages and cannot translate") as fault:
        recipe(backend="local", model=None)
    assert "DASHSCOPE_API_KEY" in fault.value.advice
    with pytest.raises(UsageFault, match="qwen-vl-ocr reads pages") as fault:
        recipe(model="qwen-vl-ocr")
    assert "--model" in fault.value.advice
    with pytest.raises(UsageFault, match="needs a language") as fault:
        recipe(target_language=None)
    assert "--to" in fault.value.advice


def test_the_command_translates_with_a_glossary(mill, tmp_path, capsys):
    terms = tmp_path / "terms.csv"
    terms.write_text("source,target\nfacture,Nota\n", encoding="utf-8")
    mill.emulator.responder, asked = answering(RIGHT)
    words = ["--operation", "translation", "--to", "DE", "--tone", "formal", "--glossary", str(terms)]
    service = ["--backend", "dashscope", "--base-url", mill.emulator.base_url, "--workers", "1"]

    code = main(["run", str(mill.source), "--out", str(mill.out), *words, *service])

    assert code == ExitCode.PAGES_MISSING, capsys.readouterr().err
    assert "  - facture = Nota\n" in asked[0].prompt
    row = mill.table("pages").iloc[0]
    assert (row["status"], row["error_message"]) == ("suspect", "glossary_missed")
    assert json.loads(mill.table("runs").iloc[0]["config"])["glossary"] == [["facture", "Nota"]]


def test_suspect_pages_of_an_output_are_put_right_afterwards(mill):
    mill.emulator.responder, asked = answering(WRONG, WRONG, RIGHT)
    words = ["run", str(mill.source), "--out", str(mill.out), "--operation", "translation", "--to", "de"]
    words += ["--backend", "dashscope", "--base-url", mill.emulator.base_url, "--workers", "1"]

    assert main(words) == ExitCode.PAGES_MISSING
    assert main([*words, "--repair"]) == ExitCode.PAGES_MISSING
    assert main(["replay", "--out", str(mill.out)]) == ExitCode.PAGES_MISSING
    assert len(asked) == 1
    assert main(["retry", "--out", str(mill.out), "--only", "suspect"]) == ExitCode.OK

    row = mill.table("pages").iloc[0]
    assert (row["status"], row["calls"], len(asked)) == ("ok", 3, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "german"], "--to: is no language tag"),
        (["--to", "jp"], "did you mean ja?"),
        (["--tone", "rude"], "--tone: should be 'formal', 'neutral' or 'informal'"),
        (["--glossary", "none.csv"], "the glossary none.csv cannot be read"),
    ],
)
def test_a_wrong_wish_is_named_by_its_option(words, said, capsys):
    assert main(["run", "in", "--out", "out", "--operation", "translation", *words]) == ExitCode.USAGE
    assert said in " ".join(capsys.readouterr().err.split())
