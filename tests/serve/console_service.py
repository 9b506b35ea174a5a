"""A service with its console, and requests that leave something to see."""
import http.client
import json
import re

from harness import EXAMPLES, WRIT, Service

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class ConsoleService(Service):
    """A service whose operators ask over TCP at 127.0.0.1, as a browser does."""
    LISTENS = "listening address=tcp://127.0.0.1:"

    def __init__(self, *options, policy=("refund",)):
        self.policy = policy
        super().__init__(*options)
        self.port = int(re.search(r"address=tcp://127\.0\.0\.1:(\d+)", self.text())[1])

    def command(self):
        return [WRIT, "serve", *self.policy, "--admin", "tcp://127.0.0.1:0", "--drain-delay", "0", *self.options]

    def request(self, name="permit", **fields):
        """A request of the example, with other fields: agent="a" is agent.id, tool="t" is tool.name."""
        document = json.loads((EXAMPLES / f"refund/requests/{name}.json").read_text())
        if "agent" in fields:
            document["agent"]["id"] = fields.pop("agent")
        if "tool" in fields:
            document["tool"]["name"] = fields.pop("tool")
        return json.dumps({**document, **fields})

    def decide(self, document):
        """The decision, with its record."""
        return json.loads(self.ask("POST", "/v1/decide", document)[2])

    def fetch(self, path, method="GET", body=None, **headers):
        """Asks the admin listener. Status, headers with lower-case names, body. Headers as arguments: host="x"."""
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
        status, _, body = self.fetch(path)
        return status, json.loads(body)
