"""The log's output: a queue that callers never wait for, and one thread that formats and writes.

Records go to a private, rotated file in the state folder, or to standard output under a service manager, which keeps
the log itself.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from server.config import ConfigError, Settings
from server.private_files import make_private_file, make_private_folder
from server.telemetry.bursts import BurstFilter
from server.telemetry.log_format import JsonFormat, Redactor, TextFormat
from server.telemetry.secrets import secrets_of

LOG_FILE = "gatedeck.log"
QUEUED = 10_000
"""Most records that wait to be written; more are counted and told."""
FLUSH_SECONDS = 0.5
LOOK_SECONDS = 1.0
"""Time between two looks for bursts that are over."""


class PrivateRotatingFile(RotatingFileHandler):
    """A rotated file with mode 0600; an error of the disk is not printed, for it would cover the screen."""

    def _open(self) -> Any:
        make_private_file(Path(self.baseFilename))
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop the record: there is nowhere else to tell it."""


class QueuedLog(QueueHandler):
    """Puts records on the queue and never waits; ``lost`` counts those that did not fit."""

    def __init__(self, records: queue.Queue[Any], stream: TextIO | None) -> None:
        super().__init__(records)
        self.lost = 0
        self.stream = stream
        """The stream that the thread writes to: a process that is ended by force dumps its threads there."""
        self._records = records

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Write the text and the traceback out: what they are made of may change before the thread comes to it."""
        text = record.getMessage()
        if record.exc_info:
            record = logging.makeLogRecord(record.__dict__)
            if isinstance(record.exc_info, tuple):
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        record.msg, record.args = text, None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self._records.put_nowait(record)
        except queue.Full:
            self.lost += 1

    def flush(self) -> None:
        """Wait until the thread has written what is queued, at most ``FLUSH_SECONDS``."""
        until = time.monotonic() + FLUSH_SECONDS
        while self._records.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)


class _Writer(QueueListener):
    """The thread that writes; between records it tells the bursts that are over and what was lost."""

    def __init__(self, source: QueuedLog, bursts: BurstFilter, *handlers: logging.Handler) -> None:
        super().__init__(source._records, *handlers, respect_handler_level=True)
        self._source, self._bursts, self._records = source, bursts, source._records
        self._told_lost = 0
        self._looked_at = time.monotonic()

    def dequeue(self, block: bool) -> logging.LogRecord:
        while True:
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self.look()
            try:
                record: logging.LogRecord = self._records.get(block, LOOK_SECONDS if block else None)
                return record
            except queue.Empty:
                if not block:
                    raise

    def enqueue_sentinel(self) -> None:
        self._records.put(None, timeout=FLUSH_SECONDS)

    def look(self, *, every: bool = False) -> None:
        """Write the counts of bursts, and of records that were lost since the last look."""
        self._looked_at = time.monotonic()
        for record in self._bursts.summaries(every=every):
            self.handle(record)
        if (lost := self._source.lost) > self._told_lost:
            text = (
                f"{lost - self._told_lost:,} log lines were lost: they came faster than they could be written"
            )
            self._told_lost = lost
            self.handle(logging.LogRecord("gatedeck.log", logging.WARNING, "", 0, text, None, None))


@contextmanager
def log_output(
    settings: Settings, environ: Mapping[str, str] = os.environ, *, file: str = LOG_FILE
) -> Iterator[QueuedLog]:
    """Send all log records to a file in the state folder or to standard output until the end of the block.

    Raises ConfigError when the file cannot be written, or when Sentry is wanted and not installed.
    """
    redact = Redactor(secrets_of(settings, environ))
    handler = _handler(settings, environ, file)
    handler.setFormatter((JsonFormat if settings.log_format == "json" else TextFormat)(redact))
    handlers: list[logging.Handler] = [handler]
    if settings.sentry_dsn is not None:
        from server.telemetry.sentry import sentry_handler

        handlers.append(sentry_handler(settings.sentry_dsn.get_secret_value(), redact))
    bursts = BurstFilter()
    source = QueuedLog(queue.Queue(QUEUED), handler.stream)
    source.addFilter(bursts)
    writer = _Writer(source, bursts, *handlers)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [source]
    root.setLevel(settings.log_level.upper())
    writer.start()
    try:
        yield source
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        source.flush()
        writer.stop()
        writer.look(every=True)
        for each in handlers:
            if each is not handler or isinstance(each, logging.FileHandler):
                each.close()


def to_stdout(settings: Settings, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the log goes to standard output: headless, and told to or under systemd."""
    wanted = bool(environ.get("JOURNAL_STREAM")) if settings.log_to == "auto" else settings.log_to == "stdout"
    return wanted and settings.headless


def _handler(settings: Settings, environ: Mapping[str, str], file: str) -> logging.StreamHandler[Any]:
    if to_stdout(settings, environ):
        return logging.StreamHandler(sys.stdout)
    path = settings.state_dir / file
    try:
        make_private_folder(path.parent)
        return PrivateRotatingFile(
            path, maxBytes=settings.log_megabytes << 20, backupCount=settings.log_files, encoding="utf-8"
        )
    except OSError as error:
        raise ConfigError(
            f"state_dir: the log {path} cannot be written: {error.strerror or error}; give a folder that this user "
            "may write, with GATEDECK_STATE_DIR or state_dir in the configuration file"
        ) from None
