"""What the server of the review page refuses."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import aiohttp
import pytest

from flows import results
from flows.review.gathered import gather
from flows.review.pictures import Pictures
from flows.review.server import Desk, ReviewServer
from tasks.reviews import Sitting, read_reviews
from tests.flows.review.made import fill

pytestmark = pytest.mark.xdist_group("review")


@pytest.fixture
async def serving(tmp_path):
    out = fill(tmp_path)
    with results.open(out) as read, Pictures(800) as pictures:
        gathered = gather(read, limit=100)
        desk = Desk(gathered, pictures, Sitting(out, datetime.now(UTC)), "out", "id", None)
        async with ReviewServer(desk) as server:
            yield server, gathered, out


@pytest.fixture
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


def said(gathered, **values):
    line = gathered.lines[0]
    page = gathered.pages[line.id]
    return {"id": line.id, "doc_id": page.doc_id, "request_key": page.request_key, "mark": "right"} | values


def origin(server):
    return {"Origin": server.address.split("/", 3)[0] + "//" + server.address.split("/")[2]}


async def test_an_address_without_the_key_is_not_there(serving, client):
    server, _, _ = serving
    root = server.address.rsplit("/", 2)[0]
    for path in ("/", "/lines", "/marks", "/x/lines"):
        async with client.get(root + path) as answer:
            assert answer.status == 404


async def test_a_name_that_was_made_to_resolve_here_is_refused(serving, client):
    server, gathered, out = serving
    port = server.address.split(":")[2].split("/")[0]
    for host in (f"evil.example:{port}", "evil.example", "127.0.0.1"):
        async with client.get(server.address + "lines", headers={"Host": host}) as answer:
            assert answer.status == 403
        async with client.post(
            server.address + "marks", json=said(gathered), headers={"Host": host, "Origin": f"http://{host}"}
        ) as answer:
            assert answer.status == 403
    assert read_reviews(out) == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": "http://127.0.0.1:1"}],
    ids=["none", "null", "another site", "another port"],
)
async def test_a_mark_from_another_page_is_refused(serving, client, headers):
    server, gathered, out = serving
    async with client.post(server.address + "marks", json=said(gathered), headers=headers) as answer:
        assert answer.status == 403
    assert read_reviews(out) == []


async def test_what_the_browser_says_comes_from_elsewhere_is_refused(serving, client):
    server, _, _ = serving
    async with client.get(server.address + "lines", headers={"Sec-Fetch-Site": "cross-site"}) as answer:
        assert answer.status == 403


async def test_a_mark_from_the_page_itself_is_taken(serving, client):
    server, gathered, out = serving
    then = datetime(2001, 1, 1, tzinfo=UTC)
    body = said(gathered, marked_at=then.isoformat())
    async with client.post(server.address + "marks", json=body, headers=origin(server)) as answer:
        assert answer.status == 200
    (review,) = read_reviews(out)
    assert review.marked_at > then, "the time is the server's"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"mark": "great"}, 400),
        ({"mark": "corrected"}, 400),
        ({"mark": "right", "corrected_text": "x"}, 400),
        ({"more": 1}, 400),
        ({"id": "nobody"}, 404),
        ({"doc_id": "f" * 64}, 404),
        ({"note": "x" * 10_001}, 400),
    ],
)
async def test_a_mark_that_is_none_is_refused(serving, client, values, status):
    server, gathered, out = serving
    async with client.post(server.address + "marks", json=said(gathered, **values), headers=origin(server)) as answer:
        assert answer.status == status
    assert read_reviews(out) == []


async def test_what_is_too_long_to_be_a_page_is_refused_unread(serving, client):
    server, _, out = serving
    headers = origin(server) | {"Content-Type": "application/json"}
    async with client.post(server.address + "marks", data=io.BytesIO(b" " * 9_000_000), headers=headers) as answer:
        assert answer.status == 413
    assert read_reviews(out) == []


async def test_a_form_cannot_mark(serving, client):
    server, gathered, out = serving
    headers = origin(server) | {"Content-Type": "text/plain"}
    async with client.post(server.address + "marks", data=json.dumps(said(gathered)), headers=headers) as answer:
        assert answer.status == 415
    assert read_reviews(out) == []


async def test_the_policy_allows_the_page_itself_and_nothing_else(serving, client):
    server, _, _ = serving
    async with client.get(server.address) as answer:
        policy, headers = answer.headers["Content-Security-Policy"], answer.headers
        html = await answer.text()
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert " style=" not in html
    assert " onclick=" not in html
