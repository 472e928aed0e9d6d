"""The emulator as a process of its own, and its controls over HTTP."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.emulator import DEFAULT_KEY, Emulator
from tests.emulator.__main__ import _service
from tests.emulator.pictures import data_uri, picture
from tests.emulator.server import NotLoopback, loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "tests.emulator"]


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    arguments = [*COMMAND, "--port", "0", "--rpm", "6000", "--fault", "500=0.0"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        yield running, running.stdout.readline().strip()
        running.terminate()


def post(base_url: str, seed: int = 0, key: str = DEFAULT_KEY) -> requests.Response:
    content = [{"image": data_uri(picture(seed=seed))}]
    body = {"model": "qwen3-vl-plus", "input": {"messages": [{"role": "user", "content": content}]}}
    path = "/services/aigc/multimodal-generation/generation"
    return requests.post(base_url + path, json=body, headers={"authorization": f"Bearer {key}"}, timeout=60)


def control(base_url: str, what: str, **order: Any) -> Any:
    url = base_url.replace("/api/v1", f"/control/{what}")
    return (requests.post(url, json=order, timeout=60) if order else requests.get(url, timeout=60)).json()


def test_it_says_where_it_is_and_serves_until_told(process: tuple[subprocess.Popen[str], str]) -> None:
    running, base_url = process
    assert base_url.startswith("http://127.0.0.1:")
    assert post(base_url).ok
    assert control(base_url, "totals")["requests"] == 1
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 0


def test_it_refuses_to_be_seen_from_elsewhere() -> None:
    done = subprocess.run([*COMMAND, "--host", "0.0.0.0"], capture_output=True, text=True, cwd=ROOT, check=False)  # noqa: S104
    assert done.returncode == 2
    assert not done.stdout
    with pytest.raises(NotLoopback):
        loopback("192.168.1.1")


def test_every_control_over_http_does_what_its_twin_does(emulator: Emulator) -> None:
    url = emulator.base_url
    control(url, "faults", next="503", times=1)
    control(url, "keys", add="sk-second", account="other")
    assert [post(url).status_code, post(url, key="sk-second").status_code] == [503, 200]
    control(url, "keys", revoke="sk-second")
    assert post(url, key="sk-second").status_code == 401
    control(url, "models", retire="qwen3-vl-plus")
    assert post(url).status_code == 404
    control(url, "models", restore="qwen3-vl-plus")
    control(url, "arrears", on=True)
    assert post(url).json()["code"] == "Arrearage"
    control(url, "arrears", on=False)
    control(url, "limits", rps=1)
    assert [post(url).status_code for _ in range(2)] == [200, 429]
    control(url, "limits", rps=None)
    control(url, "faults", rate={"500": 1.0}, seed=1)
    assert post(url).status_code == 500
    control(url, "faults", clear=True)
    control(url, "latency", base=0.01, time_limit=1)
    assert post(url).ok


def test_an_answer_planted_over_http_is_given(emulator: Emulator) -> None:
    post(emulator.base_url)
    (call,) = control(emulator.base_url, "calls")
    control(emulator.base_url, "answers", **{call["images"][0]["sha256"]: "planted"})
    assert post(emulator.base_url).json()["output"]["choices"][0]["message"]["content"] == [{"text": "planted"}]
    assert len(control(emulator.base_url, "calls?since=1")) == 1


def test_a_control_that_is_wrong_is_answered_so(emulator: Emulator) -> None:
    assert "error" in control(emulator.base_url, "faults", next="no such fault")
    assert "error" in control(emulator.base_url, "weather", sunny=True)


def test_totals_are_those_of_the_calls(emulator: Emulator) -> None:
    emulator.plan.next("429")
    emulator.plan.next("hang", seconds=0.01)
    for seed in range(4):
        try:
            post(emulator.base_url, seed)
        except requests.ConnectionError:
            assert emulator.calls[-1].fault == "hang"
    totals = emulator.totals()
    assert (totals.requests, totals.throttled, totals.answered, totals.billed) == (4, 1, 2, 3)
    assert totals.input_tokens == sum(call.usage["input_tokens"] for call in emulator.calls if call.billed)
    assert totals.faults == {"429": 1, "hang": 1}
    assert control(emulator.base_url, "totals") == totals.as_json()


def test_what_the_caller_abandons_is_owed(emulator: Emulator) -> None:
    emulator.latency = 30.0
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{emulator.base_url}/services/aigc/multimodal-generation/generation",
            json={"model": "qwen3-vl-plus", "input": {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}},
            headers={"authorization": f"Bearer {emulator.key}"},
            timeout=0.2,
        )
    emulator.stop()
    (call,) = emulator.calls
    assert call.billed
    assert call.outcome in {"disconnected", "stopped"}


def test_an_answer_over_the_services_own_time_is_partial(emulator: Emulator) -> None:
    emulator.latency, emulator.time_limit = 5.0, 0.05
    response = post(emulator.base_url)
    assert response.headers["x-dashscope-partialresponse"] == "true"


def test_the_command_line_sets_what_it_says() -> None:
    from tests.emulator.__main__ import _arguments

    service = _service(_arguments(["--rpm", "60", "--latency", "0.5", "--key", "sk-a", "--fault", "429=0.5"]))
    assert service.limits.quota.rpm == 60
    assert service.latency.base == 0.5
    assert service.key == "sk-a"
