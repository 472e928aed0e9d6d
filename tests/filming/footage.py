"""Made films: each picture has a grey of its own, so that it shows which one was taken."""

from __future__ import annotations

import io
from pathlib import Path

import av
from PIL import Image

from schemas.documents import Document, SourceFile
from tasks.filming.examine import examine_film
from tasks.filming.folders import gathered
from tests.papers import found

STEP = 5
"""From one picture's grey to the next, as far as they last."""


def grey_of(number):
    return 20 + number * STEP % 200


def film(path: Path, seconds=3.0, rate=10, size=(160, 96), codec="mpeg4"):
    """A video file of so many seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(round(seconds * rate)):
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (grey_of(number),) * 3))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def sound(path: Path):
    """A file with a second of silence and no pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8_000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=8_000)
        frame.rate = 8_000
        frame.planes[0].update(bytes(16_000))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def frames(folder: Path, count, size=(160, 96)):
    """A folder of frames, numbered without zeros in front."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.new("L", size, grey_of(number)).save(folder / f"frame{number + 1}.png")
    return folder


def source_of(path: Path) -> SourceFile:
    """What discovery makes of a film."""
    if not path.is_dir():
        return found(path)
    (one,) = gathered(map(found, [next(path.iterdir())]), films=True)
    assert isinstance(one, SourceFile), one
    return one


def known_film(path: Path) -> Document:
    document = examine_film(source_of(path))
    assert isinstance(document, Document), document.error
    return document


def grey_in(image):
    with Image.open(io.BytesIO(image.data)) as picture:
        return picture.convert("L").resize((1, 1)).getpixel((0, 0))
