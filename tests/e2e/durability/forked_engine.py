"""Run `gatedeck` again and again, each time forked from this process, which has imported the program once.

Of a start only the import is left out, which touches no ledger and takes a second of processor. Each line of the
standard input is JSON: the arguments, and when the process kills itself (see recorder.c). Standard output tells the
process id, what the command prints, and how it ended.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import traceback

# What the command imports when it runs.
import server.assembly  # noqa: F401
import tui.cli.run  # noqa: F401
from server.ledger import sqlite
from server.runtime import checkpoints
from tui.cli import main


def run(arguments: list[str], kill: str) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    ctypes.CDLL(None).recorder_kill(kill.encode())
    sys.argv = ["gatedeck", *arguments]
    code = 70
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if sys.argv[1:] == ["--often"]:
    # The log is copied and checkpoints are stored far more often than in a day of trading.
    sqlite._TIDY_ROWS = 150
    checkpoints.DUE = ((60, 0.0),)

for line in sys.stdin:
    wanted = json.loads(line)
    child = os.fork()
    if child == 0:
        run(wanted["arguments"], wanted["kill"])
    print(f"process {child}", flush=True)
    _, status = os.waitpid(child, 0)
    print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)
