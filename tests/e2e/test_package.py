"""The package: its page, and the program as installed from a wheel, without the checkout."""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from server.deploy.package_page import page_text, repository

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "https://forge.example/someone/gatedeck"


@pytest.mark.parametrize(
    ("urls", "environ", "address"),
    [
        ({"Repository": f"{ADDRESS}.git"}, {}, ADDRESS),
        ({"Repository": f"{ADDRESS}/"}, {"GITHUB_REPOSITORY": "a/b"}, ADDRESS),
        (
            {},
            {"GITHUB_REPOSITORY": "a/b", "GITHUB_SERVER_URL": "https://git.example"},
            "https://git.example/a/b",
        ),
        ({"Documentation": ADDRESS}, {}, None),
    ],
)
def test_the_repositorys_address(urls: dict[str, str], environ: dict[str, str], address: str | None) -> None:
    assert repository(urls, environ) == address


def test_every_link_of_the_page_is_absolute() -> None:
    text = page_text(README, ADDRESS)
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links and all(link.startswith(("https://", "#")) for link in links), links
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert len(pictures) >= 6 and all(link.startswith(f"{ADDRESS}/raw/HEAD/tui/assets/") for link in pictures)
    assert f"{ADDRESS}/blob/HEAD/tui/guide/architecture.md" in links
    assert page_text(README, None) == README


def run(*words: str | Path, **variables: str) -> str:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GATEDECK_", "PYTHONPATH"))
    }
    done = subprocess.run(
        [str(word) for word in words], env=kept | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_wheel_installs_into_a_new_environment_and_runs(tmp_path: Path) -> None:
    run(
        "uv", "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT, GITHUB_REPOSITORY="someone/gatedeck"
    )
    (wheel,) = tmp_path.glob("gatedeck-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        page = email.message_from_bytes(opened.read(name))
    assert page["Description-Content-Type"] == "text/markdown"
    assert "https://github.com/someone/gatedeck/raw/HEAD/tui/assets/live.svg" in page.get_payload()
    environment = tmp_path / "environment"
    run("uv", "venv", "--quiet", "--python", sys.executable, environment)
    run("uv", "pip", "install", "--quiet", "--python", environment, wheel)
    program = environment / "bin" / "gatedeck"
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(program, "--version", **home).strip() == f"gatedeck {version}"
    told = json.loads(
        run(program, "demo", "--headless", "--speed", "max", "--seconds", "10", "--json", **home)
    )
    assert sum(told["decisions"].values()) > 0
    assert "accepted" in run(program, "send", "--check", **home)
