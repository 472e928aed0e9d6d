"""Films: video files, and folders of the frames of one, each of which is one document of one page.

films = gathered(discover(sources), films=True)        # folders of pictures become one film each
found = await identify_film(file, workers=..., ...)    # what is it?
frames = take_frames(document, spec)                   # as the model will see them; the job of a worker
tokens = film_tokens(document, spec)                   # without decoding them; the job of a worker
"""

from __future__ import annotations

from tasks.filming.finding import SLOW, OneKind, film_again, identify_film
from tasks.filming.folders import gathered
from tasks.filming.frames import film_tokens, take_frames

__all__ = ["SLOW", "OneKind", "film_again", "film_tokens", "gathered", "identify_film", "take_frames"]
