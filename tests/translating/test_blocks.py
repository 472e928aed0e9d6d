"""Pairs of source and target, taken out of answers that are as asked, nearly so, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MalformedAnswer
from tasks.translating.blocks import Block, as_json, parse, sources, targets

PAIRS = (
    Block("# Bonjour", "# Guten Tag", "fr"),
    Block('Le "prix" est de 3 \\ 4 <b>€</b>.', "Der Preis ist 3 \\ 4 <b>€</b>.", "fr"),
)
ASKED = """<source lang="fr">
# Bonjour
</source>
<target>
# Guten Tag
</target>

<source lang="fr">
Le "prix" est de 3 \\ 4 <b>€</b>.
</source>
<target>
Der Preis ist 3 \\ 4 <b>€</b>.
</target>"""


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ASKED, id="as asked"),
        pytest.param(ASKED.removesuffix("</target>"), id="last mark missing"),
        pytest.param(ASKED.replace("</source>\n", "").replace("</target>\n", ""), id="no closing marks"),
        pytest.param(f"Sure:\n{ASKED}", id="a word before"),
        pytest.param(ASKED.replace("<target>", "<TARGET lang='de'>"), id="marks spelled otherwise"),
        pytest.param(ASKED.replace('lang="fr"', "lang=fr"), id="no quotes"),
        pytest.param(as_json(PAIRS), id="JSON"),
        pytest.param(json.dumps({"pairs": json.loads(as_json(PAIRS))}), id="JSON in an object"),
    ],
)
def test_pairs_are_found_as_asked_and_nearly_so(answer):
    assert parse(answer) == PAIRS


@pytest.mark.parametrize(
    "answer",
    [
        "Guten Tag. Der Preis ist 3.",
        "I'm sorry, I cannot translate this.",
        "<source>Bonjour</source>",
        "<target>Guten Tag</target>",
        '{"text": "Guten Tag"}',
        '[{"source": "Bonjour"}]',
        "<source>a</source><target>b</target>" + " and much that stands outside" * 10,
    ],
)
def test_what_does_not_tell_source_from_target_is_malformed(answer):
    with pytest.raises(MalformedAnswer):
        parse(answer)


def test_a_paragraph_without_a_translation_stays_one():
    found = parse("<source>un</source><source>deux</source><target>zwei</target><target>drei</target>")
    assert found == (Block("un", ""), Block("deux", "zwei"), Block("", "drei"))


def test_of_a_cut_answer_what_is_there_is_taken():
    assert parse('<source lang="fr">Bonj', cut=True) == (Block("Bonj", "", "fr"),)
    assert parse(ASKED[:-40], cut=True)[0] == PAIRS[0]


@pytest.mark.parametrize("said", ["French", "BCP 47 tag of the language it is written in", ""])
def test_what_is_no_language_tag_is_no_language(said):
    answer = f'<source lang="{said}">un</source><target>eins</target>'
    assert parse(answer) == (Block("un", "eins"),)


def test_the_page_is_what_its_pairs_are():
    assert sources(PAIRS).startswith("# Bonjour\n\nLe")
    assert targets(PAIRS).startswith("# Guten Tag\n\nDer")
    assert json.loads(as_json(PAIRS))[0] == {"source": "# Bonjour", "target": "# Guten Tag", "language": "fr"}


plain = (
    st.text(st.characters(exclude_characters="<>", exclude_categories=["Cs", "Cc"]), min_size=1)
    .map(str.strip)
    .filter(bool)
)


@given(st.lists(st.builds(Block, plain, plain, st.sampled_from(["fr", "zh-Hans", None])), min_size=1, max_size=5))
def test_whatever_pairs_are_written_are_read_back(pairs):
    written = [
        (f'<source lang="{block.language}">' if block.language else "<source>")
        + f"\n{block.source}\n</source>\n<target>\n{block.target}\n</target>"
        for block in pairs
    ]
    assert parse("\n\n".join(written)) == tuple(pairs)
