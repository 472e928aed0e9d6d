"""A video file, open: how long it is, how large its pictures are, and the pictures at given seconds. Uses PyAV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from PIL import Image

from schemas.errors import CorruptDocument, DocumentError, UsageFault
from schemas.pixels import Size
from tasks.drawing.bounds import guard_pixels
from tasks.drawing.handle import readable

JUMP = 3.0
"""Seconds to the next wanted picture from which on seeking is cheaper than decoding what lies between."""
QUARTER = 90


def check_reader() -> None:
    """Make sure that video files can be opened.

    Raises:
        UsageFault: if what opens them is not installed.
    """
    if find_spec("av") is None:
        raise UsageFault("taking frames out of video files needs PyAV", advice="pip install 'pagemill[video]'")


@dataclass(frozen=True, slots=True)
class Reel:
    """An open film. `seconds` is how long it is, `size` that of its pictures as displayed."""

    seconds: float
    size: Size
    _container: Any
    _stream: Any

    def pictures(self, times: Sequence[float]) -> Iterator[tuple[float, Image.Image]]:
        """Give the pictures shown at *times*, ascending, with their own time; fewer where the film ends early.

        Raises:
            CorruptDocument: if they cannot be decoded.
        """
        with _faults():
            yield from self._pictures(times)

    def _pictures(self, times: Sequence[float]) -> Iterator[tuple[float, Image.Image]]:
        first = (self._stream.start_time or 0) * self._stream.time_base
        frames, shown = self._container.decode(self._stream), None
        for wanted in times:
            at = float(first) + wanted
            if shown is None or at - shown.time > JUMP:
                self._container.seek(round(at / self._stream.time_base), stream=self._stream)
                frames = self._container.decode(self._stream)
                shown = next(frames, None)
            while shown is not None and shown.time < at - _half(self._stream):
                shown = next(frames, None)
            if shown is None:
                return
            yield shown.time - float(first), _upright(shown)


@contextmanager
def reel(path: str) -> Iterator[Reel]:
    """Open a video file.

    Raises:
        CorruptDocument: if it cannot be opened, holds no pictures, or does not say how long it is.
        DocumentTooLarge: if its pictures are too large to decode.
    """
    import av

    with readable(path) as name, _faults(), av.open(name, metadata_errors="ignore") as container:
        if not container.streams.video:
            raise CorruptDocument("the file holds no pictures, only sound or data")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        guard_pixels(stream.width, stream.height)
        seconds = _seconds(container, stream)
        if not seconds or not stream.width:
            raise CorruptDocument("the film has no length")
        first = next(container.decode(stream), None)
        if first is None:
            raise CorruptDocument("not one picture of the film can be decoded")
        container.seek(0)
        yield Reel(seconds, Size(*_upright(first).size), container, stream)


def _seconds(container: Any, stream: Any) -> float:
    """Find how long a film is: as its stream says, else its container, else by the time of its last packet."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return float(container.duration) / 1_000_000
    times = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
    container.seek(0)
    return float((max(times) - min(times)) * stream.time_base) if times else 0.0


def _half(stream: Any) -> float:
    """Half the time that a picture is shown; one that begins a little later is the one that was meant."""
    rate = float(stream.average_rate or 0)
    return 0.5 / rate if rate else 0.0


def _upright(frame: Any) -> Image.Image:
    picture: Image.Image = frame.to_image()
    turns = round(getattr(frame, "rotation", 0) / QUARTER) % 4
    return picture.rotate(turns * QUARTER, expand=True) if turns else picture


@contextmanager
def _faults() -> Iterator[None]:
    """Turn a decoder's failure into the document's fault, in one line."""
    import av

    try:
        yield
    except (DocumentError, MemoryError):
        raise
    except (av.FFmpegError, ValueError, OSError, ArithmeticError) as fault:
        said = str(getattr(fault, "strerror", None) or fault).splitlines()[:1]
        msg = f"the film cannot be decoded: {''.join(said) or type(fault).__name__}"
        raise CorruptDocument(msg) from None
