"""`gatedeck` on a machine whose clock and time a test moves: two numbers in a file, read at each look."""

from __future__ import annotations

import mmap
import os
import struct
import sys
from datetime import timedelta

from server import assembly
from server.runtime import clock, runtime


def main() -> None:
    """Run the command line with time from the file named by the first argument."""
    file = os.open(sys.argv.pop(1), os.O_RDONLY)
    numbers = mmap.mmap(file, 16, access=mmap.ACCESS_READ)
    clock.SteadyClock.__init__.__defaults__ = (  # type: ignore[misc]
        lambda: sum(struct.unpack("dd", numbers[:16])),
        lambda: struct.unpack("d", numbers[:8])[0],
    )
    # Minutes pass between two looks here: only hours without one are a machine that slept.
    runtime.PAUSED = timedelta(minutes=45)
    assembly.TICK_SECONDS = 0.02
    assembly.IDLE_TICK_SECONDS = 0.2
    from tui.cli.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
