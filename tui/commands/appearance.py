"""Commands about the display: pause, copy, screenshot, colours, density, number format."""

from __future__ import annotations

from tui.commands.user_command import UserCommand

COMMANDS = (
    UserCommand(
        name="Pause",
        help="Pause or resume the display; the engine keeps running.",
        keys=("p",),
        label="pause",
        action="app.toggle_pause",
        group="Display",
    ),
    UserCommand(
        name="CopyText",
        help="Copy the selected row, or the decision on the card, as text.",
        keys=("c",),
        label="copy",
        action="app.copy(False)",
        group="Display",
    ),
    UserCommand(
        name="CopyJson",
        help="Copy the selected row, or the decision on the card, as JSON.",
        keys=("C",),
        label="copy JSON",
        action="app.copy(True)",
        group="Display",
    ),
    UserCommand(
        name="Screenshot",
        help="Save the screen as an SVG picture in the state folder.",
        keys=("ctrl+s",),
        label="screenshot",
        action="app.save_screenshot",
        group="Display",
    ),
    UserCommand(
        name="NextTheme",
        help="Change the colours: dark, light, high contrast, blue and orange, or the terminal's own 16.",
        label="theme",
        action="app.next_theme",
        group="Display",
    ),
    UserCommand(
        name="Compact",
        help="Switch between more rows and more space around them.",
        keys=("z",),
        label="compact",
        action="app.toggle_compact",
        group="Display",
    ),
    UserCommand(
        name="ChooseColumns",
        help="Choose the columns of the selected list and their order; the choice is kept.",
        keys=("F",),
        label="columns",
        action="app.choose_columns",
        group="Display",
    ),
    UserCommand(
        name="NextNumbers",
        help="Change the number format: 1,234.56 or 1 234,56 or 1.234,56 or 1'234.56 or 1234.56.",
        label="number format",
        action="app.next_number_format",
        group="Display",
    ),
)
