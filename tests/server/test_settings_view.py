"""The settings as a person sees them: value and origin of each, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.config import Settings, load_settings
from server.settings_view import SECRETS, settings_view


def test_each_setting_says_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text('engine_id = "mine"\nport = 9000\nlog_files = 7\napi_token = "of-the-file"\n')
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "webhook_secret").write_text("of-systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    monkeypatch.setenv("GATEDECK_PORT", "9001")
    monkeypatch.setenv("GATEDECK_WEBHOOK_SECRETS__TREND", "of-the-environment")
    monkeypatch.setenv("GATEDECK_REFRESH_HZ", "")
    shown = {each.id: each for each in settings_view(load_settings({"log_files": 9}, file))}
    assert set(shown) == set(Settings.model_fields)
    assert {
        name: (shown[name].value, shown[name].origin) for name in ("engine_id", "port", "log_files", "host")
    } == {
        "engine_id": ("mine", "file"),
        "port": (9001, "environment"),
        "log_files": (9, "flag"),
        "host": ("127.0.0.1", "default"),
    }
    assert shown["refresh_hz"].origin == "default"
    secrets = {name: (shown[name].is_set, shown[name].origin, shown[name].value) for name in SECRETS}
    assert secrets == {
        "webhook_secret": (True, "credential", None),
        "webhook_secrets": (True, "environment", None),
        "api_token": (True, "file", None),
        "command_token": (False, "default", None),
        "notify_urls": (False, "default", None),
        "sentry_dsn": (False, "default", None),
    }


def test_no_secret_is_shown(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "webhook_secret": "s3cret-1",
            "webhook_secrets": {"trend": "s3cret-2"},
            "api_token": {"old": "s3cret-3", "new": "s3cret-4"},
            "command_token": "s3cret-5",
            "notify_urls": "tgram://s3cret-6/1",
            "sentry_dsn": "https://s3cret-7@example.com/1",
            "db": "postgresql://me:s3cret-8@db/ledger",
            "feed_options": {"mine": {"key": "s3cret-9"}},
        },
        Path("/dev/null"),
    )
    text = json.dumps([each.value for each in settings_view(settings)])
    assert "s3cret" not in text and "postgresql://me:***@db/ledger" in text and "mine" in text
    # A new setting that holds a secret has to be in SECRETS.
    kinds = {name: repr(spec.annotation) for name, spec in Settings.model_fields.items()}
    assert {name for name, kind in kinds.items() if "Secret" in kind} == SECRETS
