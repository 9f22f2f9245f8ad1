"""Secrets and tokens, and whether what a request gives is one of them.

Invariant: every comparison looks at all credentials and takes the same time, however much of a secret was guessed:
a text is compared by its SHA-256, a signature by ``hmac.compare_digest``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.config import ENDPOINTS, Settings
from server.named_secrets import NamedSecret, standard_key
from server.runtime.credentials import CredentialLog

PRICE = "price"
"""Endpoint of price bars; it has no source of its own and takes the common secret."""

WEBHOOKS, READ, COMMANDS = "webhooks", "read", "commands"
SIGNATURES = ("X-Signature", "X-Hub-Signature-256")
STANDARD_SIGNATURE, STANDARD_ID, STANDARD_TIME = "webhook-signature", "webhook-id", "webhook-timestamp"
TOLERANCE_SECONDS = 300.0
"""Largest age of a Standard Webhooks timestamp, and how far it may be ahead."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret or token; ``opens`` are the webhook endpoints that it opens."""

    name: str
    value: str = field(repr=False)
    opens: frozenset[str] = frozenset()
    digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.value.encode()).digest())


class Credentials:
    """Credentials of one scope; what matches is counted as used. Those of the settings are listed before that."""

    def __init__(
        self, known: Iterable[Credential], scope: str, uses: CredentialLog, *, listed: bool = True
    ) -> None:
        self.known = tuple(known)
        self._scope = scope
        self._uses = uses
        for credential in self.known if listed else ():
            uses.know(credential.name, scope)

    def __bool__(self) -> bool:
        return bool(self.known)

    def given(self, texts: Iterable[str | None]) -> tuple[Credential, ...]:
        """Return the credentials that are among ``texts``; all are compared with all."""
        digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts if text]
        return self._matching([one.digest for one in self.known], digests)

    def signed(self, signatures: Sequence[str], body: bytes) -> tuple[Credential, ...]:
        """Return the credentials by which a hex HMAC-SHA256 of the body was made, with or without ``sha256=``."""
        given = [
            s.strip().lower().removeprefix("sha256=").encode("utf-8", "surrogatepass") for s in signatures
        ]
        expected = [
            hmac.new(one.value.encode(), body, hashlib.sha256).hexdigest().encode() for one in self.known
        ]
        return self._matching(expected, given)

    def signed_standard(self, head: StandardHead, body: bytes) -> tuple[Credential, ...]:
        """Return the credentials by which a Standard Webhooks signature of the body was made."""
        content = b"%b.%b.%b" % (head.id.encode("utf-8", "surrogatepass"), head.timestamp.encode(), body)
        expected = [
            base64.b64encode(hmac.new(standard_key(one.value), content, hashlib.sha256).digest())
            for one in self.known
        ]
        return self._matching(expected, head.signatures)

    def _matching(self, expected: Sequence[bytes], given: Sequence[bytes]) -> tuple[Credential, ...]:
        found: tuple[Credential, ...] = ()
        for credential, right in zip(self.known, expected, strict=True):
            equal = False
            for text in given:
                equal |= hmac.compare_digest(right, text)
            if equal:
                found += (credential,)
                self._uses.used(credential.name, self._scope)
        return found


@dataclass(frozen=True, slots=True)
class StandardHead:
    """The headers of a Standard Webhooks request; ``signatures`` are those of version 1, in base64."""

    id: str
    timestamp: str
    signatures: tuple[bytes, ...]

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> StandardHead | None:
        """Read the headers; ``None`` without a signature."""
        text = headers.get(STANDARD_SIGNATURE)
        if text is None:
            return None
        versions = [part.partition(",") for part in text.split()]
        signatures = tuple(
            s.encode("utf-8", "surrogatepass") for version, _, s in versions if version == "v1"
        )
        return cls(headers.get(STANDARD_ID, ""), headers.get(STANDARD_TIME, "").strip(), signatures)

    def mistake(self, now: float) -> str | None:
        """Return what is wrong apart from the signature; ``now`` in Unix seconds."""
        if not self.id:
            return f"the header {STANDARD_ID} is missing"
        if not (self.timestamp.isascii() and self.timestamp.isdigit() and len(self.timestamp) <= 12):
            return f"the header {STANDARD_TIME} is not a time in Unix seconds"
        if abs(now - int(self.timestamp)) > TOLERANCE_SECONDS:
            return f"{STANDARD_TIME} is more than {TOLERANCE_SECONDS / 60:.0f} min from this machine's clock"
        return None


def webhook_credentials(settings: Settings) -> tuple[Credential, ...]:
    """Return the secrets of webhooks: a source's own, and the common ones for every endpoint without its own."""
    own = {name: settings.webhook_secrets[name] for name in ENDPOINTS if settings.webhook_secrets.get(name)}
    common = frozenset({PRICE, *ENDPOINTS} - own.keys())
    return (
        *(one for name, secrets in own.items() for one in named(name, secrets, frozenset({name}))),
        *named("webhook_secret", settings.webhook_secret, common),
    )


def named(
    setting: str, secrets: Sequence[NamedSecret], opens: frozenset[str] = frozenset()
) -> tuple[Credential, ...]:
    """Return a setting's secrets with the names that a person sees: the setting's, with its own or its number."""
    several = len(secrets) > 1
    return tuple(
        Credential(f"{setting} {one.name or (n if several else '')}".rstrip(), one.value, opens)
        for n, one in enumerate(secrets, 1)
    )
