"""The ``gatedeck`` command: composes the rooms; a screen is imported only when one is shown."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from server.config import ConfigError
from tui.cli import control_options as cli_acting
from tui.cli.options import (
    Author,
    ClockStart,
    Config,
    Db,
    Headless,
    Host,
    JsonLine,
    LowBandwidth,
    NoMouse,
    Port,
    Refresh,
    RulesFile,
    ThemeName,
    Url,
    Version,
)

app = typer.Typer(
    name="gatedeck",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; mistakes end with one line on standard error and exit code 2."""
    from core.rules import RulesError

    try:
        app()
    except (ConfigError, RulesError) as error:
        fail(str(error))
    except Exception as error:
        from server.ledger.base import LedgerError

        if not isinstance(error, LedgerError):
            raise
        fail(str(error))


def fail(text: str) -> None:
    print(f"gatedeck: {text}", file=sys.stderr)
    sys.exit(2)


@app.callback()
def gatedeck(
    version: Version = False,
) -> None:
    """The terminal deck of an options trader: webhooks in, decisions you can see through, paper trades."""


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="The same seed gives the same market, signals and trades.")] = 7,
    speed: Annotated[str, typer.Option(help="Virtual seconds a second, or max.")] = "60",
    seconds: Annotated[
        float | None, typer.Option(help="End after so many seconds × speed of virtual time.")
    ] = None,
    headless: Headless = False,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON with the outcome.")] = False,
    db: Db = None,
    port: Port = None,
    rules: RulesFile = None,
    clock: ClockStart = None,
    refresh: Refresh = None,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    theme: ThemeName = None,
) -> None:
    """Watch a simulated market and real webhooks go through the whole of it; nothing is kept unless --db."""
    from tui.cli import run as composing

    flags = {
        "db": db,
        "port": 0 if port is None else port,
        "rules": rules,
        "clock": clock,
        "refresh_hz": refresh,
    }
    raise typer.Exit(
        composing.demo(
            flags,
            _display(no_mouse, low_bandwidth, theme),
            seed=seed,
            speed=_speed(speed),
            seconds=seconds,
            headless=headless,
            json=json,
        )
    )


@app.command()
def run(
    headless: Headless = False,
    host: Host = None,
    port: Port = None,
    db: Db = None,
    rules: RulesFile = None,
    config: Config = None,
    clock: ClockStart = None,
    refresh: Refresh = None,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    theme: ThemeName = None,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Go on without a screen when the terminal goes away.")
    ] = False,
) -> None:
    """Listen for webhooks, decide, trade on paper, and show the deck."""
    from tui.cli import run as composing

    flags: dict[str, Any] = {
        "host": host, "port": port, "db": db, "rules": rules, "clock": clock, "refresh_hz": refresh,
        "headless": headless or None,
    }  # fmt: skip
    display = _display(no_mouse, low_bandwidth, theme)
    raise typer.Exit(composing.run(flags, config, display, keep_running=keep_running))


@app.command()
def send(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Sources to sample (signals, saty-phase, trend, ultimate-options, strat), or files."
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The running gatedeck; default http://127.0.0.1:8787.")
    ] = None,
    symbol: Annotated[str, typer.Option(help="Symbol of the samples.")] = "SPY",
    price: Annotated[float, typer.Option(help="Price that the samples state.")] = 660.0,
    short: Annotated[bool, typer.Option("--short", help="Samples that propose SHORT.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON: the answers.")] = False,
    config: Config = None,
) -> None:
    """Post a sample of every source (or those named, or files) to a running gatedeck and show its answers."""
    from tui.cli.send import send as post

    raise typer.Exit(
        post(what or [], url=url, symbol=symbol, price=price, short=short, as_json=json, config=config)
    )


cli_acting.register(app)


@app.command()
def replay(
    source: Annotated[Path, typer.Argument(help="A ledger, or receipts as jsonl (received_at, body).")],
    prices: Annotated[
        list[str] | None,
        typer.Option("--prices", help="Bars as csv, SYMBOL=FILE or FILE, or a ledger; may be repeated."),
    ] = None,
    rules: RulesFile = None,
    db: Annotated[str | None, typer.Option("--db", help="New ledger for the outcome.")] = None,
    json: JsonLine = False,
) -> None:
    """Feed a ledger's journal, or receipts and prices, through the same engine in virtual time.

    A ledger replays to itself: exit code 1 and the differences when it does not.
    """
    from tui.cli import replay as replaying

    raise typer.Exit(replaying.replay(source, prices=prices or [], rules=rules, db=db, as_json=json))


@app.command()
def verify(
    db: Db = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write the derived tables anew from the journal.")
    ] = False,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Follow the ledger's hash chain and fold its journal anew; exit code 1 when something does not hold."""
    from tui.cli import replay as replaying

    raise typer.Exit(replaying.verify(db=db, config=config, rebuild=rebuild, as_json=json))


@app.command()
def report(
    window: Annotated[str, typer.Option("--window", help="30, 60 or 90 days back, or all.")] = "all",
    cut: Annotated[
        str | None,
        typer.Option("--cut", help="Only this cut, as setup, symbol, timeframe, weekday; all without."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page that needs nothing else, instead of text.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Date or time to look back from; now, without.")
    ] = None,
    include_stale: Annotated[
        bool, typer.Option("--include-stale", help="Count trades filled on a stale price too.")
    ] = False,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Measure the closed trades of a ledger: metrics with their uncertainty, P&L by Greek, curves and cuts."""
    from tui.cli import report as reporting

    raise typer.Exit(
        reporting.report(
            window=window, cut=cut, as_of=as_of, html=html, include_stale=include_stale, as_json=json, db=db,
            config=config,
        )
    )  # fmt: skip


@app.command()
def export(
    what: Annotated[
        str, typer.Option("--what", help="decisions, trades, receipts, ledger or marks.")
    ] = "trades",
    form: Annotated[str, typer.Option("--format", help="csv, jsonl or parquet.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output without.")] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Write a list of the ledger, oldest first, as csv, jsonl or parquet."""
    from tui.cli import export as exporting

    raise typer.Exit(exporting.export(what, form=form, out=out, db=db, config=config))


rules_app = typer.Typer(
    no_args_is_help=True, help="Rules in force, versions, files, and your word on suggestions."
)
app.add_typer(rules_app, name="rules")


@rules_app.command("show")
def rules_show(
    versions: Annotated[
        bool, typer.Option("--versions", help="Every version: author, time, what changed.")
    ] = False,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Print the rules in force in a ledger as TOML, or all of its versions."""
    from tui.cli import rules as ruling

    raise typer.Exit(ruling.show(db=db, config=config, versions=versions, as_json=json))


@rules_app.command("check")
def rules_check(file: Path) -> None:
    """Read a rules file and say what is wrong with it, or its fingerprint."""
    from tui.cli import rules as ruling

    raise typer.Exit(ruling.check(file))


@rules_app.command("diff")
def rules_diff(file: Path, other: Annotated[Path | None, typer.Argument()] = None) -> None:
    """What differs between two rules files, or between the defaults and one; exit code 1 when anything does."""
    from tui.cli import rules as ruling

    raise typer.Exit(ruling.diff(file, other))


@rules_app.command("approve")
def rules_approve(
    suggestion: str, url: Url = None, author: Author = None, json: JsonLine = False, config: Config = None
) -> None:
    """Put a suggestion of the running engine in force as a new rules version."""
    from tui.cli import client as asking

    path = f"/api/suggestions/{suggestion}/approve"
    raise typer.Exit(asking.ask(path, url=url, author=author, config=config, as_json=json))


@rules_app.command("reject")
def rules_reject(
    suggestion: str, url: Url = None, author: Author = None, json: JsonLine = False, config: Config = None
) -> None:
    """Turn a suggestion of the running engine down; it is not offered again."""
    from tui.cli import client as asking

    path = f"/api/suggestions/{suggestion}/reject"
    raise typer.Exit(asking.ask(path, url=url, author=author, config=config, as_json=json))


@rules_app.command("rollback")
def rules_rollback(
    fingerprint: str, url: Url = None, author: Author = None, json: JsonLine = False, config: Config = None
) -> None:
    """Put an earlier rules version of the running engine in force again."""
    from tui.cli import client as asking

    path = f"/api/rules/{fingerprint}/rollback"
    raise typer.Exit(asking.ask(path, url=url, author=author, config=config, as_json=json))


@app.command()
def whatif(
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="A rule to change, as market.max_spread_bps=18; repeat.")
    ] = None,
    rules: RulesFile = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Decide a whole ledger again under other rules: what would change, in decisions and dollars."""
    from tui.cli.whatif import whatif as ask

    raise typer.Exit(ask(changes or [], rules=rules, db=db, config=config, as_json=json))


@app.command()
def tune(
    study: Annotated[str, typer.Option("--study", help="Name; the same name goes on where it ended.")],
    storage: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or postgresql://…, shared by any number of processes.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Finished trials in all, whoever makes them.")] = 200,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="A rule to move, as market.max_spread_bps; repeat.")
    ] = None,
    measure: Annotated[str, typer.Option(help="R or usd, the mean of a trade.")] = "R",
    folds: Annotated[int, typer.Option(min=1, help="Walk-forward folds.")] = 4,
    embargo: Annotated[int, typer.Option(min=0, help="Sessions left out before each fold's test.")] = 5,
    least: Annotated[int, typer.Option(min=0, help="Trades under which a set of rules is penalised.")] = 30,
    penalty: Annotated[float | None, typer.Option(help="What no trades at all cost.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the sampler of this process.")] = None,
    grace: Annotated[int, typer.Option(min=2, help="Seconds until a silent process is taken for dead.")] = 60,
    rules: RulesFile = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Search for better rules on the ledger's past; the winner is a suggestion and changes nothing."""
    from tui.cli import tune as tuning

    raise typer.Exit(
        tuning.tune(
            study=study, storage=storage, trials=trials, paths=rule or [], measure=measure, folds=folds,
            embargo=embargo, least=least, penalty=penalty, seed=seed, grace=grace, rules=rules, db=db,
            config=config, as_json=json,
        )
    )  # fmt: skip


def _guide_topics() -> list[str]:
    from tui.cli.guide import topic_names

    return topic_names()


@app.command()
def guide(
    topic: Annotated[
        str | None, typer.Argument(help="A topic; without it, the list.", autocompletion=_guide_topics)
    ] = None,
) -> None:
    """Read about gatedeck: architecture, glossary, rules, keys."""
    from tui.cli.guide import guide as show_guide

    raise typer.Exit(show_guide(topic))


def _display(no_mouse: bool, low_bandwidth: bool, theme: str | None) -> Any:
    """How the deck is to be shown; Textual reads the environment when imported, so that comes first."""
    from tui.supervisor import THEMES, Display
    from tui.textual_patches.environment import set_textual_environment

    if theme is not None and theme not in THEMES:
        raise ConfigError(f"theme: {theme!r} is none of {', '.join(THEMES)}")
    set_textual_environment(low_bandwidth=low_bandwidth)
    return Display(mouse=not no_mouse, low_bandwidth=low_bandwidth, theme=theme)


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(f"speed: {text!r} is neither a positive number nor max")
    return value
