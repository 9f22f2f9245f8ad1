"""The image file without a builder: its files, its user, its start, its health check and its stop."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.ports import own_port

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "server/deploy/Containerfile"
STOPS_WITHIN = 5.0


class Step(NamedTuple):
    word: str
    text: str


def stages() -> list[list[Step]]:
    """The steps of each stage, the one that is shipped last."""
    found: list[list[Step]] = []
    for line in FILE.read_text().splitlines():
        if line and not line.startswith("#"):
            word, text = line.split(" ", 1)
            if word == "FROM":
                found.append([])
            found[-1].append(Step(word, text))
    return found


BUILD, SHIPPED = stages()


def of(steps: list[Step], word: str) -> list[str]:
    return [step.text for step in steps if step.word == word]


def one(word: str) -> str:
    (text,) = of(SHIPPED, word)
    return text


def environment() -> dict[str, str]:
    pairs = (pair for text in of(SHIPPED, "ENV") for pair in shlex.split(text))
    return dict(pair.split("=", 1) for pair in pairs)


def copied(steps: list[Step]) -> list[str]:
    return [
        word for text in of(steps, "COPY") if not text.startswith("--from") for word in shlex.split(text)[:-1]
    ]


def test_everything_that_the_build_needs_is_copied_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build = project["tool"]["hatch"]
    needed = {
        "pyproject.toml", "README.md",
        *project["project"]["license-files"],
        *build["build"]["targets"]["wheel"]["packages"],
    }  # fmt: skip
    hook = Path(build["metadata"]["hooks"]["custom"]["path"])
    assert (ROOT / hook).is_file() and hook.parts[0] in needed
    assert set(copied(BUILD)) == needed and all((ROOT / name).exists() for name in needed)
    assert copied(SHIPPED) == []
    (extras,) = of(BUILD, "ARG")
    assert set(extras.removeprefix("EXTRAS=").split(",")) <= set(project["project"]["optional-dependencies"])


def test_it_runs_as_a_user_of_its_own_with_its_state_in_the_volume() -> None:
    (added,) = [text for text in of(SHIPPED, "RUN") if text.startswith("useradd ")]
    made = next(text for text in of(SHIPPED, "RUN") if text.startswith("install "))
    assert one("USER") == added.split()[-1] != "root"
    assert one("VOLUME") == environment()["GATEDECK_STATE_DIR"] == made.split()[-1]
    assert f"--owner {one('USER')} " in made
    order = [step.word for step in SHIPPED]
    assert order.index("USER") > max(n for n, word in enumerate(order) if word in ("RUN", "COPY"))
    (kept,) = of(SHIPPED, "COPY")
    assert kept == "--from=build /opt/gatedeck /opt/gatedeck" and "/opt/gatedeck/bin" in environment()["PATH"]


class Container:
    """The start command of the image on this machine, its folders in one of the test's."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.state = folder / "state"
        self.port = own_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEDECK_")}
        self.environ = {
            **kept, **environment(), "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.state),
            "GATEDECK_STATE_DIR": str(self.state), "GATEDECK_HOST": "127.0.0.1", "GATEDECK_PORT": str(self.port),
        }  # fmt: skip

    def start(self, **more: str) -> subprocess.Popen[str]:
        words = json.loads(one("ENTRYPOINT")) + json.loads(one("CMD"))
        return subprocess.Popen(
            words, env=self.environ | more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def healthy(self) -> bool:
        options, _, command = one("HEALTHCHECK").partition("CMD ")
        assert "--timeout=5s" in options
        words = [word.replace(one("EXPOSE"), str(self.port)) for word in json.loads(command)]
        return (
            subprocess.run(words, env=self.environ, capture_output=True, timeout=5, check=False).returncode
            == 0
        )

    def runs_and_stops(self) -> None:
        assert not self.healthy()
        process = self.start(GATEDECK_WEBHOOK_SECRET="hush-hush")
        assert process.stdout is not None
        try:
            said = iter(process.stdout)
            assert any("gatedeck listens on" in line for line in said)
            assert self.healthy()
            begun = time.monotonic()
            process.send_signal(getattr(signal, one("STOPSIGNAL")))
            assert process.wait(STOPS_WITHIN + 5) == 0 and time.monotonic() - begun < STOPS_WITHIN
            assert "gatedeck stopped: nothing is left open" in "".join(said)
        finally:
            process.kill()
            process.communicate()
        assert (self.state / "gatedeck.db").is_file() and (self.state / "command.token").is_file()
        assert not (self.state / "gatedeck.log").exists(), "the log goes to standard output"


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path, Path(sys.executable).parent)


def test_it_starts_headless_is_healthy_and_stops_within_seconds(container: Container) -> None:
    container.runs_and_stops()


def test_it_does_not_start_without_a_secret(container: Container) -> None:
    process = container.start(GATEDECK_HOST=environment()["GATEDECK_HOST"])
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 2 and "a webhook secret is required" in out


@pytest.mark.slow
def test_its_build_steps_run_and_what_they_make_runs(tmp_path: Path) -> None:
    """The steps of the first stage, by pip and in folders of the test."""
    work = tmp_path / "src"
    work.mkdir()
    for name in copied(BUILD):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, work)
    for text in of(BUILD, "RUN"):
        command = text.replace("/opt/", f"{tmp_path}/opt/").replace("${EXTRAS}", "notify")
        subprocess.run(["sh", "-ec", command], cwd=work, check=True)
    Container(tmp_path, tmp_path / "opt/gatedeck/bin").runs_and_stops()
