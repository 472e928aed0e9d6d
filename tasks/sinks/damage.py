"""What is said of a file that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import OutputFault


@contextmanager
def readable(path: Path | str) -> Iterator[None]:
    """Say which file is damaged, and what to do about it.

    Raises:
        FileNotFoundError: if it is not there, which is no damage.
        OutputFault: if it cannot be read, or is not what was written.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these two kinds
        message = f"cannot read {path}: {error}"
        raise OutputFault(message, advice="delete that file and run again: kept answers are free") from error
