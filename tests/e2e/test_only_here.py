"""Each row of the README's table "Only here": its command is run, and its output says what the row claims.

The default run takes a ledger of twelve minutes and leaves out the commands that start processes or a long demo; the
slow one runs every command as it is written.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = README.partition("<!-- only here")[2].partition("<!-- end of only here")[0]
LEDGER = "demo.db"
AT_LEAST = 12
SHORTER = ("T15:30-05:00 --seconds 60", "T15:54-05:00 --seconds 12")
"""What the default run changes of the command that makes the ledger: it is still of two sessions."""


@dataclass(frozen=True)
class Claim:
    name: str
    command: str


def claims() -> list[Claim]:
    rows = re.findall(r"(?m)^\| \*\*(.+?)\.\*\* .+ \| `(.+)` \|$", TABLE)
    return [Claim(name, command.replace(r"\|", "|")) for name, command in rows]


CLAIMS = {claim.name: claim for claim in claims()}


def said(name: str, out: str) -> str:
    """The value of a line of ``name  value``."""
    found = re.search(rf"(?m)^{name} {{2,}}(.+)$", out)
    assert found, out
    return found[1]


def durable(out: str) -> None:
    assert int(said("answered 200", out)) >= 100 and int(said("posted", out)) == 200
    assert int(said("on disk after it", out)) >= int(said("answered 200", out))
    assert said("missing", out) == said("opened twice", out) == "0"
    assert int(said("positions resumed", out)) > 0


def refused_with_the_field(out: str) -> None:
    assert "refused PLACEHOLDER: price: the placeholder {{close}}" in out


def an_exit(out: str) -> None:
    assert "accepted: TRADINGVIEW_SIGNAL SPY EXIT" in out and 'read as EXIT: market_position: "flat"' in out


def corpus(out: str) -> None:
    total, accepted, refused = map(int, re.findall(r"\d+", out.splitlines()[0]))
    assert total == 245 == accepted + refused and accepted > refused > 0
    assert "NO_SYMBOL, such as symbol: missing" in out


def nothing_commands(out: str) -> None:
    assert int(out.split(" bodies")[0].replace(",", "")) > 2000
    assert re.search(r"that could command a terminal, in all that was read: 0$", out.strip())


def silence(out: str) -> None:
    assert int(said("quiet senders", out)) >= 1
    for silent, usual in re.findall(r"TRADINGVIEW_SIGNAL \w+ for (\d+) min, usually every (\d+) min", out):
        assert int(silent) >= 3 * int(usual)
    assert "usually every" in out


def same_again(out: str) -> None:
    counts = [int(count) for count in re.findall(r"\d+", said("decisions", out))]
    assert min(counts) > 0 and said("identical", out) == "yes" and said("differing", out) == "0"


def gates_judged(out: str) -> None:
    assert all(f"{gate} gate" in out for gate in ("Regime", "Structural", "Market"))
    assert re.search(r"saved +\$[\d,.]+", out) and re.search(r"cost +\$[\d,.]+", out)
    assert re.search(r"won +[\d.]+ %\*? +(no interval: |[\d.]+ % to [\d.]+ %)", out)


def spent_over_the_year(out: str) -> None:
    assert "is false, however often one looks: 8 %" in out
    limits = [float(text) for text in re.findall(r"q (?:≤|under) (\S+)", out)]
    assert len(limits) >= 4 and limits == sorted(limits) and limits[0] < limits[-1] / 1000


def in_dollars(out: str) -> None:
    assert "min_confidence: 50.0 → 40.0" in out and "account dollars, whole contracts" in out
    assert re.search(r"whole ledger: \d+ decisions, [1-9]\d* change", out) and "difference" in out


def rebuilt(out: str) -> None:
    assert said("ok", out) == "yes" and said("differing", out) == "0" and int(said("taken over", out)) > 100


def adds_up(out: str) -> None:
    told = json.loads(out.splitlines()[-1])
    assert told["trades_closed"] > 0 and told["attribution_error_max"] < 1e-12


def three_fills(out: str) -> None:
    bands = re.findall(r"mid (\S+) · exp (\S+) · far (\S+)", out)
    assert bands and "unexplained" in out
    for ends in bands:
        mid, expected, far = (float(end.replace(",", "")) for end in ends)
        assert mid >= expected >= far


def read_through_a_vendor(out: str) -> None:
    assert sum(map(int, re.findall(r"\d+", said("decisions", out)))) > 0


CHECKS: dict[str, Callable[[str], None]] = {
    "Durable receipt": durable,
    "Quarantine with the field": refused_with_the_field,
    "One meaning": an_exit,
    "Field corpus": corpus,
    "Injection corpus": nothing_commands,
    "Silence alarm": silence,
    "Every decision can be made again": same_again,
    "Shadow trades": gates_judged,
    "Advice at any look": spent_over_the_year,
    "What-if in dollars": in_dollars,
    "Rebuild from the journal": rebuilt,
    "Exact attribution": adds_up,
    "Execution band": three_fills,
    "A vendor without a key": read_through_a_vendor,
}
ENDS_WITH_1 = {"Quarantine with the field", "Field corpus"}
"""Commands whose exit code says that a body was refused."""
SLOW = {
    "Durable receipt", "Silence alarm", "Injection corpus", "Exact attribution", "A vendor without a key",
}  # fmt: skip
"""Left out by the default run, where others test the same: test_kill, test_injection, test_attribution and so on."""


def run(command: str, capfd: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run ``gatedeck …``, or ``echo … | gatedeck …``, in this process; its exit code and standard output."""
    text, _, after = command.rpartition(" | ")
    if text:
        Path("body.json").write_text(shlex.split(text)[1] + "\n")
        after = f"{after.removesuffix(' -')} body.json"
    patch.setattr(sys, "argv", shlex.split(after))
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capfd.readouterr().out


@pytest.fixture(
    scope="module",
    params=["quick", pytest.param("whole", marks=pytest.mark.slow)],
)
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the ledger that the README's command makes."""
    made = re.search(rf"`(gatedeck demo [^`]+--db {LEDGER})`", README)
    assert made, "README says how to make the ledger"
    folder = tmp_path_factory.mktemp("only-here")
    words = shlex.split(made[1].replace(*SHORTER) if request.param == "quick" else made[1])
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    yield folder


def test_there_are_twelve_rows_and_each_is_checked() -> None:
    lines = [line for line in TABLE.splitlines() if line.startswith("| **")]
    assert len(lines) == len(CLAIMS) >= AT_LEAST
    assert set(CHECKS) == set(CLAIMS)


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if LEDGER in claim.command])
def test_a_command_on_the_demos_ledger_shows_the_claim(
    name: str,
    ledger: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for file in ledger.glob(f"{LEDGER}*"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    code, out = run(CLAIMS[name].command, capfd, monkeypatch)
    assert code == 0, out
    CHECKS[name](out)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
        for name, claim in CLAIMS.items()
        if LEDGER not in claim.command
    ],
)
def test_a_command_shows_the_claim(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    code, out = run(CLAIMS[name].command, capfd, monkeypatch)
    assert code == (1 if name in ENDS_WITH_1 else 0), out
    CHECKS[name](out)
