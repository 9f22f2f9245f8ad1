"""`gatedeck service`: print, write or remove the systemd unit that runs the engine without a terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from server.config import PREFIX, ConfigError, default_config_path, load_settings
from server.service_unit import NAME, Unit, unit_path


def unit_of(*, system: bool, config: Path | None) -> Unit:
    """Return the unit for this installation, with the settings file that is named or lies in its usual place."""
    settings = load_settings({}, config)
    file = Path(config or os.environ.get(f"{PREFIX}CONFIG") or default_config_path()).expanduser()
    executable = shutil.which(sys.argv[0]) or sys.argv[0]
    return Unit(
        command=(str(Path(executable).resolve()),),
        config=file.resolve() if file.is_file() else None,
        state=settings.state_dir,
        system=system,
    )


def show(*, system: bool, config: Path | None) -> int:
    """Print the unit."""
    print(unit_of(system=system, config=config).text(), end="")
    return 0


def install(*, system: bool, config: Path | None) -> int:
    """Write the unit and tell systemd; without systemd say what to do by hand. Raises ConfigError."""
    path = unit_path(system=system, home=Path.home())
    text = unit_of(system=system, config=config).text()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"service: {path} cannot be written: {error.strerror}") from None
    print(f"{path} written")
    for words in (("daemon-reload",), ("enable", "--now", NAME)):
        if not _systemctl(*words, system=system):
            flag = "" if system else " --user"
            print(f"gatedeck: run it where systemd runs: systemctl{flag} {' '.join(words)}", file=sys.stderr)
            return 1
    if not system:
        print("it starts when you log in; from boot on after: loginctl enable-linger")
    return 0


def uninstall(*, system: bool) -> int:
    """Stop the service and remove its unit; the ledger stays."""
    path = unit_path(system=system, home=Path.home())
    if not path.exists():
        print(f"gatedeck: {path} is not there", file=sys.stderr)
        return 1
    _systemctl("disable", "--now", NAME, system=system)
    path.unlink()
    _systemctl("daemon-reload", system=system)
    print(f"{path} removed; the ledger and the settings stay")
    return 0


def status(*, system: bool) -> int:
    """Print what systemd says of the service; return 1 when it is not running or there is no systemd."""
    if shutil.which("systemctl") is None:
        print(
            "gatedeck: there is no systemd on this machine; gatedeck status asks the engine itself",
            file=sys.stderr,
        )
        return 1
    words = ["systemctl", *(() if system else ("--user",)), "--no-pager", "status", NAME]
    return 0 if subprocess.run(words, check=False).returncode == 0 else 1


def _systemctl(*words: str, system: bool) -> bool:
    """Run systemctl; return False where it is missing or refuses."""
    if shutil.which("systemctl") is None:
        return False
    done = subprocess.run(
        ["systemctl", *(() if system else ("--user",)), *words], check=False, capture_output=True, text=True
    )
    if done.returncode:
        print(f"gatedeck: systemctl {' '.join(words)}: {done.stderr.strip()}", file=sys.stderr)
    return done.returncode == 0
