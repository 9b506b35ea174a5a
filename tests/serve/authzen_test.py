#!/usr/bin/env python3
"""Tests the AuthZEN API of `writ serve` from outside: every case of the certification and interoperability scenarios.

usage: authzen_test.py WRIT EXAMPLES
"""
import hashlib
import http.client
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

from authzen_service import EXAMPLES, URL, WRIT, Service
from harness import check, end, new_folder

DATA = pathlib.Path(__file__).resolve().parent / "data"


def as_set(results):
    return sorted(json.dumps(each) for each in results)


def difference(case, status, headers, body):
    """Why an answer is not what a case expects; empty: it is."""
    expect = case["expect"]
    if status not in expect.get("accepts", [expect["status"]]):
        return f"status {status}: {body}"
    sent = case.get("request_headers", {})
    for name in expect.get("headers", {}):
        if headers.get(name.lower()) != sent[name]:
            return f"header {name}: {headers}"
    if expect["compare"] == "status":
        return ""
    if not headers["content-type"].startswith("application/json"):
        return f"type {headers['content-type']}"
    answer = json.loads(body)
    wanted = expect.get("body", {})
    for name in expect.get("must_not_have", []):
        if name in answer:
            return f"has {name}: {body}"
    if expect["compare"] == "decision":
        return "" if answer.get("decision") is wanted["decision"] else body
    if expect["compare"] == "decisions":
        decisions = [each["decision"] for each in answer.get("evaluations", [])]
        return "" if decisions == [each["decision"] for each in wanted["evaluations"]] else body
    if expect["compare"] == "decisions-exact":
        return "" if json.dumps(answer["evaluations"]) == json.dumps(wanted["evaluations"]) else body
    if expect["compare"] == "page":
        page = answer.get("page")
        return "" if list(answer)[0] == "page" and isinstance(page["next_token"], str) else body
    if expect["compare"] == "metadata":
        missing = [name for name in expect.get("required", []) if name not in answer]
        urls = [value for name, value in answer.items() if name.endswith("_endpoint")]
        return "" if not missing and all(each.startswith("https://") for each in urls) and all(answer.values()) else body
    found, named = as_set(answer["results"]), as_set(wanted["results"])
    if expect["compare"] == "results-superset":
        return "" if set(named) <= set(found) and len(found) == len(set(found)) else body
    return "" if found == named else body


def send(service, case, connection=None, extra=None):
    body = json.dumps(case["request"]) if "request" in case else case.get("raw_body")
    if body and "<next_token of c-4-5-1>" in body:
        request = {**case["request"], "page": {"limit": 1}}
        first = json.loads(service.ask("POST", case["path"], json.dumps(request), {"Content-Type": "application/json"})[2])
        body = json.dumps({**case["request"], "page": {"token": first["page"]["next_token"]}})
    headers = {**case.get("request_headers", {}), **(extra or {})}
    if case["method"] != "GET" or body:
        headers["Content-Type"] = case.get("content_type", "application/json")
    return service.ask(case["method"], case["path"], body, headers, connection)


def run(service, file, connection=None, only=lambda case: "auth" not in case and "optional" not in case):
    """Runs the cases of a file. A case that the scenario withdrew is not counted."""
    good = ran = 0
    for case in json.loads((DATA / f"{file}.json").read_text())["cases"]:
        if not only(case) or case.get("advisory"):
            continue
        for _ in range(3 if case.get("repeat") else 1):
            differs = difference(case, *send(service, case))
        check(case["id"], not differs, differs)
        ran += 1
        good += not differs
    print(f"{file}: {good} of {ran} cases")


# --- the scenarios
service = Service("certification")
check("the service starts", service.process.poll() is None, service.text())
run(service, "certification")

# Following the pages finds what one answer has, and each result is permitted.
question = {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}}
JSON = {"Content-Type": "application/json"}
found, page = [], {"limit": 1}
for _ in range(10):
    answer = json.loads(service.ask("POST", "/access/v1/search/subject", json.dumps({**question, "page": page}), JSON)[2])
    found += answer["results"]
    if not answer["page"]["next_token"]:
        break
    page = {"limit": 1, "token": answer["page"]["next_token"]}
check("all pages", as_set(found) == as_set([{"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}]), found)
for subject in found:
    body = service.ask("POST", "/access/v1/evaluation", json.dumps({**question, "subject": subject}), JSON)[2]
    check(f"{subject['id']} is permitted", json.loads(body)["decision"] is True, body)
status, headers, _ = service.ask("POST", "/access/v1/evaluation", "{", {**JSON, "X-Request-ID": "a b/1"})
check("X-Request-ID is echoed with an error", status == 400 and headers.get("x-request-id") == "a b/1", headers)
metadata = json.loads(service.ask("GET", "/.well-known/authzen-configuration")[2])
check("the identifier is the setting", metadata["policy_decision_point"] == URL, metadata)

# The directory is read again when it changes.
directory = json.loads((service.folder / "example/directory.json").read_text())
carol = {**question, "subject": {"type": "user", "id": "carol"}}
check("an unknown user", '"decision":false' in service.ask("POST", "/access/v1/evaluation", json.dumps(carol), JSON)[2])
directory["user"]["carol"] = {"tenant": "acme"}
(service.folder / "example/directory.json").write_text(json.dumps(directory))
for _ in range(100):
    if '"decision":true' in service.ask("POST", "/access/v1/evaluation", json.dumps(carol), JSON)[2]:
        break
    time.sleep(0.1)
else:
    check("a changed directory is read", False, service.text())
(service.folder / "example/directory.json").write_text("{")
for _ in range(100):
    if "H0007" in service.text():
        break
    time.sleep(0.1)
check("a damaged directory is reported, and the earlier one stays", "H0007" in service.text() and '"decision":true' in
      service.ask("POST", "/access/v1/evaluation", json.dumps(carol), JSON)[2], service.text())
check("ends by itself", service.end() == 0)

service = Service("todo")
run(service, "todo")
run(service, "gateway")
service.end()
service = Service("search")
run(service, "search")
run(service, "idp")
service.end()

# --- an identifier with a path, and clients over TLS
folder = new_folder()
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
                "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
               cwd=folder, check=True, capture_output=True)
key = "a-key-of-a-client"
(folder / "keys").write_text(f"pep decide {hashlib.sha256(key.encode()).hexdigest()}\n")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
service = Service("certification", URL + "/tenant1", listen=["unix:writ.sock", f"tls://127.0.0.1:{port}"], keys=str(folder / "keys"),
                  **{"tls-certificate": str(folder / "cert.pem"), "tls-key": str(folder / "key.pem")})
run(service, "certification", only=lambda case: case.get("optional"))
context = ssl.create_default_context(cafile=folder / "cert.pem")


def over_tls(case, authorization):
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
    connection._create_connection = lambda address, *rest: socket.create_connection(("127.0.0.1", port), 20)
    given = {"Authorization": authorization} if authorization else {}
    answer = send(service, case, connection, given)
    connection.close()
    return answer


cases = {case["id"]: case for case in json.loads((DATA / "certification.json").read_text())["cases"]}
for name, authorization in (("h-ev-401-missing", None), ("h-ev-401-wrong", "Bearer wrong"), ("c-2-2-1", f"Bearer {key}")):
    answer = over_tls(cases[name], authorization)
    check(name, not difference(cases[name], *answer) and (answer[0] == 200 or "www-authenticate" in answer[1]), answer)
public = over_tls({"method": "GET", "path": "/.well-known/authzen-configuration/tenant1"}, None)
check("metadata need no key", public[0] == 200, public)
service.end()
shutil.rmtree(folder, ignore_errors=True)

# --- a mapping that cannot be used
service = Service("certification", policy="search")
for _ in range(100):  # it is compared when the policy is active
    if "mapping_does_not_fit" in service.text():
        break
    time.sleep(0.1)
check("a mapping for another policy is reported", "mapping_does_not_fit code=H0006" in service.text(), service.text())
case = cases["c-2-2-1"]
check("and denies", '"decision":false' in send(service, case)[2])
service.end()
for name, text, code in (("a damaged mapping", "{", "H0006"),
                         ("an unknown member", '{"subject": {}}', "H0006")):
    broken = new_folder()
    (broken / "mapping.json").write_text(text)
    shutil.copy(EXAMPLES / "certification/policy.writ", broken)
    done = subprocess.run([WRIT, "serve", "policy.writ", "--mapping", "mapping.json", "--check"], cwd=broken, capture_output=True,
                          text=True)
    check(name, done.returncode == 3 and code in done.stderr, done)
    shutil.rmtree(broken)

# --- requests that a proxy asks about
(broken := new_folder()).joinpath("directory.json").write_text("{}")
service = Service("envoy", directory=str(broken / "directory.json"))
AGENT = {"X-Agent-Id": "refund-agent", "x-run-id": "r-1"}
for name, method, path, headers, expected in (
    ("a refund", "POST", "/orders/o-1/refunds", AGENT, 200),
    ("a read", "GET", "/orders/o-1?verbose=1", AGENT, 200),
    ("a parameter that the policy refuses", "POST", "/orders/p-1/refunds", AGENT, 403),
    ("another agent", "POST", "/orders/o-1/refunds", {**AGENT, "X-Agent-Id": "support-agent"}, 403),
    ("no agent", "GET", "/orders/o-1", {"x-run-id": "r-1"}, 403),
    ("an empty agent", "GET", "/orders/o-1", {**AGENT, "X-Agent-Id": ""}, 403),
    ("agents joined by a proxy", "GET", "/orders/o-1", {**AGENT, "X-Agent-Id": "refund-agent,support-agent"}, 403),
    ("runs joined by a proxy", "GET", "/orders/o-1", {**AGENT, "x-run-id": "r-1,r-2"}, 403),
    ("no run", "GET", "/orders/o-1", {"X-Agent-Id": "refund-agent"}, 403),
    ("another method", "DELETE", "/orders/o-1", AGENT, 403),
    ("another path", "GET", "/orders", AGENT, 403),
    ("no path", "GET", "", AGENT, 403),
    ("an empty segment", "GET", "/orders/", AGENT, 403),
    ("two slashes", "GET", "//orders/o-1", AGENT, 403),
    ("an escape", "GET", "/orders/o%2D1", AGENT, 403),
    ("dots", "GET", "/orders/o-1/../o-1", AGENT, 403),
    ("a path parameter", "GET", "/orders/o-1;x=1", AGENT, 403),
):
    answer = service.ask(method, "/envoy" + path, headers=headers)
    check(f"proxied: {name}", answer[0] == expected and answer[2] == "", answer)
service.connection.close()
with socket.socket(socket.AF_UNIX) as s:
    s.connect(str(service.folder / "writ.sock"))
    s.sendall(b"GET /envoy/orders/o-1 HTTP/1.1\r\nHost: x\r\nx-agent-id: refund-agent\r\nX-Agent-Id: other\r\nx-run-id: r-1\r\n\r\n")
    check("proxied: two agents", s.recv(100).startswith(b"HTTP/1.1 403 "))
shown = subprocess.run([WRIT, "ledger", "export", "-L", "writ-serve/ledger"], cwd=service.folder, capture_output=True, text=True)
check("what fits a route is recorded", len(shown.stdout.splitlines()) == 6, shown.stdout)
check("a path that only begins like it", service.ask("GET", "/envoyx/orders/o-1", headers=AGENT)[0] == 404)
service.end()
shutil.rmtree(broken)
service = Service("certification")
long = json.dumps({"subject": {"type": "user", "id": "alice", "properties": {"role": ["x" * 900] * 100}}, "action": {"name": "read"},
                   "resource": {"type": "record", "id": "record-1"}, "evaluations": [{}] * 250 + [{"subject": {"type": "user", "id": "alice"}}]})
answer = service.ask("POST", "/access/v1/evaluations", long, {"Content-Type": "application/json"})
decisions = [each["decision"] for each in json.loads(answer[2])["evaluations"]]
check("a long default that many elements use refuses each of them", decisions == [False] * 250 + [True], decisions[-3:])
shown = subprocess.run([WRIT, "ledger", "export", "-L", "writ-serve/ledger"], cwd=service.folder, capture_output=True, text=True)
check("and makes no records", len(shown.stdout.splitlines()) == 1, len(shown.stdout.splitlines()))
check("a GET has no body", service.ask("GET", "/access/v1/keys", "x" * 100)[0] == 413)
check("a mapping without routes allows no request", service.ask("GET", "/envoy/orders/o-1", headers=AGENT)[0] == 403)
service.end()

end()
