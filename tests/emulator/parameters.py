"""The parameters of a request: those the service knows are checked, the others pass unread, as on the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.refusal import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.emulator.models import Model

MAX_SEED = 2**31 - 1
OCR_TASKS = frozenset(
    {
        "text_recognition",
        "advanced_recognition",
        "key_information_extraction",
        "table_parsing",
        "document_parsing",
        "formula_recognition",
        "multi_lan",
    }
)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_stop(value: object) -> bool:
    return isinstance(value, str | list)


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "temperature": (lambda v: _number(v) and 0 <= v < 2, "Temperature should be in [0.0, 2.0)"),
    "top_p": (lambda v: _number(v) and 0 < v <= 1, "Range of top_p should be (0.0, 1.0]"),
    "top_k": (lambda v: _whole(v) and v >= 0, "Range of top_k should be [0, 2147483647]"),
    "seed": (lambda v: _whole(v) and 0 <= v <= MAX_SEED, "Range of seed should be [0, 2147483647]"),
    "n": (lambda v: v == 1, "Range of n should be [1, 1]"),
    "presence_penalty": (lambda v: _number(v) and -2 <= v <= 2, "Presence_penalty should be in [-2.0, 2.0]"),
    "repetition_penalty": (lambda v: _number(v) and v > 0, "Repetition_penalty should be greater than 0.0"),
    "thinking_budget": (lambda v: _whole(v) and v > 0, "The thinking_budget parameter must be a positive integer"),
    "top_logprobs": (lambda v: _whole(v) and 0 <= v <= 5, "Range of top_logprobs should be [0, 5]"),
    "stop": (_is_stop, "The stop parameter must be of type str, list[str], list[int], or list[list[int]]"),
    "enable_thinking": (_is_bool, "The enable_thinking parameter must be a boolean"),
    "incremental_output": (_is_bool, "The incremental_output parameter must be a boolean"),
    "vl_high_resolution_images": (_is_bool, "The vl_high_resolution_images parameter must be a boolean"),
    "result_format": (lambda v: v in {"message", "text"}, "The result_format parameter must be text or message"),
}


def check(parameters: Mapping[str, Any], model: Model, words: str, *, stream: bool) -> None:
    """Refuse what the service refuses; *words* is all text of the messages."""
    for name, (fits, message) in RULES.items():
        value = parameters.get(name)
        if value is not None and not fits(value):
            raise bad_parameter(message)
    limit = parameters.get("max_tokens")
    if limit is not None and not (_whole(limit) and 1 <= limit <= model.max_output):
        message = f"Range of max_tokens should be [1, {model.max_output}]"
        raise bad_parameter(message)
    _check_thinking(parameters, model, stream=stream)
    _check_format(parameters, model, words)
    _check_ocr(parameters, model)


def thinks(parameters: Mapping[str, Any], model: Model) -> bool:
    """Whether the model thinks before it answers."""
    if model.thinking == "always":
        return True
    asked = parameters.get("enable_thinking")
    return model.thinking != "none" and (model.thinking == "on" if asked is None else bool(asked))


def _check_thinking(parameters: Mapping[str, Any], model: Model, *, stream: bool) -> None:
    if model.stream_only and not stream:
        message = "This model only support stream mode, please enable the stream parameter to access the model. "
        raise bad_parameter(message)
    if model.thinking == "none" and parameters.get("enable_thinking"):
        message = "The model does not support enable_thinking."
        raise bad_parameter(message)
    if model.thinking == "always" and parameters.get("enable_thinking") is False:
        message = "parameter.enable_thinking must be set to true for this model."
        raise bad_parameter(message)
    if stream and thinks(parameters, model) and parameters.get("incremental_output") is False:
        message = "The incremental_output parameter must be true when enable_thinking is true"
        raise bad_parameter(message)


def _check_format(parameters: Mapping[str, Any], model: Model, words: str) -> None:
    wanted = parameters.get("response_format")
    if wanted is None:
        return
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind not in {"text", "json_object"}:
        message = "'response_format.type' must be one of text, json_object"
        raise bad_parameter(message)
    if kind == "text":
        return
    if not model.json_mode:
        message = "Json mode response is not supported by this model."
        raise bad_parameter(message)
    if thinks(parameters, model):
        message = "Json mode response is not supported when enable_thinking is true"
        raise bad_parameter(message)
    if "json" not in words.lower():
        message = (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        )
        raise bad_parameter(message)


def _check_ocr(parameters: Mapping[str, Any], model: Model) -> None:
    options = parameters.get("ocr_options")
    if options is None:
        return
    if not model.ocr:
        message = "ocr_options is not supported by this model."
        raise bad_parameter(message)
    if not isinstance(options, dict) or options.get("task") not in OCR_TASKS:
        message = "ocr_options.task is illegal."
        raise bad_parameter(message)
    settings = options.get("task_config") or {}
    if not isinstance(settings, dict) or not isinstance(settings.get("result_schema", {}), dict):
        message = "ocr_options.task_config.result_schema must be an object."
        raise bad_parameter(message)
