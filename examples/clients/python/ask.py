#!/usr/bin/env python3
"""Asks `writ serve` for a grant.

usage: ask.py unix:PATH|https://HOST:PORT < request.json
WRIT_KEY is the bearer key, and WRIT_CA the file of the authority that signed the server's certificate. Ends with 1 on a deny."""
import http.client
import json
import os
import socket
import ssl
import sys
import urllib.parse

FULFILLED = {"audit"}  # the obligations that this program fulfils


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(where, request, key="", ca=None):
    """The grant. None: a deny, and so is whatever else is not a permit that this program understands."""
    try:
        if where.startswith("unix:"):
            connection = UnixConnection(where.removeprefix("unix:"), timeout=2)
        else:
            trusted = ssl.create_default_context(cafile=ca)
            connection = http.client.HTTPSConnection(urllib.parse.urlsplit(where).netloc, timeout=2, context=trusted)
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        connection.request("POST", "/v1/decide", json.dumps(request), headers)
        answer = connection.getresponse()
        decision = json.loads(answer.read())
        grant = decision["grant"]
        understood = all(each["name"] in FULFILLED for each in grant["obligations"])
        return grant if answer.status == 200 and decision["effect"] == "permit" and understood else None
    except Exception:  # no answer in time, a part of one, or no decision
        return None


if __name__ == "__main__":
    grant = ask(sys.argv[1], json.load(sys.stdin), os.environ.get("WRIT_KEY"), os.environ.get("WRIT_CA"))
    print("permit " + json.dumps(grant) if grant else "deny")
    sys.exit(0 if grant else 1)
