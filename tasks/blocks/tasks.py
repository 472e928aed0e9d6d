"""The built-in tasks of the OCR models: which of them is asked for, and what the answer is made of."""

from __future__ import annotations

from schemas.config import RunConfig
from schemas.errors import UsageFault
from schemas.models import ModelSpec
from tasks.prompting import DASHSCOPE

FORMS = {
    "text_recognition": "plain",
    "multi_lan": "plain",
    "advanced_recognition": "plain",
    "table_parsing": "markdown",
    "formula_recognition": "markdown",
    "document_parsing": "latex",
}
"""In what form the text of each task's answer is. What the vendor calls key_information_extraction gives no text."""
BY_FORM = {"plain": "text_recognition", "layout": "advanced_recognition"}
"""The task that is asked for where none is named; for Markdown there is none that gives it, but they take a prompt."""
JOINED = frozenset({"text_recognition", "multi_lan", "table_parsing"})
"""Tasks whose answers about two halves of a page are one text, put behind each other."""
WITH_BOXES = "advanced_recognition"


def chosen_task(config: RunConfig, spec: ModelSpec, backend: str) -> str | None:
    """Choose the task that is asked for; None is that the model gets a prompt of ours.

    Raises:
        UsageFault: if the model, or the way in which it is asked, does not have what was named; says what there is.
    """
    known = tuple(task for task in spec.ocr_tasks if task in FORMS) if backend == DASHSCOPE else ()
    task = config.ocr_task or BY_FORM.get(config.text_format)
    if config.ocr_task is not None and task not in known:
        raise _unknown(config.ocr_task, known, spec)
    if config.text_format == "layout" and spec.is_ocr and (task != WITH_BOXES or task not in known):
        msg = f"{spec.name} gives boxes by the task {WITH_BOXES} alone" + _known(known)
        raise UsageFault(msg, advice=f"set --ocr-task {WITH_BOXES} with a --model that knows it, like qwen3.5-ocr")
    if config.enable_rotate:
        _check_rotation(config, spec, backend, task)
    return task if task in known else None


def _unknown(task: str, known: tuple[str, ...], spec: ModelSpec) -> UsageFault:
    if task == "key_information_extraction":
        return UsageFault(f"the task {task} gives data, not text", advice="use --operation structured and --schema")
    if known:
        return UsageFault(f"{spec.name} has no task {task!r}", advice=f"choose one of: {', '.join(known)}")
    msg = f"{spec.name}, as it is asked here, has no built-in tasks; they are {', '.join(FORMS)}"
    return UsageFault(msg, advice="leave out --ocr-task, or use --backend dashscope and --model qwen3.5-ocr")


def _known(known: tuple[str, ...]) -> str:
    return f"; known are {', '.join(known)}" if known else "; none is known of it"


def _check_rotation(config: RunConfig, spec: ModelSpec, backend: str, task: str | None) -> None:
    if not spec.is_ocr or backend != DASHSCOPE:
        msg = f"the service does not turn pages for {spec.name}, as it is asked here"
        raise UsageFault(msg, advice="leave it out: a page that is found to lie on its side is turned anyway")
    if config.text_format == "layout" or task == WITH_BOXES:
        msg = "--enable-rotate lets the service turn a page and does not tell by how much, so that boxes would be lost"
        raise UsageFault(msg, advice="leave it out: a page that is found to lie on its side is turned anyway")
