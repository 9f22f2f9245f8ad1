"""The guide: pages of Markdown that ship with the program.

``gatedeck guide`` prints them and the palette opens them on the deck. ``architecture.md`` and ``glossary.md`` are
stored; the pages on rules and keys are made from the program itself when they are asked for. This package reads
core.rules and tui.commands; it knows neither screens nor the engine. Read pages.py first.
"""
