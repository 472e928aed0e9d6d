"""Documents that lie elsewhere: listed where they lie, fetched one by one to be read, and deleted again.

    async with open_reach(config, workers) as reach:
        reach.find("s3://inbox/2026/")       # files as discovery gives them, streamed
        reach.workers                        # workers that are given copies of what lies elsewhere

The libraries behind it are extras, imported when the first address of their kind is opened.
"""

from __future__ import annotations

from tasks.remote.listing import found_at
from tasks.remote.reach import Reach, open_reach
from tasks.remote.stores import Stores, check_installed

__all__ = ["Reach", "Stores", "check_installed", "found_at", "open_reach"]
