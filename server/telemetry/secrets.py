"""Every secret that this process knows, so that no text that leaves it can hold one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, SecretStr

from server.config import Settings


def secrets_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return the secrets of the settings and the vendors' keys, each also as it stands in an address."""
    plain = {text for name in type(settings).model_fields for text in _texts(getattr(settings, name))}
    plain.add(urlsplit(settings.db).password or "")
    plain |= {value.strip() for name, value in environ.items() if _names_a_secret(name) and value.strip()}
    return frozenset((plain | {quote(text, safe="") for text in plain}) - {""})


def _names_a_secret(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(("GATEDECK_", "TRADIER", "ALPACA", "APCA", "TWELVE")) and upper.endswith(
        ("TOKEN", "KEY", "SECRET", "KEY_ID", "SECRET_KEY")
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _texts(each)
