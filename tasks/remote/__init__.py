"""Documents that lie elsewhere: listed where they lie, fetched one by one to be read, and deleted again.

    stores = Stores(allow_urls=..., allow_private=...)      # opens s3://, sftp://, https:// ... once each
    found_at("s3://inbox/2026/", stores)                     # files as discovery gives them, streamed
    FetchingWorkers(workers, Depot(stores, limit_bytes))     # workers that are given copies of what lies elsewhere

The libraries behind it are extras, imported when the first address of their kind is opened.
"""

from __future__ import annotations

from tasks.remote.depot import Depot
from tasks.remote.fetching_workers import FetchingWorkers
from tasks.remote.listing import found_at
from tasks.remote.stores import Stores, check_installed

__all__ = ["Depot", "FetchingWorkers", "Stores", "check_installed", "found_at"]
