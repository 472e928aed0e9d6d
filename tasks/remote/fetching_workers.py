"""Workers that are given what lies elsewhere as a copy on this machine: whoever asks them need not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from schemas.documents import Document, RejectedDocument, SourceFile
from tasks.ports import Workers
from tasks.remote.depot import Depot

T = TypeVar("T")


class FetchingWorkers:
    """Runs jobs whose first argument is a file or a document; one that lies elsewhere is fetched for the job."""

    def __init__(self, workers: Workers, depot: Depot) -> None:
        self._workers = workers
        self._depot = depot

    async def run(self, job: Callable[..., T], *args: object, seconds: float | None = None) -> T:
        """Run *job* in a worker process; *seconds* do not include the fetching, which has limits of its own.

        Raises:
            DocumentError: as `Workers.run`, and if the document cannot be fetched.
            OutputFault: if there is no room for it on this machine.
        """
        subject = args[0] if args else None
        file = subject.file if isinstance(subject, Document) else subject
        if not isinstance(file, SourceFile) or file.url is None:
            return await self._workers.run(job, *args, seconds=seconds)
        doc_id = subject.doc_id if isinstance(subject, Document) else None
        async with self._depot.copy(file, doc_id) as here:
            local = replace(subject, file=here) if isinstance(subject, Document) else here
            result = await self._workers.run(job, local, *args[1:], seconds=seconds)
        if isinstance(result, Document | RejectedDocument):
            return cast("T", replace(result, file=replace(file, size_bytes=here.size_bytes)))
        return result
