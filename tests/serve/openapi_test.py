#!/usr/bin/env python3
"""Fails if docs/openapi.json and `writ serve` differ: in a path, a method, a role, a status, a header or a member.

A running service is asked for everything that the document describes, and every answer must fit the document, whose schemas are
closed. What no answer has must not be described. The paths of the service are found in the program: each is a text in it, and the
service says which texts are paths. At last the test damages the document in each place, and fails if it does not notice.

usage: openapi_test.py WRIT EXAMPLES
"""
import base64
import copy
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

from harness import check, end, exchange, new_folder
from openapi import METHODS, Answer, Route, differences, distinct, operations, structure
from running import Running, certificate, free_port

WRIT, EXAMPLES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
DOCUMENT = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json").read_text())
REFUND, AUTHZEN = EXAMPLES / "refund", EXAMPLES / "authzen/certification"
METADATA = "/.well-known/authzen-configuration"
LINES = {"Content-Type": "application/x-ndjson"}
answers = []


def request(name, **fields):
    return {**json.loads((REFUND / f"requests/{name}.json").read_text()), **fields}


def keep(path, method, answer, component=""):
    if answer[0] is not None and not component:
        answers.append(Answer(*answer, path, method))
    elif answer[0] is not None:
        answers.append(Answer(*answer, component=component))
    return answer[0]


def ask(service, method, path, body=None, headers=None, told=None):
    """Asks, and keeps the answer; `told` is the path in the document. Output: status and body."""
    name = "admin.sock" if "servers" in DOCUMENT["paths"].get(told or path, {}) else "writ.sock"
    body = body if isinstance(body, (bytes, str)) else b"" if body is None else json.dumps(body)
    answer = service.ask(method, path, body, headers, name)
    keep(told or path, method.lower(), answer)
    return answer[0], answer[2]


def expect(what, status, answer):
    check(what, answer[0] == status, answer)
    return answer[1]


# ---- the routes --------------------------------------------------------------------------------------


def texts_like_paths():
    """What could be a path among the texts of the program. Texts may share their ends."""
    found = set()
    for text in re.findall(rb"[!-~]{2,200}(?=\0)", pathlib.Path(WRIT).read_bytes()):
        for place in re.finditer(rb"/", text):
            if re.fullmatch(rb"(/[a-z0-9._-]+)+", text[place.start():]):
                found.add(text[place.start():].decode())
    return found


def find_routes(service):
    """The service's routes: a path that exists has no method of this name."""
    found = {}
    candidates = texts_like_paths() | {path.removesuffix("/{path}") for path in DOCUMENT["paths"]}
    for admin, name in ((False, "writ.sock"), (True, "admin.sock")):
        with service.connect(name) as s:
            for path in sorted(candidates):
                status, headers, _ = exchange(s, "NONE", path)
                if status == 405:
                    below = exchange(s, "NONE", path + "/x")[0] == 405
                    found[path] = Route(set(headers["allow"].lower().split(", ")), admin, below)
                elif status != 404:
                    found[path] = Route({"*"}, admin, exchange(s, "NONE", path + "/x")[0] != 404)
    check("the program has the paths", "/v1/decide" in texts_like_paths() and "/livez" in texts_like_paths())
    return found


def ask_for_roles(found, trusts, port, key):
    """Asks at each path without a key, and with one that may only decide."""
    def over_tls(method, path, headers):
        with socket.create_connection(("127.0.0.1", port), 20) as plain, trusts.wrap_socket(plain, server_hostname="127.0.0.1") as s:
            return exchange(s, method, path, b"", headers)

    for path, route in found.items():
        for method in () if route.admin else {"get"} if route.methods == {"*"} else route.methods:
            without = over_tls(method.upper(), path, {})
            # The body has the wrong type, so that nothing is decided.
            with_key = over_tls(method.upper(), path, {"Authorization": f"Bearer {key}"})
            route.without_key[method], route.with_key[method] = without[0], with_key[0]
            for answer in (without, with_key):
                if answer[0] in (401, 403):
                    keep(path, method, answer)
                    if route.methods == {"*"}:
                        keep(path + "/{path}", method, answer)


# ---- the answers -------------------------------------------------------------------------------------


def malformed(path, method):
    """Requests that are refused before anything else, and how."""
    first = f"{method.upper()} {path} HTTP/1.1\r\n"
    body = "Host: localhost\r\nContent-Type: application/json\r\n"
    yield 400, first + "\r\n"
    yield 413, first + body.replace("json", "x-ndjson" if path.endswith("batch") else "json") + "Content-Length: 999999999\r\n\r\n"
    yield 415, first + body + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    yield 417, first + body + "Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}"
    yield 431, first + "Host: localhost\r\n" + "A: b\r\n" * 64 + "\r\n"
    yield 501, first + body + "Transfer-Encoding: gzip\r\n\r\n"
    yield 505, first.replace("1.1", "1.2") + "Host: localhost\r\n\r\n"


def ask_malformed(service):
    for path, method, _ in operations(DOCUMENT):
        admin = "servers" in DOCUMENT["paths"][path]
        for status, text in malformed(path.replace("{path}", "x"), method):
            answer = service.raw(text.encode(), "admin.sock" if admin else "writ.sock")
            keep(path, method, answer)
            check(f"{method} {path} is refused", answer[0] == status, (status, answer))


def ask_examples(service, prefix):
    """The document's examples are requests that the service takes."""
    for path, method, operation in operations(DOCUMENT):
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            for name, example in media.get("examples", {}).items():
                if path.startswith(prefix):
                    expect(f"{method} {path}: the example {name}", 200, ask(service, method.upper(), path, example["value"]))


def ask_reports(service):
    """What happened to a credential, and the use of a grant."""
    granted = json.loads(ask(service, "POST", "/v1/decide", request("permit"))[1])["record"]
    denied = json.loads(ask(service, "POST", "/v1/decide", request("deny"))[1])["record"]
    receipt = {"decision": granted, "credential": "c-1", "resource": "pay-5512", "issued_at": "5s", "accepted_at": "1s",
               "revoked_at": "2026-09-21T14:14:20Z"}
    expect("a receipt", 200, ask(service, "POST", "/v1/receipt", receipt))
    expect("the only use", 200, ask(service, "POST", "/v1/use", {"decision": granted}))
    expect("a second use", 409, ask(service, "POST", "/v1/use", {"decision": granted}))
    for path in ("/v1/receipt", "/v1/use"):
        expect(f"{path} of a deny", 409, ask(service, "POST", path, {"decision": denied}))
        expect(f"{path} of nothing", 404, ask(service, "POST", path, {"decision": 1_000_000}))
        expect(f"{path} with another member", 400, ask(service, "POST", path, {"decision": granted, "more": 1}))


def lose_ledger(service):
    """Nothing can be recorded any more: a file is where the ledger was."""
    ledger = service.folder / "writ-serve/ledger"
    shutil.rmtree(ledger)
    ledger.write_text("")


def ask_explanations(service):
    """Explanations, of requests for this service's policy and of others for theirs."""
    def explain(by, what, document):
        expect(f"explained: {what}", 200, ask(by, "POST", "/v1/explain", document))

    for name in ("permit", "needs_approval", "deny", "deny_no_role", "permit_approved"):
        explain(service, name, request(name))
    permit, approved = request("permit"), request("permit_approved")
    explain(service, "an approval of another request", {**approved, "tool": {**approved["tool"], "params": {"amount": 901, "currency": "USD"}}})
    explain(service, "missing facts", {**permit, "provenance": {**permit["provenance"], "user": "model"}})
    expect("not explained", 400, ask(service, "POST", "/v1/explain", request("permit", tennant="t1")))
    snowflake = Running(WRIT, ["snowflake"], [EXAMPLES / "snowflake"])
    explain(snowflake, "the end of a window", json.loads((EXAMPLES / "snowflake/requests/permit.json").read_text()))
    snowflake.end()
    folder = new_folder()
    one, two = 'audience "https://tickets.example.com"', 'audience "https://tickets.example.com", "https://archive.example.com"'
    text = (EXAMPLES / "subagent/policy.writ").read_text().replace(one + "\n", two + "\n")
    (folder / "policy.writ").write_text(text + '\nlimit near when run.id != "far" to audience { "https://tickets.example.com" }\n')
    shutil.copytree(EXAMPLES / "subagent/requests", folder / "requests")
    subagent = Running(WRIT, ["policy.writ"], [folder / "policy.writ", folder / "requests"])
    explain(subagent, "a scope and an audience that are dropped",
            json.loads((EXAMPLES / "subagent/requests/permit_intersection.json").read_text()))
    subagent.end()
    shutil.rmtree(folder)


def ask_refund():
    """An operator's service with files, without the AuthZEN API."""
    service = Running(WRIT, ["refund"], [REFUND])
    ask_examples(service, "/v1/")
    for name in ("permit", "needs_approval", "deny", "deny_no_role", "permit_approved"):
        expect(name, 200, ask(service, "POST", "/v1/decide", request(name)))
    for _ in range(2):
        body = expect("a repeated key", 200, ask(service, "POST", "/v1/decide", request("permit", idempotency_key="k1"),
                                                 {"X-Request-ID": "abc"}))
    check("the first decision is told", json.loads(body)["earlier"]["grant"] is not None, body)
    expect("a refused request", 400, ask(service, "POST", "/v1/decide", request("permit", tennant="t1")))
    groups = DOCUMENT["components"]["schemas"]["Request"]["properties"]["provenance"]["anyOf"][1]["propertyNames"]["enum"]
    every = {**dict.fromkeys(groups, "broker"), "token": "verified"}
    expect("every group has a provenance", 200, ask(service, "POST", "/v1/decide", request("permit", provenance=every)))
    expect("no other group", 400, ask(service, "POST", "/v1/decide", request("permit", provenance={**every, "provenance": "broker"})))
    lines = "\n".join([json.dumps(request("permit")), json.dumps(request("deny")), "{"])
    expect("a batch", 200, ask(service, "POST", "/v1/decide/batch", lines, LINES))
    expect("an empty batch", 400, ask(service, "POST", "/v1/decide/batch", "\n", LINES))
    expect("a long batch", 413, ask(service, "POST", "/v1/decide/batch", "{}\n" * 257, LINES))
    search = {"open": "tool", "request": request("permit"), "candidates": ["refund", {"name": "refund", "none": 1}]}
    expect("a search", 200, ask(service, "POST", "/v1/search", search))
    expect("another member", 400, ask(service, "POST", "/v1/search", {**search, "limit": 1}))
    expect("a refused search", 400, ask(service, "POST", "/v1/search", {**search, "request": {"a": 1}}))
    expect("many candidates", 413, ask(service, "POST", "/v1/search", {**search, "candidates": ["a"] * 257}))
    expect("revocations", 200, ask(service, "GET", "/v1/revocations"))
    for path in ("/livez", "/readyz", "/metrics", "/v1/status"):
        expect(path, 200, ask(service, "GET", path))
    for path, method, _ in operations(DOCUMENT):
        if path.startswith(("/access", "/envoy", METADATA)):
            expect(f"{path} without a mapping", 404, ask(service, method.upper(), path.replace("{path}", "x"),
                                                             {"a": 1} if method == "post" else "", told=path))
    keep("", "", service.ask("GET", "/v1/nothing"), "NotFound")
    keep("", "", service.ask("GET", "/v1/decide"), "MethodNotAllowed")
    ask_malformed(service)
    ask_explanations(service)
    ask_reports(service)
    for path in DOCUMENT["paths"]:
        if "servers" in DOCUMENT["paths"][path]:
            answer = service.raw(f"GET {path} HTTP/1.1\r\nHost: service.example.com\r\n\r\n".encode(), "admin.sock")
            check(f"{path} under another name", keep(path, "get", answer) == 403, answer)
    lose_ledger(service)
    expect("without a ledger", 503, ask(service, "POST", "/v1/decide", request("permit")))
    for path in ("/v1/receipt", "/v1/use"):
        expect(f"{path} without a ledger", 503, ask(service, "POST", path, {"decision": 0}))
    expect("not ready", 503, ask(service, "GET", "/readyz"))
    check("ends with 0", service.end() == 0)


def ask_for_callers():
    # Spans are sent to a collector, and so each answer has the name of its span. This collector is away.
    spans = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    service = Running(WRIT, ["refund"], [REFUND], {"reader": "caller"}, spans)
    check("an answer has a traceparent", "traceparent" in service.ask("GET", "/v1/revocations")[1])
    for name in ("permit", "needs_approval", "deny"):
        expect(f"{name} for the caller", 200, ask(service, "POST", "/v1/decide", request(name)))
    expect("a refused request for the caller", 400, ask(service, "POST", "/v1/decide", "{"))
    lines = "\n".join([json.dumps(request("permit")), json.dumps(request("needs_approval")), "{"])
    expect("a batch for the caller", 200, ask(service, "POST", "/v1/decide/batch", lines, LINES))
    expect("a search for the caller", 200, ask(service, "POST", "/v1/search", {"open": "tool", "request": request("permit")}))
    service.end()


def ask_store():
    """A service that follows a store: without an active version, and then with revocations."""
    folder = new_folder()
    store = [WRIT, "store", "--store", str(folder / "s")]

    def keeper(*words):
        done = subprocess.run([*store, *words], cwd=folder, capture_output=True, text=True)
        check(f"store {words[0]}", done.returncode == 0, done.stderr)

    keeper("init")
    keeper("channel", "prod")
    subprocess.run([WRIT, "keys", "generate", folder / "ops"], check=True, capture_output=True)
    service = Running(WRIT, [], [REFUND, AUTHZEN], {"store": folder / "s", "channel": "prod", "mapping": AUTHZEN / "mapping.json",
                                                    "directory": AUTHZEN / "directory.json"})
    search = {"open": "tool", "request": request("permit")}
    question = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}}
    expect("a search without a policy", 503, ask(service, "POST", "/v1/search", search))
    expect("revocations without a policy", 503, ask(service, "GET", "/v1/revocations"))
    expect("no explanation without a policy", 503, ask(service, "POST", "/v1/explain", request("permit")))
    expect("not ready without a policy", 503, ask(service, "GET", "/readyz"))
    expect("the status without a policy", 200, ask(service, "GET", "/v1/status"))
    ask(service, "POST", "/v1/decide", request("permit"))
    for kind in ("subject", "resource", "action"):
        expect(f"a {kind} search without a policy", 503, ask(service, "POST", f"/access/v1/search/{kind}", question))
    keeper("publish", str(REFUND / "policy.writ"), "--channel", "prod")
    leak = {"kind": "agent", "subject": "some-agent", "message": "it leaked"}
    expect("a revocation", 201, ask(service, "POST", "/v1/revocations", leak))
    expect("one that ends", 201, ask(service, "POST", "/v1/revocations", {**leak, "subject": "another", "expires_at": 4_000_000_000}))
    expect("one of what no policy declares", 400, ask(service, "POST", "/v1/revocations", {**leak, "kind": "tool", "subject": "none"}))
    expect("declared or not", 201, ask(service, "POST", "/v1/revocations", {**leak, "kind": "tool", "subject": "none", "undeclared": True}))
    keeper("revoke", "run", "run-1", "--expires", "12h", "-m", "it leaked")
    for _ in range(200):
        body = service.ask("GET", "/v1/revocations")[2]
        if b"run-1" in body:
            break
    expect("revocations of a store", 200, ask(service, "GET", "/v1/revocations"))
    check("all revocations", len(json.loads(service.ask("GET", "/v1/revocations")[2])["revocations"]) == 4)
    keeper("add-key", "on-call", str(folder / "ops.pub"))
    expect("without a key of the store", 409, ask(service, "POST", "/v1/revocations", leak))
    (folder / "s").rename(folder / "moved")
    expect("without a store", 503, ask(service, "POST", "/v1/revocations", leak))
    service.end()
    shutil.rmtree(folder)


def ask_authzen():
    """The AuthZEN API with explanations and obligations, over TLS too; its identifier has a path. Output: the routes."""
    folder = new_folder()
    trusts, port, key = certificate(folder), free_port(), "a-key-of-a-client" * 2
    (folder / "policy.writ").write_text((AUTHZEN / "policy.writ").read_text() + 'oblige audited when tool.tier >= write with audit(level: "full")\n')
    http = {"subject": {"type": "user", "header": "x-user"}, "resource": {"type": "record", "id": "record-1"},
            "routes": [{"method": "GET", "path": path, "action": "read"} for path in ("/", "/records")]}
    mapping = {**json.loads((AUTHZEN / "mapping.json").read_text()), "explain": True, "obligations": ["audit"], "http": http}
    (folder / "mapping.json").write_text(json.dumps(mapping))
    hashed = subprocess.run([WRIT, "serve", "--hash-key"], input=key, capture_output=True, text=True).stdout
    (folder / "clients").write_text(f"broker decide {hashed}")
    settings = {"mapping": folder / "mapping.json", "directory": AUTHZEN / "directory.json", "pdp-url": "https://pdp.example.com/tenant1"}
    tls = {"tls-certificate": folder / "cert.pem", "tls-key": folder / "key.pem", "keys": folder / "clients"}
    service = Running(WRIT, ["policy.writ", "--listen", "unix:writ.sock", "--listen", f"tls://127.0.0.1:{port}"], [folder / "policy.writ"],
                      {**settings, **tls})
    found = find_routes(service)
    ask_for_roles(found, trusts, port, key)
    ask_examples(service, "/access/")
    alice = {"subject": {"type": "user", "id": "alice"}, "resource": {"type": "record", "id": "record-1"}}
    body = expect("an obligation", 200, ask(service, "POST", "/access/v1/evaluation", {**alice, "action": {"name": "write"}}))
    check("the obligation is told", b'"obligations":[{"name":"audit"' in body, body)
    bob = {**alice, "subject": {"type": "user", "id": "bob"}, "action": {"name": "write"}}
    expect("false", 200, ask(service, "POST", "/access/v1/evaluation", bob))
    expect("several", 200, ask(service, "POST", "/access/v1/evaluations", {**alice, "evaluations": [{"action": {"name": "read"}}, {}]}))
    expect("one of several", 200, ask(service, "POST", "/access/v1/evaluations", {**alice, "action": {"name": "read"}}))
    expect("too many", 413, ask(service, "POST", "/access/v1/evaluations", {**alice, "evaluations": [{}] * 257}))
    for path in ("evaluation", "evaluations", "search/subject", "search/resource", "search/action"):
        expect(f"{path}: no question", 400, ask(service, "POST", f"/access/v1/{path}", {"subject": 1}))
    page = {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}, "page": {"limit": 1}}
    expect("a page", 200, ask(service, "POST", "/access/v1/search/subject", page))
    expect("a page", 200, ask(service, "POST", "/access/v1/search/action", {**alice, "page": {"limit": 1}}))
    expect("metadata", 200, ask(service, "GET", METADATA + "/tenant1", told=METADATA + "/{path}"))
    expect("metadata at another path", 404, ask(service, "GET", METADATA))
    expect("metadata at another path", 404, ask(service, "GET", METADATA + "/x", told=METADATA + "/{path}"))
    for path, told in (("/envoy", "/envoy"), ("/envoy/records", "/envoy/{path}")):
        for user, status in (("alice", 200), ("mallory", 403)):
            expect(f"{path} of {user}", status, ask(service, "GET", path, headers={"X-User": user}, told=told))
    lose_ledger(service)
    for path, told in (("/envoy", "/envoy"), ("/envoy/records", "/envoy/{path}")):
        expect(f"{path} without a ledger", 503, ask(service, "GET", path, headers={"X-User": "alice"}, told=told))
    for path in ("evaluation", "evaluations"):
        expect(f"{path} without a ledger", 503, ask(service, "POST", f"/access/v1/{path}", {**alice, "action": {"name": "read"}}))
    service.end()
    shutil.rmtree(folder)
    return found


def ask_issuance():
    """What an authorization server asks, with an approval that comes back."""
    example, folder = EXAMPLES / "authzen/issuance", new_folder()
    for name in ("binding", "approvals"):
        subprocess.run([WRIT, "keys", "generate", folder / name], check=True, capture_output=True)
    mapping = json.loads((example / "mapping.json").read_text())
    mapping["issuance"]["approvals"]["key"] = (folder / "approvals.pub").read_text().strip()
    (folder / "mapping.json").write_text(json.dumps(mapping))
    pdp = "https://pdp.example.com"
    service = Running(WRIT, ["policy.writ"], [example / "policy.writ"], {
        "mapping": folder / "mapping.json", "directory": example / "directory.json", "pdp-url": pdp, "binding-key": folder / "binding"})
    expect("keys", 200, ask(service, "GET", "/access/v1/keys"))
    expect("metadata with capabilities", 200, ask(service, "GET", METADATA))

    def first(what, question):
        body = expect(what, 200, ask(service, "POST", "/access/v1/evaluations", question))
        return json.loads(body)["evaluations"][0]

    def example_request(name):
        return json.loads((example / f"requests/{name}.json").read_text())

    def from_url(text):
        return json.loads(base64.urlsafe_b64decode(text + "=="))

    for name in ("refund", "scopes", "gates"):
        check(f"issued: {name}", first(name, example_request(name))["decision"] is True)
    duties = example_request("refund")
    duties["context"] |= {"supported_mandatory_extensions": ["obligations"], "supported_obligations": ["custom"]}
    check("an obligation of the draft", "obligations" in first("duties", duties)["context"])
    gate = example_request("gates")
    alone = {**gate, **gate["evaluations"][0]}
    del alone["evaluations"]
    expect("one gate", 200, ask(service, "POST", "/access/v1/evaluation", alone))
    large = example_request("refund_large")
    token = from_url(first("an approval is needed", large)["context"]["access_request"]["binding_token"].split(".")[1])
    now = int(time.time())
    state = {"iss": "https://approvals.example.com", "aud": pdp, "exp": now + 600, "approval_id": "apr-1",
             "writ_binding_digest": token["writ_binding_digest"], "writ_requester": "alice", "writ_uses": 1,
             "writ_approvers": [{"approver": "bea", "approver_id": None, "groups": token["writ_requirements"][0]["groups"], "at": now - 5}]}
    large["context"]["approval"] = {"id": "apr-1", "state": signed(folder, state)}
    check("an approval lifts the denial", first("approved", large)["decision"] is True)
    large["context"]["approval"]["state"] = signed(folder, {**state, "writ_approvers": [{**state["writ_approvers"][0], "approver": "alice"}]})
    check("one by the requester does not", first("approved by herself", large)["context"]["next_action"] == "request")
    service.end()
    shutil.rmtree(folder)


def signed(folder, claims):
    """A JWS with the key `approvals` of a folder."""
    def to_url(content):
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    seed = base64.b64decode((folder / "approvals").read_text().strip().rpartition(":")[2])
    (folder / "private.der").write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
    text = to_url(b'{"alg":"EdDSA","typ":"JWT"}') + "." + to_url(json.dumps(claims).encode())
    (folder / "text").write_text(text)
    done = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", "private.der", "-keyform", "DER", "-rawin", "-in", "text"], cwd=folder,
                          check=True, capture_output=True)
    return text + "." + to_url(done.stdout)


def ask_crowded():
    """Of many requests at a time, some are answered 503."""
    service = Running(WRIT, ["policy.writ"], [AUTHZEN / "policy.writ"], {
        "mapping": AUTHZEN / "mapping.json", "directory": AUTHZEN / "directory.json", "pdp-url": "https://pdp.example.com", "max-in-flight": 1})
    over = threading.Event()

    def crowd():
        with service.connect() as s:
            while not over.is_set():
                exchange(s, "POST", "/v1/decide/batch", "{}\n" * 200, LINES)

    for _ in range(50):  # first alone
        if ask(service, "GET", METADATA)[0] == 200:
            break
    others = [threading.Thread(target=crowd) for _ in range(3)]
    for each in others:
        each.start()
    for path, method, told in ((METADATA, "GET", METADATA), (METADATA + "/x", "GET", METADATA + "/{path}"),
                               ("/access/v1/keys", "GET", "/access/v1/keys"), ("/v1/decide/batch", "POST", "/v1/decide/batch")):
        for _ in range(2000):
            answer = service.ask(method, path, b"{}" if method == "POST" else b"", LINES if method == "POST" else {})
            if answer[0] == 503:
                break
        keep(told, method.lower(), answer)
        check(f"{path} in a crowd", answer[0] == 503, answer)
    over.set()
    for each in others:
        each.join()
    service.end()


# ---- damage ------------------------------------------------------------------------------------------


def damaged(document):
    """The document with one place changed: what was done, and the document."""
    def changed(what, change):
        other = copy.deepcopy(document)
        change(other)
        return what, other

    for path, method, operation in operations(document):
        yield changed(f"without {method} {path}", lambda d: d["paths"][path].pop(method))
        for status in operation["responses"]:
            yield changed(f"{method} {path} without {status}", lambda d: d["paths"][path][method]["responses"].pop(status))
        for status in ("408", "429"):
            yield changed(f"{method} {path} with {status}",
                          lambda d: d["paths"][path][method]["responses"].update({status: {"$ref": "#/components/responses/BadRequest"}}))
        if "servers" not in document["paths"][path]:
            roles = [] if operation["security"] else [{"bearer": ["decide"]}]
            yield changed(f"{method} {path} for others", lambda d: d["paths"][path][method].update(security=roles))
            operators = [{"bearer": ["decide" if "operate" in str(operation["security"]) else "operate"]}]
            yield changed(f"{method} {path} for another role", lambda d: d["paths"][path][method].update(security=operators))
    for path in document["paths"]:
        yield changed(f"with {path}/more", lambda d: d["paths"].update({path + "/more": {"get": copy.deepcopy(d["paths"]["/livez"]["get"])}}))
        unused = next(method for method in METHODS if method not in document["paths"][path])
        yield changed(f"with {unused} {path}", lambda d: d["paths"][path].update({unused: {**d["paths"]["/livez"]["get"], "operationId": "more"}}))
    for name, response in document["components"]["responses"].items():
        for header in response["headers"]:
            if header not in ("X-Request-ID", "traceparent"):  # not every answer has these
                yield changed(f"{name} without {header}", lambda d: d["components"]["responses"][name]["headers"].pop(header))
    answered = set()
    for name in document["components"]["schemas"]:
        if name in ANSWERED:
            answered.add(name)
            for place in closed(document["components"]["schemas"][name], ()):
                def node(d):
                    found = d["components"]["schemas"][name]
                    for step in place:
                        found = found[step]
                    return found
                for member in node(document)["properties"]:
                    def remove(d):
                        node(d)["properties"].pop(member)
                        if member in node(d).get("required", []):
                            node(d)["required"].remove(member)
                    yield changed(f"{name}{list(place)} without {member}", remove)
                yield changed(f"{name}{list(place)} with another member", lambda d: node(d)["properties"].update(invented={"type": "string"}))
                yield changed(f"{name}{list(place)} requires another", lambda d: node(d).setdefault("required", []).append("invented"))
    assert answered == ANSWERED, ANSWERED - answered


def closed(schema, place):
    """The places of closed objects in a schema."""
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            yield place
        for name, each in schema.items():
            yield from closed(each, (*place, name))
    elif isinstance(schema, list):
        for i, each in enumerate(schema):
            yield from closed(each, (*place, i))


def in_answers(document):
    """The schemas that answers have."""
    found = set()

    def visit(node):
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if "/schemas/" in str(node.get("$ref", "")) and name not in found:
                found.add(name)
                visit(document["components"]["schemas"][name])
            for each in node.values():
                visit(each)
        elif isinstance(node, list):
            for each in node:
                visit(each)

    visit(document["components"]["responses"])
    for _, _, operation in operations(document):
        visit(operation["responses"])
    return found


ANSWERED = in_answers(DOCUMENT)
ask_refund()
ask_for_callers()
ask_store()
found = ask_authzen()
ask_issuance()
ask_crowded()
count = len(answers)
answers = distinct(answers)
faults = list(structure(DOCUMENT)) or list(differences(DOCUMENT, found, answers))
for each in faults:
    check("docs/openapi.json", False, each)
version = subprocess.run([WRIT, "--version"], capture_output=True, text=True).stdout
check("the version is the program's", DOCUMENT["info"]["version"] in version, version)
for _, _, operation in operations(DOCUMENT):
    for media in operation.get("requestBody", {}).get("content", {}).values():
        for example in media.get("examples", {}).values():
            if file := example.get("summary"):
                check(f"an example is {file}", example["value"] == json.loads((EXAMPLES.parent / file).read_text()))
if not faults:
    damages = 0
    for what, other in damaged(DOCUMENT):
        damages += 1
        noticed = next(differences(other, found, answers), None) or next(structure(other), None)
        check(f"noticed: {what}", noticed is not None)
    check("the document is damaged in many places", damages > 300, damages)
    print(f"{len(found)} paths, {count} answers in {len(answers)} forms, {damages} damages")
end()
