"""The built-in tasks of OCR models: what was read, in each task's own form."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

from tests.emulator.layouts import GRID, placed
from tests.emulator.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.emulator.question import Question

KEY_VALUE = re.compile(r"^\s*([^:：]{1,40})[:：]\s*(.+)$", re.MULTILINE)


def perform(task: str, text: str, question: Question) -> Reply:
    """Put what was read into the form of *task*."""
    if task == "advanced_recognition":
        return Reply(_fenced_boxes(text, question), ocr_result={"words_info": _words_info(text, question)})
    if task == "key_information_extraction":
        values = _values(text, question)
        return Reply(f"```json\n{json.dumps(values, ensure_ascii=False, indent=1)}\n```", {"kv_result": values})
    form = _FORMS.get(task)
    return Reply(form(text) if form else text)


def _html(text: str) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line.split())}</tr>" for line in text.splitlines())
    return f"```html\n<table>{rows}</table>\n```"


def _latex(text: str) -> str:
    return f"```latex\n\\documentclass{{article}}\n\\begin{{document}}\n{text}\n\\end{{document}}\n```"


_FORMS: dict[str, Callable[[str], str]] = {
    "table_parsing": _html,
    "document_parsing": _latex,
    "formula_recognition": lambda text: f"$${text}$$",
}


def _words_info(text: str, question: Question) -> list[dict[str, Any]]:
    """Boxes in pixels of the picture, from those on the grid: so they are related in recorded answers."""
    across, down = question.pictures[0].width / GRID, question.pictures[0].height / GRID
    infos = []
    for line, box in _on_grid(text, question):
        x1, x2 = (round(side * across) for side in box[::2])
        y1, y2 = (round(side * down) for side in box[1::2])
        infos.append(
            {
                "location": [x1, y1, x2, y1, x2, y2, x1, y2],
                "rotate_rect": [(x1 + x2) // 2, (y1 + y2) // 2, y2 - y1, x2 - x1, 90],
                "text": line,
            }
        )
    return infos


def _on_grid(text: str, question: Question) -> list[tuple[str, tuple[int, ...]]]:
    return [(line, tuple(round(side * GRID) for side in box)) for line, box in placed(text, question.pictures[0])]


def _fenced_boxes(text: str, question: Question) -> str:
    rows = []
    for line, (x1, y1, x2, y2) in _on_grid(text, question):
        box = [(x1 + x2) // 2, (y1 + y2) // 2, y2 - y1, x2 - x1, 90]
        rows.append(f'\t{{"rotate_rect": {box}, "text": {json.dumps(line, ensure_ascii=False)}}}')
    return "```json\n[\n" + ",\n".join(rows) + "\n]\n```"


def _values(text: str, question: Question) -> dict[str, Any]:
    schema = (question.ocr_options.get("task_config") or {}).get("result_schema")
    try:
        planted = json.loads(text)
    except ValueError:
        planted = {key.strip(): value.strip() for key, value in KEY_VALUE.findall(text)}
    if not isinstance(planted, dict):
        planted = {}
    if not schema:
        return planted
    invent = bool(text) and not planted
    return _filled(schema, planted, random.Random(question.pictures[0].sha256) if invent else None)


def _filled(schema: Mapping[str, Any], planted: Mapping[str, Any], dice: random.Random | None) -> dict[str, Any]:
    """Fill a schema: planted values first, else invented ones if there are *dice*, else the string "null"."""
    values: dict[str, Any] = {}
    for key, wanted in schema.items():
        known = planted.get(key)
        if isinstance(wanted, dict):
            values[key] = _filled(wanted, known if isinstance(known, dict) else {}, dice)
        elif known is not None:
            values[key] = known
        else:
            values[key] = str(dice.randint(1_000, 99_999_999)) if dice else "null"
    return values
