"""Keeps answers until it is killed, and prints the key of each once it is durable: `keeper.py LEDGER PREFIX`."""

from __future__ import annotations

import asyncio
import itertools
import sys
from dataclasses import replace

from tasks.ledger import open_ledger
from tests.ledger.samples import a_call, an_answer

KEEPERS = 16


async def main(where: str, prefix: str, count: int) -> None:
    numbers = itertools.count() if count == 0 else iter(range(count))

    async def keep() -> None:
        for number in numbers:
            key = f"{prefix}-{number}"
            call = a_call(f"call {key}", key=key)
            await ledger.open_call(call)
            await ledger.close_calls([replace(call, outcome="answered")], an_answer(key, text=key * 200))
            sys.stdout.write(f"{key}\n")
            sys.stdout.flush()

    async with open_ledger(where) as ledger:
        await asyncio.gather(*(keep() for _ in range(KEEPERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
