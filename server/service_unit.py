"""The systemd unit that runs the engine without a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAME = "gatedeck.service"
SYSTEM_FOLDER = Path("/etc/systemd/system")
STOP_SECONDS = 5
WATCHDOG_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The command, the settings file if any, the state folder, and for whom the unit is.

    ``system``: for the machine, started at boot; else for the user, whose lingering must be enabled for that.
    """

    command: tuple[str, ...]
    config: Path | None
    state: Path
    system: bool

    def text(self) -> str:
        """Return the unit file."""
        config = [] if self.config is None else ["--config", str(self.config)]
        start = " ".join(_quoted(word) for word in (*self.command, "run", "--headless", *config))
        lines = [
            "[Unit]",
            "Description=gatedeck: options decisions and paper trades from webhooks",
            "Wants=network-online.target",
            "After=network-online.target",
            "StartLimitIntervalSec=300",
            "StartLimitBurst=10",
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={start}",
            f"WatchdogSec={WATCHDOG_SECONDS}",
            "Restart=on-failure",
            "RestartSec=2",
            "KillSignal=SIGTERM",
            # The first start of a new version may upgrade the ledger's tables.
            "TimeoutStartSec=1h",
            f"TimeoutStopSec={STOP_SECONDS + 5}",
            "# Keys of feeds and secrets, one NAME=value a line, readable by their owner alone.",
            f"EnvironmentFile=-{_quoted(str(self.state / 'service.env'))}",
            *self._owner(),
            "UMask=0077",
            "NoNewPrivileges=yes",
            "LockPersonality=yes",
            "RestrictRealtime=yes",
            "RestrictSUIDSGID=yes",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
            "SystemCallArchitectures=native",
            "",
            "[Install]",
            f"WantedBy={'multi-user.target' if self.system else 'default.target'}",
            "",
        ]
        return "\n".join(lines)

    def _owner(self) -> tuple[str, ...]:
        if not self.system:
            return ()
        return (
            "DynamicUser=yes",
            "StateDirectory=gatedeck",
            "StateDirectoryMode=0700",
            "Environment=GATEDECK_STATE_DIR=%S/gatedeck",
            "# A credential is a setting by its own name: webhook_secret, api_token, command_token.",
            "#LoadCredential=webhook_secret:/etc/gatedeck/webhook_secret",
            "ProtectSystem=strict",
            "ProtectHome=read-only",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectControlGroups=yes",
            "MemoryDenyWriteExecute=no",
        )


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: % and $ stand for themselves."""
    word = word.replace("%", "%%").replace("$", "$$")
    if any(c in word for c in " \t\"'\\"):
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word


def unit_path(*, system: bool, home: Path) -> Path:
    """Return where systemd looks for the unit."""
    return SYSTEM_FOLDER / NAME if system else home / ".config" / "systemd" / "user" / NAME
