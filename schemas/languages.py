"""Language tags (BCP 47), as far as a translation needs them: language, script, region."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r"(?P<language>[A-Za-z]{2,3})(?:-(?P<script>[A-Za-z]{4}))?(?:-(?P<region>[A-Za-z]{2}|\d{3}))?")
_ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
"""Languages with a code of two letters. A code of three letters is taken as it is."""
_TWO_LETTERS = frozenset(_ISO_639_1.split())
_MEANT = {"cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "jp": "ja", "ua": "uk", "in": "hi", "iw": "he"}
"""Codes of countries that are taken for languages, and a withdrawn one."""
_IMPLIED_SCRIPTS = {
    ("zh", "CN"): "Hans",
    ("zh", "SG"): "Hans",
    ("zh", "TW"): "Hant",
    ("zh", "HK"): "Hant",
    ("zh", "MO"): "Hant",
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A language tag taken apart, each part in its customary case."""

    language: str
    script: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        """Write the tag.

        >>> str(parse_tag("ZH-hant-tw"))
        'zh-Hant-TW'
        """
        return "-".join(part for part in (self.language, self.script, self.region) if part)

    @property
    def known_script(self) -> str | None:
        """The script that the tag states, or that its region implies."""
        return self.script or _IMPLIED_SCRIPTS.get((self.language, self.region or ""))

    def is_same_language(self, other: Tag) -> bool:
        """Say whether a text in the one needs no translation into the other; regions do not matter, scripts do."""
        scripts = {script for script in (self.known_script, other.known_script) if script}
        return self.language == other.language and len(scripts) <= 1


def parse_tag(text: str) -> Tag:
    """Take a tag apart.

    Raises:
        ValueError: if it is none; says what would be.
    """
    matched = _TAG.fullmatch(text.strip().replace("_", "-"))
    language = matched["language"].lower() if matched else ""
    if matched is None or (len(language) == 2 and language not in _TWO_LETTERS):  # noqa: PLR2004 - ISO 639-1
        meant = _MEANT.get(language)
        hint = f"did you mean {meant}?" if meant else "give a tag like de, pt-BR or zh-Hans"
        msg = f"is no language tag (BCP 47); {hint}"
        raise ValueError(msg)
    script, region = matched["script"], matched["region"]
    return Tag(language, script and script.title(), region and region.upper())


def find_tag(text: str | None) -> Tag | None:
    """Take a tag apart that a model wrote, if it is one."""
    try:
        return parse_tag(text or "")
    except ValueError:
        return None
