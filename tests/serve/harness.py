"""What the tests of `writ serve` share: counting checks, folders whose sockets have short paths, and a service to ask.
A test has the arguments WRIT EXAMPLES.
"""
import atexit
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

WRIT, EXAMPLES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
PERMIT = (EXAMPLES / "refund/requests/permit.json").read_text()

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


class Program:
    """A service that runs in `folder` as `process`, and writes its log there."""

    def text(self):
        return (self.folder / "log").read_text()

    def wait_for(self, text, count=1):
        for _ in range(400):
            if self.text().count(text) >= count:
                return True
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        return self.text().count(text) >= count

    def connect(self, name="writ.sock"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(str(self.folder / name))
        return s

    def ask(self, method, path, body=b"", headers=None, name="writ.sock"):
        with self.connect(name) as s:
            return exchange(s, method, path, body, headers)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


class Service(Program):
    """A service in a folder of its own, with a copy of the refund example."""
    LISTENS = "listening address=unix:admin.sock"  # the last line of a start

    def __init__(self, *options, env=None, config=None, most=None):
        self.most = most  # bytes of each file that it writes
        self.folder = new_folder()
        shutil.copytree(EXAMPLES / "refund", self.folder / "refund")
        self.options = list(options)
        self.env = {**os.environ, **(env or {})}
        if config is not None:
            (self.folder / "serve.json").write_text(json.dumps(config))
            self.options += ["--config", "serve.json"]
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(self.command(), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=self.log,
                                        env=self.env, preexec_fn=self.limit, close_fds=False)
        atexit.register(self.process.kill)  # also if this test ends early
        self.wait_for(self.LISTENS)

    def command(self):
        delay = [] if "--drain-delay" in self.options else ["--drain-delay", "0"]
        return [WRIT, "serve", "refund", "--admin", "unix:admin.sock", *delay, *self.options]

    def limit(self):
        if self.most is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.most, self.most))

    def raw(self, data, name="writ.sock"):
        """Sends bytes; returns the first answer's status, or None if the connection is closed."""
        with self.connect(name) as s:
            try:
                s.sendall(data)
            except ConnectionError:  # refused before everything was sent
                pass
            return read_answer(s)[0]


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
