"""What the tests of `writ serve` share: counting checks, and folders whose sockets have short paths."""
import pathlib
import sys
import tempfile

passed = failed = 0


def check(name, holds, more=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name} {str(more)[:300]}")


def new_folder():
    """A folder below /tmp: the path of a socket has at most 107 bytes."""
    return pathlib.Path(tempfile.mkdtemp(prefix="writ-", dir="/tmp"))


def end():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
