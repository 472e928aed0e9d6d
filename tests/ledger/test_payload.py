from __future__ import annotations

import json
import zlib
from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.documents import PageFacts
from schemas.requests import ModelResponse
from schemas.usage import Usage
from schemas.wire import WireSend
from tasks.ledger.payload import pack, unpack
from tasks.ports import KeptAnswer

any_text = st.text(st.characters(), max_size=60)  # lone surrogates and NUL too
numbers = st.integers(0, 2**60)
times = st.datetimes(timezones=st.just(UTC))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
facts = st.lists(
    st.builds(
        PageFacts,
        width=st.floats(0, 1e6),
        height=st.floats(0, 1e6),
        rotation=st.sampled_from([0, 90, 180, 270]),
        ink=st.none() | st.floats(0, 1),
        layer_text=any_text,
        hidden_text=st.booleans(),
        notes=st.lists(any_text, max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)
sends = st.builds(
    WireSend,
    started_at=times,
    first_byte_at=st.none() | times,
    ended_at=st.none() | times,
    status=st.none() | st.integers(100, 599),
)
responses = st.builds(
    ModelResponse,
    text=any_text,
    stop_reason=st.sampled_from(["stop", "length", "content_filter", "partial", "loop", "error"]),
    usage=st.builds(Usage, *[numbers] * 7),
    reasoning=any_text,
    model=st.none() | any_text,
    request_id=st.none() | any_text,
    status=st.none() | st.integers(100, 599),
    raw=st.dictionaries(any_text, json_values, max_size=4),
    sends=st.lists(sends, max_size=2).map(tuple),
    facts=facts,
)
sizes = st.lists(st.tuples(st.integers(1, 10**5), st.integers(1, 10**5)), max_size=3).map(tuple)


@settings(max_examples=150, deadline=None)
@given(st.builds(KeptAnswer, request_key=st.just("key"), response=responses, facts=facts, image_sizes=sizes))
def test_an_answer_comes_back_as_it_was(answer):
    assert unpack("key", pack(answer)) == answer


def test_what_an_older_program_kept_can_still_be_read():
    payload = pack(KeptAnswer("key", ModelResponse("text", "stop", usage=Usage(3))))
    plain = json.loads(zlib.decompress(payload))
    plain["response"]["no_longer_known"] = 1
    plain["response"]["usage"]["no_longer_known"] = 1
    del plain["response"]["reasoning"]
    del plain["response"]["usage"]["video_tokens"]
    older = zlib.compress(json.dumps(plain).encode())
    assert unpack("key", older) == KeptAnswer("key", ModelResponse("text", "stop", usage=Usage(3)))
