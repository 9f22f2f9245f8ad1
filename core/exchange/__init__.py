"""Exchange sessions: trading days, opens and closes, 1998 to 2060.

The package needs no time-zone database and reads no clock: every function takes a day or an instant. It knows
core.model only; rules come in as a ``ClockSettings``.

Read first:

- calendar.py: ``Calendar``, with sessions, early closes, exchange dates and parts of a day.
- clock_text.py: the exchange's time of an instant, in words.
- session_exceptions.py: the table of holidays and early closes, written by tests/tools/make_sessions.py.
"""
