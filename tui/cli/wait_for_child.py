"""Wait for a child process as the shell sees it: ``wait_for_child.py PROCESS DESCRIPTOR``.

Run by path in an interpreter of its own that imports nothing else, because it stays as long as the deck. It passes
signals on, and ends with the child's exit code, or with 0 when the child writes to the pipe of the descriptor: then
the child has left the terminal.
"""

from __future__ import annotations

import os
import signal
import sys

PASSED_ON = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def main(child: int, from_child: int) -> int:
    """Wait until the child ends or leaves the terminal; return the exit code."""

    def pass_on(number: int, _: object) -> None:
        try:  # noqa: SIM105  (contextlib would be another import)
            os.kill(child, number)
        except ProcessLookupError:
            pass

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the child decides what a closed terminal means
    for name in PASSED_ON:
        signal.signal(getattr(signal, name), pass_on)
    if os.read(from_child, 1):
        return 0
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
