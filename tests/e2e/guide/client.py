"""The `gatedeck` of the sandbox: hands its words, environment and streams to the launcher, and ends as it does.

Without imports of this project, so that it starts at once.
"""

import array
import json
import os
import signal
import socket
import sys


def main() -> int:
    with socket.socket(socket.AF_UNIX) as launcher:
        launcher.connect(f"{os.environ['SANDBOX']}/run/launcher")
        asked = json.dumps(
            {"words": sys.argv[1:], "environ": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
        ).encode()
        launcher.sendmsg(
            [len(asked).to_bytes(4), asked],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]).tobytes())],
        )
        answers = launcher.makefile("rb")
        pid = int(answers.readline())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: os.kill(pid, number))
        return int(answers.readline())


if __name__ == "__main__":
    sys.exit(main())
