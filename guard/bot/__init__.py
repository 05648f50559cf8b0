"""The chat: who may ask, what is answered, and how messages reach Telegram.

The only room that knows python-telegram-bot. It asks the rest through `guard.bot.desk.Desk`, delivers alerts through
`guard.bot.sender.TelegramSender`, and is run by `guard.bot.app.ChatBot`. It decides nothing about risk.
"""

from __future__ import annotations

import os

# The library's own switch for durations as `timedelta` (its default from the next major version on). Without it every
# RetryAfter raises a deprecation warning. It is read at each use, so it must be set before the first request.
os.environ.setdefault("PTB_TIMEDELTA", "true")
