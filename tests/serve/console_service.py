"""A service with its console, and requests that leave something to see."""
import atexit
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from harness import new_folder

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class ConsoleService:
    """A service in a folder of its own, with a copy of the refund example. Both listeners: a Unix socket decides, and
    operators ask over TCP at 127.0.0.1."""

    def __init__(self, writ, examples, *options, policy=("refund",)):
        self.examples = pathlib.Path(examples)
        self.folder = new_folder()
        shutil.copytree(self.examples / "refund", self.folder / "refund")
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            [writ, "serve", *policy, "--admin", "tcp://127.0.0.1:0", "--drain-delay", "0", *options], cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=self.log)
        atexit.register(self.process.kill)  # also if this test ends early
        self.port = 0
        for _ in range(400):
            if found := re.search(r"address=tcp://127\.0\.0\.1:(\d+)", self.text()):
                self.port = int(found[1])
                return
            if self.process.poll() is not None:
                raise SystemExit(self.text())
            time.sleep(0.05)

    def text(self):
        return (self.folder / "log").read_text()

    def request(self, name="permit", **fields):
        """A request of the example, with other fields: agent="a" is agent.id, request_id stays as it is."""
        document = json.loads((self.examples / f"refund/requests/{name}.json").read_text())
        if "agent" in fields:
            document["agent"]["id"] = fields.pop("agent")
        if "tool" in fields:
            document["tool"]["name"] = fields.pop("tool")
        return json.dumps({**document, **fields})

    def decide(self, document):
        """The decision; with its record."""
        answer = subprocess.run(["curl", "-s", "--unix-socket", "writ.sock", "http://localhost/v1/decide", "-H",
                                 "Content-Type: application/json", "--data-binary", "@-"], cwd=self.folder,
                                input=document, capture_output=True, text=True)
        return json.loads(answer.stdout)

    def ask(self, path, method="GET", body=None, **headers):
        """Status, headers with lower-case names, body. Headers as arguments: host="x", sec_fetch_site="none"."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        given = {"host": f"127.0.0.1:{self.port}", **headers}
        if body is not None:
            given = {"content_type": "application/json", "content_length": str(len(body.encode())), **given}
        for name, value in given.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        out = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        connection.close()
        return out

    def get(self, path):
        status, _, body = self.ask(path)
        return status, json.loads(body)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return code
