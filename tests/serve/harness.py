"""What the tests of `writ serve` share: counting checks, folders whose sockets have short paths, and HTTP."""
import pathlib
import socket
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


def exchange(s, method, path, body=b"", headers=None):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    given = {"Content-Type": "application/json"} if body else {}
    given.update(headers or {})
    if body or method == "POST":
        given["Content-Length"] = str(len(body))
    lines += [f"{k}: {v}" for k, v in given.items()]
    s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return read_answer(s, method == "HEAD")


def read_answer(s, bodiless=False):
    """Reads one answer: status, headers, body. Status None: closed before."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            got = s.recv(65536)
        except (ConnectionError, socket.timeout):
            got = b""
        if not got:
            return None, {}, b""
        data += got
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    length = 0 if bodiless else int(headers.get("content-length", 0))
    while len(rest) < length:
        rest += s.recv(65536)
    return int(lines[0].split()[1]), headers, rest[:length]


def end():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
