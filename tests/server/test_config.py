"""Settings: which source wins, and what is said of each mistake."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from core.intake import endpoint_source
from server.config import ENDPOINTS, ConfigError, default_config_path, load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Writes the default configuration file."""

    def write(text: str) -> Path:
        path = default_config_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8787)
    assert settings.db == str(tmp_path / "state" / "gatedeck" / "gatedeck.db")
    assert (settings.decision_wait_ms, settings.refresh_hz, settings.max_body_bytes) == (250, 2.0, 65536)
    assert not settings.exposed and settings.clock is None and settings.rules is None


# file | environment | flag | the port in force
WHO_WINS = [
    (None, None, None, 8787),
    (1111, None, None, 1111),
    (1111, 2222, None, 2222),
    (1111, 2222, 3333, 3333),
    (1111, None, 3333, 3333),
    (None, 2222, None, 2222),
]


@pytest.mark.parametrize(("in_file", "in_environment", "flag", "port"), WHO_WINS)
def test_flags_beat_environment_beats_file_beats_default(
    file: Any, monkeypatch: pytest.MonkeyPatch, in_file: Any, in_environment: Any, flag: Any, port: int
) -> None:
    if in_file:
        file(f"port = {in_file}")
    if in_environment:
        monkeypatch.setenv("GATEDECK_PORT", str(in_environment))
    assert load_settings({"port": flag}).port == port


def test_empty_variable_means_unset(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file('api_token = "from-file"')
    monkeypatch.setenv("GATEDECK_API_TOKEN", "")
    monkeypatch.setenv("GATEDECK_WEBHOOK_SECRET", "")
    settings = load_settings()
    assert [s.value for s in settings.api_token] == ["from-file"]
    assert settings.webhook_secret == ()


def test_file_may_be_named_by_flag_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, other = tmp_path / "a.toml", tmp_path / "b.toml"
    named.write_text("port = 1")
    other.write_text("port = 2")
    monkeypatch.setenv("GATEDECK_CONFIG", str(other))
    assert load_settings().port == 2
    assert load_settings(config=named).port == 1


def test_several_values_and_secrets_by_source(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file('webhook_secret = ["old", "new"]\n[webhook_secrets]\nMTF_DOTS = "dots"\n')
    monkeypatch.setenv("GATEDECK_WEBHOOK_SECRETS__SATY_PHASE", "phases")
    monkeypatch.setenv("GATEDECK_ALLOW_FROM", "tradingview, 10.0.0.0/8")
    settings = load_settings()
    assert [s.value for s in settings.webhook_secret] == ["old", "new"]
    by_endpoint = {k: [s.value for s in v] for k, v in settings.webhook_secrets.items()}
    assert by_endpoint == {"trend": ["dots"], "saty-phase": ["phases"]}
    assert len(settings.allow_from) == 5 and settings.allow_from[-1] == "10.0.0.0/8"


def test_secret_from_the_environment_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEDECK_WEBHOOK_SECRET", 'a,b["{')
    assert [s.value for s in load_settings().webhook_secret] == ['a,b["{']


def test_clock_keeps_its_offset() -> None:
    clock = load_settings({"clock": "2026-11-24T10:00-05:00"}).clock
    assert clock == datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=-5)))


# flags | what the message must hold
MISTAKES = [
    ({"port": "abc"}, ["port: 'abc' is not a whole number", "from --port"]),
    ({"port": 70000}, ["port: 70000 must be at most 65535"]),
    ({"port": -1}, ["port: -1 must be at least 0"]),
    ({"clock": "2026-11-24T10:00"}, ["clock:", "offset"]),
    ({"clock": "tomorrow"}, ["clock: 'tomorrow' is not an instant such as 2026-11-24T10:00-05:00"]),
    ({"host": "http://x"}, ["host:", "is not a host name or address"]),
    ({"db": "mysql://x"}, ["db:", "postgresql://"]),
    ({"refresh_hz": 0}, ["refresh_hz: 0 must be at least 0.2"]),
    ({"decision_wait_ms": 3000}, ["decision_wait_ms: 3000 must be at most 2500"]),
    ({"engine_id": "a b"}, ["engine_id: 'a b' may hold"]),
    ({"headless": "perhaps"}, ["headless: 'perhaps' is neither true nor false"]),
    ({"allow_from": "nowhere"}, ["allow_from: 'nowhere' is neither an address", "tradingview"]),
    ({"proxies": "10.0.0.0/99"}, ["proxies: '10.0.0.0/99'"]),
    (
        {"webhook_secrets": {"nonsense": "s"}},
        ["webhook_secrets: 'nonsense' is not a webhook endpoint", "saty-phase"],
    ),
    ({"prt": 1}, ["prt: is not a setting; did you mean port?"]),
    ({"port": "x", "clock": "y"}, ["port:", "clock:"]),
]


@pytest.mark.parametrize(("flags", "parts"), MISTAKES, ids=["-".join(m[0]) for m in MISTAKES])
def test_mistake_is_named_in_plain_words(flags: Any, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(flags)
    said = str(caught.value)
    assert all(part in said for part in parts), said
    assert "pydantic" not in said and "Traceback" not in said
    assert len(said.splitlines()) == len(flags)


def test_mistake_says_where_it_was_made(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file('port = "a"\nprot = 1')
    monkeypatch.setenv("GATEDECK_REFRESH_HZ", "fast")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    lines = sorted(str(caught.value).splitlines())
    assert len(lines) == 3
    assert lines[0].startswith("port:") and str(path) in lines[0]
    assert lines[1].startswith("prot: is not a setting") and str(path) in lines[1]
    assert lines[2].startswith("refresh_hz:") and "GATEDECK_REFRESH_HZ" in lines[2]


FILES = [("port = ", "is not valid TOML"), ("port = 1\nport = 2", "is not valid TOML")]


@pytest.mark.parametrize(("text", "says"), FILES)
def test_file_that_is_not_toml(file: Any, text: str, says: str) -> None:
    path = file(text)
    with pytest.raises(ConfigError, match=f"config: {path} {says}"):
        load_settings()


def test_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(config=tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(config=tmp_path)


def test_secrets_never_show() -> None:
    url = "postgresql://me:hush-db@db.example/deck"
    settings = load_settings(
        {"webhook_secret": "hush-1", "webhook_secrets": {"strat": "hush-2"}, "api_token": "hush-3", "db": url}
    )
    assert "hush" not in repr(settings) + str(settings)
    assert settings.database_shown == "postgresql://me:***@db.example/deck"
    for flags in ({"api_token": [["hush"]]}, {"webhook_secret": [["hush"]]}, {"command_token": {"hush": 1}}):
        with pytest.raises(ConfigError) as caught:
            load_settings(flags)
        assert "hush" not in str(caught.value)


def test_endpoints_are_those_the_intake_knows() -> None:
    assert {name: endpoint_source(f"/api/webhooks/{name}") for name in ENDPOINTS} == ENDPOINTS


def test_settings_load_nothing_heavy() -> None:
    heavy = "aiohttp textual numpy scipy pandas"
    code = f"import sys, server.config; print(*[m for m in '{heavy}'.split() if m in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
