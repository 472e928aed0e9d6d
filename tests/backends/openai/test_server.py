from __future__ import annotations

import pytest
from pydantic import SecretStr

from schemas.errors import CredentialFault, UsageFault
from tasks.backends import choose, openai, service
from tasks.backends.openai.server import server_of

VLLM = "http://127.0.0.1:8000/v1"
BEIJING = "https://dashscope.aliyuncs.com/compatible-mode/v1"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-dashscope")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")


def test_without_an_address_it_is_not_chosen_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert not openai.is_configured()
    assert choose("auto") != "openai"
    monkeypatch.setenv("OPENAI_BASE_URL", VLLM)
    assert openai.is_configured()


def test_no_server_is_no_default() -> None:
    with pytest.raises(UsageFault, match="no server is named") as caught:
        server_of(None, None, None)
    assert "OPENAI_BASE_URL" in caught.value.advice


def test_an_address_outweighs_a_region_and_that_the_environment(monkeypatch: pytest.MonkeyPatch, keys: None) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert server_of(VLLM, "beijing", None).address == VLLM
    assert server_of(None, "singapore", None).address == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    assert server_of(None, None, None).address == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize("given", [VLLM, VLLM + "/", VLLM + "/chat/completions", VLLM + "/chat/completions/"])
def test_however_the_address_is_written_it_is_the_same(given: str) -> None:
    assert server_of(given, None, None).endpoint == VLLM + "/chat/completions"


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x/v1", "https://", "http://["])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageFault, match="no address"):
        server_of(url, None, None)


def test_the_address_of_the_other_protocol_is_told_from_this_one() -> None:
    with pytest.raises(UsageFault) as caught:
        server_of("https://dashscope.aliyuncs.com/api/v1", None, None)
    assert "/compatible-mode/v1" in caught.value.advice


@pytest.mark.parametrize(
    ("address", "dashscope"),
    [
        (BEIJING, True),
        ("https://ws1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1", True),
        ("http://127.0.0.1:1/compatible-mode/v1", True),
        (VLLM, False),
        ("https://aliyuncs.com.example/v1", False),
        ("https://example/v1?x=/compatible-mode/v1", False),
    ],
)
def test_dashscope_is_told_from_other_servers(address: str, dashscope: bool, keys: None) -> None:
    assert server_of(address, None, None).dashscope == dashscope


def key_of(address: str) -> str | None:
    key = server_of(address, None, None).key
    return key.get_secret_value() if key else None


@pytest.mark.parametrize(("address", "counts"), [(BEIJING, "dashscope"), (VLLM, "openai")])
def test_who_speaks_both_protocols_counts_both(address: str, counts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service("openai", address, None) == counts
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    assert service("openai", None, None) == counts


def test_a_region_is_one_of_dashscope() -> None:
    assert service("openai", None, "beijing") == service("dashscope", None, None) == "dashscope"


def test_the_key_of_one_service_is_not_sent_to_another(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_of(BEIJING) == "sk-dashscope"
    assert key_of(VLLM) == "sk-openai"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert key_of(VLLM) is None


def test_a_key_given_outweighs_the_environment(keys: None) -> None:
    server = server_of(VLLM, None, SecretStr(" sk-given "))
    assert server.key == SecretStr("sk-given")
    assert "sk-given" not in repr(server)


@pytest.mark.parametrize("key", ["", " ", "schlüssel", "sk\nx"])
def test_dashscope_is_not_asked_without_a_usable_key(key: str) -> None:
    with pytest.raises(CredentialFault) as caught:
        server_of(BEIJING, None, SecretStr(key) if key else None)
    assert "DASHSCOPE_API_KEY" in caught.value.advice
