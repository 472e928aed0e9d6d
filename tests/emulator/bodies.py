"""Faulty answers that are still HTTP: what they say, from the errors the service documents and gateways send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulator.faults import CATALOGUE
from tests.emulator.limits import ALLOCATION, BURST, RATE
from tests.emulator.payloads import dumps
from tests.emulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"
HTML = "text/html; charset=utf-8"
GATEWAY_PAGE = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>bad gateway</body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Faulty:
    """An answer ready for the wire."""

    status: int
    data: bytes
    content_type: str = JSON
    code: str | None = None


REFUSALS: dict[str, tuple[int, str, str]] = {
    "429": (429, *RATE),
    "429-tokens": (429, *ALLOCATION),
    "429-burst": (429, *BURST),
    "429-plain": (429, "Throttling", "Requests throttling triggered."),
    "429-billing": (429, "PostpaidBillOverdue", "The postpaid bill is overdue."),
    "500": (500, "InternalError", "An internal error has occured, please try again later or contact service support."),
    "500-timeout": (500, "RequestTimeOut", "Request timed out, please try again later."),
    "503": (
        503,
        "ModelServingError",
        "Too many requests. Your requests are being throttled due to system capacity limits.",
    ),
    "400-blocked": (400, "DataInspectionFailed", "Input data may contain inappropriate content."),
    "400-download": (
        400,
        "InvalidParameter.DataInspection",
        "Unable to download the media resource during the data inspection process.",
    ),
    "400-parameter": (400, "InvalidParameter", "Range of top_p should be (0.0, 1.0]"),
    "401": (401, "InvalidApiKey", "Invalid API-key provided."),
    "403": (403, "Model.AccessDenied", "Model access denied."),
    "403-free-tier": (403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted."),
    "404": (404, "ModelNotFound", "The model does not exist or you do not have access to it."),
}


BODY_FAULTS = frozenset(name for name, fault in CATALOGUE.items() if fault.kind == "body")


def refusal(name: str, settings: Mapping[str, Any]) -> Refusal:
    """Give the refusal of that name; `message` in *settings* is said in place of the usual one."""
    status, code, message = REFUSALS[name]
    return Refusal(status, code, settings.get("message", message))


_OPENAI = {
    "error": {"message": "internal server error", "type": "internal_error", "param": None, "code": "internal_error"}
}
GATEWAY = {
    "413": Faulty(413, b"Payload Too Large", "text/plain"),
    "502-html": Faulty(502, GATEWAY_PAGE.encode(), HTML),
    "502-not-utf8": Faulty(502, "<html><body>网关错误</body></html>".encode("gbk"), "text/html"),
    "500-openai": Faulty(500, json.dumps(_OPENAI).encode()),
    "500-broken-json": Faulty(500, b'{"code":"InternalError","mess'),
}


def body_fault(name: str, whole: Mapping[str, Any], request_id: str) -> Faulty:
    """Give the answer of a fault of kind "body": status 200 and not the answer. *whole* is what was due."""
    data = dumps(whole).encode()
    throttled = {"code": RATE[0], "message": RATE[1], "request_id": request_id}
    forms = {
        "200-error": Faulty(200, dumps(throttled).encode(), code=RATE[0]),
        "200-html": Faulty(200, b"<html><body>Welcome to the captive portal</body></html>", HTML),
        "200-output-null": Faulty(200, dumps({**whole, "output": None}).encode()),
        "200-output-empty": Faulty(200, dumps({**whole, "output": {}}).encode()),
        "200-empty": Faulty(200, b""),
        "200-truncated": Faulty(200, data[: len(data) * 2 // 3]),
    }
    return forms[name]
