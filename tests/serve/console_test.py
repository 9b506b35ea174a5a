#!/usr/bin/env python3
"""Tests the console of `writ serve` without a browser: the page and its headers, who may ask, and the data.

usage: console_test.py WRIT EXAMPLES
"""
import json
import re
import shutil
import subprocess
import time

from console_service import HOSTILE, ConsoleService
from harness import EXAMPLES, WRIT, check, end, new_folder

DATA = ["/console/decisions", "/console/approvals", "/console/decision?id=0", "/console/explanation?id=0", "/console/tools?id=0",
        "/console/report"]
FILES = {"/": "text/html", "/console/style.css": "text/css", "/console/console.js": "text/javascript", "/console/dom.js": "text/javascript",
         "/console/explanation.js": "text/javascript", "/console/report.js": "text/javascript"}

# --- off unless it is asked for
service = ConsoleService()
service.decide(service.request())
for path in [*FILES, *DATA]:
    check(f"off: {path}", service.fetch(path)[0] == 404)
check("off: a search", service.fetch("/console/search", "POST", "{}")[0] == 404)
check("off: the other paths are there", service.fetch("/v1/status")[0] == 200 and service.fetch("/readyz")[0] == 200)
check("off: another name for this machine", service.fetch("/metrics", host="rebound.example:9180")[0] == 403)
check("off: a page of another site", service.fetch("/v1/status", origin="http://evil.example")[0] == 403)
check("off: ends with 0", service.end() == 0)

service = ConsoleService("--console", "on")
permit = service.decide(service.request())
hostile = service.decide(service.request("deny", agent=HOSTILE))
waiting = service.decide(service.request("needs_approval"))
refused = service.decide("{")
again = service.decide(service.request("needs_approval", request_id="asked-again"))
check("they are decided", [permit["effect"], hostile["effect"], waiting["effect"], refused["code"], again["record"]]
      == ["permit", "deny", "needs_approval", "Q0001", 4], (permit, hostile, waiting, refused, again))

# --- the page
POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "frame-ancestors": "'none'",
          "base-uri": "'none'", "form-action": "'none'", "require-trusted-types-for": "'script'"}
HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
           "cross-origin-resource-policy": "same-origin", "cross-origin-opener-policy": "same-origin"}


def is_protected(headers):
    policy = dict(each.strip().split(" ", 1) for each in headers.get("content-security-policy", "").split(";") if each.strip())
    return policy == POLICY and all(headers.get(name) == value for name, value in HEADERS.items())


files = {}
for path, kind in FILES.items():
    status, headers, files[path] = service.fetch(path)
    check(f"{path}", status == 200 and headers["content-type"] == f"{kind}; charset=utf-8", (status, headers))
    check(f"{path} is protected", is_protected(headers), headers)
    check(f"{path} names nothing outside", set(re.findall(r"https?://[\w./]+", files[path])) <= {"http://www.w3.org/2000/svg"})
for path in DATA:
    status, headers, _ = service.fetch(path)
    check(f"{path} is protected", status == 200 and is_protected(headers) and headers["content-type"] == "application/json", (status, headers))
for path in ("/nothing", "/console/nothing", "/console/decision?id=99", "/console/decisions?effect=x"):
    check(f"refused: {path} is protected", is_protected(service.fetch(path)[1]))
page = files["/"]
check("no script or style in the page", not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
      and re.findall(r"<script[^>]*>(.*?)</script>", page, re.S) == [""])
check("every file that the page loads is there", set(re.findall(r'(?:src|href)="(/[^"]+)"', page)) <= set(files))
modules = set(re.findall(r'from "\./([\w.]+)"', "".join(files.values())))
check("every module is there", modules and {f"/console/{each}" for each in modules} <= set(files), modules)
script = "".join(text for path, text in files.items() if path.endswith(".js"))
check("no markup is made from text", not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|srcdoc|setHTML", script))
check("the decision listener has no console", service.ask("GET", "/")[0] == 404)
check("HEAD", service.fetch("/", "HEAD")[0] == 200)
check("POST to the page", service.fetch("/", "POST", "{}")[0] == 405)

# --- who may ask
for host in ("localhost", f"localhost:{service.port}", "LOCALHOST", "127.0.0.1", "127.8.9.1:1", "[::1]", f"[::1]:{service.port}"):
    check(f"Host: {host}", service.fetch("/", host=host)[0] == 200)
for host in ("rebound.example", f"rebound.example:{service.port}", "localhost.rebound.example", "127.0.0.1.rebound.example", "10.0.0.1",
             "[::2]", "127.0.0.1@rebound.example"):
    for path in ("/", "/console/decisions", "/v1/status", "/metrics"):
        check(f"Host: {host} for {path}", service.fetch(path, host=host)[0] in (400, 403))
own = f"http://127.0.0.1:{service.port}"
body = json.dumps({"open": "tool", "request": json.loads(service.request())})
check("the page's own origin", service.fetch("/console/search", "POST", body, origin=own, sec_fetch_site="same-origin")[0] == 200)
check("an address that is typed", service.fetch("/", sec_fetch_site="none")[0] == 200)
for name, headers in {"another site": {"origin": "https://evil.example"}, "no origin": {"origin": "null"},
                      "another port": {"origin": f"http://127.0.0.1:{service.port + 1}"}, "another name": {"origin": f"http://localhost:{service.port}"},
                      "across sites": {"sec_fetch_site": "cross-site"}, "the same site": {"sec_fetch_site": "same-site"}}.items():
    check(f"a page of {name} cannot search", service.fetch("/console/search", "POST", body, **headers)[0] == 403)
    check(f"a page of {name} cannot read", service.fetch("/console/decisions", **headers)[0] == 403)
check("a form of another site", service.fetch("/console/search", "POST", body, content_type="text/plain")[0] == 415)

# --- decisions
def listed(query=""):
    status, table = service.get(f"/console/decisions{query}")
    return [dict(zip(table["columns"], row)) for row in table["rows"]] if status == 200 else status


rows = listed()
check("the latest first", [each["seq"] for each in rows] == [4, 3, 2, 1, 0], rows)
check("markup stays text", rows[3]["agent"] == HOSTILE, rows[3])
check("by effect", [each["seq"] for each in listed("?effect=needs_approval")] == [4, 2] and [each["seq"] for each in listed("?effect=permit")] == [0])
check("by agent", [each["seq"] for each in listed("?agent=%3Cscript%3Ealert(1)%3C/script%3E%3Cimg+src%3Dx+onerror%3Dalert(2)%3E")] == [1])
check("by tool", len(listed("?tool=refund")) == 4 and listed("?tool=none") == [])
check("by all of them", [each["seq"] for each in listed("?effect=deny&agent=refund-agent&tool=refund")] == [])
check("no more than asked for", len(listed("?limit=2")) == 2)
for query in ("?effect=permitted", "?limit=0", "?limit=501", "?limit=x", "?agent=%zz", "?agent=a&agent=b"):
    check(f"refused: {query}", listed(query) == 400)
later = service.decide(service.request(request_id="later"))
check("a decision is there when it has been answered", listed("?limit=1")[0]["seq"] == later["record"])

# --- approvals
status, body = service.get("/console/approvals")
check("what waits", status == 200 and [each["record"] for each in body["approvals"]] == [4, 2], body)
first = body["approvals"][0]
check("what it waits for", first["requirements"][0]["groups"] == ["refund-leads"] and first["requirements"][0]["needed"] == 1
      and first["binding_digest"] == waiting["binding_digest"] and first["user"] == "alice@acme.example", first)

# --- one decision
for name in ("1", json.loads(service.request("deny"))["request_id"]):
    status, body = service.get(f"/console/decision?id={name}")
    check(f"a decision by {name}", status == 200 and body["record"]["sequence"] == 1 and body["record"]["decision"]["attribution"]["agent"] == HOSTILE, body)
check("every question about it", len(body["why"]["rows"]) > 10 and any(HOSTILE in row[1] for row in body["why"]["rows"]), body["why"])
for name in ("99", "nobody", ""):
    check(f"no decision `{name}`", service.get(f"/console/decision?id={name}")[0] == 404)

status, body = service.get("/console/explanation?id=2")
check("an explanation", status == 200 and body["decision"]["effect"] == "needs_approval" and body["once_approved"]["effect"] == "permit", body)
status, body = service.get("/console/explanation?id=3")
check("what was refused has no explanation", status == 409 and "cannot be explained" in body["error"], body)
check("no such explanation", service.get("/console/explanation?id=99")[0] == 404)

# --- searches
status, body = service.get("/console/tools?id=0")
check("the tools of an agent", status == 200 and [(each["name"], each["answer"]) for each in body["items"]] == [("refund", "always")], body)
check("with another request", service.get("/console/tools?id=2")[1]["items"][0]["answer"] == "if_approved")
check("without a request", service.get("/console/tools?id=3")[0] == 409)
status, _, body = service.fetch("/console/search", "POST", json.dumps({"open": "tool", "request": json.loads(service.request("deny"))}))
check("with a request of one's own", status == 200 and json.loads(body)["items"][0]["answer"] == "never", body)
check("with no request", service.fetch("/console/search", "POST", '{"open":"tool","request":}')[0] == 400)
check("nothing of this is recorded", listed("?limit=1")[0]["seq"] == later["record"])

# --- the report
status, body = service.get("/console/report")
effects = next(each for each in body["tables"] if each["name"] == "effects")
check("the report", status == 200 and body["tables"][0]["name"] == "metrics" and {row[0]: row[1] for row in effects["rows"]}
      == {"permit": 2, "needs approval": 2, "deny": 2}, effects)
check("of a period", service.get("/console/report?since=1h")[0] == 200 and service.get("/console/report?since=yesterday")[0] == 400)

# --- another policy: what was decided is explained with the version that decided it
policy = service.folder / "refund/policy.writ"
policy.write_text(policy.read_text().replace("refund_current_tenant", "refund_present_tenant"))
for _ in range(200):
    newest = service.decide(service.request())
    if newest["reasons"][0]["rule"]["name"] == "refund_present_tenant":
        break
    time.sleep(0.1)
names = {}
for number in (0, newest["record"], 0):
    status, body = service.get(f"/console/explanation?id={number}")
    names[number] = (body["rules"][0]["rule"]["name"], body["decision"]["bundles"][0]["digest"])
check("each with its own version", names == {0: ("refund_current_tenant", permit["bundles"][0]["digest"]),
                                             newest["record"]: ("refund_present_tenant", newest["bundles"][0]["digest"])}, names)
check("ends with 0", service.end() == 0)

# --- a candidate that decides differently: what it decides is no decision
folder = new_folder()
store = folder / "policies.db"
shutil.copytree(EXAMPLES / "refund", folder / "refund")
policy = folder / "refund/policy.writ"
run = lambda *command: subprocess.run([WRIT, "store", "--store", store, "--author", "ada", *command], cwd=folder, check=True, capture_output=True)
run("init")
for channel in ("live", "next"):
    run("channel", channel)
    run("publish", "refund", "--channel", channel, "-m", "first")
    policy.write_text(policy.read_text().replace('== "USD"', '== "EUR"'))
service = ConsoleService("--console", "on", "--store", str(store), "--channel", "live", "--candidate", "next", policy=())
service.decide(service.request())
for _ in range(100):  # what a candidate decides is recorded without waiting
    if any(row for each in service.get("/console/report")[1]["tables"] if each["name"] == "shadow" for row in each["rows"]):
        break
    time.sleep(0.05)
rows = listed()
shadow = 1 - rows[0]["seq"]
check("a candidate's decision is not in the list", len(rows) == 1 and rows[0]["effect"] == "permit", rows)
status, body = service.get(f"/console/decision?id={shadow}")
check("but can be opened", status == 200 and body["record"]["mode"] == "shadow", body)
status, body = service.get(f"/console/explanation?id={shadow}")
check("and says that it was not enforced", status == 409 and "not enforced" in body["error"], body)
check("ends with 0", service.end() == 0)
shutil.rmtree(folder)

end()
