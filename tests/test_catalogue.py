from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ModelUnavailable, UsageFault
from schemas.models import Price, PriceTier
from schemas.usage import Usage
from tasks.catalogue import USER_FILE, find_model, load_catalogue, load_models

MODELS = load_models()


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "models.toml"
    monkeypatch.setenv(USER_FILE, str(path))
    return path


def test_the_default_of_dashscope_is_alive_and_priced_for_every_input_that_it_takes() -> None:
    spec = find_model(None, "dashscope")
    assert spec.retired_on is None
    assert spec.price is not None
    assert spec.price.tier(spec.max_input_tokens or 0) is not None
    assert spec.limits.tokens_per_minute == 1_000_000
    assert spec.thinking == "off"


def test_the_local_model_costs_nothing_and_that_is_known() -> None:
    spec = find_model(None, "local")
    assert (spec.name, spec.backends) == ("local", ("local",))
    assert spec.price is not None
    assert spec.price.cost(Usage(input_tokens=10**6, output_tokens=10**6, cached_tokens=5)) == 0.0


def test_no_other_price_is_zero() -> None:
    for spec in MODELS.values():
        if spec.price and spec.name != "local":
            figures = [f for tier in spec.price.tiers for f in (tier.input, tier.output, tier.cached_input)]
            assert all(figure is None or figure > 0 for figure in figures), spec.name


def test_every_model_says_where_and_when_it_was_read() -> None:
    for spec in MODELS.values():
        assert spec.as_of is not None, spec.name
        assert spec.source, spec.name


def test_every_successor_and_default_is_known() -> None:
    successors = {spec.successor for spec in MODELS.values() if spec.successor}
    assert successors | set(load_catalogue().defaults.values()) <= set(MODELS)


def test_every_retired_model_names_a_successor_that_lives() -> None:
    retired = [spec for spec in MODELS.values() if spec.retired_on]
    assert retired
    assert all(MODELS[spec.successor or ""].retired_on is None for spec in retired)


@pytest.mark.parametrize(
    ("name", "patch", "max_pixels", "ceiling"),
    [
        ("qwen3-vl-plus", 32, 2_621_440, 16_777_216),
        ("qvq-max", 28, 1_003_520, 12_845_056),
        ("qwen3.5-ocr", 32, 8_388_608, 15_680_000),
        ("qwen-vl-ocr-2025-08-28", 28, 6_422_528, 15_680_000),
    ],
)
def test_a_family_brings_its_resize(name: str, patch: int, max_pixels: int, ceiling: int) -> None:
    spec = MODELS[name]
    assert (spec.render.patch, spec.render.max_pixels, spec.max_pixels_ceiling) == (patch, max_pixels, ceiling)


def test_a_model_that_always_thinks_streams() -> None:
    assert all(spec.stream_only for spec in MODELS.values() if spec.thinking == "always")


def test_a_mistyped_model_is_told_the_nearest_and_how_to_add_one() -> None:
    with pytest.raises(UsageFault) as caught:
        find_model("qwen3-vl-pluss", "dashscope")
    assert "qwen3-vl-plus" in caught.value.advice
    assert USER_FILE in caught.value.advice


def test_an_unknown_model_is_told_an_entry_that_makes_it_known(own_file: Path) -> None:
    own_file.write_text("")
    with pytest.raises(UsageFault) as caught:
        find_model('Qwen/Qwen3-VL-8B-"Mine"', "openai")
    how, _, entry = caught.value.advice.partition(":\n")
    assert USER_FILE in how
    assert len(entry.splitlines()) == 6
    other = own_file.with_name("other.toml")
    other.write_text(entry)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(USER_FILE, str(other))
        spec = find_model('Qwen/Qwen3-VL-8B-"Mine"', "openai")
    assert (spec.backends, spec.render.patch, spec.price, spec.limits.in_flight) == (("openai",), 32, None, 16)


def test_a_model_of_another_backend_is_refused() -> None:
    with pytest.raises(UsageFault, match="not for the backend local, but for dashscope, openai"):
        find_model("qwen3-vl-plus", "local")


def test_a_backend_without_a_default_says_so() -> None:
    with pytest.raises(UsageFault, match="no default model"):
        find_model(None, "nowhere")


def test_a_retired_model_is_refused_from_its_day_on_and_names_its_successor() -> None:
    assert find_model("qvq-max", "dashscope", today=date(2026, 7, 12)).name == "qvq-max"
    with pytest.raises(ModelUnavailable, match="2026-07-13") as caught:
        find_model("qvq-max", "dashscope", today=date(2026, 7, 13))
    assert "qwen3.6-plus" in caught.value.advice


def test_a_file_of_ones_own_adds_models_and_changes_keys(own_file: Path) -> None:
    own_file.write_text("""
        [defaults]
        dashscope = "mine"
        [models.mine]
        backends = ["dashscope"]
        family = "vl32"
        [models.qwen3-vl-plus]
        limits = { requests_per_minute = 60 }
    """)
    assert find_model(None, "dashscope").name == "mine"
    changed = find_model("qwen3-vl-plus", "dashscope")
    assert (changed.limits.requests_per_minute, changed.limits.tokens_per_minute) == (60, None)
    assert changed.price == MODELS["qwen3-vl-plus"].price
    assert find_model(None, "local").name == "local"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models = ", "is not TOML"),
        ("[models.x]\nbackends = ['dashscope']\nfamily = 'vl32'\ncolour = 'red'", "models.x.colour"),
        ("[models.x]\nbackends = ['dashscope']", "models.x.family"),
        ("[models.x]\nbackends = ['dashscope']\nfamily = 'vl31'", "no family 'vl31'"),
        ("[models.qwen3-vl-plus.limits]\nrequests_per_minute = -1", "greater than 0"),
        ("[modles.x]", "modles"),
        ("models = 3", "models"),
        ("[models]\nx = 3", "models.x"),
        (
            (
                "[models.qwen3-vl-plus.price]\ncurrency = 'CNY'\nas_of = 2026-01-01\nsource = 's'\n"
                "tiers = [{ input = 1.0 }, { up_to_input_tokens = 5, input = 2.0 }]"
            ),
            "must ascend",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_key(own_file: Path, text: str, said: str) -> None:
    own_file.write_text(text)
    with pytest.raises(UsageFault) as caught:
        load_models()
    assert said in str(caught.value)
    assert str(own_file) in str(caught.value)


def test_a_file_that_is_not_there_is_named(own_file: Path) -> None:
    with pytest.raises(UsageFault, match="cannot be read"):
        load_models()


@st.composite
def prices(draw: st.DrawFn) -> Price:
    bounds = sorted(draw(st.sets(st.integers(1, 10**6), min_size=1, max_size=4)))
    open_ended = draw(st.booleans())
    tiers = [PriceTier(bound, float(rank + 1), float(rank + 1)) for rank, bound in enumerate(bounds)]
    if open_ended:
        tiers[-1] = replace(tiers[-1], up_to_input_tokens=None)
    return Price("CNY", tuple(tiers), date(2026, 1, 1), "made")


@given(prices(), st.integers(0, 2 * 10**6))
def test_the_tier_is_the_first_that_reaches_the_input(price: Price, tokens: int) -> None:
    tier = price.tier(tokens)
    reaching = [t for t in price.tiers if t.up_to_input_tokens is None or tokens <= t.up_to_input_tokens]
    assert tier == (reaching[0] if reaching else None)


@given(prices(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_longer_input_never_costs_less(price: Price, one: int, other: int) -> None:
    less, more = (price.cost(Usage(input_tokens=tokens)) for tokens in sorted((one, other)))
    assert less is None or more is None or less <= more
    assert less is not None or more is None  # beyond the last tier all is unknown


def test_a_bound_belongs_to_its_own_tier() -> None:
    price = MODELS["qwen3-vl-plus"].price
    assert price is not None
    picked = [price.tier(tokens) for tokens in (0, 32_768, 32_769, 131_072, 262_144, 262_145)]
    assert [tier and tier.input for tier in picked] == [1.0, 1.0, 1.5, 1.5, 3.0, None]


def test_an_unknown_price_makes_the_cost_unknown_only_where_it_is_needed() -> None:
    price = MODELS["qwen3.8-flash"].price
    assert price is not None
    assert price.cost(Usage(input_tokens=10**4)) == pytest.approx(0.008)
    assert price.cost(Usage(input_tokens=10**4, output_tokens=1)) is None
