from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata

import pytest

from flows import checks, doctor, reach
from flows.checks import Check
from flows.cli import main
from flows.selftest import draw, read
from schemas.errors import ExitCode

KEY = "sk-0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_key_file(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
async def service():
    """Somebody who listens on this machine, and counts what is sent to him."""
    got = []

    async def listen(reader, writer):
        got.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        server.got = got
        yield server


def address_of(server, scheme="http"):
    return f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v1"


@pytest.fixture
def prefect():
    """An API that is well, or says the status that its path asks for."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_this_python_and_these_packages_are_fine():
    assert checks.python().state == "ok"
    assert checks.packages().state == "ok"


def test_the_pair_that_does_not_work_together_is_named_with_what_mends_it():
    found = {"prefect": "3.8.8", "fastapi": "0.165.0"}
    check = checks.packages(lambda name: found.get(name, "1.0"))
    assert check.state == "fail"
    assert check.mend == checks.FASTAPI_FIX
    assert checks.packages(lambda name: (found | {"prefect": "3.9.1"}).get(name, "1.0")).state == "ok"


def test_a_package_that_is_missing_is_named():
    def version_of(name):
        if name == "pymupdf":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    assert checks.packages(version_of).said == "pymupdf is not installed"


def test_the_output_folder_is_looked_at_and_not_made(tmp_path):
    assert checks.output(tmp_path / "a" / "b").state in {"ok", "warn"}
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_file_is_a_fault(tmp_path):
    (tmp_path / "out").write_text("")
    assert checks.output(tmp_path / "out").state == "fail"


def test_a_ledger_that_is_not_there_is_not_made(tmp_path):
    assert checks.ledger(None, tmp_path).state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_is_no_database_is_a_fault_with_advice(tmp_path):
    broken = tmp_path / "ledger.db"
    broken.write_text("this is no database, and it is long enough to be taken for one" * 100)
    check = checks.ledger(str(broken), tmp_path)
    assert check.state == "fail"
    assert check.mend


def test_an_unreachable_ledger_does_not_show_its_password(tmp_path):
    check = checks.ledger("postgresql://me:secret@127.0.0.1:1/db", tmp_path)
    assert check.state == "fail"
    assert "secret" not in check.said + check.mend


def test_the_key_is_told_by_its_length_and_end_only(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setattr("dashscope.api_key", KEY)
    check = reach.key("auto")
    assert check.said == "DASHSCOPE_API_KEY is set: 19 characters, ending in ef"


@pytest.mark.parametrize(("backend", "state"), [("auto", "ok"), ("dashscope", "fail"), ("local", "skipped")])
def test_a_missing_key_is_a_fault_only_where_it_is_needed(backend, state, monkeypatch):
    monkeypatch.setattr("dashscope.api_key", None)
    assert reach.key(backend).state == state


async def test_the_endpoint_is_connected_to_and_asked_nothing(service):
    check = await reach.endpoint("dashscope", address_of(service), None)
    assert check.state == "ok"
    assert check.said.endswith("nothing asked")
    assert not any(service.got)


async def test_an_endpoint_that_does_not_speak_tls_is_a_fault(service):
    check = await reach.endpoint("dashscope", address_of(service, "https"), None)
    assert (check.state, bool(check.mend)) == ("fail", True)


async def test_an_endpoint_where_nobody_listens_is_a_fault():
    check = await reach.endpoint("dashscope", "http://127.0.0.1:1/api/v1", None)
    assert "127.0.0.1:1 cannot be reached" in check.said


async def test_a_proxy_is_what_is_connected_to(service, monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("https_proxy", address_of(service).removesuffix("/api/v1"))
    check = await reach.endpoint("dashscope", "https://dashscope.example/api/v1", None)
    assert check.state == "ok"
    assert "the proxy for dashscope.example" in check.said


async def test_a_region_that_is_none_is_a_fault_that_lists_them():
    check = await reach.endpoint("dashscope", None, "atlantis")
    assert check.state == "fail"
    assert "singapore" in check.mend


def test_the_address_is_that_of_the_option_then_of_the_environment(monkeypatch):
    assert reach.address(None, None) == reach.DEFAULT_ADDRESS
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://gateway.example/api/v1")
    assert reach.address(None, None) == "https://gateway.example/api/v1"
    assert reach.address("https://mine.example/api/v1", None) == "https://mine.example/api/v1"


def test_prefect_is_asked_for_its_health_where_it_is_configured(prefect, monkeypatch):
    assert reach.prefect_api().state == "skipped"
    monkeypatch.setenv("PREFECT_API_URL", f"{prefect}/api")
    assert reach.prefect_api().said.endswith("answers (HTTP 200)")
    monkeypatch.setenv("PREFECT_API_URL", f"{prefect}/elsewhere")
    assert reach.prefect_api().said.endswith("answers (HTTP 404)")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert reach.prefect_api().state == "fail"


def test_a_made_page_is_drawn(tmp_path):
    assert "pixels" in draw(str(tmp_path))


@pytest.mark.long
def test_a_made_word_is_read(tmp_path):
    assert "pagemill" in read(str(tmp_path))


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ({"disk": "ok", "prefect": "skipped", "output": "warn"}, ExitCode.OK),
        ({"disk": "fail"}, ExitCode.PAGES_MISSING),
        ({"disk": "fail", "key": "fail"}, ExitCode.CREDENTIALS),
    ],
)
def test_the_verdict_puts_the_key_first(states, code):
    assert doctor.verdict([Check(name, state, "") for name, state in states.items()]) == code


async def test_a_check_that_breaks_is_a_check_that_failed():
    def broken():
        raise ZeroDivisionError("odd")

    check = await doctor._made("odd", broken)
    assert (check.state, check.said) == ("fail", "ZeroDivisionError: odd")


def test_the_doctor_answers_in_json_and_by_exit_code(capsys, tmp_path):
    code = main(["doctor", "--backend", "local", "--out", str(tmp_path), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is (code == ExitCode.OK)
    assert {check["name"] for check in told["checks"]} >= {"python", "packages", "output", "ledger", "drawing"}
    assert code == ExitCode.OK, told


def test_the_doctor_says_what_mends_what_is_wrong(capsys, tmp_path):
    (tmp_path / "out").write_text("")
    assert main(["doctor", "--backend", "local", "--out", str(tmp_path / "out")]) == ExitCode.PAGES_MISSING
    assert "mend it: name a folder with --out" in capsys.readouterr().out


def test_a_backend_that_is_none_is_answered_with_those_that_are(capsys):
    assert main(["doctor", "--backend", "locla"]) == ExitCode.USAGE
    assert "local" in capsys.readouterr().err.partition("try: ")[2]
