#!/usr/bin/env python3
"""Tests `writ serve` from outside: what it answers, what it refuses, how it follows a policy and how it ends.

usage: service_test.py WRIT EXAMPLES
"""
import http.server
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

from harness import EXAMPLES, PERMIT, Service, WRIT, check, end, exchange, new_folder, read_answer

most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most_files, 8_192), most_files))  # for many connections


def with_field(field, value):
    document = json.loads(PERMIT)
    document[field] = value
    return json.dumps(document)


# --- what is answered
service = Service()
status, headers, body = service.ask("POST", "/v1/decide", PERMIT, {"X-Request-ID": "abc-1"})
decision = json.loads(body)
check("a permit", status == 200 and decision["effect"] == "permit" and decision["record"] == 0, body)
check("X-Request-ID is echoed", headers.get("x-request-id") == "abc-1", headers)
direct = subprocess.run([WRIT, "eval", "refund", "--request", "refund/requests/permit.json", "--format", "json"],
                        cwd=service.folder, capture_output=True, text=True)
same = {k: v for k, v in decision.items() if k not in ("record", "earlier")}
check("the same decision as `writ eval`", same == json.loads(direct.stdout), direct.stdout)
status, _, body = service.ask("POST", "/v1/decide", with_field("tenant", "t2"))
check("a deny is 200", status == 200 and json.loads(body)["effect"] == "deny", body)
status, _, body = service.ask("POST", "/v1/decide", with_field("tennant", "t2"))
check("a request that is refused is 400, and denies", status == 400 and json.loads(body)["code"].startswith("Q")
      and json.loads(body)["decision"]["effect"] == "deny", body)
for cut in (0, 1, len(PERMIT) // 2, len(PERMIT.rstrip()) - 1):
    status, _, body = service.ask("POST", "/v1/decide", PERMIT.rstrip()[:cut])
    check(f"a document cut after {cut} bytes", status in (400, 415), body)

line = json.dumps(json.loads(PERMIT))
answers = []
for first in range(1, len(line), 256):
    cuts = "\n".join(line[:cut] for cut in range(first, min(first + 256, len(line))))
    answers += service.ask("POST", "/v1/decide/batch", cuts, {"Content-Type": "application/x-ndjson"})[2].splitlines()
check("no beginning of a document is decided", len(answers) == len(line) - 1 and
      all((a := json.loads(each))["code"].startswith("Q") and a["decision"]["effect"] == "deny" for each in answers), len(answers))

requests = [json.dumps(json.loads(with_field("request_id", f"r{i}"))) for i in range(100)]
lines = "\n".join(requests[:50]) + "\n\n" + "{\n" + "\n".join(requests[50:])
status, headers, body = service.ask("POST", "/v1/decide/batch", lines, {"Content-Type": "application/x-ndjson"})
answers = [json.loads(line) for line in body.splitlines()]
check("a batch answers each line in order", status == 200 and len(answers) == 101 and answers[50].get("code") == "Q0001"
      and all(a["effect"] == "permit" for i, a in enumerate(answers) if i != 50), (status, len(answers)))
records = [a["record"] for i, a in enumerate(answers) if i != 50]
check("a batch is recorded in order", records == sorted(records) and len(set(records)) == 100)
status, _, _ = service.ask("POST", "/v1/decide/batch", "\n".join(["{}"] * 257), {"Content-Type": "application/x-ndjson"})
check("a batch has a limit", status == 413, status)

status, _, body = service.ask("POST", "/v1/search", json.dumps({"open": "tool", "request": json.loads(PERMIT)}))
check("a search", status == 200 and json.loads(body)["items"], body)
status, _, body = service.ask("POST", "/v1/search", '{"open": "tools"}')
check("a search that is malformed", status == 400, body)
for count, expected in ((256, 200), (257, 413)):
    status, _, body = service.ask("POST", "/v1/search", json.dumps({"open": "agent", "request": json.loads(PERMIT), "candidates": ["a"] * count}))
    check(f"a search with {count} candidates", status == expected, (status, body[:200]))
first = json.loads(service.ask("POST", "/v1/decide", PERMIT)[2])["record"]
status, _, body = service.ask("POST", "/v1/explain", PERMIT)
explained = json.loads(body)
direct = subprocess.run([WRIT, "explain", "refund", "--request", "refund/requests/permit.json", "--format", "json"],
                        cwd=service.folder, capture_output=True, text=True)
roles = lambda explanation: [(each["role"], each["rule"]["name"]) for each in explanation["rules"]]
check("the same explanation as `writ explain`", status == 200 and body.count(b"\n") == 1 and roles(explained) == roles(json.loads(direct.stdout))
      and explained["decision"] == json.loads(direct.stdout)["decision"], body)
status, _, body = service.ask("POST", "/v1/explain", with_field("tennant", "t2"))
check("an explanation of what is refused", status == 400 and json.loads(body)["code"].startswith("Q"), body)
check("an explanation is not recorded", json.loads(service.ask("POST", "/v1/decide", PERMIT)[2])["record"] == first + 1)
check("revocations", service.ask("GET", "/v1/revocations")[0] == 200)

check("no such path", service.ask("GET", "/v1/decision")[0] == 404)
status, headers, _ = service.ask("GET", "/v1/decide")
check("another method", status == 405 and headers.get("allow") == "POST", headers)
check("another type", service.ask("POST", "/v1/decide", PERMIT, {"Content-Type": "text/plain"})[0] == 415)
check("a type with a charset", service.ask("POST", "/v1/decide", PERMIT, {"Content-Type": "application/json; charset=utf-8"})[0] == 200)
check("a long body", service.ask("POST", "/v1/decide", b" " * 70_000)[0] == 413)
check("the admin's paths are not here", service.ask("GET", "/metrics")[0] == 404)

# --- operators
check("livez", service.ask("GET", "/livez", name="admin.sock")[0] == 200)
check("readyz", service.ask("GET", "/readyz", name="admin.sock")[0] == 200)
check("asked by another name", service.raw(b"GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n", name="admin.sock") == 403)
check("the name does not matter for decisions", service.raw(b"GET /v1/revocations HTTP/1.1\r\nHost: writ.example\r\n\r\n") == 200)
status, headers, body = service.ask("HEAD", "/readyz", name="admin.sock")
check("HEAD has no body", status == 200 and int(headers["content-length"]) > 0, headers)
metrics = service.ask("GET", "/metrics", name="admin.sock")[2].decode()
check("metrics count", 'writ_decisions_total{effect="permit"} 10' in metrics
      and 'writ_http_requests_total{route="refused",code="415"}' in metrics, metrics[:500])
counts = [re.search(rf"{name}_count (\d+)", metrics)[1] for name in ("writ_decide_duration_seconds", "writ_ledger_append_seconds")]
check("each decision is timed, also those of a batch, until it is recorded", counts[0] == counts[1] and int(counts[0]) > 100, counts)
check("no principal in a label", "refund-agent" not in metrics and "alice" not in metrics)
state = json.loads(service.ask("GET", "/v1/status", name="admin.sock")[2])
check("status", state["ready"] and state["policy"]["digest"] == decision["bundles"][0]["digest"], state)
health = subprocess.run([WRIT, "healthcheck", "--admin", "unix:admin.sock"], cwd=service.folder, capture_output=True, text=True)
check("healthcheck", health.returncode == 0 and health.stdout == "ready\n", health)
check("no claim in the log", "refund-agent" not in service.text() and "alice" not in service.text(), service.text())

# --- what is refused before it is read
HEAD = b"POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
RAW = [
    ("two lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a list of lengths", HEAD + b"Content-Length: 2, 2\r\n\r\n{}", 400),
    ("a signed length", HEAD + b"Content-Length: +2\r\n\r\n{}", 400),
    ("a length in hex", HEAD + b"Content-Length: 0x2\r\n\r\n{}", 400),
    ("a length beyond numbers", HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}", 413),
    ("length and coding", HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("two codings", HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("an unknown coding", HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("a disguised coding", HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    ("a coding with a tab", HEAD + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a space before a colon", HEAD + b"Content-Length : 2\r\n\r\n{}", 400),
    ("a folded line", HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("bare line feeds", b"POST /v1/decide HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}", 400),
    ("a bare carriage return", HEAD + b"X: a\rY: b\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a zero byte", HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("no Host", b"GET /v1/revocations HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", b"GET /v1/revocations HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("an empty Host", b"GET /v1/revocations HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("an absolute target", b"GET http://x/v1/revocations HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("a target with a fragment", b"GET /v1/revocations#a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("CONNECT", b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("HTTP/1.2", b"GET /v1/revocations HTTP/1.2\r\nHost: x\r\n\r\n", 505),
    ("HTTP/0.9", b"GET /v1/revocations\r\n\r\n", 400),
    ("many headers", b"GET /v1/revocations HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 64 + b"\r\n", 431),
    ("a long head", b"GET /v1/revocations HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000 + b"\r\n\r\n", 431),
    ("an endless head", b"GET /v1/revocations HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 100_000, 431),
    ("an expectation", HEAD + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}", 417),
    ("an upgrade", HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a chunk size that is no number", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
    ("a chunk that is longer than it says", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", 400),
    ("a chunk with an extension", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n", 400),
    ("a chunk that ends in a bare line feed", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n", 400),
    ("a folded trailer", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: b\r\n c\r\n\r\n", 400),
    ("a million headers", b"GET /v1/revocations HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1_000_000 + b"\r\n", 431),
    ("chunks beyond the limit", HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + b" " * 0x4000 + b"\r\n" + b"FFFF\r\n" + b" " * 0xFFFF + b"\r\n0\r\n\r\n", 413),
]
before = json.loads(service.ask("GET", "/v1/status", name="admin.sock")[2])["decisions"]
for name, data, expected in RAW:
    check(f"refused: {name}", (got := service.raw(data)) == expected, got)
after = json.loads(service.ask("GET", "/v1/status", name="admin.sock")[2])["decisions"]
check("what is refused is not decided", before == after, (before, after))

body = PERMIT.encode()
half = len(body) // 2
chunked = b"%x\r\n" % half + body[:half] + b"\r\n%x\r\n" % (len(body) - half) + body[half:] + b"\r\n0\r\n\r\n"
check("a chunked body", service.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked) == 200)
with service.connect() as s:  # one write with three requests
    good = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    s.sendall(good + good + b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    data = b""
    while b"HTTP/1.1 404" not in data and (got := s.recv(1 << 16)):
        data += got
    statuses = [int(each) for each in re.findall(rb"HTTP/1\.1 (\d+)", data)]
    check("pipelined requests are answered in order", statuses == [200, 200, 404], statuses)
with service.connect() as s:
    s.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
    check("100 Continue", s.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n")
    s.sendall(body)
    check("the body after it", read_answer(s)[0] == 200)
with service.connect() as s:
    s.sendall(b"GET /v1/revocations HTTP/1.0\r\nHost: x\r\n\r\n")
    status, headers, _ = read_answer(s)
    check("HTTP/1.0 closes", status == 200 and headers.get("connection") == "close", headers)

# --- following the files
policy = service.folder / "refund/policy.writ"
text = policy.read_text()
policy.write_text(text.replace("refund_current_tenant", "refund_present_tenant"))
check("a change is activated", service.wait_for("policy_active digest=", 2), service.text())
for _ in range(60):
    body = json.loads(service.ask("POST", "/v1/decide", PERMIT)[2])
    if body["reasons"][0]["rule"]["name"] == "refund_present_tenant":
        break
    time.sleep(0.1)
explained = json.loads(service.ask("POST", "/v1/explain", PERMIT)[2])
check("the new policy is explained", explained["rules"][0]["rule"]["name"] == "refund_present_tenant", explained)
check("the new policy decides", body["reasons"][0]["rule"]["name"] == "refund_present_tenant", body["reasons"])
policy.write_text("permit {")
check("an invalid change is refused", service.wait_for("policy_refused"), service.text()[-300:])
state = json.loads(service.ask("GET", "/v1/status", name="admin.sock")[2])
check("the status says so", "do not compile" in state["policy"]["problem"] and state["ready"], state)
check("and the metrics", b'writ_policy_rejects_total{code="files"} 1' in service.ask("GET", "/metrics", name="admin.sock")[2])
body = json.loads(service.ask("POST", "/v1/decide", PERMIT)[2])
check("the earlier policy stays", body["effect"] == "permit" and body["reasons"][0]["rule"]["name"] == "refund_present_tenant")
policy.write_text(text)

policy.write_text(text)
time.sleep(1.5)
start = text.index("permit refund_current_tenant")
policy.write_text(text[:start])  # a half-written file, and the rest within a moment
time.sleep(0.15)
policy.write_text(text)
time.sleep(1.5)
body = json.loads(service.ask("POST", "/v1/decide", PERMIT)[2])
check("a half-written policy is not activated", body["effect"] == "permit", body["reasons"])
check("a mended policy is no problem", json.loads(service.ask("GET", "/v1/status", name="admin.sock")[2])["policy"]["problem"] is None)
service.process.terminate()
service.process.wait(20)
policy.write_text(text.replace("for 2m", "for 1m"))
service.start()
lifetimes = {json.loads(service.ask("POST", "/v1/decide", PERMIT)[2])["grant"]["ttl"] for _ in range(20)}
check("the first request after a start meets the new policy", lifetimes == {60}, lifetimes)
check("a start has no errors", "error" not in service.text(), service.text())
check("and refuses no policy", b"writ_policy_rejects_total{" not in service.ask("GET", "/metrics", name="admin.sock")[2])
second = subprocess.run([WRIT, "serve", "refund", "--listen", "unix:other.sock"], cwd=service.folder, capture_output=True, text=True, timeout=20)
check("two services do not share a folder", second.returncode == 4 and "another service uses this folder" in second.stderr, second.stderr)
second = subprocess.run([WRIT, "serve", "refund", "--state", "other"], cwd=service.folder, capture_output=True, text=True, timeout=20)
check("two services do not share a socket", second.returncode == 4 and "H0002" in second.stderr and (service.folder / "writ.sock").exists(), second.stderr)
check("the first still answers", service.ask("POST", "/v1/decide", PERMIT)[0] == 200)

# --- the end
stop = threading.Event()
answers = []


def load():
    with service.connect() as s:
        while not stop.is_set():
            got = exchange(s, "POST", "/v1/decide", PERMIT)
            if got[0] is None:
                return
            answers.append(got[0])
            if got[1].get("connection") == "close":
                return


threads = [threading.Thread(target=load) for _ in range(4)]
for each in threads:
    each.start()
time.sleep(0.5)
service.process.send_signal(signal.SIGTERM)
code = service.process.wait(20)
stop.set()
for each in threads:
    each.join()
check("ends well under load", code == 0 and len(answers) > 0 and set(answers) == {200}, (code, set(answers)))
check("the socket is gone", not (service.folder / "writ.sock").exists())

# --- kill -9: every permit that was answered is in the ledger
service.start()
seen = []


def permits():
    try:
        with service.connect() as s:
            while True:
                got = exchange(s, "POST", "/v1/decide", PERMIT)
                if got[0] != 200:
                    return
                seen.append(json.loads(got[2])["record"])
    except (ConnectionError, ValueError, OSError):
        return


threads = [threading.Thread(target=permits) for _ in range(4)]
for each in threads:
    each.start()
time.sleep(0.7)
service.process.kill()
service.process.wait()
for each in threads:
    each.join()
verify = subprocess.run([WRIT, "ledger", "verify", "-L", "writ-serve/ledger"], cwd=service.folder, capture_output=True, text=True)
shown = subprocess.run([WRIT, "ledger", "show", "-L", "writ-serve/ledger", str(max(seen, default=0))], cwd=service.folder, capture_output=True, text=True)
check("after a kill the ledger is whole", verify.returncode == 0, verify.stdout + verify.stderr)
check("after a kill no permit is missing", len(seen) > 0 and len(set(seen)) == len(seen) and shown.returncode == 0
      and '"permit"' in shown.stdout, (len(seen), shown.stderr, shown.stdout[:200]))
service.start()
check("starts after a kill", service.ask("POST", "/v1/decide", PERMIT)[0] == 200, service.text()[-300:])
check("ends with 0", service.end() == 0)

# --- limits
service = Service("--max-connections", "4", "--read-timeout", "1")
held = [service.connect() for _ in range(4)]
for each in held:
    each.sendall(b"GET")
time.sleep(0.2)
with service.connect() as s:
    check("too many connections are closed", s.recv(10) == b"")
status = read_answer(held[0])[0]
check("a slow request is closed", status is None, status)
for each in held:
    each.close()
time.sleep(1.2)
check("then others are served", service.ask("POST", "/v1/decide", PERMIT)[0] == 200)
service.end()

# --- strangers
STATUS = lambda: json.loads(service.ask("GET", "/v1/status", name="admin.sock")[2])
METRIC = lambda name: int(re.search(rf"^{name} (\d+)", service.ask("GET", "/metrics", name="admin.sock")[2].decode(), re.M)[1])


def settled(name, expected):
    for _ in range(100):
        if METRIC(name) == expected:
            return True
        time.sleep(0.05)
    return False


def resident():
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{service.process.pid}/status").read_text())[1]) << 10


service = Service("--read-timeout", "2", "--max-body-bytes", "2100000")
before = STATUS()["decisions"]
for cut in (1, len(PERMIT) // 2, len(PERMIT) - 2):
    with service.connect() as s:
        s.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(PERMIT) + PERMIT.encode()[:cut])
        s.shutdown(socket.SHUT_WR)
        check(f"a body that ends after {cut} bytes has no answer", read_answer(s)[0] is None)
with service.connect() as s:
    started = time.time()
    s.sendall(HEAD + b"Content-Length: 100\r\n\r\n")
    try:
        for _ in range(40):
            s.sendall(b" ")
            time.sleep(0.1)
    except ConnectionError:
        pass
    check("a slow body is closed", read_answer(s)[0] is None and time.time() - started < 3.5, time.time() - started)
check("none of them is decided", STATUS()["decisions"] == before, (before, STATUS()))

# 3,000 connections: as many as the limit are kept, and the others closed at once.
held = []
for _ in range(3_000):
    held.append(service.connect())
check("of many connections, as many as the limit are open", settled("writ_http_connections", 1_024), METRIC("writ_http_connections"))
check("the others are counted", settled("writ_http_shed_total", 3_000 - 1_024), METRIC("writ_http_shed_total"))
check("one of those that are open is served", exchange(held[0], "POST", "/v1/decide", PERMIT)[0] == 200)
for each in held:
    each.close()
check("then there is room again", settled("writ_http_connections", 0))

# Many large bodies: their bytes have a limit together. A batch that is not whole holds what it declared.
BATCH = b"POST /v1/decide/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
first, second, third = service.connect(), service.connect(), service.connect()
first.sendall(BATCH + b"Content-Length: 1000000\r\n\r\n" + b"x" * 999_999)
second.sendall(BATCH + b"Transfer-Encoding: chunked\r\n\r\n")
time.sleep(0.2)
third.sendall(BATCH + b"Content-Length: 1000000\r\n\r\n")
status, headers, body = read_answer(third)
check("too many bytes of bodies", status == 503 and headers.get("retry-after") == "1" and headers.get("connection") == "close",
      (status, body))
first.sendall(b"\n")
check("a body that has its bytes is answered", read_answer(first)[0] == 200)
for each in (first, second, third):
    each.close()
settled("writ_http_connections", 0)
check("then there is room for bodies again", service.raw(BATCH + b"Content-Length: 1000000\r\n\r\n" + b"\n" * 1_000_000) == 400)
before = resident()
held = []
for _ in range(200):  # 200 MB are declared, and as much is sent as sockets hold, which is 40 MB
    s = service.connect()
    s.setblocking(False)
    try:
        s.send(BATCH + b"Content-Length: 1048576\r\n\r\n" + b"x" * 1_048_575)
    except BlockingIOError:
        pass
    held.append(s)
time.sleep(0.3)
check("many large bodies at once need little memory", resident() - before < 32 << 20, (before, resident()))
for each in held:
    each.close()
check("it still answers", settled("writ_http_connections", 0) and service.ask("POST", "/v1/decide", PERMIT)[0] == 200)
with service.connect() as s:  # the answers are more than a socket holds
    lines = (line + "\n").encode() * 256
    s.sendall(BATCH + b"Content-Length: %d\r\n\r\n" % len(lines) + lines)
    check("a client that does not read is served", settled("writ_http_connections", 1))
    check("and closed", settled("writ_http_connections", 0) or settled("writ_http_connections", 0))
check("ends with 0", service.end() == 0)

# --- a full disk
for durability in ("required", "best-effort"):
    service = Service("--durability", durability, most=300_000)
    answers = []
    with service.connect() as s:
        for i in range(400):
            status, _, body = exchange(s, "POST", "/v1/decide", PERMIT)
            answers.append((status, json.loads(body).get("effect")))
    if durability == "required":
        check("required: first permits, then none", answers[0] == (200, "permit") and answers[-1] == (503, None), answers[-1])
        check("a full disk is told once", service.text().count("ledger_failed") == 1, service.text())
        check("a full disk makes it unready", service.ask("GET", "/readyz", name="admin.sock")[0] == 503)
    else:
        check("best effort permits all", set(answers) == {(200, "permit")}, set(answers))
        for _ in range(100):  # it answers before it writes
            if (dropped := METRIC("writ_ledger_dropped_total")) > 0:
                break
            time.sleep(0.05)
        check("best effort counts what it drops", dropped > 0)
    check("ends with 0", service.end() == 0)

# --- systemd: told when it is ready, alive and ending; gets its socket from there
class Notified(Service):
    def __init__(self, *options):
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.passed = socket.socket(socket.AF_UNIX)
        self.place = str(new_folder())
        self.told.bind(self.place + "/notify")
        self.told.settimeout(5)
        self.passed.bind(self.place + "/passed.sock")
        self.passed.listen()
        super().__init__(*options, env={"NOTIFY_SOCKET": self.place + "/notify", "WATCHDOG_USEC": "200000", "LISTEN_FDS": "1"})

    def command(self):
        return ["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', *super().command()]

    def limit(self):
        os.dup2(self.passed.fileno(), 3)
        os.set_inheritable(3, True)


service = Notified()
check("systemd is told that it is ready", service.told.recv(100) == b"READY=1")
check("the watchdog is kept quiet", service.told.recv(100) == b"WATCHDOG=1")
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(10)
    s.connect(service.place + "/passed.sock")
    check("a passed socket is answered", exchange(s, "POST", "/v1/decide", PERMIT)[0] == 200)
check("then there is no other", not (service.folder / "writ.sock").exists())
service.process.send_signal(signal.SIGTERM)
told = set()
while b"STOPPING=1" not in told:
    told.add(service.told.recv(100))
check("systemd is told that it ends", service.process.wait(20) == 0 and told <= {b"WATCHDOG=1", b"STOPPING=1"}, told)
service.passed.close()
shutil.rmtree(service.place)

# --- a second signal ends it at once
service = Service("--drain-delay", "60")
service.process.send_signal(signal.SIGTERM)
time.sleep(0.3)
check("not ready while it ends", service.ask("GET", "/readyz", name="admin.sock")[0] == 503)
began = time.time()
check("a second signal ends it at once", service.end() == 0 and time.time() - began < 5)

# --- settings, TLS and keys
folder = new_folder()
run = lambda *command: subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
    "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
key = "k" * 40
hashed = subprocess.run([WRIT, "serve", "--hash-key"], input=key, capture_output=True, text=True).stdout.strip()
boss = "o" * 40
as_boss = subprocess.run([WRIT, "serve", "--hash-key"], input=boss, capture_output=True, text=True).stdout.strip()
(folder / "keys").write_text(f"# clients\nbroker decide {hashed}\nboss operate {as_boss}\n")
port = 20000 + os.getpid() % 20000
service = Service(config={"listen": [f"tls://127.0.0.1:{port}", "unix:writ.sock"], "tls-certificate": str(folder / "cert.pem"),
                          "tls-key": str(folder / "key.pem"), "keys": str(folder / "keys"), "max-body": 4096,
                          "max-batch": 1, "max-in-flight": 1},
                  env={"WRIT_SERVE_LOG": "json", "WRIT_SERVE_MAX_BATCH": "2", "WRIT_SERVE_MAX_IN_FLIGHT": "100"})
context = ssl.create_default_context(cafile=str(folder / "cert.pem"))


def over_tls(headers, method="POST", path="/v1/decide", body=PERMIT):
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
        return exchange(s, method, path, body, headers)


check("a second connection of one session", all(over_tls({"Authorization": f"Bearer {key}"})[0] == 200 for _ in range(2)))
check("over TLS with a key", over_tls({"Authorization": f"Bearer {key}"})[0] == 200, service.text())
check("without a key", over_tls({})[0] == 401)
check("with a wrong key", over_tls({"Authorization": f"Bearer {key[:-1]}"})[0] == 401)
check("a request that a proxy asks about needs a certificate, whatever its key", over_tls({"Authorization": f"Bearer {key}"}, "GET", "/envoy/x", "")[0] == 401)
check("operators only", over_tls({"Authorization": f"Bearer {key}"}, "GET", "/v1/revocations", "")[0] == 403
      and over_tls({"Authorization": f"Bearer {key}"}, path="/v1/explain")[0] == 403)
check("the variable of the environment", '"event":"listening"' in service.text().replace(" ", ""), service.text())
check("the environment wins over the file", [service.ask("POST", "/v1/decide/batch", "{}\n" * n, {"Content-Type": "application/x-ndjson"})[0]
                                            for n in (1, 2, 3)] == [200, 200, 413])
check("the configuration file", service.ask("POST", "/v1/decide", b" " * 5000)[0] == 413)
for garbage in (b"\x16\x03\x01\xff\xff" + b"\xff" * 70_000, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80\x2e\x01\x03\x00" * 100,
                b"\x17\x03\x03\x00\x20" + b"x" * 32, b"\0" * 100_000, b"\x15\x03\x03\x00\x02\x02\x28"):
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.settimeout(10)
        try:
            s.sendall(garbage)
            s.shutdown(socket.SHUT_WR)
            while got := s.recv(1 << 16):
                check("garbage on the port of TLS is not answered", b"HTTP" not in got, got)
        except OSError:
            pass
check("after garbage it still speaks TLS", over_tls({"Authorization": f"Bearer {key}"})[0] == 200)
with socket.create_connection(("127.0.0.1", port), 5) as s:
    s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    s.settimeout(5)
    try:
        check("no answer without TLS", b"HTTP" not in s.recv(1000))
    except ConnectionError:
        check("no answer without TLS", True)
revocation = json.dumps({"kind": "agent", "subject": "a", "message": "x"})
with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
    s.sendall(f"POST /v1/revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {boss}\r\nContent-Type: application/json\r\n"
              f"Content-Length: {len(revocation)}\r\n\r\n".encode())
    time.sleep(0.3)
    (folder / "keys").write_text(f"broker decide {hashed}\nboss decide {as_boss}\n")
    service.wait_for("reloaded")
    s.sendall(revocation.encode())
    check("an operator who is one no longer, while the body arrives", read_answer(s)[0] == 403)
(folder / "keys").write_text("")
check("a removed key", service.wait_for("reloaded", 2) and over_tls({"Authorization": f"Bearer {key}"})[0] == 401, service.text())
check("ends with 0", service.end() == 0)

# --- traces
exports, answers = [], [503, 200, 200]


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        exports.append((self.path, self.headers["Content-Type"], self.headers["X-Key"], json.loads(body)))
        self.send_response(answers[min(len(exports), 3) - 1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


collector = http.server.HTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=collector.serve_forever, daemon=True).start()
service = Service(env={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}", "OTEL_BSP_SCHEDULE_DELAY": "20",
                       "OTEL_EXPORTER_OTLP_HEADERS": "X-Key=secret%201", "OTEL_SERVICE_NAME": "pdp"})
trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
for flags in ("01", "00", "01"):
    _, headers, _ = service.ask("POST", "/v1/decide", PERMIT, {"traceparent": f"00-{trace}-{caller}-{flags}"})
    time.sleep(0.2)
check("a collector that refuses is told once", service.wait_for("spans_failed") and service.text().count("spans_failed") == 1)
check("and when it is back", service.wait_for("spans_sent"), service.text())
service.ask("POST", "/v1/decide", "{")
check("ends with 0", service.end() == 0)
check("spans are sent at the end, and those that the caller does not record are not", len(exports) == 3, exports)
path, kind, key_header, export = exports[1]
check("OTLP over HTTP", (path, kind, key_header) == ("/v1/traces", "application/json", "secret 1"), exports[1])
resource = export["resourceSpans"][0]
check("the service is named", {"key": "service.name", "value": {"stringValue": "pdp"}} in resource["resource"]["attributes"], resource)
span = resource["scopeSpans"][0]["spans"][0]
check("the span", (span["traceId"], span["parentSpanId"], span["name"], span["kind"]) == (trace, caller, "POST /v1/decide", 2), span)
check("its attributes", {"key": "http.response.status_code", "value": {"intValue": "200"}} in span["attributes"], span)
check("its time", 0 <= int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) < 5e9
      and abs(int(span["startTimeUnixNano"]) / 1e9 - time.time()) < 60, span)
check("the answer names it", headers.get("traceparent") == f"00-{trace}-{span['spanId']}-01", headers)
check("no claim in a span", "alice" not in json.dumps(exports) and "refund-agent" not in json.dumps(exports))
collector.shutdown()

for name, options, code, said, *env in [
    ("TCP without TLS", ["refund", "--listen", "tcp://127.0.0.1:1"], 2, "TCP without TLS"),
    ("an address", ["refund", "--admin", "localhost:1"], 2, "H0001|not an address"),
    ("an admin that others reach", ["refund", "--admin", "tcp://0.0.0.0:9180"], 2, "no authentication"),
    ("TLS without keys", ["refund", "--listen", "tls://127.0.0.1:1", "--check"], 3, "H0004"),
    ("a file of TLS", ["refund", "--tls-certificate", "none.pem", "--check"], 3, "H0003"),
    ("keys", ["refund", "--keys", "refund/policy.writ", "--check"], 3, "H0005"),
    ("a console without an admin listener", ["refund", "--console", "on", "--check"], 3, "`console` is of no use"),
    ("a word for the console", ["refund", "--console", "yes"], 2, "is not `on` or `off`"),
    ("nothing to serve", [], 2, "name a policy"),
    ("a collector", ["refund", "--check"], 3, "H0004", {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}),
    ("files and a store", ["refund", "--store", "x.db", "--channel", "prod"], 2, "keep one of them"),
    ("a store that is not there", ["--store", "x.db", "--channel", "prod", "--check"], 4, "S0001"),
    ("a variable", ["refund", "--check"], 3, "WRIT_SERVE_MAXBODY", {"WRIT_SERVE_MAXBODY": "4096"}),
    ("a certificate without an authority", ["refund", "--check", "--keys", "certified", "--listen", "tls://127.0.0.1:1"], 3, "tls-client-ca"),
    ("a mapping that does not fit", ["refund", "--check", "--mapping", "mapping.json"], 3, "H0006"),
    ("all well", ["refund", "--check"], 0, "ok"),
    ("a setting", ["refund", "--config", "bad.json"], 3, "did you mean `listen`"),
    ("a taken socket", ["refund", "--listen", "unix:refund"], 4, "H0002"),
]:
    where = new_folder()
    shutil.copytree(EXAMPLES / "refund", where / "refund")
    (where / "bad.json").write_text('{"listn": []}')
    (where / "certified").write_text("broker decide cert:" + "0" * 64 + "\n")
    (where / "mapping.json").write_text(json.dumps({"subjects": {"*": [{"to": "user.ident", "from": "id"}]}, "resources": {"*": []},
                                                    "actions": {"*": []}}))
    result = subprocess.run([WRIT, "serve", *options], cwd=where, capture_output=True, text=True, timeout=20,
                            env={**os.environ, **(env[0] if env else {})})
    check(f"refused: {name}", result.returncode == code and any(each in result.stdout + result.stderr for each in said.split("|")),
          (result.returncode, result.stderr))
    shutil.rmtree(where)
shutil.rmtree(folder)

end()
