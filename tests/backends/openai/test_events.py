from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.backends.openai.events import Events


@pytest.mark.parametrize(
    ("received", "given_"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"id: 1\nevent: result\n:HTTP_STATUS/200\ndata: a\n\n", [b"a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b": keep-alive\n\n\n\n", []),
        (b"data: never ended\n", []),
        (b"data:  two spaces\n\n", [b" two spaces"]),
        (b"data\n\n", []),
    ],
)
def test_the_data_of_each_whole_event_is_given(received: bytes, given_: list[bytes]) -> None:
    assert list(Events().feed(received)) == given_


@given(st.lists(st.binary(max_size=12).map(lambda said: said.replace(b"\n", b" ").rstrip(b"\r"))), st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(said: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(b"data: " + each + b"\r\n\r\n" for each in said)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    events = Events()
    parts = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [event for part in parts for event in events.feed(part)] == said
