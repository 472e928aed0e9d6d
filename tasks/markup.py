"""The HTML that models write in Markdown: known tags, so that `<John Smith>` and `a < b` stay what they are."""

from __future__ import annotations

import re

_NAMES = (
    "a|abbr|b|blockquote|br|caption|center|code|col|colgroup|dd|del|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header"
    "|hr|i|img|ins|li|mark|ol|p|pre|s|section|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|blank"
)
TAG = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]{{0,300}})?/?>", re.IGNORECASE)
COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)
