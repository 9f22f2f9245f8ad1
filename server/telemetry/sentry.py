"""Errors to Sentry, from the log's own thread; the SDK is an extra and loaded only with a DSN."""

from __future__ import annotations

import logging
from typing import Any

from server.config import ConfigError
from server.telemetry.log_format import Redactor

CLOSE_SECONDS = 1.0


def sentry_handler(dsn: str, redact: Redactor, **options: Any) -> logging.Handler:
    """Return a handler of errors. Raises ConfigError when the SDK is not installed or the DSN is none."""
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise ConfigError(
            "sentry_dsn: Sentry is an extra; install it with `uv sync --extra sentry`, or unset sentry_dsn"
        ) from None
    try:
        # No integration: none may hook into the engine, and none may collect requests, bodies or local variables.
        client = sentry_sdk.Client(
            dsn=dsn,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            server_name="gatedeck",
            shutdown_timeout=CLOSE_SECONDS,
            **options,
        )
    except BadDsn:
        raise ConfigError("sentry_dsn: is not a DSN such as https://key@host/1") from None
    return _Sentry(client, redact)


class _Sentry(logging.Handler):
    def __init__(self, client: Any, redact: Redactor) -> None:
        super().__init__(logging.ERROR)
        self._client, self._redact = client, redact

    def emit(self, record: logging.LogRecord) -> None:
        extra = dict(getattr(record, "ids", {}))
        if record.exc_text:
            extra["traceback"] = self._redact(record.exc_text)
        self._client.capture_event(
            {
                "level": record.levelname.lower() if record.levelno < logging.CRITICAL else "fatal",
                "logger": record.name,
                "logentry": {"formatted": self._redact(record.getMessage())},
                "extra": extra,
            }
        )

    def close(self) -> None:
        self._client.close(timeout=CLOSE_SECONDS)
        super().close()
