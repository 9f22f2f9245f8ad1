"""Who may send, read and command.

Invariants: every comparison with a secret takes constant time; an endpoint without a secret is open only
while none is set at all, the listener is on loopback, and the request is this machine's own (a tunnel's or a
foreign web page's is not); commands always need the command token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from server.config import ENDPOINTS, PREFIX, Settings, check_exposure
from server.http.problems import Refused
from server.http.remote import FORWARDED, Networks, is_local_name

SIGNATURES = ("X-Signature", "X-Hub-Signature-256")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="gatedeck"'}


def matches(given: str, secrets: Sequence[str]) -> bool:
    """Whether ``given`` is one of ``secrets``; every one is compared, each in constant time."""
    raw = given.encode("utf-8", "surrogatepass")
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(raw, secret.encode())
    return found


def matches_any(given: Iterable[str | None], secrets: Sequence[str]) -> bool:
    """Whether one of several credentials matches; all are looked at."""
    found = False
    for credential in given:
        if credential:
            found |= matches(credential, secrets)
    return found


def signed(signature: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether ``signature`` is the hex HMAC-SHA256 of the body (``sha256=`` before it or not)."""
    hexes = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    return matches(signature.strip().lower().removeprefix("sha256="), hexes)


def bearer(request: web.BaseRequest) -> str | None:
    """The token of an ``Authorization: Bearer`` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


@dataclass(frozen=True, slots=True)
class Admission:
    """A webhook whose sender is known, or is known only once its body has been read.

    ``signature`` is to be checked against the body. With ``refusal`` set the sender gave no secret outside the
    body: unless the body holds one, this is raised.
    """

    signature: str | None = None
    refusal: Refused | None = None


ADMITTED = Admission()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The rules of entry, built once at start.

    ``secrets`` by endpoint name, ``any_secret`` those of every endpoint without one of its own.
    """

    command_token: str
    exposed: bool = False
    secrets: Mapping[str, tuple[str, ...]]
    any_secret: tuple[str, ...] = ()
    api_token: str | None = None
    allowed_hosts: frozenset[str] = frozenset()
    allow_from: Networks

    @classmethod
    def of(cls, settings: Settings, command_token: str) -> Access:
        """From the settings; raises ConfigError when they would open the listener to other machines."""
        check_exposure(settings)
        own = {
            name: tuple(secret.get_secret_value() for secret in settings.webhook_secrets.get(name, ()))
            for name in ENDPOINTS
        }
        token = settings.api_token
        return cls(
            command_token=command_token,
            exposed=settings.exposed,
            secrets={name: secrets for name, secrets in own.items() if secrets},
            any_secret=tuple(secret.get_secret_value() for secret in settings.webhook_secret),
            api_token=token.get_secret_value() if token else None,
            allowed_hosts=frozenset(host.lower() for host in settings.allowed_hosts),
            allow_from=Networks(settings.allow_from),
        )

    # --- webhooks ----------------------------------------------------------------------------------------

    def secrets_of(self, endpoint: str | None) -> tuple[str, ...]:
        """The secrets that open an endpoint; ``None`` is the one that detects the source itself."""
        return self.secrets.get(endpoint or "", self.any_secret)

    def admit(
        self, request: web.BaseRequest, endpoint: str | None, path_secret: str | None, remote: str
    ) -> Admission:
        """Let a webhook in by its address and headers; raises Refused when no body could change the answer."""
        if self.allow_from and remote not in self.allow_from:
            raise Refused("NOT_ALLOWED", "this address is not on the list of those that may send")
        if not self.any_secret and not self.secrets:
            self._own_machine(request, f"set {PREFIX}WEBHOOK_SECRET to take webhooks from elsewhere")
            return ADMITTED
        secrets = self.secrets_of(endpoint)
        given = (path_secret, self._key(request), bearer(request))
        if matches_any(given, secrets):
            return ADMITTED
        for header in SIGNATURES:
            if (signature := request.headers.get(header)) is not None:
                return Admission(signature=signature)
        if not secrets:
            how = "a secret that is not set: the configured ones belong to other endpoints"
            raise Refused("UNAUTHORIZED", f"this endpoint needs its secret, given as {how}", _CHALLENGE)
        how = (
            "?key=, an Authorization: Bearer header, an X-Signature header, /w/<secret> before the path or "
            '"passphrase" in the body'
        )
        refusal = Refused("UNAUTHORIZED", f"this endpoint needs its secret, given as {how}", _CHALLENGE)
        return Admission(refusal=refusal)

    def verify_body_secret(self, admission: Admission, given: Sequence[str], endpoint: str | None) -> None:
        """Raise the admission's refusal unless one of the body's secrets opens the endpoint."""
        if admission.refusal is not None and not matches_any(given, self.secrets_of(endpoint)):
            raise admission.refusal

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """Every configured secret and token, to be cut out of bodies."""
        own = [secret for secrets in self.secrets.values() for secret in secrets]
        tokens = [self.command_token, *([self.api_token] if self.api_token else [])]
        return tuple(sorted({*own, *self.any_secret, *tokens}, key=len, reverse=True))

    def verify(self, signature: str, body: bytes, endpoint: str | None) -> None:
        """Raises Refused unless the signature is the body's."""
        if not signed(signature, body, self.secrets_of(endpoint)):
            raise Refused("UNAUTHORIZED", "the signature is not that of this body", _CHALLENGE)

    # --- reading and commands ----------------------------------------------------------------------------

    def may_read(self, request: web.BaseRequest) -> None:
        """Raises Refused unless the sender may read; whoever may command may also read."""
        known = (self.command_token,) if self.api_token is None else (self.command_token, self.api_token)
        if matches(bearer(request) or "", known):
            return
        if self.api_token is None and not self.exposed:
            self._own_machine(request, f"set {PREFIX}API_TOKEN to read from elsewhere")
            return
        what = "" if self.api_token else f"; none is set, so set {PREFIX}API_TOKEN"
        raise Refused("UNAUTHORIZED", f"reading needs an Authorization: Bearer token{what}", _CHALLENGE)

    def may_command(self, request: web.BaseRequest) -> None:
        """Raises Refused unless the sender holds the command token."""
        if not matches(bearer(request) or "", (self.command_token,)):
            raise Refused(
                "UNAUTHORIZED",
                f"commands need Authorization: Bearer with {PREFIX}COMMAND_TOKEN, "
                "or with the token in the state folder",
                _CHALLENGE,
            )

    @staticmethod
    def _key(request: web.BaseRequest) -> str | None:
        return request.query.get("key") if request.query_string else None

    def _own_machine(self, request: web.BaseRequest, instead: str) -> None:
        """Raises Refused when a request on loopback is not this machine's own.

        A browser can be made to send here by any web page (Origin) or by a name that points here (Host), and
        a tunnel brings the whole world in by loopback (the forwarding headers).
        """
        headers = request.headers
        host = headers.get("Host", "")
        if not is_local_name(host) and host.partition(":")[0].lower() not in self.allowed_hosts:
            raise Refused(
                "NOT_LOCAL", f"without a secret only this machine's own names are served; {instead}"
            )
        if any(name in headers for name in FORWARDED):
            raise Refused(
                "NOT_LOCAL", f"without a secret nothing is taken through a proxy or tunnel; {instead}"
            )
        origin = headers.get("Origin")
        if origin is not None and not is_local_name(origin.partition("://")[2]):
            raise Refused("NOT_LOCAL", f"without a secret nothing is taken from a web page; {instead}")
