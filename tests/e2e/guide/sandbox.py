"""A folder that stands for the reader's laptop and server, and the shell that runs the pages' commands there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.guide.blocks import ROOT, Block
from tests.e2e.guide.stand_ins import STAND_INS, is_running
from tests.ports import own_port
from tests.server.http.proxies import MAIN, NGINX

REAL = (
    "bash", "caddy", "cat", "chmod", "cp", "df", "env", "grep", "ln", "mkdir", "mv", "openssl", "rm",
)  # fmt: skip
"""Programs that are the machine's own. Any other is not found, so that a block which needs it fails."""
_ABSOLUTE = re.compile(r"(?<![\w.$~/:-])/(etc|opt|root|usr/local|var)(?=[/\s])")
HERE = Path(__file__).parent


@dataclass
class Done:
    """A block that was run."""

    code: int
    out: str


class Sandbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = {"laptop": folder / "laptop", "server": folder / "root"}
        for name in ("bin", "run", "laptop", "root", "usr/local/bin", "etc/systemd/system", "opt", "var/lib"):
            (folder / name).mkdir(parents=True)
        for name in REAL:
            if (found := shutil.which(name)) is not None:
                (folder / "bin" / name).symlink_to(found)
        for name in STAND_INS:
            words = "client.py" if name == "gatedeck" else f"stand_ins.py {name}"
            file = folder / "bin" / name
            file.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {HERE}/{words} "$@"\n')
            file.chmod(0o755)
        for name in ("statement.csv", "2025.csv"):
            shutil.copy(ROOT / "tests/golden/statements/tastytrade.csv", self._home["laptop"] / name)
        self.port, self.http, self.https, self.laptop = (own_port() for _ in range(4))
        domain = "deck.example.com"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", f"/CN={domain}", "-addext", f"subjectAltName=DNS:{domain}",
             "-keyout", "server.key", "-out", "server.crt"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        self._launcher = subprocess.Popen(
            [sys.executable, str(HERE / "launcher.py"), str(folder)],
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "PYTHONUTF8": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "SSL_CERT_FILE": str(folder / "server.crt"),
            },
        )
        while not (folder / "run/launcher").exists():
            assert self._launcher.poll() is None
            time.sleep(0.02)
        for home in self._home.values():
            (home / ".curlrc").write_text(f'resolve = "{domain}:{self.https}:127.0.0.1"\n')

    def run(self, block: Block) -> Done:
        """Run a block as bash does, up to the first command that fails.

        An engine on the laptop that an earlier block started is ended first, as ``q`` would have.
        """
        if "gatedeck run" in block.text:
            self.end_all("engine*")
        elif "127.0.0.1:8787" in block.text and not any(
            is_running(file) for file in (self.folder / "run").glob("engine*.pid")
        ):
            self.run(Block("README", "sh", "gatedeck run"))
        home = self._home[block.place]
        server = block.place == "server"
        environment = {
            "PATH": f"{self.folder}/usr/local/bin:{self.folder}/bin" if server else f"{self.folder}/bin",
            "HOME": str(home),
            "BASH_ENV": str(home / ".profile"),  # what a login shell reads
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "SANDBOX": str(self.folder),
            "GATEDECK_PORT": str(self.port if server else self.laptop),
            "GATEDECK_TRADIER_URL": "http://127.0.0.1:9",  # nobody there: no vendor is asked by a test
            "GATEDECK_TRADIER_STREAM_URL": "ws://127.0.0.1:9",
            "HTTP_PORT": str(self.http),
            "HTTPS_PORT": str(self.https),
            "CHECKOUT": str(ROOT),
            "CURL": str(shutil.which("curl")),
            "NGINX": str(NGINX),
            "NGINX_MAIN": MAIN,
            "SSL_CERT_FILE": str(self.folder / "server.crt"),
        }
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", self.here(block.text)], cwd=home, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout)

    def here(self, text: str) -> str:
        """Commands with the sandbox in place of the machine's folders, and its ports in place of the usual ones."""
        text = _ABSOLUTE.sub(lambda found: f"{self.folder}/{found[1]}", text)
        text = text.replace("https://deck.example.com", f"https://deck.example.com:{self.https}")
        text = text.replace("127.0.0.1:8787", f"127.0.0.1:{self.laptop}")
        return text.replace("…", "a-key")

    def write(self, block: Block) -> None:
        """Write a file that a page shows, if its first line says its name."""
        if (named := re.match(r"# (\w+\.toml)\b", block.text)) is not None:
            (self._home[block.place] / named[1]).write_text(block.text)

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def close(self) -> None:
        self._launcher.kill()
        self._launcher.wait()
        for file in self._home["laptop"].rglob("*.db.lock"):  # an engine in the background
            with suppress(ProcessLookupError, ValueError, IndexError):
                os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
        self.end_all("*")

    def end_all(self, names: str) -> None:
        """End what was started, by the files of its process ids."""
        for file in (self.folder / "run").glob(f"{names}.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGTERM)
                while is_running(file):
                    time.sleep(0.02)
            file.unlink(missing_ok=True)
