from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import CallError, CallTimeout, RunError, TransientCallError
from tasks.backends.dashscope.faults import completed, rules
from tasks.catalogue import load_models
from tasks.transport.failures import Failure
from tasks.transport.rules import MOST_CHARACTERS, error_of
from tasks.transport.wirelog import WireLog

SPEC = load_models()["qwen3-vl-plus"]


def kind_of(status: int | None, code: str | None, message: str = "") -> type[CallError | RunError]:
    return type(error_of(Failure(message, code, status), rules(), WireLog(), SPEC))


# Status, code, message, and the class that it has to be: every row of the vendor's table of errors.
TABLE = [
    (429, "Throttling.RateQuota", "", "ThrottledCall"),
    (429, "LimitRequests", "", "ThrottledCall"),
    (429, "limit_requests", "", "ThrottledCall"),
    (429, "Throttling.AllocationQuota", "", "ThrottledCall"),
    (429, "insufficient_quota", "You exceeded your current quota", "ThrottledCall"),
    (429, None, "Allocated quota exceeded, please increase your quota limit", "ThrottledCall"),
    (429, "Throttling.BurstRate", "", "ThrottledCall"),
    (429, "limit_burst_rate", "", "ThrottledCall"),
    (429, "Throttling", "", "ThrottledCall"),
    (429, None, "", "ThrottledCall"),
    (429, "CommodityNotPurchased", "", "AccountFault"),
    (429, "PrepaidBillOverdue", "", "AccountFault"),
    (429, "PostpaidBillOverdue", "", "AccountFault"),
    (429, "Throttling.AllocationQuota", "Free allocated quota exceeded.", "AccountFault"),
    (429, None, "Free allocated quota exceeded.", "AccountFault"),
    (400, "InvalidParameter", "Range of top_p should be (0.0, 1.0]", "RefusedRequest"),
    (400, "InvalidParameter.FileDownload", "", "RefusedRequest"),
    (400, "InternalError.Algo.InvalidParameter", "", "RefusedRequest"),
    (400, "BadRequest.EmptyInput", "", "RefusedRequest"),
    (400, "BadRequest.EmptyModel", "", "RefusedRequest"),
    (400, "BadRequest.IllegalInput", "", "RefusedRequest"),
    (400, "BadRequest.UnsupportedFileFormat", "", "RefusedRequest"),
    (400, "BadRequest.TooLarge", "", "RequestTooLarge"),
    (400, "InvalidParameter", "Range of input length should be [1, 129024]", "RequestTooLarge"),
    (400, "InvalidParameter", "Exceeded limit on max bytes per data-uri item : 10485760", "RequestTooLarge"),
    (400, "invalid_parameter_error", "", "RefusedRequest"),
    (400, "InvalidParameter.DataInspection", "", "TransientCallError"),
    (400, "BadRequest.InputDownloadFailed", "", "TransientCallError"),
    (400, "InvalidURL.Timeout", "", "TransientCallError"),
    (400, "InvalidURL.ConnectionRefused", "", "TransientCallError"),
    (400, "InvalidParameter", "Download the media resource timed out", "TransientCallError"),
    (400, "DataInspectionFailed", "", "BlockedContent"),
    (400, "data_inspection_failed", "", "BlockedContent"),
    (400, "IPInfringementSuspect", "", "BlockedContent"),
    (400, "FaqRuleBlocked", "", "BlockedContent"),
    (400, "CustomRoleBlocked", "", "BlockedContent"),
    (400, "Arrearage", "", "AccountFault"),
    (400, "InvalidParameter", "url error, please check url!", "UsageFault"),
    (400, "ClientDisconnect", "", "TransientCallError"),
    (401, "InvalidApiKey", "", "CredentialFault"),
    (401, None, "invalid access token or token expired", "CredentialFault"),
    (401, "NOT AUTHORIZED", "", "CredentialFault"),
    (401, None, "", "CredentialFault"),
    (403, "AccessDenied", "", "AccountFault"),
    (403, "AccessDenied.Unpurchased", "", "AccountFault"),
    (403, "Model.AccessDenied", "", "ModelUnavailable"),
    (403, "Workspace.AccessDenied", "", "AccountFault"),
    (403, "AllocationQuota.FreeTierOnly", "", "AccountFault"),
    (403, None, "Policy expired", "TransientCallError"),
    (404, "ModelNotFound", "", "ModelUnavailable"),
    (404, "model_not_found", "", "ModelUnavailable"),
    (404, "model_not_supported", "", "ModelUnavailable"),
    (400, "InvalidParameter", "Model not exist.", "ModelUnavailable"),
    (404, "WorkSpaceNotFound", "", "AccountFault"),
    (413, None, "<html>", "RequestTooLarge"),
    (500, "InternalError", "", "TransientCallError"),
    (500, "InternalError.Algo", "", "TransientCallError"),
    (500, "InternalError.Timeout", "", "TransientCallError"),
    (500, "SystemError", "", "TransientCallError"),
    (500, "ModelServiceFailed", "", "TransientCallError"),
    (500, "ResponseTimeout", "", "TransientCallError"),
    (500, "InternalError.Algo", "list index out of range", "RefusedRequest"),
    (500, "InternalError", "Missing Content-Length of multimodal url", "RefusedRequest"),
    (500, "RequestTimeOut", "", "CallTimeout"),
    (500, "ModelServingError", "", "TransientCallError"),
    (503, "ModelUnavailable", "", "TransientCallError"),
    (503, "ServiceUnavailable", "", "TransientCallError"),
    (504, None, "<html>", "CallTimeout"),
    (502, None, "<html>", "TransientCallError"),
    (418, "NeverHeardOf", "what?", "TransientCallError"),
]


@pytest.mark.parametrize(("status", "code", "message", "kind"), TABLE)
def test_every_documented_error_is_known(status: int, code: str | None, message: str, kind: str) -> None:
    assert kind_of(status, code, message).__name__ == kind


@pytest.mark.parametrize(("status", "code", "message", "kind"), [row for row in TABLE if row[1] and row[0] != 413])
def test_a_code_decides_also_where_a_stream_lost_the_status(status: int, code: str, message: str, kind: str) -> None:
    if kind != "RequestTooLarge":  # told from others by status and message together
        assert kind_of(None, code, message).__name__ == kind


def test_advice_names_the_model_that_was_asked() -> None:
    error = error_of(Failure("", "ModelNotFound", 404), rules(), WireLog(), SPEC)
    assert isinstance(error, RunError)
    assert error.advice.startswith("qwen3-vl-plus is retired")


def test_an_error_page_is_kept_short_and_on_one_line() -> None:
    error = error_of(Failure("<html>\n" + "x" * 10_000, None, 502), rules(), WireLog(), SPEC)
    assert "\n" not in str(error)
    assert len(str(error)) < MOST_CHARACTERS + 20


def test_what_befell_the_call_is_not_looked_up() -> None:
    assert type(error_of(Failure("invalid access token", kind=CallTimeout), rules(), WireLog(), SPEC)) is CallTimeout


def test_a_code_that_the_sdk_lost_is_found_in_the_body() -> None:
    log = WireLog(body=b'{"error": {"code": "insufficient_quota", "message": "m"}, "request_id": "r"}')
    assert completed(Failure("", None, None), log) == Failure("m", "insufficient_quota", None, "r")


def test_the_status_that_the_sdk_invents_for_a_stream_is_not_believed() -> None:
    assert completed(Failure("m", "c", 400), WireLog()).status is None


@given(st.text(max_size=40), st.none() | st.integers(100, 599), st.none() | st.text(max_size=20))
def test_whatever_is_said_there_is_an_error_for_it(message: str, status: int | None, code: str | None) -> None:
    assert issubclass(kind_of(status, code, message), CallError | RunError)


def test_nothing_said_is_worth_another_try() -> None:
    assert kind_of(None, None) is TransientCallError
