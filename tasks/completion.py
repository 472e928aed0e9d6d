"""Completing an answer that was cut: the model goes on where it stopped, or reads the page in two halves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from schemas.documents import Strip
from schemas.records import Flag
from schemas.requests import ModelRequest, ModelResponse, Turn
from schemas.usage import Usage
from tasks.joining import join
from tasks.looping import has_loop
from tasks.ports import KeptAnswer, Operation

MOST_CONTINUATIONS = 3
MOST_SPLITS = 2
"""How often a page is halved: into two halves, and each of these into two."""
OVERLAP = 0.15
"""What two halves share of the page's height: eight lines of print on A4, and three where there are only twenty."""
CUT = frozenset({"length", "partial"})
CONTINUED = Flag("continued", 0.0)
SPLIT = Flag("split", 0.1)
UNSURE_JOIN = Flag("unsure_join", 0.5)
JSON_MODE = "response_format"

Further = Callable[[ModelRequest], Awaitable[KeptAnswer | None]]
"""Asks a further question about the same page; None is that there is no answer to it."""


@dataclass(frozen=True, slots=True)
class Completing:
    """How cut answers are completed: of which operation, by which way to ask, and which models go on from a prefix."""

    operation: Operation
    ask: Further
    go_on: frozenset[str]

    async def completed(self, request: ModelRequest, answer: KeptAnswer) -> KeptAnswer:
        """Give the whole answer, as far as it can be had; one that is still cut says so.

        A loop is not gone on with: nothing of the page comes after it.
        """
        if not _is_cut(answer.response):
            return answer
        longer = await self._gone_on(request, answer) if self._can_go_on(request, answer) else None
        return longer or await self._halved(request, answer, MOST_SPLITS)

    def _can_go_on(self, request: ModelRequest, answer: KeptAnswer) -> bool:
        return request.recipe.model in self.go_on and bool(answer.response.text.strip())

    async def _gone_on(self, request: ModelRequest, answer: KeptAnswer) -> KeptAnswer | None:
        """Have the model go on from its own words; None where it will not."""
        whole = None
        for _ in range(MOST_CONTINUATIONS):
            said = whole or answer
            further = await self.ask(_going_on(request, said.response.text))
            if further is None:
                break
            text = said.response.text + further.response.text
            whole = _joined(said, [further], text, (CONTINUED,))
            if not _is_cut(whole.response):
                break
        return whole

    async def _halved(self, request: ModelRequest, answer: KeptAnswer, times: int) -> KeptAnswer:
        """Read the page, or the strip of it, in two overlapping halves; where that fails, the cut answer stands."""
        if not times or not self._can_split(request):
            return answer
        halves: list[KeptAnswer] = []
        for strip in halved(request.span.strip):
            part = replace(request, span=replace(request.span, strip=strip))
            read = await self.ask(part)
            if read is None:
                return answer
            halves.append(await self._halved(part, read, times - 1) if _is_cut(read.response) else read)
        texts = [self.operation.read(half.response, request.recipe).text or "" for half in halves]
        joined = join(*texts)
        flags = (SPLIT,) if joined.is_sure else (SPLIT, UNSURE_JOIN)
        return _joined(answer, halves, joined.text, flags)

    def _can_split(self, request: ModelRequest) -> bool:
        recipe, span = request.recipe, request.span
        return recipe.render is not None and len(span.page_nos) == 1 and self.operation.joins(recipe)


def halved(strip: Strip | None) -> tuple[Strip, Strip]:
    """Cut a page, or a strip of it, into two that share `OVERLAP` of the page's height.

    >>> halved(None)
    (Strip(top=0.0, bottom=0.575), Strip(top=0.425, bottom=1.0))
    """
    whole = strip or Strip(0.0, 1.0)
    middle = (whole.top + whole.bottom) / 2
    return Strip(whole.top, middle + OVERLAP / 2), Strip(middle - OVERLAP / 2, whole.bottom)


def _is_cut(response: ModelResponse) -> bool:
    return response.stop_reason in CUT and not has_loop(response.text)


def _going_on(request: ModelRequest, text: str) -> ModelRequest:
    """Ask for the rest behind *text*. In JSON mode a model would begin a new object, so it is asked without."""
    parameters = {name: value for name, value in request.recipe.parameters.items() if name != JSON_MODE}
    turns = (*request.more_turns, Turn("assistant", text))
    without = request.instead(replace(request.recipe, parameters=parameters))
    return replace(without, more_turns=turns)


def _joined(answer: KeptAnswer, parts: Sequence[KeptAnswer], text: str, flags: tuple[Flag, ...]) -> KeptAnswer:
    """Give *answer* with the text of its *parts*, as complete as the least complete of them."""
    ends = [part.response.stop_reason for part in parts]
    responses = [answer.response, *(part.response for part in parts if part is not answer)]
    whole = replace(
        answer.response,
        text=text,
        stop_reason=next((end for end in ends if end != "stop"), "stop"),
        usage=sum((response.usage for response in responses), start=Usage()),
        reasoning="\n\n".join(response.reasoning for response in responses if response.reasoning),
    )
    found = (flag for part in (answer, *parts) for flag in part.flags)
    return replace(answer, response=whole, flags=tuple(dict.fromkeys((*found, *flags))))
