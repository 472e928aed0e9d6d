"""Language tags: what is taken, and what is refused with a hint."""

import pytest

from schemas.config import RunConfig
from schemas.languages import Tag, find_tag, parse_tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("pt_br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("haw", "haw"),
    ],
)
def test_a_tag_is_written_as_is_customary(written, tag):
    assert str(parse_tag(written)) == tag


@pytest.mark.parametrize("written", ["", "german", "d", "xx", "de-", "de-DEU-x", "zh Hans", "1a"])
def test_what_is_no_tag_is_refused(written):
    with pytest.raises(ValueError, match="no language tag"):
        parse_tag(written)
    assert find_tag(written) is None


def test_the_code_of_a_country_gets_the_hint_that_is_needed():
    with pytest.raises(ValueError, match="did you mean ja"):
        parse_tag("jp")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("de", "de-AT", True),
        ("zh", "zh-Hant", True),
        ("zh-TW", "zh-Hans", False),
        ("zh-CN", "zh-SG", True),
        ("de", "nl", False),
    ],
)
def test_regions_part_no_languages_but_scripts_do(one, other, same):
    assert parse_tag(one).is_same_language(parse_tag(other)) is same


def test_the_settings_hold_the_tag_in_one_spelling():
    assert RunConfig(sources=("in",), out="out", target_language="PT-br").target_language == "pt-BR"
    assert Tag("pt", None, "BR") == parse_tag("pt-BR")
