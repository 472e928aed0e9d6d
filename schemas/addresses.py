"""Addresses of documents that lie elsewhere: which kinds there are, and what of one may be shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

EXTRAS: Mapping[str, str | None] = {
    "s3": "s3",
    "oss": "oss",
    "gs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "sftp": "sftp",
    "http": None,
    "https": None,
}
"""The schemes that are read, each with the extra of this package that it needs; None needs nothing more."""

OBJECT_STORES = frozenset({"s3", "oss", "gs", "az", "abfs"})
"""The schemes that results can lie at: an object appears there whole under its name."""

_WITH_NAME = frozenset({"sftp", "az", "abfs"})
"""Schemes whose addresses may name a user or a container before the @."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SECRET = re.compile(
    r"x-(amz|goog|oss)-.*|.*(secret|passw|token|signature|credential|api-?_?key|accesskey|access-?_?id|auth).*"
    r"|sig|key|expires|policy|s[vertpki]|skoid|sktid|skt|ske|sks|skv",
    re.IGNORECASE,
)
"""Parameters of a query that sign an address or open it, by the vendors' names for them."""


def scheme_of(source: str) -> str | None:
    """Give the scheme of an address, in lower case; None for what is a path.

    >>> scheme_of("s3://inbox/2026/"), scheme_of("inbox/2026")
    ('s3', None)
    """
    match = _SCHEME.match(source)
    return match[1].lower() if match else None


def is_web(source: str) -> bool:
    """Say whether an address is one of the web, which names any machine that there is."""
    return scheme_of(source) in {"http", "https"}


def output_objection(address: str) -> str | None:
    """Say why results cannot lie at an address; None where they can, or it is a path.

    >>> output_objection("sftp://mill@host/results")
    'sftp:// cannot hold results: what is written there can be seen half; name a folder, or s3://, oss://, gs://, az://'
    """
    scheme = scheme_of(address)
    if scheme is None:
        return None
    if scheme not in OBJECT_STORES:
        why = "nothing can be written there" if is_web(address) else "what is written there can be seen half"
        why = why if scheme in EXTRAS else "it is not known here"
        return f"{scheme}:// cannot hold results: {why}; name a folder, or s3://, oss://, gs://, az://"
    if (secret := secret_in(address)) is not None:
        return f"it holds {secret}, and settings are stored; set credentials in the environment"
    bucket, *names = address.partition("://")[2].rstrip("/").split("/")
    if not bucket:
        return f"{address} names no bucket"
    if not {"", ".", ".."}.isdisjoint(names) or not frozenset("*?[]#").isdisjoint("".join(names)):
        return f"{address} cannot be told from other addresses by every tool; use plain names between single slashes"
    return None


def tidy(address: str) -> str:
    """Give an address as it is compared: its scheme in lower case, without a slash at its end.

    >>> tidy("S3://bucket/results/"), tidy("s3://bucket")
    ('s3://bucket/results', 's3://bucket')
    """
    scheme, _, rest = address.partition("://")
    return f"{scheme.lower()}://{rest.rstrip('/')}"


def lies_below(address: str, above: str) -> bool:
    """Say whether an address is another one, or lies below it.

    >>> lies_below("s3://bucket/results/pages", "s3://bucket/results"), lies_below("s3://bucket/r", "s3://bucket/results")
    (True, False)
    """
    return f"{tidy(address)}/".startswith(f"{tidy(above)}/")


def shown(address: str) -> str:
    """Give an address without what opens it: as it stands in tables and logs.

    >>> shown("https://mill:secret@host/a.pdf?id=7&X-Amz-Signature=0f3a")
    'https://host/a.pdf?id=7'
    >>> shown("s3://inbox/what? is#this.pdf")
    's3://inbox/what? is#this.pdf'
    """
    scheme, _, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if scheme.lower() in _WITH_NAME:
        user = authority.rpartition("@")[0].partition(":")[0]
        host = f"{user}@{host}" if user else host
    plain = f"{scheme}://{host}{slash}{path}"
    return _without_secrets(plain) if is_web(address) else plain


def secret_in(address: str) -> str | None:
    """Name what in an address opens it: a password or a signed parameter; None where nothing does."""
    authority = address.partition("://")[2].partition("/")[0]
    user, at, _ = authority.rpartition("@")
    if at and (":" in user or scheme_of(address) not in _WITH_NAME):
        return "a user or a password before the @"
    if is_web(address):
        return next((f"the parameter {name}" for name, _ in _parameters(address) if _SECRET.fullmatch(name)), None)
    return None


def _without_secrets(address: str) -> str:
    parts = urlsplit(address)
    kept = [(name, value) for name, value in _parameters(address) if not _SECRET.fullmatch(name)]
    query = parts.query if len(kept) == len(_parameters(address)) else urlencode(kept)
    return urlunsplit(parts._replace(query=query, fragment=""))


def _parameters(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
