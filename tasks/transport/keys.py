"""A key as it can stand in an HTTP header."""

from __future__ import annotations

from pydantic import SecretStr

from schemas.errors import CredentialFault


def checked_key(key: str, *, advice: str) -> SecretStr:
    """Take a key that can be sent, whitespace around it taken off.

    Raises:
        CredentialFault: if there is none, or it cannot stand in an HTTP header.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        msg = "the key has characters that no key has" if key else "there is no API key"
        raise CredentialFault(msg, advice=advice)
    return SecretStr(key)
