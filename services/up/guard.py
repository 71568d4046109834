"""Turns into a program that is told to end when its parent does; run as a script, on the standard library alone.

    guard.py PARENT SIGNAL ACCOUNT COMMAND...

PARENT is the process that must stay alive, SIGNAL what its death sends, ACCOUNT the user to become ("" to stay).
"""

import ctypes
import os
import pwd
import signal
import struct
import sys

_PR_SET_PDEATHSIG = 1
_CANNOT_RUN = 127

# What root keeps when it becomes another user, to pass through folders that are closed to that user, where a clone and
# its data lie below them (/root): one privilege, of which containers have the second only.
_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE = 2, 1
_NO_CAPABILITY = 0
_CAPABILITY_VERSION = 0x20080522
_PR_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 1 << 2
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2


def main(parent: int, farewell: int, account: str, command: list[str]) -> None:
    """Drop privileges, bind the life to the parent's, become the command."""
    if account:
        _become(account, command[0])
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


def _become(account: str, program: str) -> None:
    entry = pwd.getpwnam(account)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    if sys.platform == "linux" and not _reaches(entry.pw_uid, program):
        _keep_passing(entry.pw_uid)
    os.setuid(entry.pw_uid)


def _reaches(user: int, program: str) -> bool:
    """Whether a user can run a program, by trying it in a child."""
    child = os.fork()
    if child == 0:
        os.setuid(user)
        os._exit(not os.access(program, os.X_OK))
    return os.waitpid(child, 0)[1] == 0


def _keep_passing(user: int) -> None:
    """Become a user who keeps the privilege to pass through closed folders, and no other."""
    kernel = ctypes.CDLL(None, use_errno=True)
    # Without this, access() would not count what the program is privileged to.
    if kernel.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0) != 0:
        return
    os.setuid(user)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if _keep_only(kernel, 1 << capability):
            kernel.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
    if not _keep_only(kernel, _NO_CAPABILITY):
        sys.exit(_CANNOT_RUN)


def _keep_only(kernel: ctypes.CDLL, capabilities: int) -> bool:
    """Give up all privileges but these; False where they are not there to be kept."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    # Effective, permitted and inheritable, for the capabilities up to 31 and for those above.
    return bool(kernel.capset(header, struct.pack("=6I", *[capabilities] * 3, 0, 0, 0)) == 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
