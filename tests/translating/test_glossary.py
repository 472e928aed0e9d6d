"""A glossary: read from a file, and looked for in a translation."""

import pytest

from schemas.errors import UsageFault
from tasks.translating.glossary import MAX_TERMS, missed, read_glossary


def written(folder, text, encoding="utf-8"):
    path = folder / "terms.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("source,target\nfeu,Feuer\n", (("feu", "Feuer"),)),
        ("\ufeffTarget,Note,Source\r\nFeuer,x,feu\r\n\r\n", (("feu", "Feuer"),)),
        ('source,target\n"lait, cru","Milch,\nroh"\n', (("lait, cru", "Milch, roh"),)),
        ("source,target\nfeu,Feuer\nFeu,Feuer\n", (("feu", "Feuer"),)),
    ],
)
def test_terms_are_read_by_the_names_of_the_columns(tmp_path, text, terms):
    assert read_glossary(written(tmp_path, text)) == terms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: the first line must name"),
        ("von,nach\na,b\n", "1: the first line must name"),
        ("source,target\na,b\nc,\n", "3: target is empty"),
        ("source,target\na\n", "2: target is empty"),
        ("source,target\na,b\n\nA,c\n", "4: 'A' has another target than in line 2"),
        ("source,target\n", "holds 0 terms"),
        ("source,target\n" + "".join(f"a{n},b\n" for n in range(MAX_TERMS + 1)), "holds 2,001 terms"),
        ('source,target\n"a,b\n', "cannot be read"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, said):
    with pytest.raises(UsageFault, match=said) as fault:
        read_glossary(written(tmp_path, text))
    assert "source,target" in fault.value.advice


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(UsageFault, match="No such file"):
        read_glossary(tmp_path / "none.csv")
    with pytest.raises(UsageFault, match="not UTF-8"):
        read_glossary(written(tmp_path, "source,target\nété,Sommer\n", "latin-1"))


@pytest.mark.parametrize(
    ("source", "target", "term"),
    [
        ("the contract", "der Vertrag", ("contract", "Vertrag")),
        ("the contract", "des Kaufvertrags", ("contract", "Vertrag")),
        ("the CONTRACT", "условия договора", ("contract", "договор")),
        (
            "the confidential information",
            "vertraulichen Informationen",
            ("confidential information", "vertrauliche Information"),
        ),
        ("the contract", "本合同", ("contract", "合同")),
        ("the contract", "بالعقد", ("contract", "العقد")),
        ("本合同双方", "the parties of this contract", ("合同", "contract")),
        ("the party", "契約 当事者", ("party", "契約当事者")),
        ("the parties", "die Leute", ("party", "Partei")),
        ("subcontracted", "vergeben", ("contract", "Vertrag")),
    ],
)
def test_a_term_may_be_inflected_compounded_or_not_be_there_at_all(source, target, term):
    assert missed(source, target, (term,)) == ()


@pytest.mark.parametrize(
    ("source", "target", "term"),
    [
        ("the contract", "die Abmachung", ("contract", "Vertrag")),
        ("合同双方", "the two sides of the deal", ("合同", "contract")),
        ("the NDA", "die Abmachung", ("NDA", "GHV")),
    ],
)
def test_a_term_that_was_not_used_is_found(source, target, term):
    assert missed(source, target, (term,)) == (term,)


def test_a_longer_term_hides_the_shorter_one_in_it():
    terms = (("data", "Angaben"), ("data controller", "Verantwortlicher"))
    assert missed("the data controller", "der Verantwortliche", terms) == ()
    assert missed("the data controller keeps data", "der Verantwortliche", terms) == (("data", "Angaben"),)
