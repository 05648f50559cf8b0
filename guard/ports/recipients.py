"""Who hears of an account: where a message goes, and how the person there reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class Recipient:
    """One destination of an account's messages, and how they are read there.

    `language` is a code of `guard.language`, `timezone` an IANA name. Between `quiet_from` and `quiet_to`, in that
    zone, what is no danger makes no sound. `user_id` is whose destination it is (None: a channel of the installation);
    `group`: others read there too, and nothing can be done there. `looks_only`: a viewer, who may not answer or act.
    """

    destination: str
    language: str = "en"
    timezone: str = "UTC"
    quiet_from: time | None = None
    quiet_to: time | None = None
    user_id: str | None = None
    group: bool = False
    looks_only: bool = False
