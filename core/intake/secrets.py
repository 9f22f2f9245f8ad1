"""Secrets inside a body: found by the name of their field and cut out before anything is stored or shown.

TradingView can send no headers, so many of its users put a passphrase into the alert's message. The search works on
the text, not on parsed JSON, because a body that is not JSON must not repeat its secret either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SECRET_KEYS = (
    "passphrase", "pass_phrase", "password", "passwd", "secret", "secret_key", "webhook_secret", "token",
    "auth_token", "access_token", "webhook_key", "api_key", "apikey", "key", "email_token", "bot_token", "user_token",
    "api_token", "bearer_token", "webhook_passphrase", "webhook_password", "webhook_token", "api_secret",
    "api_passphrase", "client_secret", "shared_secret", "secret_token", "private_key", "access_key", "auth_key",
    "license_key", "security_token", "security_key", "user_key",
)  # fmt: skip
"""Names of fields that hold a secret, in any case, with ``_`` or ``-`` or neither between their words."""

LEAST_KNOWN = 6
"""A configured secret shorter than this is cut only from its own field: elsewhere it could be any text."""
CUT = ""

_NAME = "|".join(sorted((name.replace("_", "[_-]?") for name in SECRET_KEYS), key=len, reverse=True))
_QUOTE = r"\\*[\"'“”„‟]"
_FIELD = re.compile(
    rf"(?P<name>{_QUOTE}(?:{_NAME}){_QUOTE}\s*:\s*)"
    rf"(?:(?P<open>{_QUOTE})(?P<text>[^\"“”„‟\\]*(?:\\(?!\\*[\"'])[^\"“”„‟\\]*)*)(?P<close>{_QUOTE})"
    r"|(?P<bare>[^\s,}\]\"'“”]+))",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    rf"(?P<name>(?<![\w-])(?:{_NAME})\s*=\s*)(?P<text>[^\s&,;}}\"']+)",
    re.IGNORECASE,
)
_STEMS = ("pass", "secret", "token", "key")
"""Every secret name holds one of these; a search for them is many times faster than the patterns."""
_NAMED = re.compile(rf"(?:^|[^a-z0-9_-])(?:{_NAME})(?:[^a-z0-9_-]|$)")
_BEFORE = {
    stem: tuple(
        name[: name.find(stem)].replace("_", mark)
        for name in SECRET_KEYS
        if name.find(stem) > 0
        for mark in ("_", "-", "")
    )
    for stem in _STEMS
}
"""Beginnings of the names in which a stem is not the first word, by stem."""
_IN_A_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_AROUND = 18
"""Characters around a stem that hold the longest name and its neighbours."""
_MOST_STEMS = 50


def _may_hold_secret(body: str) -> bool:
    """Return False if no secret name is in the body as a word of its own; True after too many stems to look at."""
    lower, seen = body.lower(), 0
    for stem in _STEMS:
        at = lower.find(stem)
        while at >= 0:
            seen += 1
            if seen > _MOST_STEMS:
                return True
            # Most are the end of another word, such as deduplication_key: no need of the pattern.
            first = not at or lower[at - 1] not in _IN_A_WORD
            if (first or lower.endswith(_BEFORE[stem], 0, at)) and _NAMED.search(
                lower, max(0, at - _AROUND), at + _AROUND
            ):
                return True
            at = lower.find(stem, at + 1)
    return False


def extract_secrets(body: str) -> tuple[str, tuple[str, ...]]:
    """Return the body with the values of secret fields emptied, and those values in their order.

    Finds ``"passphrase": "x"`` in JSON, in broken JSON and in JSON inside a string, and ``passphrase=x`` in a form
    or a plain text. A body without such a field is returned as it is.
    """
    if not _may_hold_secret(body):
        return body, ()
    found: list[str] = []

    def cut_field(match: re.Match[str]) -> str:
        if match["bare"] is not None:
            if match["bare"] in ("null", "true", "false") or match["bare"][0] in "{[":
                return match[0]
            found.append(match["bare"])
            return f'{match["name"]}""'
        if match["text"]:
            found.append(match["text"])
        return f"{match['name']}{match['open']}{CUT}{match['close']}"

    def cut_assigned(match: re.Match[str]) -> str:
        found.append(match["text"])
        return match["name"]

    body = _FIELD.sub(cut_field, body)
    if not body.lstrip().startswith(("{", "[")):
        body = _ASSIGNED.sub(cut_assigned, body)
    return body, tuple(found)


def names_secret(text: str) -> bool:
    """Return whether a text has a field for a secret, emptied or not."""
    return _may_hold_secret(text) and _FIELD.search(text) is not None


def remove_known_secrets(text: str, secrets: Sequence[str]) -> str:
    """Return the text without any of the configured secrets, wherever they are."""
    for secret in secrets:
        if len(secret) >= LEAST_KNOWN and secret in text:
            text = text.replace(secret, CUT)
    return text
