"""The parameters of one call, however they were sent, read strictly and in the real service's words.

Owns reading and checking of single parameters. Knows nothing of chats.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from guard.sandbox.telegram.answers import ApiError, Json
from guard.sandbox.telegram.chats import Attachment, Button, Keyboard
from guard.sandbox.telegram.markup import Entity, MarkupError, parse_html, trimmed

TEXT_MAX = 4096
CAPTION_MAX = 1024
CALLBACK_DATA_MAX_BYTES = 64
PHOTO_MAX_BYTES = 10 * 1024 * 1024
PHOTO_SIDES_MAX = 10_000  # width + height, pixels
PHOTO_RATIO_MAX = 20
DOCUMENT_MAX_BYTES = 50 * 1024 * 1024

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in the call."""

    file_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """Named texts and files; values that came as JSON are texts of JSON."""

    texts: Mapping[str, str]
    uploads: Mapping[str, Upload]

    def text(self, name: str) -> str:
        """A text; empty when absent."""
        return self.texts.get(name, "")

    def flag(self, name: str) -> bool:
        """A boolean; false when absent."""
        return self.text(name).lower() in {"true", "1", "yes", "y", "t"}

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; `default` when absent or unreadable, as the real service does."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def chat_id(self) -> int:
        """The chat addressed.

        Raises:
            ApiError: 400, absent or no number (channel names do not exist here).
        """
        raw = self.text("chat_id")
        if not raw:
            raise ApiError(400, "chat_id is empty")
        try:
            return int(raw)
        except ValueError:
            raise ApiError(400, "chat not found") from None

    def structure(self, name: str, what: str) -> object:
        """A value sent as JSON; None when absent.

        Raises:
            ApiError: 400, not JSON.
        """
        raw = self.text(name)
        if not raw:
            return None
        try:
            return json.loads(raw)
        except ValueError:
            raise ApiError(400, f"can't parse {what} JSON object") from None

    def formatted(self, name: str, length_max: int, too_long: str) -> tuple[str, tuple[Entity, ...]]:
        """A text with its markup applied, trimmed; its length is checked after markup, in code points.

        Raises:
            ApiError: 400, markup error, unknown parse_mode, or over the limit.
        """
        text, entities = _apply_markup(self.text(name), self.text("parse_mode"))
        text, entities = trimmed(text, entities)
        if len(text) > length_max:
            raise ApiError(400, too_long)
        return text, entities

    def message_text(self) -> tuple[str, tuple[Entity, ...]]:
        """The `text` of a message, never empty, at most 4,096 characters.

        Raises:
            ApiError: 400.
        """
        if not self.text("text"):
            raise ApiError(400, "message text is empty")
        text, entities = self.formatted("text", TEXT_MAX, "message is too long")
        if not text:
            raise ApiError(400, "text must be non-empty")
        return text, entities

    def caption(self) -> tuple[str, tuple[Entity, ...]]:
        """The `caption` of a file, may be empty, at most 1,024 characters.

        Raises:
            ApiError: 400.
        """
        return self.formatted("caption", CAPTION_MAX, "message caption is too long")

    def keyboard(self) -> Keyboard:
        """The inline keyboard in `reply_markup`; empty when absent.

        Raises:
            ApiError: 400, malformed, or callback data not of 1 to 64 bytes.
        """
        markup = self.structure("reply_markup", "reply keyboard markup")
        if markup is None:
            return ()
        if not isinstance(markup, dict):
            raise ApiError(400, "object expected as reply markup")
        rows = markup.get("inline_keyboard", [])
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise ApiError(400, 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
        return tuple(tuple(_button(button) for button in row) for row in rows if row)

    def upload(self, name: str) -> Upload:
        """The file called `name`, sent under that name or through `attach://`.

        Raises:
            ApiError: 400, absent or empty.
        """
        reference = self.text(name).removeprefix("attach://")
        upload = self.uploads.get(name) or self.uploads.get(reference)
        if upload is None:
            raise ApiError(400, f"there is no {name} in the request")
        if not upload.content:
            raise ApiError(400, "file must be non-empty")
        return upload

    def picture(self, file_id: str) -> Attachment:
        """The PNG in `photo`, checked as the service does.

        Raises:
            ApiError: 413 over 10 MB; 400 not a picture or impossible dimensions.
        """
        upload = self.upload("photo")
        if len(upload.content) > PHOTO_MAX_BYTES:
            raise ApiError(413)
        if not upload.content.startswith(_PNG) or len(upload.content) < 24:
            raise ApiError(400, "IMAGE_PROCESS_FAILED")
        width, height = struct.unpack(">II", upload.content[16:24])
        if not min(width, height) or width + height > PHOTO_SIDES_MAX:
            raise ApiError(400, "PHOTO_INVALID_DIMENSIONS")
        if max(width, height) > PHOTO_RATIO_MAX * min(width, height):
            raise ApiError(400, "PHOTO_INVALID_DIMENSIONS")
        return Attachment("photo", file_id, upload.content, upload.file_name, width, height)

    def file(self, file_id: str) -> Attachment:
        """The file in `document`.

        Raises:
            ApiError: 413 over 50 MB.
        """
        upload = self.upload("document")
        if len(upload.content) > DOCUMENT_MAX_BYTES:
            raise ApiError(413)
        return Attachment("document", file_id, upload.content, upload.file_name)


async def read_parameters(request: web.Request) -> Parameters:
    """Parameters from the query string, a form (urlencoded or multipart) or a JSON body.

    Raises:
        ApiError: 400, a JSON body that is no object.
    """
    texts: dict[str, str] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json":
        try:
            body: object = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "can't parse JSON object")
        texts.update(
            {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        )
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                uploads[name] = Upload(value.filename, value.file.read())
            else:
                texts[name] = value if isinstance(value, str) else bytes(value).decode()
    return Parameters(texts, uploads)


def _apply_markup(text: str, mode: str) -> tuple[str, tuple[Entity, ...]]:
    match mode.lower():
        case "" | "none":
            return text, ()
        case "html":
            try:
                return parse_html(text)
            except MarkupError as error:
                raise ApiError(400, f"can't parse entities: {error}") from None
        case _:  # this sandbox knows the one mode that the guard uses
            raise ApiError(400, "unsupported parse_mode")


def _button(raw: object) -> Button:
    problem = "can't parse inline keyboard button: "
    if not isinstance(raw, dict):
        raise ApiError(400, problem + "InlineKeyboardButton must be an Object")
    fields: Json = raw
    text, data, url = fields.get("text"), fields.get("callback_data"), fields.get("url")
    if not isinstance(text, str) or not text:
        raise ApiError(400, problem + 'Can\'t find field "text"')
    if isinstance(url, str) and url:
        return Button(text, url=url)
    if not isinstance(data, str):
        raise ApiError(400, problem + "Text buttons are unallowed in the inline keyboard")
    if not 1 <= len(data.encode()) <= CALLBACK_DATA_MAX_BYTES:
        raise ApiError(400, "BUTTON_DATA_INVALID")
    return Button(text, data=data)
