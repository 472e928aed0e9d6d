"""Processes in which documents are opened and drawn: a hang or a native crash costs one job, never the run."""

from __future__ import annotations

from tasks.workers.pool import WorkerPool

__all__ = ["WorkerPool"]
