"""What the tests of `writ serve` share: counting checks, folders whose sockets have short paths, a running service, and HTTP."""
import atexit
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

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


class Running:
    """`writ serve` in a folder of its own, with copies of files. It listens at writ.sock, and for operators at admin.sock."""

    def __init__(self, writ, options, copies=(), settings=None):
        self.folder = new_folder()
        for source in copies:
            if source.is_dir():
                shutil.copytree(source, self.folder / source.name)
            else:
                shutil.copy(source, self.folder)
        self.log = open(self.folder / "log", "w+")
        command = [writ, "serve", *options, "--admin", "unix:admin.sock", "--drain-delay", "0"]
        for name, value in (settings or {}).items():
            command += [f"--{name}", str(value)]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=self.log)
        atexit.register(self.process.kill)  # also if the test ends early
        self.wait_for("listening address=unix:admin.sock")

    def text(self):
        return (self.folder / "log").read_text()

    def wait_for(self, text):
        for _ in range(400):
            if self.process.poll() is not None or text in self.text():
                return
            time.sleep(0.05)

    def connect(self, name="writ.sock"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(str(self.folder / name))
        return s

    def ask(self, method, path, body=b"", headers=None, name="writ.sock"):
        with self.connect(name) as s:
            return exchange(s, method, path, body, headers)

    def raw(self, data, name="writ.sock"):
        """Sends bytes, and reads one answer."""
        with self.connect(name) as s:
            s.sendall(data)
            return read_answer(s)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


def certificate(folder):
    """Makes cert.pem and key.pem for 127.0.0.1. Output: a context that trusts it."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
                    "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   cwd=folder, check=True, capture_output=True)
    return ssl.create_default_context(cafile=folder / "cert.pem")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


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
