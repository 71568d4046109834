"""Turns into a program that is told to end when its parent does; run as a script, on the standard library alone.

    guard.py PARENT SIGNAL ACCOUNT COMMAND...

PARENT is the process that must stay alive, SIGNAL what its death sends, ACCOUNT the user to become ("" to stay).
"""

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CANNOT_RUN = 127


def main(parent: int, farewell: int, account: str, command: list[str]) -> None:
    """Drop privileges, bind the life to the parent's, become the command."""
    if account:
        _become(account)
    # After the change of user, which would clear it.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, farewell, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error.strerror}\n")
        sys.exit(_CANNOT_RUN)


def _become(account: str) -> None:
    entry = pwd.getpwnam(account)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
