"""A running `writ serve` with one of the examples for the AuthZEN API. usage of the tests: TEST.py WRIT EXAMPLES"""
import atexit
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from harness import new_folder

WRIT, EXAMPLES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve() / "authzen"
URL = "https://pdp.example.com"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, folder):
        super().__init__("localhost", timeout=20)
        self.folder = folder

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(self.folder / "writ.sock"))


class Service:
    """A service with one of the examples, in a folder of its own. `policy`: the one of another example; `paths`: instead of it."""

    def __init__(self, example, url=URL, policy=None, folder=None, paths=("example/policy.writ",), **settings):
        self.folder = folder or new_folder()
        shutil.copytree(EXAMPLES / example, self.folder / "example")
        shutil.copy(EXAMPLES / (policy or example) / "policy.writ", self.folder / "example")
        config = {"mapping": "example/mapping.json", "directory": "example/directory.json", "pdp-url": url,
                  "admin": "unix:admin.sock", "drain-delay": 0, "listen": ["unix:writ.sock"], **settings}
        (self.folder / "serve.json").write_text(json.dumps(config))
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen([WRIT, "serve", *paths, "--config", "serve.json"], cwd=self.folder,
                                        stdout=subprocess.DEVNULL, stderr=self.log)
        atexit.register(self.process.kill)  # also if this test ends early
        for _ in range(400):
            if self.process.poll() is not None or "listening address=unix:admin.sock" in self.text():
                break
            time.sleep(0.05)
        self.connection = UnixConnection(self.folder)

    def text(self):
        return (self.folder / "log").read_text()

    def ask(self, method, path, body=None, headers=None, connection=None):
        """Status, headers with lower-case names, body."""
        connection = connection or self.connection
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return None, {}, repr(error)

    def end(self):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code
