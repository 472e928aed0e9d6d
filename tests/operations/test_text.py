from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.blocks import Block
from schemas.config import RunConfig
from schemas.documents import Document, PageFacts, SourceFile, Span
from schemas.errors import UsageFault
from schemas.models import OCR_TASKS
from schemas.requests import ModelRequest, ModelResponse
from tasks.catalogue import load_models
from tasks.judge import judge
from tasks.operations.text import OPERATION
from tasks.order import resolve

WRITTEN = (PageFacts(width=595, height=842, ink=0.1),)
OCR = "qwen3.5-ocr"
OLDEST = "qwen-vl-ocr-2024-10-28"
GENERAL = "qwen3-vl-plus"
LAID_OUT = '<page lang="en" turn="0" tables="no" handwriting="no"/>\n<div class="title" data-bbox="1 2 3 4">Offer</div>'


def recipe_of(model=GENERAL, backend="dashscope", **settings):
    config = RunConfig(sources=("x",), out="o", **settings)
    return OPERATION.recipe(config, load_models()[model], backend)


def read(text, recipe=None, *, stop="stop", **raw):
    return OPERATION.read(ModelResponse(text=text, stop_reason=stop, raw=raw), recipe or recipe_of())


def asked_next(text, recipe, asked=1, stop="stop"):
    document = Document(SourceFile("x", "x", "x", 1, None, 1), "d0c", "application/pdf", 1)
    request = ModelRequest(recipe, Span(document, (1,)))
    response = ModelResponse(text=text, stop_reason=stop)
    verdict = judge(response, WRITTEN, OPERATION, recipe)
    return request, OPERATION.follow_up(request, response, verdict, asked)


def facts_line(turn):
    return f'<page lang="en" turn="{turn}" tables="no" handwriting="no"/>\nSome text.'


@pytest.mark.parametrize(
    ("settings", "wanted", "unwanted"),
    [
        ({}, ["as Markdown", "tables as HTML tables", "LaTeX", "<header>", "![kind", "turn="], ["data-bbox"]),
        ({"tables": "markdown"}, ["tables as Markdown tables"], ["as HTML tables"]),
        ({"text_format": "plain"}, ["as plain text", "turn="], ["<header>", "LaTeX"]),
        ({"text_format": "layout"}, ["data-bbox", "thousandths", "page_number", "turn="], ["<header>"]),
        ({"text_format": "layout", "tables": "markdown"}, ["tables as Markdown tables"], ["as HTML tables"]),
    ],
    ids=str,
)
def test_each_form_asks_for_what_it_gives(settings, wanted, unwanted):
    system, user = recipe_of(**settings).turns
    assert (system.role, user.role, user.images) == ("system", "user", True)
    assert [words for words in wanted if words not in user.text] == []
    assert [words for words in unwanted if words in user.text] == []


def test_each_generation_is_asked_for_boxes_in_its_own_words():
    asked = {model: recipe_of(model, text_format="layout") for model in (GENERAL, "qvq-plus")}
    assert "thousandths" in asked[GENERAL].turns[-1].text
    assert "pixels of the picture" in asked["qvq-plus"].turns[-1].text
    assert {name: recipe.options["boxes"] for name, recipe in asked.items()} == {GENERAL: "grid", "qvq-plus": "seen"}


def test_different_forms_are_different_questions():
    recipes = [
        recipe_of(),
        recipe_of(tables="markdown"),
        recipe_of(text_format="plain"),
        recipe_of(text_format="layout"),
        *(recipe_of(OCR, ocr_task=task) for task in OCR_TASKS if task != "key_information_extraction"),
        recipe_of(OCR, enable_rotate=True),
        recipe_of(OCR),
    ]
    assert len({recipe.recipe_id for recipe in recipes}) == len(recipes)
    assert recipe_of(tables="html").recipe_id == recipe_of().recipe_id


@pytest.mark.parametrize(
    ("settings", "task"),
    [
        ({}, None),
        ({"text_format": "plain"}, "text_recognition"),
        ({"text_format": "layout"}, "advanced_recognition"),
        ({"ocr_task": "formula_recognition"}, "formula_recognition"),
        ({"ocr_task": "multi_lan", "text_format": "plain"}, "multi_lan"),
    ],
)
def test_an_ocr_model_is_asked_by_the_task_that_fits_the_form(settings, task):
    recipe = recipe_of(OCR, **settings)
    assert recipe.parameters.get("ocr_options") == (task and {"task": task})
    (turn,) = recipe.turns
    assert (turn.role, turn.images, bool(turn.text)) == ("user", True, task is None)


@pytest.mark.parametrize("model", [OLDEST, OCR, "qwen-vl-ocr"])
@pytest.mark.parametrize("form", ["markdown", "plain"])
def test_no_ocr_model_gets_a_system_text_be_it_with_tasks_or_without(model, form):
    assert [turn.role for turn in recipe_of(model, text_format=form).turns] == ["user"]


def test_plain_text_of_a_model_without_tasks_is_asked_for_in_words():
    recipe = recipe_of(OLDEST, text_format="plain")
    assert "plain text" in recipe.turns[0].text
    assert "ocr_options" not in recipe.parameters


@pytest.mark.parametrize(
    ("model", "backend", "settings", "said", "advice"),
    [
        (OCR, "dashscope", {"ocr_task": "tables"}, "has no task 'tables'", "table_parsing, formula_recognition"),
        (OCR, "dashscope", {"ocr_task": "key_information_extraction"}, "gives data", "--operation structured"),
        (GENERAL, "dashscope", {"ocr_task": "table_parsing"}, "has no built-in tasks", "qwen3.5-ocr"),
        (OLDEST, "dashscope", {"ocr_task": "table_parsing"}, "has no built-in tasks", "qwen3.5-ocr"),
        (OCR, "openai", {"ocr_task": "table_parsing"}, "has no built-in tasks", "--backend dashscope"),
        ("qwen-vl-ocr-2025-04-13", "dashscope", {"ocr_task": "advanced_recognition"}, "has no task", "multi_lan"),
        ("qwen-vl-ocr-2025-04-13", "dashscope", {"text_format": "layout"}, "gives boxes by", "advanced_recognition"),
        (OLDEST, "dashscope", {"text_format": "layout"}, "none is known of it", "qwen3.5-ocr"),
        (OCR, "openai", {"text_format": "layout"}, "gives boxes by", "advanced_recognition"),
        (OCR, "dashscope", {"text_format": "layout", "ocr_task": "table_parsing"}, "gives boxes by", "--ocr-task"),
        (GENERAL, "dashscope", {"enable_rotate": True}, "does not turn pages", "leave it out"),
        (OCR, "dashscope", {"enable_rotate": True, "text_format": "layout"}, "boxes would be lost", "leave it out"),
        ("local", "local", {"ocr_task": "table_parsing"}, "--ocr-task", "leave out --ocr-task"),
        ("local", "local", {"enable_rotate": True}, "--enable-rotate", "turns pages by itself"),
        ("local", "local", {"text_format": "layout"}, "no blocks with boxes", "--backend dashscope"),
        ("local", "local", {"tables": "html"}, "tables as Markdown", "--backend dashscope"),
    ],
)
def test_what_a_model_does_not_have_is_refused_with_what_there_is(model, backend, settings, said, advice):
    with pytest.raises(UsageFault) as refused:
        recipe_of(model, backend, **settings)
    assert said in str(refused.value)
    assert advice in refused.value.advice


def test_a_page_is_read_with_what_is_told_of_it():
    found = read('<page lang="de" turn="0" tables="yes" handwriting="no"/>\n# Vertrag\n')
    assert (found.text.strip(), found.text_format, found.language) == ("# Vertrag", "markdown", "de")
    assert (found.look.turn, found.look.rotation, found.look.has_tables, found.look.has_handwriting) == (
        0,
        0,
        True,
        False,
    )
    assert found.flags == ()


@pytest.mark.parametrize("text", ["# Vertrag", "```markdown\n# Vertrag\n```", "<page turn='0'/>\n```\n# Vertrag\n```"])
def test_a_fence_is_taken_off_and_nothing_needs_to_be_told(text):
    assert read(text).text.strip() == "# Vertrag"


@pytest.mark.parametrize("form", ["markdown", "plain", "layout"])
@pytest.mark.parametrize("text", ["<blank/>", '<page lang="und" turn="0" tables="no" handwriting="no"/>\n<blank/>', ""])
def test_a_page_without_writing_has_no_text(form, text):
    found = read(text, recipe_of(text_format=form))
    assert (found.text, found.language) == ("", None)


def test_layout_gives_blocks_and_their_text():
    found = read(LAID_OUT, recipe_of(text_format="layout"))
    assert found.look.blocks == (Block("title", "Offer", 1.0, 2.0, 3.0, 4.0),)
    assert (found.text, found.text_format, found.look.unit, found.look.has_tables) == (
        "# Offer",
        "markdown",
        "grid",
        False,
    )


def test_a_table_among_the_blocks_is_a_table_whatever_is_told():
    text = LAID_OUT + '<div class="table" data-bbox="1 2 3 4"><table></table></div>'
    assert read(text, recipe_of(text_format="layout")).look.has_tables is True


@pytest.mark.parametrize(
    ("task", "answer", "text", "form", "has_tables"),
    [
        ("text_recognition", "读者对象", "读者对象", "plain", None),
        ("multi_lan", "Bonjour", "Bonjour", "plain", None),
        ("table_parsing", "```html\n<table><tr></tr></table>\n```", "<table><tr></tr></table>", "markdown", True),
        ("table_parsing", "no table here", "no table here", "markdown", False),
        ("formula_recognition", "```latex\na^2\n```", "$$\na^2\n$$", "markdown", None),
        ("formula_recognition", "$$a^2$$", "$$a^2$$", "markdown", None),
        ("document_parsing", "```latex\n\\section{A}\n```", "\\section{A}", "latex", None),
    ],
)
def test_the_answer_of_each_task_is_read_by_its_form(task, answer, text, form, has_tables):
    found = read(answer, recipe_of(OCR, ocr_task=task))
    assert (found.text, found.text_format, found.look.has_tables, found.look.blocks) == (text, form, has_tables, None)


def test_lines_with_boxes_out_of_a_cut_answer_are_those_that_came_whole():
    cut = '```json\n[\n\t{"rotate_rect": [500, 100, 20, 600, 90], "text": "One \\"1\\""},\n\t{"rotate_rect": [500, 2'
    found = read(cut, recipe_of(OCR, text_format="layout"), stop="length")
    assert (found.text, found.look.unit) == ('One "1"', "grid")
    (line,) = found.look.blocks
    assert (line.x0, line.y0, line.x1, line.y1) == pytest.approx((200, 90, 800, 110))


def test_what_is_no_lines_with_boxes_is_asked_again_and_then_invalid():
    recipe = recipe_of(OCR, ocr_task="advanced_recognition")
    for text, valid in (("I see a page.", False), ("```json\n[]\n```", True)):
        verdict = judge(ModelResponse(text=text, stop_reason="stop"), WRITTEN, OPERATION, recipe)
        assert (verdict.status == "invalid") is not valid
    request, better = asked_next("I see a page.", recipe)
    assert better.recipe.parameters["temperature"] > request.recipe.parameters["temperature"]
    assert asked_next("I see a page.", recipe, asked=3)[1] is None


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_does_not_stand_upright_is_turned_and_read_again(turn):
    request, better = asked_next(facts_line(turn), recipe_of())
    assert better.recipe == replace(request.recipe, render=replace(request.recipe.render, turn=turn))
    assert better.base_key == request.base_key
    assert better.key != request.key


def test_a_page_that_stands_upright_is_not_asked_again():
    assert asked_next(facts_line(0), recipe_of())[1] is None
    assert asked_next("Some text.", recipe_of())[1] is None


def test_a_turned_page_that_is_said_not_to_stand_upright_either_goes_back_to_its_first_answer():
    first, turned = asked_next(facts_line(90), recipe_of())
    _, back = asked_next(facts_line(90), turned.recipe, asked=2)
    assert back.key == first.key
    assert asked_next(facts_line(90), back.recipe, asked=3)[1] is None


def test_an_answer_that_says_that_its_page_is_not_upright_is_flagged_weakly():
    found = read(facts_line(90))
    assert [(flag.name, flag.score) for flag in found.flags] == [("sideways", 0.5)]


def test_the_turn_of_a_page_is_part_of_its_question_and_no_turn_is_no_part():
    recipe = recipe_of()
    turned = replace(recipe, render=replace(recipe.render, turn=90))
    assert recipe.recipe_id != turned.recipe_id
    assert replace(turned, render=replace(turned.render, turn=0)).recipe_id == recipe.recipe_id


def test_where_the_service_turns_the_page_no_one_knows_by_how_much():
    assert read("Text", recipe_of(OCR, enable_rotate=True)).look.rotation is None


def test_a_model_that_stands_in_is_asked_without_what_it_does_not_have(monkeypatch, tmp_path):
    table = tmp_path / "models.toml"
    table.write_text(f'[models."{OCR}"]\nfallback = "{GENERAL}"\n', encoding="utf-8")
    monkeypatch.setenv("PAGEMILL_MODELS", str(table))
    settings = {"model": OCR, "ocr_task": "table_parsing", "enable_rotate": True, "backend": "dashscope"}
    order = resolve(RunConfig(sources=("x",), out="o", **settings))
    assert order.fallback is not None
    assert order.fallback.recipe.model == GENERAL
    assert not order.fallback.recipe.parameters.keys() & {"ocr_options", "enable_rotate"}
