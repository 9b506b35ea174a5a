#!/usr/bin/env python3
"""Runs the clients of examples/clients: each gets a grant from a running service, and takes everything else for a deny.

A language that is not installed here is skipped, with a message.

usage: clients_test.py WRIT EXAMPLES
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

from harness import check, end, new_folder
from running import Running, certificate, free_port

WRIT, EXAMPLES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
CLIENTS, REQUESTS = EXAMPLES / "clients", EXAMPLES / "refund/requests"
KEY = "a-key-of-a-client" * 2


def python(_):
    return [sys.executable, CLIENTS / "python/ask.py"]


def go(folder):
    if not shutil.which("go"):
        return None
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOPROXY": "off", "GO111MODULE": "off"}
    done = subprocess.run(["go", "build", "-o", folder / "ask", CLIENTS / "go/ask.go"], capture_output=True, text=True, env=environment)
    check("go builds", done.returncode == 0, done.stderr)
    return [folder / "ask"]


def typescript(folder):
    if not shutil.which("tsc") or not shutil.which("node"):
        return None
    source = shutil.copy(CLIENTS / "typescript/ask.ts", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(["tsc", "--strict", "--target", "es2022", "--module", "nodenext", source], cwd=folder, capture_output=True, text=True)
    # Without the declarations of Node's own modules the compiler reports that they are missing, and still writes the program.
    faults = [line for line in done.stdout.splitlines() if "error TS" in line]
    check("tsc compiles", (folder / "ask.js").exists() and (not faults or "TS2307" in done.stdout), done.stdout)
    return ["node", folder / "ask.js"]


def run(command, where, request="permit", **environment):
    """Output: whether the client permits, and its grant."""
    done = subprocess.run([*command, where], input=(REQUESTS / f"{request}.json").read_text(), capture_output=True, text=True,
                          timeout=20, env={**os.environ, **{name: str(value) for name, value in environment.items()}})
    if done.returncode == 0 and done.stdout.startswith("permit "):
        return True, json.loads(done.stdout.removeprefix("permit "))
    return False if (done.returncode, done.stdout) == (1, "deny\n") else None, done


class Fake:
    """A server at a Unix socket that gives one answer, and closes."""

    def __init__(self, folder, answer):
        self.socket = socket.socket(socket.AF_UNIX)
        self.where = str(folder / "fake.sock")
        pathlib.Path(self.where).unlink(missing_ok=True)
        self.socket.bind(self.where)
        self.socket.listen()
        self.answer, self.asked = answer, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            data = b""
            while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < length_in(data):
                if not (got := s.recv(65536)):
                    break
                data += got
            if self.answer is None:
                s.recv(1)  # says nothing, until the client gives up
            else:
                s.sendall(self.answer)
            s.close()

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def overhear(ask):
    """What a client sends to a server without TLS."""
    got = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        def listen():
            try:
                s, _ = server.accept()
            except OSError:
                return
            got.append(s.recv(65536))
            s.close()

        threading.Thread(target=listen, daemon=True).start()
        ask(f"http://127.0.0.1:{server.getsockname()[1]}")
    return b"".join(got)


def length_in(data):
    for line in data.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def http(status, body, length=None, more=""):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body) if length is None else length}\r\n{more}"
    return head.encode() + b"Connection: close\r\n\r\n" + body


def answers(permit):
    """Name, answer, and whether it permits."""
    whole = json.dumps(permit).encode()
    grant = permit["grant"]
    yield "a permit", http(200, permit), True
    for status in (201, 202, 206, 307, 400, 401, 500, 503):
        yield f"a permit with {status}", http(status, permit, more="Location: /v1/decide\r\n"), False
    yield "503 with Retry-After", http(503, {"error": "too many requests at this moment"}, more="Retry-After: 1\r\n"), False
    yield "204", b"HTTP/1.1 204 X\r\n\r\n", False
    yield "half of an answer", http(200, whole[:len(whole) // 2], len(whole)), False
    yield "an answer without its end", http(200, whole[:-1], len(whole)), False
    yield "a whole decision that should be longer", http(200, whole, len(whole) + 2), False
    yield "half of a decision", http(200, whole[:len(whole) // 2]), False
    yield "half of a head", http(200, whole)[:40], False
    yield "nothing", b"", False
    yield "no HTTP", b"permit\n", False
    yield "an empty body", http(200, b""), False
    yield "no JSON", http(200, b"permit"), False
    yield "two decisions", http(200, whole + whole), False
    for value in ([], "permit", None, True, {}, [permit], {"effect": "permit"}, {"grant": grant}):
        yield f"the body {json.dumps(value)[:40]}", http(200, value), False
    for effect in ("deny", "needs_approval", "PERMIT", "", None, True, ["permit"]):
        yield f"the effect {effect!r}", http(200, {**permit, "effect": effect}), False
    for other in (None, [], "all"):
        yield f"the grant {other!r}", http(200, {**permit, "grant": other}), False
    unknown = {"name": "ask_mother", "args": {}}
    yield "an unknown obligation", http(200, {**permit, "grant": {**grant, "obligations": [*grant["obligations"], unknown]}}), False
    yield "no answer in time", None, False


def main():
    folder = new_folder()
    port = free_port()
    certificate(folder)
    (folder / "other").mkdir()
    certificate(folder / "other")
    hashed = subprocess.run([WRIT, "serve", "--hash-key"], input=KEY, capture_output=True, text=True).stdout
    (folder / "clients").write_text(f"broker decide {hashed}")
    service = Running(WRIT, ["refund", "--listen", "unix:writ.sock", "--listen", f"tls://127.0.0.1:{port}"], [EXAMPLES / "refund"], {
        "tls-certificate": folder / "cert.pem", "tls-key": folder / "key.pem", "keys": folder / "clients"})
    unix, tls = f"unix:{service.folder}/writ.sock", f"https://127.0.0.1:{port}"
    permit = json.loads(service.ask("POST", "/v1/decide", (REQUESTS / "permit.json").read_text())[2])
    languages = {}
    for make in (python, go, typescript):
        (folder / make.__name__).mkdir()
        command = make(folder / make.__name__)
        if command is None:
            print(f"{make.__name__} is not installed here: its client is not tried")
        else:
            languages[make.__name__] = command
    for name, command in languages.items():
        permits, got = run(command, unix)
        check(f"{name}: a permit over the Unix socket", permits is True and got["scopes"] == ["refund:create"] and got["ttl"] == 120, got)
        for request in ("deny", "needs_approval"):
            check(f"{name}: {request}", run(command, unix, request)[0] is False)
        for what, key, ca, expected in (("a key", KEY, folder / "cert.pem", True), ("no key", "", folder / "cert.pem", False),
                                        ("another key", KEY + "x", folder / "cert.pem", False),
                                        ("another authority", KEY, folder / "other/cert.pem", False)):
            permits, got = run(command, tls, WRIT_KEY=key, WRIT_CA=ca)
            check(f"{name}: over TLS with {what}", permits is expected, got)
        overheard = overhear(lambda where: check(f"{name}: not in the clear", run(command, where, WRIT_KEY=KEY)[0] is False))
        check(f"{name}: the key is not sent in the clear", KEY.encode() not in overheard, overheard)
        check(f"{name}: no server", run(command, f"unix:{folder}/nobody.sock")[0] is False)
        check(f"{name}: no server over TLS", run(command, f"https://127.0.0.1:{free_port()}", WRIT_CA=folder / "cert.pem")[0] is False)
        for what, answer, expected in answers(permit):
            fake = Fake(folder, answer)
            permits, got = run(command, f"unix:{fake.where}")
            check(f"{name}: {what}", permits is expected and fake.asked == 1, (got, fake.asked))
            fake.end()
    check("the service ends with 0", service.end() == 0)
    shutil.rmtree(folder)
    print("clients: " + ", ".join(languages))
    end()


main()
