"""Programs that a test cannot run, each replaced by one that records its call and does the part that others need.

Started as ``python stand_ins.py NAME ARGUMENTS``. The reasons are in ``STAND_INS``; every other program of the pages
is the real one. Without imports of this project, so that a call takes no time.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

STAND_INS = {
    "adduser": "adds a user to the machine",
    "apt-get": "installs into the machine",
    "certbot": "asks an authority on the internet; here it writes a certificate of the test",
    "chgrp": "needs the user that adduser did not add",
    "chown": "needs the user that adduser did not add",
    "curl": "the real program; a stream, which has no end, is left after a second",
    "gatedeck": "the program itself, by launcher.py: no screen, and the test's folders and names",
    "journalctl": "needs systemd; here it prints what the service wrote",
    "podman": "needs a builder and a base image; test_containerfile.py runs the steps of the file",
    "nginx": "the real program, on the folders and ports of the test",
    "pip": "installs into the machine",
    "pipx": "installs into the machine; here it puts the stand-in of uv where pipx would put uv",
    "scp": "needs a second machine; here it copies between folders",
    "ssh": "needs a second machine; here it runs the command on this one",
    "systemctl": "needs systemd; here it starts and stops the command of the unit, with its environment",
    "ufw": "changes the machine's firewall",
    "uv": "build and tool install are run for real by the slow test; uv run starts the program as it lies here",
}

SANDBOX = Path(os.environ.get("SANDBOX", "/nowhere"))
RUN = SANDBOX / "run"
PORT = os.environ.get("GATEDECK_PORT", "0")


def adduser(*words: str) -> None: ...
def chgrp(*words: str) -> None: ...
def chown(*words: str) -> None: ...
def pip(*words: str) -> None: ...
def ufw(*words: str) -> None: ...


def apt_get(*words: str) -> None:
    """Make the folders that the packages bring."""
    for package, folders in {
        "nginx": ("etc/nginx/sites-available", "etc/nginx/sites-enabled", "var/log/nginx", "var/www/html"),
        "caddy": ("etc/caddy",),
    }.items():
        if package in words:
            for folder in folders:
                (SANDBOX / folder).mkdir(parents=True, exist_ok=True)


def pipx(*words: str) -> None:
    if words == ("install", "uv"):
        target = Path.home() / ".local/bin/uv"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(SANDBOX / "bin/uv")


def uv(*words: str) -> None:
    if words[:2] == ("build", "--wheel"):
        Path("dist").mkdir()
        Path("dist/gatedeck-0.1.0-py3-none-any.whl").touch()
    elif words[:2] == ("tool", "install"):
        assert Path(words[-1]).name.startswith("gatedeck-") and Path(words[-1]).is_file(), words
        assert words[words.index("--python") + 1] == "/usr/bin/python3", words
        folder = Path(os.environ["UV_TOOL_BIN_DIR"])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(SANDBOX / "bin/gatedeck", folder / "gatedeck")
    elif words[:1] == ("run",) and words[1] == "gatedeck":
        os.execv(SANDBOX / "bin/gatedeck", words[1:])
    else:
        # The tests themselves; each other command fails here.
        assert words == ("run", "pytest"), words


def scp(*words: str) -> None:
    def local(word: str) -> Path:
        host, colon, path = word.rpartition(":")
        if not colon:
            return Path(word)
        machine = SANDBOX / "new" if "new." in host else SANDBOX
        return machine / path.lstrip("/") if path.startswith("/") else machine / "root" / path

    *sources, target = [local(word) for word in words if not word.startswith("-")]
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, target / source.name, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def curl(*words: str) -> None:
    stream = any("/api/stream" in word for word in words)
    limit = ["--max-time", "1"] if stream else []
    done = subprocess.run([os.environ["CURL"], *limit, *words], check=False).returncode
    raise SystemExit(0 if stream and done == 28 else done)


def podman(*words: str) -> None:
    if words[0] == "build":
        file = Path(os.environ["CHECKOUT"]) / words[words.index("--file") + 1]
        assert file.read_text().startswith("# gatedeck"), words


def ssh(*words: str) -> None:
    raise SystemExit(subprocess.run(words[1:], check=False).returncode)


def certbot(*words: str) -> None:
    domain = words[words.index("--domain") + 1]
    folder = SANDBOX / "etc/letsencrypt/live" / domain
    folder.mkdir(parents=True)
    for made, name in (("server.crt", "fullchain.pem"), ("server.key", "privkey.pem")):
        shutil.copy(SANDBOX / made, folder / name)


def nginx(*words: str) -> None:
    sites = "\n".join(file.read_text() for file in (SANDBOX / "etc/nginx/sites-enabled").iterdir())
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{os.environ['HTTP_PORT']};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{os.environ['HTTPS_PORT']} ssl;"),
        ("/etc/letsencrypt", f"{SANDBOX}/etc/letsencrypt"),
        ("/var/", f"{SANDBOX}/var/"),
    ):
        assert old in sites, old
        sites = sites.replace(old, new)
    folder = SANDBOX / "run"
    main = folder / "nginx.conf"
    main.write_text(os.environ["NGINX_MAIN"].format(folder=folder, sites=sites))
    program = [os.environ["NGINX"], "-p", str(folder), "-c", str(main)]
    if words == ("-t",):
        raise SystemExit(subprocess.run([*program, "-t"], check=False).returncode)
    _start("nginx", program, os.environ)
    _until_it_listens(int(os.environ["HTTPS_PORT"]))


def journalctl(*words: str) -> None:
    if "--unit" not in words:
        return
    pattern = words[words.index("--grep") + 1] if "--grep" in words else ""
    lines = (RUN / "gatedeck.out").read_text().splitlines()
    print(*(line for line in lines if re.search(pattern, line)), sep="\n")


def systemctl(*words: str) -> None:
    verb, *rest = [word for word in words if not word.startswith("--")]
    unit = rest[0].removesuffix(".service") if rest else ""
    if unit == "nginx" and verb == "reload":
        nginx()
    elif unit == "gatedeck" and verb in ("start", "stop", "restart", "enable", "disable"):
        if verb != "start" and verb != "enable":
            _stop("gatedeck")
        if verb != "stop" and verb != "disable":
            _start_unit(SANDBOX / "etc/systemd/system/gatedeck.service")
    elif unit == "gatedeck" and verb == "status":
        print("active" if _runs("gatedeck") else "inactive")
        raise SystemExit(0 if _runs("gatedeck") else 3)
    else:
        assert verb == "daemon-reload" or (verb, unit) == ("reload", "caddy"), words


def _start_unit(file: Path) -> None:
    """Start the command of a unit as systemd does, and wait until it says that it is ready."""
    entries = [line.partition("=")[::2] for line in file.read_text().splitlines() if "=" in line]
    given = {"PATH": os.environ["PATH"], "HOME": "/", "SANDBOX": str(SANDBOX), "GATEDECK_PORT": PORT}
    notify = RUN / "notify"
    notify.unlink(missing_ok=True)
    given |= {"NOTIFY_SOCKET": str(notify), "JOURNAL_STREAM": "1:1"}
    for name, value in entries:
        if name == "Environment":
            variable, _, text = value.partition("=")
            given[variable] = text.replace("%S", f"{SANDBOX}/var/lib")
        if name == "StateDirectory":
            (SANDBOX / "var/lib" / value).mkdir(parents=True, exist_ok=True)
    (command,) = [shlex.split(value) for name, value in entries if name == "ExecStart"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(notify))
        told.settimeout(30)
        _start("gatedeck", command, given)
        assert b"READY=1" in told.recv(4096)


def _start(name: str, command: list[str], environment: dict[str, str] | os._Environ[str]) -> None:
    with (RUN / f"{name}.out").open("ab") as out:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )  # fmt: skip
    (RUN / f"{name}.pid").write_text(str(process.pid))


def _stop(name: str) -> None:
    if not _runs(name):
        return
    begun = time.monotonic()
    os.kill(int((RUN / f"{name}.pid").read_text()), signal.SIGTERM)
    while _runs(name):
        assert time.monotonic() - begun < 10, f"{name} does not stop"
        time.sleep(0.02)


def _runs(name: str) -> bool:
    return is_running(RUN / f"{name}.pid")


def is_running(file: Path) -> bool:
    """Return whether the process of this id is there, and is no zombie."""
    try:
        state = Path(f"/proc/{file.read_text()}/stat").read_text()
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def _until_it_listens(port: int) -> None:
    for _ in range(250):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens: {(RUN / 'nginx.out').read_text()}")


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    with (SANDBOX / "calls").open("a") as calls:
        calls.write(shlex.join([name, *arguments]) + "\n")
    globals()[name.replace("-", "_")](*arguments)
