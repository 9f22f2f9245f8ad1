"""Everything that gatedeck changes inside Textual: one file per patch, one row of ``PATCHES`` per file.

These files override or read private names of Textual, which may change in any release. That is why
``pyproject.toml`` pins one version of Textual, and why no other file of ``tui`` may use those names. To move to
another version: run ``tests/tui/test_textual_patches.py``, then the tests of ``tests/tui``, then
``tests/benchmarks``. Each row names a test that shows the fault in stock Textual. When that test fails, Textual
has fixed the fault, and the patch can be deleted.
"""

from __future__ import annotations

from typing import NamedTuple

_TESTS = "tests/tui/test_textual_patches.py"


class Patch(NamedTuple):
    """One file of this folder."""

    file: str
    """Name of the file without its ending."""
    private_names: tuple[str, ...]
    """Names of Textual that the file overrides or reads; they are not part of its documented interface."""
    reason: str
    gain: str
    """Effect of the patch, and the benchmark that measures it."""
    obsolete_when_fails: str
    """Test that passes as long as stock Textual has the fault."""


PATCHES = (
    Patch(
        "style_cache_leak",
        ("StylesCache.get_inner_outer",),
        "A cache of two colours refers to the last 1,024 widgets, and so keeps the lines of closed dialogs.",
        "Memory does not grow with dialogs, and a full garbage collection does not visit their lines"
        " (it took 51 to 59 ms in the middle of a paint). bench_deck, row 'event-loop lag, p99 and max'.",
        f"{_TESTS}::test_stock_style_cache_keeps_a_removed_widget",
    ),
    Patch(
        "single_layout",
        ("Screen._screen_resized", "Screen._compositor", "Screen._layout_required"),
        "A pushed screen, and every screen behind it, is laid out a second time for the size it already has.",
        "Half of the time between a key and the painted dialog. bench_deck, row 'key to a painted dialog'.",
        f"{_TESTS}::test_stock_screen_is_laid_out_twice_when_it_is_pushed",
    ),
    Patch(
        "stylesheet_cache",
        ("Stylesheet._parse_rules", "Stylesheet._variables", "App._get_default_css"),
        "The whole style sheet is parsed again for a known theme, at a second start, and for the first dialog.",
        "About 100 ms less at the first visit of a screen and at a change of theme."
        " bench_start; bench_deck, row 'key to a painted dialog'.",
        f"{_TESTS}::test_stock_style_sheet_is_parsed_again_for_a_theme_it_has_parsed",
    ),
    Patch(
        "dimmed_backdrop",
        ("Screen._compositor", "Screen._compositor_refresh", "Compositor._dirty_regions"),
        "The screen behind a dialog is rendered and dimmed again for every repaint of the dialog.",
        "The dialog's box is painted first; dimming takes twice as long as the box and is done once."
        " bench_deck, row 'key to a painted dialog'.",
        f"{_TESTS}::test_stock_backdrop_is_dimmed_again_at_every_repaint",
    ),
    Patch(
        "unseen_commands",
        ("CommandPalette._action_command_list",),
        "A page key in a palette without a visible line raises KeyError, and Enter runs a command that is not seen.",
        "The deck survives any size of terminal; no benchmark.",
        f"{_TESTS}::test_stock_list_without_a_visible_line_fails_at_a_page_key",
    ),
    Patch(
        "ansi_output",
        ("textual._compositor.ChopsUpdate", "App._display"),
        "A partial update begins at the left end of its line, and every piece repeats and resets its colour.",
        "28 to 11 kB/s for fifty rows that change four times a second. bench_deck, row 'to the terminal'.",
        f"{_TESTS}::test_stock_update_is_cropped_at_its_right_end_alone",
    ),
    Patch(
        "terminal_driver",
        ("LinuxDriver", "Driver._app"),
        "A terminal that does not read blocks the event loop, and with it the engine and every webhook."
        " SIGCONT, which a hang-up sends too, starts an input thread that never ends.",
        "No receipt is lost or late while a terminal stalls. bench_deck, row 'terminal stalled'.",
        f"{_TESTS}::test_stock_writer_blocks_when_the_terminal_does_not_read",
    ),
    Patch(
        "app_internals",
        ("App._driver", "App._exception"),
        "Terminal commands must go through the driver's queue, and a crash must be distinguished from a normal exit;"
        " Textual has no public name for either.",
        "Correctness; no benchmark.",
        f"{_TESTS}::test_stock_app_has_no_public_name_for_its_driver_and_its_error",
    ),
    Patch(
        "environment",
        (),
        "Textual reads its environment variables when it is imported; animations and smooth scrolling are off.",
        "No bytes for animations. bench_deck, row 'idle deck: to the terminal'.",
        f"{_TESTS}::test_stock_environment_is_read_at_the_import_alone",
    ),
)
