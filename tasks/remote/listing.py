"""Listing what stands at an address, as it comes: an inbox of millions is never held, nor anything of it fetched."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import takewhile
from typing import Any

from schemas.addresses import is_web, scheme_of, shown
from schemas.documents import RejectedDocument, SourceFile
from schemas.errors import DocumentError, EmptyDocument, MissingDocument
from tasks.remote.stores import Stores

Discovered = SourceFile | RejectedDocument
Facts = Mapping[str, Any]
"""What a store says of a file, under fsspec's names."""

_MAGIC = frozenset("*?[")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = ("ETag", "etag", "generation", "md5Hash", "Content-MD5", "Digest")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "mtime", "updated")


def found_at(address: str, stores: Stores) -> Iterator[Discovered]:
    """Find the files at an address: a file, everything below a folder, or what matches a pattern.

    An address of the web is a page of links if it ends with a slash. Hidden files and folders are left out where they
    were not named. What cannot be listed or read is given as a `RejectedDocument`, with the address for a path.
    """
    try:
        yield from _Place(address, stores).files()
    except DocumentError as error:
        yield RejectedDocument(_file(address, {}, name=address, explicit=True), error)


@dataclass(frozen=True)
class _Place:
    """An address that was named, and who can tell what is there."""

    address: str
    stores: Stores

    def files(self) -> Iterator[Discovered]:
        """Give what is there."""
        if is_web(self.address):
            yield from self._linked(self.address) if self.address.endswith("/") else self._only(self.facts())
            return
        if self.address.endswith("/") and scheme_of(self.address) == "s3":  # a key of that name may stand beside it
            yield from self._anything(self._below(self.address))
            return
        try:
            facts = self.facts()
        except MissingDocument:
            if _MAGIC.isdisjoint(self.address):
                raise
            yield from self._matching()
            return
        if facts.get("type") != "directory":
            yield from self._only(facts)
            return
        yield from self._below(self.address)

    @staticmethod
    def _anything(files: Iterator[Discovered]) -> Iterator[Discovered]:
        """Give the files, of which there is to be one."""
        first = next(files, None)
        if first is None:
            msg = "nothing stands there"
            raise MissingDocument(msg)
        yield first
        yield from files

    def facts(self) -> Facts:
        """Say what the store says of the one file, or folder, at the address."""
        store, path = self.stores.at(self.address)
        found: Facts = self.stores.patiently(lambda: store.info(path))
        return found

    def _only(self, facts: Facts) -> Iterator[Discovered]:
        name = self.address.rstrip("/").rpartition("/")[2] or self.address
        name = shown_name(name) if is_web(self.address) else name
        yield _judged(_file(self.address, facts, name=name, explicit=True), facts)

    def _below(self, folder: str) -> Iterator[Discovered]:
        """Give the files of a folder and its folders, in the order of the paths' bytes."""
        _, root = self.stores.at(folder)
        root = f"{root.strip('/')}/"
        listed = self._keys(folder) if scheme_of(folder) == "s3" else self._walked(self.stores.at(folder)[1])
        for facts in listed:
            name = str(facts["name"]).removeprefix("/").removeprefix(root)
            if any(part.startswith(".") for part in name.split("/")):
                continue
            address = f"{folder.rstrip('/')}/{name}"
            file = _file(address, facts, name=name, explicit=False)
            yield _judged(file, facts) if "barred" not in facts else RejectedDocument(file, facts["barred"])

    def _walked(self, folder: str) -> Iterator[Facts]:
        """List a folder, then its folders where they stand among its files; holds one folder's list a level."""
        store, _ = self.stores.at(self.address)
        entries = self.stores.patiently(lambda: store.ls(folder.rstrip("/") or "/", detail=True))
        for facts in sorted(entries, key=_rank):
            if facts["type"] == "directory":
                if str(facts["name"]).rstrip("/") != folder.rstrip("/"):
                    try:
                        yield from self._walked(str(facts["name"]))
                    except DocumentError as error:
                        yield {"name": str(facts["name"]), "barred": error}
            elif str(facts["name"]).rstrip("/") != folder.rstrip("/"):
                yield facts

    def _keys(self, folder: str) -> Iterator[Facts]:
        """List the keys below a prefix, a thousand at a time: one prefix can hold millions."""
        store, path = self.stores.at(folder)
        bucket, _, prefix = path.partition("/")
        asked = {"Bucket": bucket, "Prefix": f"{prefix.rstrip('/')}/" if prefix else ""}
        while True:
            page = self.stores.patiently(lambda: store.call_s3("list_objects_v2", **store.req_kw, **asked))
            for each in page.get("Contents", ()):
                if not each["Key"].endswith("/"):
                    yield {**each, "name": f"{bucket}/{each['Key']}", "size": each["Size"], "type": "file"}
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def _matching(self) -> Iterator[Discovered]:
        """Give what matches a pattern, and everything below folders that do."""
        from fsspec.utils import glob_translate

        fixed = "/".join(takewhile(_MAGIC.isdisjoint, self.address.split("/")))
        pattern = self.address.removeprefix(fixed).lstrip("/")
        wanted = re.compile(glob_translate(pattern).removesuffix(r"\Z") + r"(?:/.*)?", re.DOTALL)
        matched = False
        for found in self._below(fixed):
            name = found.name if isinstance(found, SourceFile) else found.file.name
            if wanted.fullmatch(name):
                matched = True
                yield found
        if not matched:
            msg = "nothing matches the pattern"
            raise MissingDocument(msg)

    def _linked(self, page: str) -> Iterator[Discovered]:
        """Follow the links of a page to what lies below it."""
        pages, seen = [page], {page}
        while pages:
            folder = pages.pop()
            for link in self._links(folder):
                if link in seen or not _is_below(link, page):
                    continue
                seen.add(link)
                if link.endswith("/"):
                    pages.append(link)
                else:
                    yield self._one(link, page)

    def _links(self, page: str) -> list[str]:
        store, path = self.stores.at(page)
        found = self.stores.patiently(lambda: store.ls(path, detail=False))
        return sorted({html.unescape(link).partition("#")[0] for link in found})

    def _one(self, link: str, page: str) -> Discovered:
        name = shown_name(link.removeprefix(page))
        try:
            facts = _Place(link, self.stores).facts()
        except DocumentError as error:
            return RejectedDocument(_file(link, {}, name=name, explicit=False), error)
        return _judged(_file(link, facts, name=name, explicit=False), facts)


def shown_name(name: str) -> str:
    """Give the last part of an address without its query."""
    return name.partition("?")[0] or name


def _is_below(link: str, page: str) -> bool:
    """Whether a link leads to something below a page; a list sorted another way, or its parent, is not."""
    rest = link.removeprefix(page)
    return rest != link and bool(rest) and not rest.startswith(("?", "/")) and ".." not in rest.split("/")


def _rank(facts: Facts) -> bytes:
    """Sort folders with a slash behind their name, which is how whole paths sort."""
    name = str(facts["name"]).rstrip("/")
    return (f"{name}/" if facts["type"] == "directory" else name).encode("utf-8", "surrogatepass")


def _judged(file: SourceFile, facts: Facts) -> Discovered:
    if facts.get("size") == 0:
        return RejectedDocument(file, EmptyDocument("the file holds no bytes"))
    return file


def _file(address: str, facts: Facts, *, name: str, explicit: bool) -> SourceFile:
    modified_at = next((_moment(facts[key]) for key in _TIMES if facts.get(key)), None)
    source = shown(address)
    return SourceFile(
        path=source,
        source=source,
        name=shown(name) if "://" in name else name,
        size_bytes=facts.get("size") or 0,
        modified_at=modified_at,
        mtime_ns=(modified_at - _EPOCH) // timedelta(microseconds=1) * 1_000 if modified_at else 0,
        explicit=explicit,
        url=address,
        version=_version(facts, modified_at),
    )


def _version(facts: Facts, modified_at: datetime | None) -> str:
    """Name the state of a file as its store does. Where it says too little to tell two apart, no two are the same."""
    state = next((str(facts[key]) for key in _STATES if facts.get(key)), None)
    if facts.get("size") is None or (state is None and modified_at is None):
        return secrets.token_hex(8)
    return state or "by size and time"


def _moment(value: Any) -> datetime | None:
    """Read a time as stores tell it: a moment, seconds since 1970, or text of HTTP or ISO 8601."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float):
        return _EPOCH + timedelta(seconds=value)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return _moment(read(str(value)))
        except ValueError:
            continue
    return None
