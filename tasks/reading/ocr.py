"""Recognition of writing in pictures, with the weights that RapidOCR's wheel carries; nothing is ever downloaded.

The three models are named, so that another release of RapidOCR cannot change results in silence, and threads are
one, because a process a core is faster than threads that wait for each other. Measured on 28 real pages: a batch
of one line and no line classifier save 40 % of the time and cost no accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, Any

from schemas.errors import RenderFailed
from tasks.reading.attempts import attempt
from tasks.reading.lines import Line, mean_score, runs_sideways

if TYPE_CHECKING:
    from PIL import Image

MODEL = "pp-ocrv6-small"
"""What the pinned models are called in `model`."""
UNBOUNDED = 20_000
"""Pictures come at the size at which they are to be read; the engine shall not resize them again."""
SAMPLE = 8
SURE = 0.9
"""Writing the right way up scores more than this; upside down it scores less."""
MARGIN = 0.1
RIM = 0.15
"""How far beyond its box, in parts of its height, a known line is painted over."""
FINE_PRINT = 12
"""Lines of fewer pixels in height are read better from a larger picture."""


@dataclass(frozen=True, slots=True)
class Recognized:
    """A picture turned upright (by `rotation` degrees clockwise), and its lines with boxes in its pixels."""

    picture: Image.Image
    lines: tuple[Line, ...]
    rotation: int

    @property
    def is_fine_print(self) -> bool:
        """Whether the usual line is too small to be read with care."""
        return bool(self.lines) and median(line.height for line in self.lines) < FINE_PRINT


def read_upright(picture: Image.Image) -> Recognized:
    """Read a picture, and once more where it turns out to lie on its side or stand on its head.

    Raises:
        RenderFailed: if the engine gives up on this picture.
    """
    return _attempted(lambda: _read_upright(picture))


def _attempted(reading: Callable[[], Recognized]) -> Recognized:
    _engine()  # that the models cannot be loaded is no fault of the picture's
    seen, fault = attempt(reading)
    if seen is None:
        msg = f"its writing cannot be recognized: {fault}"
        raise RenderFailed(msg)
    return seen


def _read_upright(picture: Image.Image) -> Recognized:
    lines = recognize(picture)
    rotation = turn_needed(picture, lines)
    if rotation:
        picture = turned(picture, rotation)
        lines = recognize(picture)
    return Recognized(picture, tuple(lines), rotation)


def read_without(picture: Image.Image, known: Sequence[Line], rotation: int) -> Recognized:
    """Read an upright picture but for the lines that are known, which are painted over.

    Raises:
        RenderFailed: if the engine gives up on this picture.
    """
    from PIL import ImageDraw

    rest = picture.copy()
    brush = ImageDraw.Draw(rest)
    for line in known:
        left, top, right, bottom = line.box
        rim = RIM * line.height
        brush.rectangle((left - rim, top - rim, right + rim, bottom + rim), fill="white")
    return _attempted(lambda: Recognized(picture, tuple(recognize(rest)), rotation))


def recognize(picture: Image.Image) -> list[Line]:
    """Find and read the lines of a picture; boxes are in its pixels.

    A line that was found and not read stays, without text and with score 0: what cannot be read must show.
    """
    from rapidocr.utils.process_img import map_boxes_to_original

    engine = _engine()
    engine.update_params(use_det=True, use_cls=False, use_rec=True)
    pixels, steps = engine.preprocess_img(_pixels(picture))
    # The engine's own call drops the lines that it could not read.
    found, _, read, _ = engine.run_ocr_steps(pixels, steps)
    if found.boxes is None:
        return []
    boxes = map_boxes_to_original(found.boxes, steps, picture.height, picture.width).tolist()
    texts = read.txts or [""] * len(boxes)
    scores = read.scores or [0.0] * len(boxes)
    return [_line(*each) for each in zip(boxes, texts, scores, strict=True)]


def _line(corners: Sequence[Sequence[float]], text: str, score: float) -> Line:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Line(text.strip(), (min(xs), min(ys), max(xs), max(ys)), round(float(score), 4) if text.strip() else 0.0)


def turn_needed(picture: Image.Image, lines: Sequence[Line]) -> int:
    """Say by how many degrees clockwise the picture must be turned for its lines to stand upright.

    Most lines running up or down: the page lies on its side. Low scores: it may stand on its head. Either way the
    longest lines are read both ways, and the better reading wins.
    """
    sample = sorted(lines, key=lambda line: max(line.width, line.height), reverse=True)[:SAMPLE]
    if not sample:
        return 0
    if runs_sideways(lines):
        return max((90, 270), key=lambda rotation: _score(picture, sample, rotation))
    if (mean_score(lines) or 0.0) >= SURE:
        return 0
    return 180 if _score(picture, sample, 180) > _score(picture, sample, 0) + MARGIN else 0


def turned(picture: Image.Image, rotation: int) -> Image.Image:
    """Turn a picture clockwise by a multiple of 90 degrees."""
    return picture.rotate(-rotation, expand=True) if rotation % 360 else picture


def _score(picture: Image.Image, sample: Sequence[Line], rotation: int) -> float:
    read = []
    for line in sample:
        left, top, right, bottom = line.box
        crop = turned(picture.crop((round(left), round(top), round(right), round(bottom))), rotation)
        found = _engine()(_pixels(crop), use_det=False, use_cls=False, use_rec=True)
        if found.txts:
            read.append(Line(found.txts[0], line.box, float(found.scores[0])))
    return mean_score(read) or 0.0


def _pixels(picture: Image.Image) -> Any:
    import numpy as np

    # The engine was trained on OpenCV's order of colours, and takes an array to be in it.
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])


@cache
def _engine() -> Any:
    """Load the models, once a process."""
    from rapidocr import EngineType, LangCls, LangDet, LangRec, ModelType, OCRVersion, RapidOCR

    models = {
        "Det": (OCRVersion.PPOCRV6, LangDet.CH, ModelType.SMALL),
        "Rec": (OCRVersion.PPOCRV6, LangRec.CH, ModelType.SMALL),
        "Cls": (OCRVersion.PPOCRV4, LangCls.CH, ModelType.MOBILE),
    }
    params: dict[str, Any] = {
        "Global.log_level": "critical",
        "Global.max_side_len": UNBOUNDED,
        "Global.text_score": 0.0,
        "Global.use_cls": False,
        "Rec.rec_batch_num": 1,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    for stage, (version, language, size) in models.items():
        params |= {
            f"{stage}.engine_type": EngineType.ONNXRUNTIME,
            f"{stage}.ocr_version": version,
            f"{stage}.lang_type": language,
            f"{stage}.model_type": size,
        }
    return RapidOCR(params=params)
