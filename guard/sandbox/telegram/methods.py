"""The Bot API methods that the guard uses, each a function of the world and the call's parameters.

Owns what a method checks, in which order, and what it answers. Knows nothing of HTTP.
Source: core.telegram.org/bots/api, one section per method name.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from guard.sandbox.telegram.answers import ApiError, Json, not_modified, too_many_requests, webhook_conflict
from guard.sandbox.telegram.chats import Attachment, Chat, Message
from guard.sandbox.telegram.markup import Entity
from guard.sandbox.telegram.parameters import Parameters
from guard.sandbox.telegram.updates import LONG_POLL_MAX_S
from guard.sandbox.telegram.world import World

Method = Callable[[World, Parameters], Awaitable[object]]

CALLBACK_ANSWER_MAX = 200
_COMMAND_NAME = re.compile(r"[a-z0-9_]{1,32}")
_ACTIONS = frozenset({"typing", "upload_photo", "upload_document"})


async def get_me(world: World, _: Parameters) -> Json:
    """Who the bot is."""
    return world.bot.body() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


async def get_updates(world: World, call: Parameters) -> list[Json]:
    """Long polling."""
    if world.webhook_url:
        raise webhook_conflict()
    kinds = call.structure("allowed_updates", "allowed_updates")
    if isinstance(kinds, list):
        world.updates.allow([str(kind) for kind in kinds])
    timeout_s = min(max(call.integer("timeout"), 0), LONG_POLL_MAX_S)
    limit = min(max(call.integer("limit", 100), 1), 100)
    return await world.updates.take(call.integer("offset"), limit, timeout_s)


async def set_webhook(world: World, call: Parameters) -> bool:
    """Remember an address; nothing is ever sent there."""
    world.webhook_url = call.text("url")
    if call.flag("drop_pending_updates"):
        world.updates.drop()
    return True


async def delete_webhook(world: World, call: Parameters) -> bool:
    """Back to polling."""
    world.webhook_url = ""
    if call.flag("drop_pending_updates"):
        world.updates.drop()
    return True


async def get_webhook_info(world: World, _: Parameters) -> Json:
    """Where updates go, and how many wait."""
    return {
        "url": world.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }


async def set_my_commands(world: World, call: Parameters) -> bool:
    """The command menu, per scope and language."""
    commands = call.structure("commands", "commands")
    if not isinstance(commands, list):
        raise ApiError(400, "can't parse commands JSON object")
    for command in commands:
        if not isinstance(command, dict) or not _COMMAND_NAME.fullmatch(str(command.get("command", ""))):
            raise ApiError(400, "BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise ApiError(400, "BOT_COMMAND_DESCRIPTION_INVALID")
    if len(commands) > 100:
        raise ApiError(400, "BOT_COMMANDS_TOO_MUCH")
    world.commands[_menu_key(call)] = commands
    world.change()
    return True


async def get_my_commands(world: World, call: Parameters) -> list[Json]:
    """The command menu of a scope and language."""
    return world.commands.get(_menu_key(call), [])


async def send_message(world: World, call: Parameters) -> Json:
    """A text."""
    text, entities = call.message_text()
    return _post(world, call, text, entities)


async def send_photo(world: World, call: Parameters) -> Json:
    """A picture with a caption."""
    caption, entities = call.caption()
    picture = call.picture(f"photo-{len(world.files) + 1}")
    return _post(world, call, caption, entities, picture)


async def send_document(world: World, call: Parameters) -> Json:
    """A file with a caption."""
    caption, entities = call.caption()
    file = call.file(f"document-{len(world.files) + 1}")
    return _post(world, call, caption, entities, file)


async def edit_message_text(world: World, call: Parameters) -> Json:
    """Another text in place; without a reply_markup the buttons go, as in the real service."""
    text, entities = call.message_text()
    buttons = call.keyboard()
    message = _own_message(world, call, "message to edit")
    if message.attachment is not None:
        raise ApiError(400, "there is no text in the message to edit")
    if (text, entities, buttons) == (message.text, message.entities, message.buttons):
        raise not_modified()
    message.versions.append(message.text)
    message.text, message.entities, message.buttons = text, entities, buttons
    return _edited(world, message)


async def edit_message_reply_markup(world: World, call: Parameters) -> Json:
    """Other buttons in place."""
    buttons = call.keyboard()
    message = _own_message(world, call, "message to edit")
    if buttons == message.buttons:
        raise not_modified()
    message.buttons = buttons
    return _edited(world, message)


async def delete_message(world: World, call: Parameters) -> bool:
    """A message disappears."""
    message = _message(world, call, "message to delete")
    message.deleted = True
    world.change()
    return True


async def pin_chat_message(world: World, call: Parameters) -> bool:
    """A message goes to the top of the chat, and the chat says so, to the bot too."""
    message = _message(world, call, "message to pin")
    message.pinned = True
    world.note_pinned(message)
    return True


async def answer_callback_query(world: World, call: Parameters) -> bool:
    """The answer to a tap."""
    text = call.text("text")
    if len(text) > CALLBACK_ANSWER_MAX:
        raise ApiError(400, "MESSAGE_TOO_LONG")
    world.answer_tap(call.text("callback_query_id"), text, alert=call.flag("show_alert"))
    return True


async def send_chat_action(world: World, call: Parameters) -> bool:
    """Show above the chat that the bot is at work."""
    world.chat(call.chat_id()).check_writable()
    if call.text("action") not in _ACTIONS:
        raise ApiError(400, "wrong parameter action in request")
    return True


async def get_file(world: World, call: Parameters) -> Json:
    """Where a file can be loaded from."""
    file = world.files.get(call.text("file_id"))
    if file is None:
        raise ApiError(400, "wrong file_id or the file is temporarily unavailable")
    return {
        "file_id": file.file_id,
        "file_unique_id": f"u{file.file_id}",
        "file_size": len(file.content),
        "file_path": f"files/{file.file_id}",
    }


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "pinchatmessage": pin_chat_message,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
    "getfile": get_file,
}


def _menu_key(call: Parameters) -> str:
    scope = call.structure("scope", "BotCommandScope")
    kind = scope.get("type", "default") if isinstance(scope, dict) else "default"
    return f"{kind}/{call.text('language_code')}"


def _open_chat(world: World, call: Parameters) -> Chat:
    """The addressed chat, if the bot may write there now.

    Raises:
        ApiError: 400 or 403 when it may not; 429 over a flood limit.
    """
    chat = world.chat(call.chat_id())
    chat.check_writable()
    wait_s = world.flood.admit(world.clock.monotonic(), chat.chat_id, group=chat.type != "private")
    if wait_s is not None:
        raise too_many_requests(wait_s)
    return chat


def _post(
    world: World, call: Parameters, text: str, entities: tuple[Entity, ...], attachment: Attachment | None = None
) -> Json:
    buttons = call.keyboard()
    chat = _open_chat(world, call)
    topic_id = call.integer("message_thread_id") or None
    chat.check_topic(topic_id)
    silent = call.flag("disable_notification")
    message = world.post(
        chat, world.bot, text, entities, buttons=buttons, attachment=attachment, silent=silent, topic_id=topic_id
    )
    return message.body()


def _message(world: World, call: Parameters, what: str) -> Message:
    chat = _open_chat(world, call)
    message = chat.find(call.integer("message_id"))
    if message is None:
        raise ApiError(400, f"{what} not found")
    return message


def _own_message(world: World, call: Parameters, what: str) -> Message:
    message = _message(world, call, what)
    if message.sender != world.bot:
        raise ApiError(400, "message can't be edited")
    return message


def _edited(world: World, message: Message) -> Json:
    message.edited_at = world.unix_now()
    world.change()
    return message.body()
