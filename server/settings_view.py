"""The settings in force as a person may see them: value and origin of each, of a secret only whether it is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.config import Settings
from server.setting_origins import Origin

SECRETS = frozenset(
    {"webhook_secret", "webhook_secrets", "api_token", "command_token", "notify_urls", "sentry_dsn"}
)
"""Settings whose value is never shown; ``notify_urls`` hold the keys of messengers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingView:
    """One setting: ``value`` is ``None`` for a secret, and ``is_set`` says whether it has one.

    ``origin`` is default, file, environment, credential (a file of systemd) or flag (the command line).
    """

    id: str
    value: Any
    origin: Origin
    secret: bool
    is_set: bool


def settings_view(settings: Settings) -> tuple[SettingView, ...]:
    """Return every setting by name; keys that options of a vendor may hold are left out as well."""
    shown = settings.model_dump(mode="json", exclude=set(SECRETS))
    shown["db"] = settings.database_shown
    shown["feed_options"] = {vendor: sorted(options) for vendor, options in settings.feed_options.items()}
    return tuple(
        SettingView(
            id=name,
            value=shown.get(name),
            origin=settings.origin(name),
            secret=name in SECRETS,
            is_set=bool(getattr(settings, name)) if name in SECRETS else shown[name] is not None,
        )
        for name in type(settings).model_fields
    )
