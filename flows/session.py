"""What every command works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from flows.console import PlainReporter, reporter_for
from flows.describe import describe
from flows.engine import Engine
from flows.options import Talk
from flows.wording import command
from schemas.config import RunConfig
from schemas.records import CallRecord
from schemas.requests import Recipe
from tasks.account import Tally, priced, tally


@dataclass(frozen=True)
class Session:
    """What a command works with: the engine, where data goes, where words go, and how it was called."""

    engine: Engine
    data: Console
    words: Console
    argv: Sequence[str]

    @property
    def again(self) -> str:
        """The command that was typed; a password in it is not repeated."""
        if any(word.startswith("--password") for word in self.argv):
            return "the same command again"
        return command("pagemill", *self.argv)

    def reporter(self, talk: Talk) -> PlainReporter:
        """Make who tells of a run."""
        return reporter_for(self.words, describe=_described, weigh=_weighed, again=self.again, quiet=talk.quiet)

    def emit(self, text: str) -> None:
        """Print data, as it is."""
        self.data.out(text, highlight=False)


def _described(recipe: Recipe, config: RunConfig) -> str:
    from tasks.catalogue import load_models

    return describe(recipe, config, load_models())


def _weighed(call: CallRecord) -> Tally:
    from tasks.catalogue import load_models

    return tally(priced([call], load_models()))
