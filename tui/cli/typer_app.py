"""The `gatedeck` command and its options. Each command imports its own module when it runs.

Only `demo` and `run` import Textual, and only when they show a screen.
"""

from __future__ import annotations

import math
import sys
from typing import Annotated, Any

import typer

from server.config import ConfigError
from tui.cli import (
    attach_options,
    control_options,
    feeds_options,
    ledger_options,
    rules_options,
    service_options,
)
from tui.cli.options import (
    ClockStart,
    Config,
    Db,
    Headless,
    Host,
    LowBandwidth,
    NoMouse,
    Port,
    Refresh,
    RulesFile,
    ThemeName,
    Url,
    Version,
    display_options,
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
    """Run the command line; a user's mistake prints one line to standard error and exits with code 2."""
    from core.rules import RulesError
    from tui.character_set import prepare_streams

    prepare_streams()
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
    """Print an error and exit with code 2."""
    print(f"gatedeck: {text}", file=sys.stderr)
    sys.exit(2)


@app.callback()
def gatedeck(
    version: Version = False,
) -> None:
    """The terminal deck of an options trader: webhooks in, explained decisions, paper trades."""


@app.command()
def demo(
    seed: Annotated[
        int, typer.Option(help="Seed of the simulation; equal seeds give equal markets, signals and trades.")
    ] = 7,
    speed: Annotated[
        str, typer.Option(help="Simulated seconds per real second, or max for as fast as possible.")
    ] = "60",
    seconds: Annotated[
        float | None,
        typer.Option(
            help="End after this many seconds × speed of simulated time; with speed max, after as many minutes."
        ),
    ] = None,
    feed: Annotated[
        str | None,
        typer.Option(
            help="Read the market as tradier, alpaca or twelvedata, from a local server of its kind."
        ),
    ] = None,
    mute: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="This source (signals, trend and so on) stops sending halfway, to see the alarm of its silence.",
        ),
    ] = None,
    kill: Annotated[
        bool,
        typer.Option(
            "--kill",
            help="Post 200 webhooks to an engine in another process, kill it meanwhile, and count what it kept.",
        ),
    ] = False,
    headless: Headless = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")] = False,
    db: Db = None,
    port: Port = None,
    rules: RulesFile = None,
    clock: ClockStart = None,
    refresh: Refresh = None,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    theme: ThemeName = None,
) -> None:
    """Show the deck on a simulated market. Webhooks are real HTTP requests; nothing is saved without --db."""
    if kill:
        from tui.cli.kill import kill as kill_command

        raise typer.Exit(kill_command(as_json=json))
    from tui.cli import run as run_command

    flags = {
        "db": db,
        "port": 0 if port is None else port,
        "rules": rules,
        "clock": clock,
        "refresh_hz": refresh,
    }
    raise typer.Exit(
        run_command.demo(
            flags,
            display_options(no_mouse, low_bandwidth, theme),
            seed=seed,
            speed=_speed(speed),
            seconds=seconds,
            headless=headless,
            json=json,
            feed=feed,
            mute=mute,
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
    practice: Annotated[
        bool,
        typer.Option(
            "--practice",
            help="Practise in a ledger of its own; the clock is inside a session, and the deck says PRACTICE.",
        ),
    ] = False,
    engine_id: Annotated[
        str | None, typer.Option("--engine-id", help="Name of the engine that the ledger belongs to.")
    ] = None,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach", help="Start the engine in the background; `gatedeck attach` shows its deck."
        ),
    ] = False,
    keep_running: Annotated[
        bool,
        typer.Option(
            "--keep-running", help="Keep the engine running without a screen when the terminal is closed."
        ),
    ] = False,
    ledger_ahead: Annotated[
        bool,
        typer.Option(
            "--ledger-ahead",
            help="Go on from the ledger's last entry although the machine's clock is behind it.",
        ),
    ] = False,
) -> None:
    """Receive webhooks, decide, trade on paper, and show the deck."""
    from tui.cli import run as run_command

    flags: dict[str, Any] = {
        "host": host, "port": port, "db": db, "rules": rules, "clock": clock, "refresh_hz": refresh,
        "headless": headless or None, "engine_id": engine_id,
    }  # fmt: skip
    if detach:
        raise typer.Exit(run_command.detach(flags, config, sys.argv, practice=practice))
    display = display_options(no_mouse, low_bandwidth, theme)
    raise typer.Exit(
        run_command.run(
            flags,
            config,
            display,
            keep_running=keep_running,
            ledger_ahead=ledger_ahead,
            practice=practice,
        )
    )


@app.command()
def send(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Samples (signals, saty-phase, trend, ultimate-options, strat), or files; default every sample. "
            "With --check also - for standard input."
        ),
    ] = None,
    url: Url = None,
    symbol: Annotated[str, typer.Option(help="Symbol of the samples.")] = "SPY",
    price: Annotated[float, typer.Option(help="Price of the underlying in the samples.")] = 660.0,
    short: Annotated[bool, typer.Option("--short", help="Propose SHORT in place of LONG.")] = False,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the bodies instead of posting them.")
    ] = False,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="PLATFORM",
            help="With --print: ready alert bodies of a platform (tradingview) in place of samples.",
        ),
    ] = None,
    check_only: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Say how each body is read, or which field is wrong, without an engine; nothing is posted.",
        ),
    ] = False,
    hostile: Annotated[
        bool,
        typer.Option(
            "--hostile",
            help="With --check: texts that command terminals, in each field of each sample.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the answers as one line of JSON.")] = False,
    config: Config = None,
) -> None:
    """Post sample webhooks, or files, and print the engine's answers."""
    from tui.cli import send as send_command

    if hostile and not check_only:
        raise ConfigError("hostile: give --check with it; hostile bodies are not posted")
    if check_only:
        from tui.cli.check import check

        raise typer.Exit(
            check(what or [], hostile=hostile, symbol=symbol, price=price, short=short, as_json=json)
        )
    if print_only or template is not None:
        raise typer.Exit(
            send_command.print_bodies(what or [], template, symbol=symbol, price=price, short=short)
        )
    raise typer.Exit(
        send_command.send(
            what or [], url=url, symbol=symbol, price=price, short=short, as_json=json, config=config
        )
    )


ledger_options.register(app)
attach_options.register(app)
control_options.register(app)
feeds_options.register(app)
service_options.register(app)
rules_options.register(app)


def _guide_topics() -> list[str]:
    from tui.cli.guide import topic_names

    return topic_names()


@app.command()
def guide(
    topic: Annotated[
        str | None,
        typer.Argument(help="A topic; without it, list the topics.", autocompletion=_guide_topics),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", help="With vps: print a proxy's file instead of the page: nginx or caddy."),
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", help="Domain to write into that file; default deck.example.com.")
    ] = None,
    config: Config = None,
) -> None:
    """Read about gatedeck: a server of your own, operations, architecture, glossary, rules, feeds, keys."""
    from tui.cli.guide import guide as show_guide
    from tui.cli.guide import print_file

    if file is not None or domain is not None:
        raise typer.Exit(print_file(topic, file, domain=domain, config=config))
    raise typer.Exit(show_guide(topic))


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
