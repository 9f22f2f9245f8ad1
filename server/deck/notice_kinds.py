"""Kinds of notices that a person can switch, and which of them go to the phone unless chosen otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PHONE = "phone"
"""Channel of the messages that leave the machine: the engine sends them, with or without a screen."""
KINDS: Mapping[str, str] = {
    "execute": "an entry is filled",
    "approval": "a trade needs your approval",
    "exit": "a position or part of it is sold",
    "risk": "a limit is hit, the mode changes",
    "feed": "a feed is lost, an alarm raised",
    "silence": "a sender stopped sending",
    "session": "a session closed: P&L and trades",
}
"""Kinds of events that have a switch, each with its description for the notifications dialog."""
KIND_OF: Mapping[str, str] = {"mode": "risk", "order": "execute", "rules": "risk"}
"""Kinds that share the switch of another kind."""
PHONE_KINDS = frozenset({"execute", "approval", "exit", "risk", "feed", "session"})
"""Kinds that go to the phone as long as nobody chose."""


def phone_kinds(saved: Mapping[str, Any]) -> frozenset[str]:
    """Return the kinds that go to the phone, from the saved choices of the notifications dialog."""
    chosen = saved.get(PHONE)
    return frozenset(kind for kind in chosen if kind in KINDS) if isinstance(chosen, list) else PHONE_KINDS
