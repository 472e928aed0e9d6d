"""What was left untranslated: in every script, and without crying wolf over names, addresses and code."""

import pytest

from schemas.languages import Tag
from tasks.translating.blocks import Block
from tasks.translating.residue import is_untranslated, wrong_script
from tasks.translating.scripts import language_name, scripts_of

EN = "The supplier delivers the goods within ten days and bears the cost of transport."
DE = "Der Lieferant liefert die Ware innerhalb von zehn Tagen und trägt die Kosten des Transports."
RU = "Поставщик доставляет товар в течение десяти дней и несёт расходы по перевозке."
ZH = "供应商须在十天内交付货物并承担运输费用,买方应当及时验收。"
JA = "供給者は十日以内に商品を引き渡し、輸送の費用を負担する。"
AR = "يسلم المورد البضائع خلال عشرة أيام ويتحمل تكاليف النقل."


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        (EN, EN, "de"),
        (EN, EN.upper(), "de"),
        (EN, f"{DE} {EN}", "de"),
        (EN, "The supplier delivers the goods within zehn Tagen and bears the cost of transport.", "de"),
        (EN, EN, "ru"),
        (EN, f"{RU} {EN}", "ru"),
        (EN, f"{ZH}{EN}", "zh"),
        (EN, EN, "ar"),
        (ZH, ZH, "en"),
        (ZH, f"{EN} {ZH}", "en"),
        (ZH, ZH, "ja"),
        (JA, JA, "zh"),
        (AR, f"{DE}\n{AR}", "de"),
        (RU, RU, "ar"),
    ],
)
def test_what_was_left_as_it_is_is_found(source, target, language):
    assert is_untranslated(Block(source, target), scripts_of(Tag(language)))


@pytest.mark.parametrize(
    ("source", "target", "language"),
    [
        (EN, DE, "de"),
        (EN, RU, "ru"),
        (EN, ZH, "zh"),
        (ZH, JA, "ja"),
        (JA, ZH, "zh"),
        (AR, RU, "ru"),
        (
            "Acme Trading GmbH, Goethestraße 12, 80336 München",
            "Acme Trading GmbH, Goethestraße 12, 80336 München",
            "ru",
        ),
        ("INV-2024-001", "INV-2024-001", "ru"),
        ("# OK", "# OK", "de"),
        ("$E = mc^2$ where energy is mass", "$E = mc^2$, wobei Energie Masse ist", "de"),
        (
            "```\nfor item in the list of all items: print it\n```",
            "```\nfor item in the list of all items: print it\n```",
            "zh",
        ),
        ("See https://example.org/the/terms/of/use", "参见 https://example.org/the/terms/of/use", "zh"),
        ("The Convention on Rights", "Конвенция о правах (Convention on Rights), принятая в прошлом году", "ru"),
        ("丰田汽车公司", "Toyota Motor (丰田汽车公司)", "en"),
    ],
)
def test_what_may_stay_as_it_is_is_no_alarm(source, target, language):
    assert not is_untranslated(Block(source, target), scripts_of(Tag(language)))


@pytest.mark.parametrize(
    ("target", "language", "wrong"),
    [
        (DE, "de", False),
        (DE, "ru", True),
        (RU, "sr", False),
        (DE, "sr-Latn", False),
        (RU, "sr-Latn", True),
        (ZH, "ja", True),
        (JA, "ja", False),
        (JA, "zh", True),
        (AR, "fa", False),
        (DE, "tlh", False),
    ],
)
def test_a_page_in_another_script_is_found(target, language, wrong):
    parts = language.split("-")
    scripts = scripts_of(Tag(parts[0], *parts[1:]))
    assert bool(wrong_script([Block("...", target)] * 2, scripts)) is wrong


def test_words_of_the_source_do_not_count_as_another_script():
    assert not wrong_script([Block(EN, EN)], scripts_of(Tag("ru")))


def test_a_language_is_named_so_that_a_model_knows_it():
    assert language_name(Tag("pt", None, "BR")) == "Portuguese (pt-BR)"
    assert language_name(Tag("zh", None, "TW")) == "Chinese in traditional characters (zh-TW)"
    assert language_name(Tag("haw")) == "the language of the BCP 47 tag (haw)"
