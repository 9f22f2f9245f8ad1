"""Uses of the secrets and tokens by name: whoever changes one sees when the old one is used no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialUse:
    """Use of one secret or token since the start; ``scope`` is webhooks | read | commands."""

    name: str
    scope: str
    count: int = 0
    last_at: datetime | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class CredentialLog:
    """Counts how often each secret and token was used; lost at a restart."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._scopes: dict[str, str] = {}
        self._used: dict[str, tuple[int, datetime]] = {}

    def know(self, name: str, scope: str) -> None:
        """Add a credential that was not used yet."""
        self._scopes.setdefault(name, scope)

    def used(self, names: Iterable[str], scope: str) -> None:
        """Count one use of each."""
        at = self._now()
        for name in names:
            self.know(name, scope)
            self._used[name] = (self._used.get(name, (0, at))[0] + 1, at)

    def rows(self) -> tuple[CredentialUse, ...]:
        """Return all credentials by scope, in the order of the settings."""
        rows = []
        for name, scope in self._scopes.items():
            count, at = self._used.get(name, (0, None))
            rows.append(CredentialUse(name=name, scope=scope, count=count, last_at=at))
        return tuple(rows)
