"""The command as somebody would type it, over a mill's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proofs.lives import command

if TYPE_CHECKING:
    from tests.mill import Mill


def words(mill: Mill, *options: object) -> list[str]:
    """What is typed behind `pagemill`."""
    typed = command(mill, *options)
    return typed[typed.index("run") :]
