"""The log: collapsed, rotated, private, without secrets, and never in the caller's way."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.config import ConfigError, Settings, load_settings
from server.telemetry import log_output as module
from server.telemetry.bursts import REMEMBERED, WINDOW_SECONDS, BurstFilter
from server.telemetry.log_output import LOG_FILE, log_output, to_stdout

SECRET = "hunter2/hunter2"
log = logging.getLogger("gatedeck.test")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Settings]:
    def settings(**flags: Any) -> Settings:
        return load_settings({"state_dir": tmp_path, **flags}, Path("/dev/null"))

    return settings


def written(folder: Path) -> list[str]:
    return (folder / LOG_FILE).read_text(encoding="utf-8").splitlines()


def test_a_line_has_instant_level_logger_event_and_ids(make: Any, tmp_path: Path) -> None:
    with log_output(make()):
        log.info("bought %d", 3, extra={"event": "fill", "ids": {"receipt": "r-1", "position": "p-1"}})
    (line,) = written(tmp_path)
    instant, rest = line.split(" ", 1)
    assert instant.endswith("Z") and rest == "INFO gatedeck.test fill: bought 3 receipt=r-1 position=p-1"


def test_a_json_line_is_one_object_with_the_traceback_inside(make: Any, tmp_path: Path) -> None:
    with log_output(make(log_format="json")):
        try:
            raise ValueError("no such\nstrike")
        except ValueError:
            log.exception("a fault", extra={"event": "fill", "ids": {"position": "p-1"}})
    (line,) = (json.loads(each) for each in written(tmp_path))
    assert (line["level"], line["event"], line["message"], line["position"]) == (
        "ERROR",
        "fill",
        "a fault",
        "p-1",
    )
    assert "Traceback" in line["exception"] and "no such" in line["exception"]


def test_no_secret_and_no_control_character_is_written(make: Any, tmp_path: Path) -> None:
    settings = make(webhook_secret=SECRET, api_token="reader-token")
    with log_output(settings, {"TRADIER_TOKEN": "vendor-key"}):
        log.warning("GET /?key=hunter2%%2Fhunter2 and %s by vendor-key, reader-token", SECRET)
        log.warning("\x1b]52;c;AAAA\x07two\nlines")
        try:
            raise RuntimeError(f"at https://{SECRET}@host")
        except RuntimeError:
            log.exception("failed")
    text = (tmp_path / LOG_FILE).read_text()
    assert "hunter2" not in text and "vendor-key" not in text and "reader-token" not in text
    assert "GET /?key=*** and *** by ***, ***" in text
    assert "\x1b" not in text and "\x07" not in text and "two\\nlines" in text


def test_a_burst_of_equal_lines_is_one_line_and_a_count(make: Any, tmp_path: Path) -> None:
    with log_output(make()):
        for _ in range(5_000):
            log.error("accept failed on %s", "socket")
        for n in range(3):
            log.info("EXECUTE", extra={"event": "decision", "ids": {"receipt": f"r-{n}"}})
    lines = [line.split(" ", 1)[1] for line in written(tmp_path)]
    assert lines == [
        "ERROR gatedeck.test accept failed on socket",
        *(f"INFO gatedeck.test decision: EXECUTE receipt=r-{n}" for n in range(3)),
        "ERROR gatedeck.test accept failed on socket (repeated 4,999 more times within 10 s)",
    ]


def test_after_the_window_a_line_is_written_again_and_memory_is_bounded() -> None:
    now = [0.0]
    bursts = BurstFilter(lambda: now[0])

    def passes(text: str) -> bool:
        return bursts.filter(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))

    assert [passes("a"), passes("a"), passes("b")] == [True, False, True]
    assert bursts.summaries() == []
    now[0] = WINDOW_SECONDS
    assert passes("a")
    assert [each.getMessage() for each in bursts.summaries()] == ["a (repeated 1 more times within 10 s)"]
    for n in range(2 * REMEMBERED):
        passes(f"line {n}")
    assert len(bursts._bursts) == REMEMBERED


def test_it_rotates_and_every_file_is_private(make: Any, tmp_path: Path) -> None:
    with log_output(make(log_megabytes=1, log_files=2)):
        for n in range(350):
            log.info("%d %s", n, "x" * 10_000)
    files = sorted(tmp_path.glob(f"{LOG_FILE}*"))
    assert [file.name for file in files] == [LOG_FILE, f"{LOG_FILE}.1", f"{LOG_FILE}.2"]
    assert all(file.stat().st_size <= 1 << 20 and file.stat().st_mode & 0o077 == 0 for file in files)
    assert written(tmp_path)[-1].startswith(written(tmp_path)[-1][:24]) and " 349 " in written(tmp_path)[-1]


def test_a_disk_that_hangs_does_not_delay_callers_and_what_is_lost_is_told(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, honest = threading.Event(), module.PrivateRotatingFile.emit

    def hanging(self: Any, record: logging.LogRecord) -> None:
        free.wait(10)
        honest(self, record)

    monkeypatch.setattr(module.PrivateRotatingFile, "emit", hanging)
    monkeypatch.setattr(module, "QUEUED", 10)
    with log_output(make()):
        for n in range(100):
            log.info("line %d", n)  # with a queue that waits this test would not end
        free.set()
    lines = written(tmp_path)
    assert 10 <= len(lines) - 1 <= 12
    assert lines[-1].endswith(
        f"{101 - len(lines)} log lines were lost: they came faster than they could be written"
    )


def test_a_log_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = load_settings({"state_dir": tmp_path / "file" / "state"}, Path("/dev/null"))
    with pytest.raises(ConfigError, match=r"state_dir: the log .* cannot be written"), log_output(settings):
        pass


@pytest.mark.parametrize(
    ("flags", "environ", "wanted"),
    [
        ({}, {"JOURNAL_STREAM": "8:1"}, False),
        ({"headless": True}, {}, False),
        ({"headless": True}, {"JOURNAL_STREAM": "8:1"}, True),
        ({"headless": True, "log_to": "file"}, {"JOURNAL_STREAM": "8:1"}, False),
        ({"headless": True, "log_to": "stdout"}, {}, True),
        ({"log_to": "stdout"}, {}, False),
    ],
)
def test_where_it_goes(make: Any, flags: dict[str, Any], environ: dict[str, str], wanted: bool) -> None:
    assert to_stdout(make(**flags), environ) is wanted


def test_standard_output_under_a_service(make: Any, tmp_path: Path, capsys: Any) -> None:
    with log_output(make(headless=True), {"JOURNAL_STREAM": "8:1"}):
        log.info("a line")
    assert "INFO gatedeck.test a line" in capsys.readouterr().out and not (tmp_path / LOG_FILE).exists()


def test_errors_go_to_sentry_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    import sentry_sdk

    from server.telemetry.log_format import Redactor
    from server.telemetry.sentry import sentry_handler

    sent: list[Any] = []

    class Transport(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.append(envelope.get_event())

    handler = sentry_handler("https://key@sentry.invalid/1", Redactor([SECRET]), transport=Transport)
    for level in (logging.WARNING, logging.ERROR):
        record = logging.LogRecord("gatedeck.x", level, "", 0, f"fault with {SECRET}", None, None)
        record.exc_text = f"Traceback {SECRET}"
        if level >= handler.level:
            handler.handle(record)
    handler.close()
    (event,) = sent
    assert (
        event["logentry"]["formatted"] == "fault with ***" and event["extra"]["traceback"] == "Traceback ***"
    )
    assert "hunter2" not in json.dumps(event)


def test_a_dsn_that_is_none_is_named() -> None:
    from server.telemetry.log_format import Redactor
    from server.telemetry.sentry import sentry_handler

    with pytest.raises(ConfigError, match="sentry_dsn: is not a DSN") as told:
        sentry_handler("nonsense-secret", Redactor([]))
    assert "nonsense" not in str(told.value)
