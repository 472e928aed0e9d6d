"""The options of the commands, in groups that commands share, and how they become the settings of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer
from pydantic import SecretStr, ValidationError

from schemas.config import RunConfig
from schemas.errors import UsageFault
from tasks import operations
from tasks.translating.glossary import read_glossary

R = TypeVar("R")

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="Files, folders or globs; @list.txt reads them from a file, - from stdin.",
        show_default=False,
    ),
]
Out = Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Where the tables go.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object on stdout.")]
Ledger = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="PAGEMILL_LEDGER",
        metavar="URL",
        help="Where answers are kept: a file, or postgresql://... (default: in the output folder).",
    ),
]


def _option(*names: str, panel: str, help: str, **more: Any) -> Any:  # noqa: A002 - Typer's own word for it
    return typer.Option(*names, rich_help_panel=panel, help=help, **more)


_READING, _SERVICE, _PACE, _BUDGET, _TALK = "What is read", "Who reads", "Pace", "Where it stops", "What is said"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is asked of which pages."""

    operation: Annotated[str, _option(panel=_READING, help=f"What is asked: {', '.join(operations.names())}.")] = "text"
    pages: Annotated[str | None, _option(panel=_READING, metavar="1-3,7,10-", help="Pages of each file.")] = None
    settle: Annotated[
        str | None, _option(panel=_READING, metavar="30s", help="Leave files for the next run that changed since.")
    ] = None
    allow_urls: Annotated[bool, _option("--allow-urls", panel=_READING, help="Read http:// and https:// as well.")] = (
        False
    )
    allow_private_urls: Annotated[
        bool, _option("--allow-private-urls", panel=_READING, help="Of these, also addresses in private networks.")
    ] = False
    fetch_mb: Annotated[
        int | None, _option(panel=_READING, metavar="MB", help="Disk for copies of what is read from elsewhere.")
    ] = None
    text_format: Annotated[str, _option(panel=_READING, help="For text: markdown, plain or layout.")] = "markdown"
    tables: Annotated[str | None, _option(panel=_READING, help="For text: tables as html or markdown.")] = None
    ocr_task: Annotated[str | None, _option(panel=_READING, help="Of an OCR model: see docs/text.md.")] = None
    enable_rotate: Annotated[bool, _option("--enable-rotate", panel=_READING, help="Of an OCR model: turns pages.")] = (
        False
    )
    extraction_schema: Annotated[
        str | None,
        _option(
            "--schema",
            panel=_READING,
            metavar="SCHEMA",
            help="For structured: a name (invoice, ...), a JSON Schema file, or package.module:Model.",
        ),
    ] = None
    span_pages: Annotated[
        int | None, _option(panel=_READING, metavar="N", help="For structured: pages shown in one request.")
    ] = None
    evidence: Annotated[bool, _option("--evidence", panel=_READING, help="For structured: quote each value.")] = False
    target_language: Annotated[
        str | None, _option("--to", panel=_READING, metavar="LANGUAGE", help="For translation: de, pt-BR, zh-Hans, ...")
    ] = None
    glossary: Annotated[
        Path | None,
        _option(panel=_READING, metavar="FILE", help="For translation: terms, a CSV file with source,target."),
    ] = None
    tone: Annotated[str | None, _option(panel=_READING, help="For translation: formal, neutral or informal.")] = None
    repair: Annotated[
        bool, _option("--repair", panel=_READING, help="For translation: have put right what fails its checks.")
    ] = False
    prompt: Annotated[
        str | None,
        _option(panel=_READING, metavar="TEXT", help="For ask: what is asked of each page; @file.txt reads it."),
    ] = None
    fps: Annotated[
        float | None, _option(panel=_READING, metavar="N", help="For video: frames a second (default: 2).")
    ] = None
    max_pixels: Annotated[int | None, _option(panel=_READING, help="Pixels of a page that the model sees.")] = None
    backend: Annotated[
        str,
        _option(
            envvar="PAGEMILL_BACKEND",
            panel=_SERVICE,
            help="dashscope, openai, local, or auto: by whether a key is set.",
        ),
    ] = "auto"
    model: Annotated[str | None, _option(envvar="PAGEMILL_MODEL", panel=_SERVICE, help="See `pagemill models`.")] = None
    thinking: Annotated[
        bool | None,
        _option("--thinking/--no-thinking", panel=_SERVICE, help="Whether the model reasons first (default: no)."),
    ] = None
    thinking_budget: Annotated[
        int | None, _option(panel=_SERVICE, metavar="N", help="Tokens that its reasoning may take.")
    ] = None
    stream: Annotated[
        bool, _option("--stream", panel=_SERVICE, help="Receive answers as they are written; stops one that loops.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class Access:
    """What opens documents and the service."""

    password: Annotated[
        list[str] | None, _option("--password", panel=_READING, metavar="P", help="Opens encrypted files; repeatable.")
    ] = None
    password_file: Annotated[
        Path | None, _option(panel=_READING, metavar="FILE", help="Passwords, one a line; - is stdin.")
    ] = None
    region: Annotated[str | None, _option(panel=_SERVICE, help="Region of the service and its key.")] = None
    base_url: Annotated[str | None, _option(panel=_SERVICE, metavar="URL", help="Address of the service.")] = None


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast it goes, and how patient it is."""

    in_flight: Annotated[int | None, _option(panel=_PACE, metavar="N", help="Calls at once.")] = None
    requests_per_minute: Annotated[
        float | None, _option("--rpm", panel=_PACE, metavar="N", help="Requests a minute (default: the model's).")
    ] = None
    tokens_per_minute: Annotated[
        float | None, _option("--tpm", panel=_PACE, metavar="N", help="Tokens a minute (default: the model's).")
    ] = None
    render_workers: Annotated[
        int | None, _option("--workers", panel=_PACE, metavar="N", help="Processes that render (default: one a core).")
    ] = None
    shard_pages: Annotated[int | None, _option(panel=_PACE, metavar="N", help="Pages committed at once.")] = None
    max_attempts: Annotated[int | None, _option(panel=_PACE, metavar="N", help="Attempts of a call.")] = None
    patience: Annotated[float | None, _option(panel=_PACE, metavar="S", help="Seconds given to one page's call.")] = (
        None
    )
    call_timeout: Annotated[float | None, _option(panel=_PACE, metavar="S", help="Seconds given to one send.")] = None
    render_timeout: Annotated[float | None, _option(panel=_PACE, metavar="S", help="Seconds to draw a page.")] = None
    render_memory_mb: Annotated[int | None, _option(panel=_PACE, metavar="MB", help="Memory to draw a page.")] = None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Where a run stops, resumable."""

    max_cost: Annotated[float | None, _option(panel=_BUDGET, help="Money, in the model's currency.")] = None
    max_tokens: Annotated[int | None, _option(panel=_BUDGET, help="Tokens, in and out.")] = None
    max_pages: Annotated[int | None, _option(panel=_BUDGET, help="Pages.")] = None
    max_failures: Annotated[
        str | None, _option(panel=_BUDGET, metavar="N|N%", help="Pages that may fail, or their share of those done.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Talk:
    """How the command talks, and what runs it."""

    prefect: Annotated[
        bool, _option("--prefect", panel=_TALK, help="Run as a flow; so it is when PREFECT_API_URL is set.")
    ] = False
    quiet: Annotated[bool, _option("--quiet", "-q", panel=_TALK, help="Only problems and the last line.")] = False
    as_json: Annotated[bool, _option("--json", panel=_TALK, help="Print the summary as JSON on stdout.")] = False
    debug: Annotated[bool, _option("--debug", panel=_TALK, help="Show the traceback of a bug.")] = False


def grouped(function: Callable[..., R]) -> Callable[..., R]:
    """Let a command take groups: each parameter whose type is a dataclass becomes that dataclass's fields."""
    hints = get_type_hints(function, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}

    @wraps(function)
    def command(**given: Any) -> R:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        return function(**given)

    flat = [parameter for name in inspect.signature(function).parameters for parameter in _flat(function, hints, name)]
    vars(command)["__signature__"] = inspect.Signature(flat)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return command


def _flat(function: Callable[..., object], hints: Mapping[str, Any], name: str) -> Iterable[inspect.Parameter]:
    hint = hints[name]
    if not is_dataclass(hint):
        default = inspect.signature(function).parameters[name].default
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
        return
    inner = get_type_hints(hint, include_extras=True)
    for field in fields(hint):
        kind = inspect.Parameter.KEYWORD_ONLY
        yield inspect.Parameter(field.name, kind, default=field.default, annotation=inner[field.name])


def settings(*groups: Reading | Access | Pace | Budget) -> dict[str, Any]:
    """Collect what was given, by the names of `RunConfig`; what was not given is absent.

    Raises:
        UsageFault: if a file that an option names cannot be read.
    """
    given: dict[str, Any] = {}
    for group in groups:
        if isinstance(group, Access):
            given["passwords"] = _passwords(group)
        names = [field.name for field in fields(group) if field.name not in {"password", "password_file"}]
        given |= {name: getattr(group, name) for name in names}
        if isinstance(group, Reading):
            given |= _out_of_files(group)
    return {name: value for name, value in given.items() if value is not None and value != ()}


def _passwords(access: Access) -> tuple[SecretStr, ...]:
    words = list(access.password or ())
    if access.password_file is not None:
        words += _lines_of(access.password_file)
    return tuple(SecretStr(word) for word in words)


def _lines_of(path: Path) -> list[str]:
    text = _text_of(path, "--password-file", advice="give a text file with one password a line")
    return [line for line in text.splitlines() if line]


def _out_of_files(reading: Reading) -> dict[str, Any]:
    """Take what is asked out of the files that hold it: what was in them then stands in the record of the run."""
    prompt = reading.prompt
    if prompt is not None and prompt.startswith("@"):
        prompt = _text_of(Path(prompt[1:]), "--prompt", advice="give a text file after the @")
    return {"prompt": prompt, "glossary": read_glossary(reading.glossary) if reading.glossary else None}


def _text_of(path: Path, option: str, *, advice: str) -> str:
    try:
        return typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        msg = f"{option} {path} cannot be read: {why}"
        raise UsageFault(msg, advice=advice) from error


def config_of(given: Mapping[str, Any]) -> RunConfig:
    """Check the settings.

    Raises:
        UsageFault: with one line for each that is wrong, naming its option.
    """
    try:
        return RunConfig.model_validate(given)
    except ValidationError as error:
        faults = "\n".join(_fault(dict(fault)) for fault in error.errors(include_url=False, include_context=False))
        raise UsageFault(faults, advice="see `pagemill run --help`") from error


def _fault(fault: Mapping[str, Any]) -> str:
    if not fault["loc"]:  # of the whole, and says itself of what
        return str(fault["msg"])
    name = str(fault["loc"][0])
    said = str(fault["msg"]).removeprefix("Value error, ").replace("Input should", "should", 1)
    value = "" if "page range" in said else f" (was {fault['input']!r})"
    return f"{option_of(name)}: {said}{value}"


def option_of(name: str) -> str:
    """Name the option that sets a field of `RunConfig`."""
    for group in (Reading, Access, Pace, Budget):
        hint = get_type_hints(group, include_extras=True).get(name)
        if hint is not None:
            info = hint.__metadata__[0]
            # Typer keeps the first name of an annotated option where a default would stand.
            names = (info.default, *(info.param_decls or ()))
            named = (word for word in names if isinstance(word, str) and word.startswith("--"))
            return next(named, _dashed(name))
    return {"sources": "SOURCE", "passwords": "--password"}.get(name, _dashed(name))


def _dashed(name: str) -> str:
    return f"--{name.replace('_', '-')}"
