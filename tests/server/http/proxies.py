"""Real proxies before a listener of the test: nginx and Caddy, each in a folder and on ports of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import own_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CADDY = shutil.which("caddy")

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: nginx-light)")
needs_caddy = pytest.mark.skipif(CADDY is None, reason="caddy is not installed (Debian: caddy)")

MAIN = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {sites}
}}
"""
SITE = """server {{ listen 127.0.0.1:{port} {tls}; {lines}
    location / {{ proxy_pass http://127.0.0.1:{back}; {headers} }} }}"""


@contextmanager
def process_on(port: int, words: Sequence[str], log: Path, more: Mapping[str, str]) -> Iterator[None]:
    """Run a program until the block ends; enter the block once it listens on the port."""
    with log.open("wb") as out, subprocess.Popen(words, stdout=out, stderr=out, env=os.environ | more) as run:
        try:
            for _ in range(250):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert run.poll() is None, log.read_text()
                time.sleep(0.02)
            yield
        finally:
            run.terminate()


@contextmanager
def nginx_of(folder: Path, port: int, sites: str) -> Iterator[None]:
    """Run nginx with these sites; ``port`` is one that they listen on."""
    assert NGINX is not None
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, sites=sites))
    with process_on(port, [NGINX, "-p", str(folder), "-c", str(main)], folder / "nginx.out", {}):
        yield


@contextmanager
def nginx_before(
    folder: Path, back: int, *, headers: str = "", tls: bool = False, lines: str = ""
) -> Iterator[int]:
    """Run nginx before the listener at ``back`` and yield its port."""
    port = own_port()
    site = SITE.format(port=port, back=back, headers=headers, tls="ssl" if tls else "", lines=lines)
    with nginx_of(folder, port, site):
        yield port


@contextmanager
def caddy_of(folder: Path, port: int, site: str) -> Iterator[None]:
    """Run Caddy with a Caddyfile that listens on ``port``; what it logs is in caddy.out."""
    assert CADDY is not None
    file = folder / "Caddyfile"
    file.write_text(site)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    words = [CADDY, "run", "--config", str(file), "--adapter", "caddyfile"]
    with process_on(port, words, folder / "caddy.out", home):
        yield
