"""What the Bot API answers: the envelope of a result, and errors in the words of the real service.

Owns the JSON envelope and the catalogue of error texts. Knows nothing of HTTP servers or chats.
Source: core.telegram.org/bots/api, "Making requests" and "ResponseParameters"; wordings as sent by the open
source Bot API server (tdlib/telegram-bot-api, tdlib/td).
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_PREFIXES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class ApiError(Exception):
    """A refused call: becomes the answer with this HTTP status and description."""

    def __init__(self, code: int, detail: str = "", *, parameters: Json | None = None) -> None:
        prefix = _PREFIXES.get(code, "Error")
        self.code = code
        self.description = f"{prefix}: {detail}" if detail else prefix
        self.parameters = parameters or {}
        super().__init__(self.description)

    @property
    def retry_after_s(self) -> int | None:
        """Whole seconds to wait, where the answer says so."""
        value = self.parameters.get("retry_after")
        return value if isinstance(value, int) else None

    def body(self) -> Json:
        """The JSON body of the answer."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def ok(result: object) -> Json:
    """The envelope of a successful call."""
    return {"ok": True, "result": result}


def too_many_requests(retry_after_s: int) -> ApiError:
    """429: told to wait `retry_after_s` whole seconds."""
    return ApiError(429, f"retry after {retry_after_s}", parameters={"retry_after": retry_after_s})


def migrated(new_chat_id: int) -> ApiError:
    """400: the group lives on as a supergroup under `new_chat_id`."""
    return ApiError(400, "group chat was upgraded to a supergroup chat", parameters={"migrate_to_chat_id": new_chat_id})


def not_modified() -> ApiError:
    """400: an edit that changes nothing."""
    return ApiError(
        400,
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message",
    )


def stale_query() -> ApiError:
    """400: a tap that was answered already, is too old, or never was."""
    return ApiError(400, "query is too old and response timeout expired or query ID is invalid")


def polling_conflict() -> ApiError:
    """409: a younger getUpdates call has taken over."""
    return ApiError(409, "terminated by other getUpdates request; make sure that only one bot instance is running")


def webhook_conflict() -> ApiError:
    """409: updates go to a webhook, so they cannot be polled."""
    return ApiError(
        409, "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
