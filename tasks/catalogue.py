"""The models that are known: `data/models.toml`, with the user's own file laid over it."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from schemas.errors import ModelUnavailable, UsageFault
from schemas.models import OCR_TASKS, Limits, ModelSpec, OcrTask, Price, PriceTier
from schemas.requests import RenderSpec

USER_FILE = "PAGEMILL_MODELS"
"""The environment variable that names a user's own model table."""

Positive = Annotated[int, Field(gt=0)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    """A mistyped key is an error: a limit that is silently not kept costs money."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Family(_Strict):
    patch: Positive = 32
    min_pixels: Positive = 4_096
    max_pixels: Positive = 2_621_440
    max_pixels_ceiling: Positive | None = None
    boxes: Literal["grid", "seen", "sent"] = "grid"


class _Limits(_Strict):
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    in_flight: Positive = 64


class _Tier(_Strict):
    up_to_input_tokens: Positive | None = None
    input: Money | None = None
    output: Money | None = None
    cached_input: Money | None = None


class _Price(_Strict):
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    tiers: Annotated[tuple[_Tier, ...], Field(min_length=1)]
    as_of: date
    source: str
    batch_factor: Annotated[float, Field(gt=0, le=1)] | None = None

    @field_validator("tiers")
    @classmethod
    def _tiers_ascend(cls, tiers: tuple[_Tier, ...]) -> tuple[_Tier, ...]:
        for lower, upper in pairwise(tiers):
            bound, next_bound = lower.up_to_input_tokens, upper.up_to_input_tokens
            if bound is None or (next_bound is not None and next_bound <= bound):
                msg = "price tiers must ascend by up_to_input_tokens; only the last may be without it"
                raise ValueError(msg)
        return tiers


class _Model(_Strict):
    backends: Annotated[tuple[str, ...], Field(min_length=1)]
    family: str
    max_input_tokens: Positive | None = None
    max_output_tokens: Positive | None = None
    max_images: Positive = 1
    max_frames: Positive | None = None
    stream_only: bool = False
    thinking: Literal["none", "off", "on", "always"] = "none"
    max_thinking_tokens: Positive | None = None
    json_mode: bool = False
    partial_mode: bool = False
    ocr_tasks: bool | tuple[OcrTask, ...] = False
    limits: _Limits = _Limits()
    price: _Price | None = None
    retired_on: date | None = None
    successor: str | None = None
    fallback: str | None = None
    as_of: date | None = None
    source: str = ""


class _Table(_Strict):
    defaults: dict[str, str] = {}
    families: dict[str, _Family]
    models: dict[str, _Model]


@dataclass(frozen=True)
class Catalogue:
    """All known models by name, and who is asked where none is named."""

    models: Mapping[str, ModelSpec]
    defaults: Mapping[str, str]


def load_models() -> Mapping[str, ModelSpec]:
    """Give all known models by name, retired ones included.

    Raises:
        UsageFault: if the user's own file cannot be read or says something that is no model table.
    """
    return load_catalogue().models


def load_catalogue() -> Catalogue:
    """Give the models and the defaults; read once for each value of the environment variable.

    Raises:
        UsageFault: as `load_models`.
    """
    return _load(os.environ.get(USER_FILE) or None)


def find_model(name: str | None, backend: str, *, today: date | None = None) -> ModelSpec:
    """Find a model that *backend* can ask; None is that backend's default.

    Raises:
        UsageFault: if no such model is known, or not for this backend.
        ModelUnavailable: if it is retired.
    """
    catalogue = load_catalogue()
    wanted = name or catalogue.defaults.get(backend)
    if wanted is None:
        msg = f"the backend {backend} has no default model"
        raise UsageFault(msg, advice=f"name one with --model: {', '.join(_of(catalogue, backend)) or _how_to_add()}")
    spec = catalogue.models.get(wanted)
    if spec is None:
        msg = f"there is no model {wanted!r}"
        raise UsageFault(msg, advice=_nearest(wanted, _of(catalogue, backend)) + _how_to_add(_entry(wanted, backend)))
    if backend not in spec.backends:
        msg = f"the model {wanted} is not for the backend {backend}, but for {', '.join(spec.backends)}"
        raise UsageFault(msg, advice=f"choose one of: {', '.join(_of(catalogue, backend))}")
    if spec.retired_on is not None and spec.retired_on <= (today or datetime.now(UTC).date()):
        msg = f"the model {wanted} was retired on {spec.retired_on} ({spec.source})"
        raise ModelUnavailable(msg, advice=f"use --model {spec.successor or catalogue.defaults.get(backend)}")
    return spec


def _of(catalogue: Catalogue, backend: str) -> list[str]:
    return [name for name, spec in catalogue.models.items() if backend in spec.backends and spec.retired_on is None]


def _nearest(wanted: str, names: list[str]) -> str:
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5) or names
    return f"known are {', '.join(near)}; " if near else ""


def _how_to_add(entry: str = "") -> str:
    how = f"to add a model, describe it in a TOML file of the form of data/models.toml and name it in {USER_FILE}"
    return f"{how}:\n{entry}" if entry else how


def _entry(name: str, backend: str) -> str:
    """Write what a model's own entry could be; a price is left out, because one that is not known is not written."""
    return f"""\
[models.{json.dumps(name, ensure_ascii=False)}]
backends = ["{backend}"]
family = "vl32"              # how pages are resized: vl32 for Qwen3-VL and later, vl28 for Qwen2.5-VL
max_images = 1               # images that one request may hold
max_output_tokens = 8192
limits = {{ in_flight = 16 }}  # calls at once; also requests_per_minute, tokens_per_minute"""


@lru_cache(maxsize=8)
def _load(user_file: str | None) -> Catalogue:
    ours = resources.files("data").joinpath("models.toml").read_text(encoding="utf-8")
    document = tomllib.loads(ours)
    if user_file:
        document = _overlaid(document, _read_toml(Path(user_file).expanduser()))
    try:
        table = _Table.model_validate(document)
    except ValidationError as error:
        where = user_file or "data/models.toml"
        msg = f"{where} is no model table: {_first_faults(error)}"
        raise UsageFault(msg, advice=_how_to_add()) from None
    specs = {name: _spec(name, model, table.families, user_file) for name, model in table.models.items()}
    return Catalogue(MappingProxyType(specs), MappingProxyType(table.defaults))


def _read_toml(path: Path) -> dict[str, Any]:
    advice = f"mend the file, or unset {USER_FILE}"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise UsageFault(msg, advice=advice) from error
    except ValueError as error:  # TOML and UTF-8 faults alike
        msg = f"{path} is not TOML: {error}"
        raise UsageFault(msg, advice=advice) from error


def _overlaid(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Lay the user's table over ours: down to the keys of one model or family, whose values are replaced whole."""
    merged = ours | theirs
    for section in ("defaults", "families", "models"):
        here, there = ours.get(section, {}), theirs.get(section, {})
        if isinstance(there, dict):
            merged[section] = here | {name: _merged(here.get(name), entry) for name, entry in there.items()}
    return merged


def _merged(here: Any, there: Any) -> Any:
    return here | there if isinstance(here, dict) and isinstance(there, dict) else there


def _first_faults(error: ValidationError, *, most: int = 3) -> str:
    faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    more = f"; and {len(faults) - most} more" if len(faults) > most else ""
    return "; ".join(faults[:most]) + more


def _spec(name: str, model: _Model, families: Mapping[str, _Family], user_file: str | None) -> ModelSpec:
    family = families.get(model.family)
    if family is None:
        msg = f"{user_file or 'data/models.toml'}: models.{name}.family: there is no family {model.family!r}"
        raise UsageFault(msg, advice=f"choose one of: {', '.join(families)}")
    facts = {field: getattr(model, field) for field in _Model.model_fields.keys() - {"limits", "price", "ocr_tasks"}}
    return ModelSpec(
        name=name,
        render=RenderSpec(family.patch, family.min_pixels, family.max_pixels),
        max_pixels_ceiling=family.max_pixels_ceiling,
        boxes=family.boxes,
        ocr_tasks=_tasks(model.ocr_tasks),
        limits=Limits(**model.limits.model_dump()),
        price=_price(model.price),
        **facts,
    )


def _tasks(given: bool | tuple[OcrTask, ...]) -> tuple[OcrTask, ...]:
    """Give the tasks that a model knows; true is all there are."""
    if isinstance(given, bool):
        return OCR_TASKS if given else ()
    return given


def _price(price: _Price | None) -> Price | None:
    if price is None:
        return None
    tiers = tuple(PriceTier(**tier.model_dump()) for tier in price.tiers)
    return Price(price.currency, tiers, price.as_of, price.source, price.batch_factor)
