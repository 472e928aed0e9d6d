"""How the service says no: one exception, its body, and the refusals that have a name."""

from __future__ import annotations


class Refusal(Exception):
    """An answer with `{"code", "message"}`.

    `by_gateway` tells who refuses: the gateway answers a stream request with plain HTTP, the model behind it with
    status 200 and an error event.
    """

    def __init__(
        self, status: int, code: str, message: str, *, by_gateway: bool = False, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.by_gateway = by_gateway
        self.retry_after = retry_after


class TooLarge(Exception):
    """The gateway's own refusal of a body; not JSON."""


def bad_parameter(message: str) -> Refusal:
    return Refusal(400, "InvalidParameter", message)


def bad_image(message: str) -> Refusal:
    return Refusal(400, "InvalidParameter", f"<400> InternalError.Algo.InvalidParameter: {message}")


def not_downloaded() -> Refusal:
    message = "Unable to download the media resource during the data inspection process."
    return Refusal(400, "InvalidParameter.DataInspection", message)


def bad_key() -> Refusal:
    return Refusal(401, "InvalidApiKey", "Invalid API-key provided.", by_gateway=True)


def arrears() -> Refusal:
    message = "Access denied, please make sure your account is in good standing."
    return Refusal(400, "Arrearage", message, by_gateway=True)


def no_model() -> Refusal:
    message = "The model does not exist or you do not have access to it."
    return Refusal(404, "ModelNotFound", message, by_gateway=True)


def wrong_endpoint() -> Refusal:
    return Refusal(400, "InvalidParameter", "url error, please check url!", by_gateway=True)
