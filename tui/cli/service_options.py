"""Options of `gatedeck status`, `gatedeck risk`, `gatedeck doctor` and `gatedeck service`."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli.options import Config, JsonLine, Url

System = Annotated[bool, typer.Option("--system", help="For the machine, as root; without it for your user.")]

service = typer.Typer(
    help="Run the engine without a terminal, by systemd.", no_args_is_help=True, rich_markup_mode=None
)


def status(url: Url = None, json: JsonLine = False, config: Config = None) -> None:
    """Show the running engine on one screen.

    The exit code is 1 if no engine answers and 3 if it has an alarm or takes no webhooks.
    """
    from tui.cli import status as status_command

    raise typer.Exit(status_command.status(url=url, config=config, as_json=json))


def risk(url: Url = None, json: JsonLine = False, config: Config = None) -> None:
    """Show what is used of each limit: Greeks, premium, positions, the day's loss, losses in a row."""
    from tui.cli import risk as risk_command

    raise typer.Exit(risk_command.risk(url=url, config=config, as_json=json))


def doctor(url: Url = None, json: JsonLine = False, config: Config = None) -> None:
    """Check all that a day of trading needs, each line with its cure; changes nothing.

    The exit code is 1 if something is wrong.
    """
    from tui.cli import doctor as doctor_command

    raise typer.Exit(doctor_command.doctor(config=config, url=url, as_json=json))


@service.command("print")
def print_unit(system: System = False, config: Config = None) -> None:
    """Print the unit file."""
    from tui.cli import service as service_command

    raise typer.Exit(service_command.show(system=system, config=config))


@service.command()
def install(system: System = False, config: Config = None) -> None:
    """Write the unit, enable it and start it."""
    from tui.cli import service as service_command

    raise typer.Exit(service_command.install(system=system, config=config))


@service.command()
def uninstall(system: System = False) -> None:
    """Stop the service and remove its unit; the ledger stays."""
    from tui.cli import service as service_command

    raise typer.Exit(service_command.uninstall(system=system))


@service.command("status")
def service_status(system: System = False) -> None:
    """Show what systemd says of the service."""
    from tui.cli import service as service_command

    raise typer.Exit(service_command.status(system=system))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(risk)
    app.command()(doctor)
    app.add_typer(service, name="service")
