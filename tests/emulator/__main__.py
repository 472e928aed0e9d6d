"""`python -m tests.emulator --port 0`: prints the base URL on one line, then serves until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from tests.emulator.limits import Quota
from tests.emulator.server import loopback, serving
from tests.emulator.service import DEFAULT_ACCOUNT, DEFAULT_KEY, Latency, Service


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    return name, float(share)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--host", type=loopback, default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--key", action="append", help=f"accepted key, repeatable (default {DEFAULT_KEY})")
    for name in ("rpm", "tpm", "rps", "tps", "burst"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--retry-after", action="store_true", help="say in a 429 when to come back")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds an answer takes")
    parser.add_argument("--latency-per-token", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--fault", type=_share, action="append", default=[], metavar="NAME=SHARE")
    return parser.parse_args(argv)


def _service(given: argparse.Namespace) -> Service:
    quota = Quota(given.rpm, given.tpm, given.rps, given.tps, given.burst, given.retry_after)
    keys = dict.fromkeys(given.key or [DEFAULT_KEY], DEFAULT_ACCOUNT)
    service = Service(seed=given.seed, quota=quota, keys=keys)
    service.latency = Latency(given.latency, given.latency_per_token, given.jitter)
    if given.fault:
        service.plan.rate(dict(given.fault), seed=given.seed)
    return service


async def _serve(given: argparse.Namespace) -> None:
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    async with serving(_service(given), given.host, given.port) as url:
        sys.stdout.write(f"{url}/api/v1\n")
        sys.stdout.flush()
        await end.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments(sys.argv[1:])))
