"""The guide: pages of Markdown that ship with the program.

``gatedeck guide`` prints them and the palette opens some of them on the deck. Some pages are stored; those on rules,
senders, TradingView and keys are made from the program itself at run time. This package may import core.rules and
tui.commands. It may not import a widget, a screen or the engine, so that the command line prints a page without
Textual where it can.

Read first:

1. ``pages.py``: the topics and their text.
2. ``architecture.md``: how the program is built, and where to find what.
3. ``glossary.md``: every code, abbreviation and column.
4. ``vps.md`` and ``operations.md``: a server of one's own. Every command in them is run by a test.
5. ``rules_page.py``: the page made from the descriptions of the rules.
"""
