"""Words that stand for numbers: months, magnitudes, eras."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

_MONTHS_BY_LANGUAGE = {
    "en": "january february march april may june july august september october november december",
    "en, short": "jan feb mar apr may jun jul aug sep oct nov dec",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "de, Austria": "jänner feber märz april mai juni juli august september oktober november dezember",
    "de, short": "jan feb mär apr mai jun jul aug sept okt nov dez",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "ru, alone": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ar, Levant": "كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول",
}


def month_names(language: str) -> tuple[str, ...]:
    """List the months of a language, January first."""
    return tuple(word.replace("_", " ") for word in _MONTHS_BY_LANGUAGE[language].split())


MONTHS: Mapping[str, int] = {
    word: number for language in _MONTHS_BY_LANGUAGE for number, word in enumerate(month_names(language), 1)
}
"""Names of months, and what number each stands for."""

ERAS: Mapping[str, int] = {
    "明治": 1867,
    "大正": 1911,
    "昭和": 1925,
    "平成": 1988,
    "令和": 2018,
    "民国": 1911,
    "民國": 1911,
}
"""What is added to a year of an era. Chinese numerals and other calendars are not converted."""

_MAGNITUDES = (
    (r"thousand|tausend|mille\b|mil\b|mila\b|тыс\w*|천|ألف|آلاف", (10**3,)),
    (r"lakhs?\b", (10**5,)),
    (r"million\w*|millones|mill[oó]n\w*|milh\w*|milion\w*|mio\b|mln\b|млн|миллион\w*|مليون|ملايين|백만", (10**6,)),
    (r"crores?\b", (10**7,)),
    (r"milliard\w*|miliard\w*|mrd\b|млрд|миллиард\w*|مليارات|مليار|십억", (10**9,)),
    (r"billion\w*|bill[oó]n\w*|bilh\w*|bn\b", (10**9, 10**12)),
    (r"만", (10**4,)),
    (r"억", (10**8,)),
)


class _Magnitudes:
    """Words behind a number that multiply it. A billion is a thousand millions here and a million millions there."""

    def __init__(self) -> None:
        self._pattern = re.compile(
            r"\s?(?:" + "|".join(f"(?P<m{at}>{words})" for at, (words, _) in enumerate(_MAGNITUDES)) + ")",
            re.IGNORECASE,
        )

    def match(self, text: str) -> re.Match[str] | None:
        """Find one at the beginning of *text*."""
        return self._pattern.match(text)

    def factors(self, matched: re.Match[str]) -> tuple[Decimal, ...]:
        """Say what it could multiply by."""
        group = str(matched.lastgroup)
        return tuple(Decimal(factor) for factor in _MAGNITUDES[int(group[1:])][1])


MAGNITUDES = _Magnitudes()
