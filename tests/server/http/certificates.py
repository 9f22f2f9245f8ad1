"""Certificates made for one test run by openssl: an authority, a server, and clients of several subjects."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TRADINGVIEW = "/C=US/ST=Ohio/L=Westerville/O=TradingView, Inc./CN=TradingView Webhooks"
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
CLIENTS = {
    "tradingview": TRADINGVIEW,
    "other": "/C=US/O=TradingView, Inc./CN=Somebody Else",
    "namesake": "/O=Another, Inc./CN=TradingView Webhooks",
}


def make_certificates(folder: Path) -> None:
    """Write ca.crt, server.crt, one file for each of CLIENTS, and forged.crt of an authority nobody trusts."""
    for authority in ("ca", "stranger"):
        _openssl(
            folder, "req", "-x509", *_new_key(authority), "-subj", f"/CN={authority}", "-days", "2",
            "-out", f"{authority}.crt",
        )  # fmt: skip
    _issue(folder, "server", "/CN=localhost", "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name, subject in CLIENTS.items():
        _issue(folder, name, subject, "ca", "extendedKeyUsage=clientAuth")
    _issue(folder, "forged", TRADINGVIEW, "stranger", "extendedKeyUsage=clientAuth")


def _new_key(name: str) -> tuple[str, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"


def _issue(folder: Path, name: str, subject: str, authority: str, extension: str) -> None:
    (folder / "extensions").write_text(extension)
    _openssl(folder, "req", *_new_key(name), "-subj", subject, "-out", f"{name}.csr")
    _openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
        "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", f"{name}.crt",
    )  # fmt: skip


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
