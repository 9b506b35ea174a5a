#!/usr/bin/env python3
"""Tests what brokers and operators report to `writ serve`: receipts, uses of grants, and revocations.

usage: reports_test.py WRIT EXAMPLES
"""
import json
import shutil
import socket
import subprocess
import time

from harness import EXAMPLES, PERMIT, WRIT, Service, check, end, new_folder


def ask(service, path, report, method="POST"):
    status, _, body = service.ask(method, path, report if isinstance(report, str) else json.dumps(report))
    return status, json.loads(body)


def records(service):
    shown = subprocess.run([WRIT, "ledger", "export", "-L", "writ-serve/ledger"], cwd=service.folder, capture_output=True, text=True)
    return [json.loads(line) for line in shown.stdout.splitlines()]


service = Service()
granted = ask(service, "/v1/decide", PERMIT)[1]["record"]
document = json.loads(PERMIT)
document["user"]["tenant"] = "another"
denied = ask(service, "/v1/decide", json.dumps(document))[1]["record"]

# --- receipts
status, answer = ask(service, "/v1/receipt", {"decision": granted, "credential": "c-1", "resource": "https://pay.example",
                                              "issued_at": "2026-11-26T09:00:00Z", "accepted_at": "2s"})
check("a receipt", (status, answer) == (200, {"record": 2}), (status, answer))
written = records(service)[2]
check("it is in the ledger", written["kind"] == "receipt" and "c-1" in json.dumps(written), written)
for name, report, expected, said in [
    ("an unknown decision", {"decision": 99}, 404, "G0021"),
    ("a decision that granted nothing", {"decision": denied}, 409, "G0026"),
    ("no decision", {"credential": "c-1"}, 400, "`decision` is missing"),
    ("a negative decision", {"decision": -1}, 400, "`decision` must be"),
    ("another type", {"decision": "0"}, 400, "a whole number"),
    ("an unknown member", {"decision": 0, "token": "x"}, 400, "`token` is no member"),
    ("an instant", {"decision": 0, "issued_at": "yesterday"}, 400, "RFC 3339"),
    ("not an object", "[0]", 400, "object"),
    ("not JSON", "{", 400, "Q0001"),
]:
    status, answer = ask(service, "/v1/receipt", report)
    check(f"a receipt with {name}", status == expected and said in json.dumps(answer), (status, answer))
check("what is refused is not recorded", len(records(service)) == 3)

# --- uses
check("a grant is used", ask(service, "/v1/use", {"decision": granted}) == (200, {"record": 3}))
status, answer = ask(service, "/v1/use", {"decision": granted})
check("only once", status == 409 and answer["code"] == "G0025", (status, answer))
check("a deny has nothing to use", ask(service, "/v1/use", {"decision": denied})[0] == 409)
check("nor an unknown decision", ask(service, "/v1/use", {"decision": 99})[0] == 404)

# --- revocations
agent = json.loads(PERMIT)["agent"]["id"]
until = int(time.time()) + 3600
for name, report, said in [
    ("another kind", {"kind": "robot", "subject": agent, "message": "x"}, "`kind` must be"),
    ("no reason", {"kind": "agent", "subject": agent}, "`message` is missing"),
    ("an empty reason", {"kind": "agent", "subject": agent, "message": ""}, "`message` must be"),
    ("a moment that is over", {"kind": "agent", "subject": agent, "message": "x", "expires_at": 1}, "a moment to come"),
    ("a moment beyond time", {"kind": "agent", "subject": agent, "message": "x", "expires_at": 2**62}, "a moment to come"),
    ("an undeclared tool", {"kind": "tool", "subject": "refnd", "message": "x"}, "S0032"),
]:
    status, answer = ask(service, "/v1/revocations", report)
    check(f"a revocation with {name}", status == 400 and said in json.dumps(answer), (status, answer))
check("so far the agent is permitted", ask(service, "/v1/decide", PERMIT)[1]["effect"] == "permit")
status, answer = ask(service, "/v1/revocations", {"kind": "agent", "subject": agent, "message": "stolen", "expires_at": until})
entry = {"sequence": 1, "kind": "agent", "subject": agent, "expires_at": until}
check("a revocation", (status, answer) == (201, entry), (status, answer))
effect = ask(service, "/v1/decide", PERMIT)[1]["effect"]
check("is in force when it is answered", effect == "deny", effect)
listed = ask(service, "/v1/revocations", "", "GET")[1]["revocations"]
check("is listed", listed == [{"kind": "agent", "subject": agent, "expires_at": until}], listed)
check("ends with 0", service.end() == 0)

# --- best effort
service = Service("--durability", "best-effort")
check("best effort has no number", ask(service, "/v1/decide", PERMIT)[1]["record"] is None)
policy = service.folder / "refund/policy.writ"
policy.write_text(policy.read_text() + "\nlimit once for tool refund to single_use\n")
check("the policy changes", service.wait_for("policy_active", 2), service.text())
single = ask(service, "/v1/decide", PERMIT)[1]
check("but a single use has one", single["grant"]["single_use"] and single["record"] is not None, single)
check("which spends it", ask(service, "/v1/use", {"decision": single["record"]})[0] == 200)
check("ends with 0", service.end() == 0)

# --- a store with keys
folder = new_folder()


def writ(*words):
    return subprocess.run([WRIT, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


writ("keys", "generate", "release")
writ("keys", "generate", "stranger")
shutil.copytree(EXAMPLES / "refund", folder / "refund")
writ("store", "--store", "s.db", "init")
writ("store", "--store", "s.db", "channel", "prod")
writ("store", "--store", "s.db", "publish", "refund", "--channel", "prod")
writ("store", "--store", "s.db", "add-key", "channel", "release.pub")
for name, options, expected in [("no key", [], 409), ("a key that the store does not know", ["--revocation-key", "stranger"], 409),
                                ("the store's key", ["--revocation-key", "release"], 201)]:
    process = subprocess.Popen([WRIT, "serve", "--store", "s.db", "--channel", "prod", "--drain-delay", "0", *options], cwd=folder,
                               stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(folder / "writ.sock"))
            break
        except OSError:
            time.sleep(0.05)
    s.close()
    status, answer = ask(type("", (), {"ask": lambda self, *words: Service.ask(self, *words), "folder": folder,
                                       "connect": Service.connect})(), "/v1/revocations",
                         {"kind": "agent", "subject": agent, "message": "stolen"})
    check(f"a revocation with {name}", status == expected, (status, answer))
    process.terminate()
    process.wait(20)
log = writ("store", "--store", "s.db", "revocations", "--format", "json")
check("the author is named", "writ serve" in log and "stolen" in log, log)
shutil.rmtree(folder)

end()
