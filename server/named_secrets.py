"""Secrets and tokens of the settings: one or several, each with a name, so that one can be exchanged for another.

A setting takes a text, a list of texts, or a table of names and texts: ``{old = "…", new = "…"}``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

STANDARD_PREFIX = "whsec_"
"""Prefix of a secret of the Standard Webhooks specification: the rest is the key in base64."""


class NamedSecret(BaseModel):
    """One secret; ``name`` is empty where it was given alone or in a list."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,32}$")] = ""
    secret: SecretStr

    @field_validator("secret")
    @classmethod
    def _usable(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text.strip():
            raise ValueError("is blank; give a text that cannot be guessed, or leave it out")
        if text != text.strip():
            raise ValueError("begins or ends with white space; give it without")
        if text.startswith(STANDARD_PREFIX) and not standard_key(text):
            raise ValueError(f"begins with {STANDARD_PREFIX} but the rest is not base64")
        return secret

    @property
    def value(self) -> str:
        return self.secret.get_secret_value()


def standard_key(secret: str) -> bytes:
    """Return the key of a Standard Webhooks signature; empty if what follows ``whsec_`` is not base64.

    A secret without the prefix is its own key.
    """
    if not secret.startswith(STANDARD_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _named(value: object) -> object:
    """Return what a setting gives as a list of names and secrets; an empty text means unset."""
    return [one for one in _each(value) if one.get("secret") not in ("", None)]


def _each(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, Mapping):
        yield from ({"name": str(name), "secret": secret} for name, secret in value.items())
    elif isinstance(value, list | tuple):
        for one in value:
            given = isinstance(one, NamedSecret)
            yield {"name": one.name, "secret": one.secret} if given else {"secret": one}
    else:
        yield {"secret": value}


Secrets = Annotated[tuple[NamedSecret, ...], BeforeValidator(_named)]
OneOrSeveral = Annotated[Secrets, NoDecode]
"""Secrets whose environment variable holds one of them as it is, not JSON."""
