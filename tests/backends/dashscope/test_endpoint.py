from __future__ import annotations

import pytest

from schemas.errors import UsageFault
from tasks.backends.dashscope.endpoint import base_address
from tasks.transport.addresses import WORKSPACE


def test_nothing_said_leaves_it_to_the_sdk() -> None:
    assert base_address(None, None) is None


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("beijing", "https://dashscope.aliyuncs.com/api/v1"),
        ("singapore", "https://dashscope-intl.aliyuncs.com/api/v1"),
        ("us", "https://dashscope-us.aliyuncs.com/api/v1"),
    ],
)
def test_a_region_has_its_address(region: str, address: str) -> None:
    assert base_address(None, region) == address


def test_a_workspace_has_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE, "ws-1")
    assert base_address(None, "ap-southeast-1") == "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1"


@pytest.mark.parametrize("workspace", ["", "evil.example/", "a@b", "a b", "a\n"])
def test_a_workspace_that_is_none_cannot_lead_elsewhere(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE, workspace)
    with pytest.raises(UsageFault, match=WORKSPACE):
        base_address(None, "us-east-1")


def test_an_unknown_region_is_told_the_known_ones() -> None:
    with pytest.raises(UsageFault) as caught:
        base_address(None, "mars")
    assert "singapore" in caught.value.advice


def test_an_address_outweighs_a_region_and_loses_its_slash() -> None:
    assert base_address("http://127.0.0.1:1/api/v1/", "beijing") == "http://127.0.0.1:1/api/v1"


@pytest.mark.parametrize("url", ["dashscope.aliyuncs.com", "ftp://x/api", "https://", "http://[", "x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageFault, match="no address"):
        base_address(url, None)


def test_the_address_for_other_clients_is_told_from_our_own() -> None:
    with pytest.raises(UsageFault) as caught:
        base_address("https://dashscope.aliyuncs.com/compatible-mode/v1", None)
    assert "https://dashscope.aliyuncs.com/api/v1" in caught.value.advice
