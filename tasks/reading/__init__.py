"""Reading a page without any service: its text layer where that is good, recognition of its picture elsewhere.

`read_page` is a job for a worker process. Importing this package loads nothing heavy; the first page does: about
two seconds, 1.7 GB of address space and half a gigabyte of memory for the models.
"""

from __future__ import annotations

from tasks.reading.lines import Line
from tasks.reading.ocr import MODEL
from tasks.reading.page import PageReading, read_page

__all__ = ["MODEL", "Line", "PageReading", "read_page"]
