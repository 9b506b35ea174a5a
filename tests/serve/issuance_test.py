#!/usr/bin/env python3
"""Tests the drafts of AuthZEN for OAuth from outside: an authorization server asks `writ serve` which token it may issue.

usage: issuance_test.py WRIT EXAMPLES
"""
import base64
import json
import shutil
import subprocess
import time

from authzen_service import EXAMPLES, URL, WRIT, Service
from harness import check, end, new_folder

REQUESTS = EXAMPLES / "issuance/requests"
JSON = {"Content-Type": "application/json"}


def ask(service, body, path="/access/v1/evaluations"):
    """Status, headers, and the body as JSON if it is."""
    status, headers, text = service.ask("POST", path, body if isinstance(body, str) else json.dumps(body), JSON)
    return status, headers, json.loads(text) if headers.get("content-type", "").startswith("application/json") else text


def decisions(answer):
    return [each["decision"] for each in answer[2]["evaluations"]]


def records(service):
    done = subprocess.run([WRIT, "ledger", "export", "-L", "writ-serve/ledger"], cwd=service.folder, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def from_url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


folder = new_folder()
subprocess.run([WRIT, "keys", "generate", str(folder / "binding.key")], check=True, capture_output=True)
service = Service("issuance", folder=folder, **{"binding-key": "binding.key"})
check("the service starts", service.process.poll() is None, service.text())

# One decision, one record, and a single use that the resource spends.
answer = ask(service, (REQUESTS / "refund.json").read_text())
check("a refund", answer[0] == 200 and decisions(answer) == [True, True, True], answer)
check("is not cached", answer[1].get("cache-control") == "no-store", answer[1])
issuance = answer[2]["evaluations"][0]["context"]["issuance"]
check("lives for two minutes", issuance["token_lifetime"] == 120, issuance)
check("says what was permitted", issuance["claims"]["acme_call"]["params"] == {"amount": 40.0, "currency": "USD"}, issuance)
check("and all of it must be honoured", issuance["crit"] == list(issuance["claims"]), issuance)
check("the other two say nothing more", answer[2]["evaluations"][1:] == [{"decision": True}] * 2, answer)
check("one record", len(records(service)) == 1, records(service))
once = issuance["claims"]["acme_once"]
for code in (0, 1):  # a second use is refused
    done = subprocess.run([WRIT, "ledger", "use", once, "-L", "writ-serve/ledger"], cwd=service.folder, capture_output=True, text=True)
    check(f"use {code} of {once}", (done.returncode == 0) == (code == 0), done)

answer = ask(service, (REQUESTS / "scopes.json").read_text())
check("scopes", decisions(answer) == [True, True, True, False], answer)
check("no scopes beside scopes", "granted_scope" not in answer[2]["evaluations"][0]["context"]["issuance"], answer)
answer = ask(service, (REQUESTS / "gates.json").read_text())
check("gates alone", answer[2]["evaluations"][0]["context"]["issuance"]["granted_scope"] == "refund:read", answer)

# A denial is a denial, of both gates.
body = (REQUESTS / "refund.json").read_text()
answer = ask(service, body.replace("USD", "EUR"))
check("a denial", answer[0] == 200 and answer[2]["evaluations"] == [{"decision": False}] * 3, answer)
answer = ask(service, json.loads(body)["evaluations"][0] | {"resource": json.loads(body)["resource"]}, "/access/v1/evaluation")
check("one party alone", answer[0] == 200 and answer[2] == {"decision": False}, answer)

# An approval can be asked for.
answer = ask(service, (REQUESTS / "refund_large.json").read_text())
check("a large refund waits", decisions(answer) == [False, False, False], answer)
context = answer[2]["evaluations"][0]["context"]
check("the record is the evaluation", context["evaluation_id"] == str(records(service)[-1]["sequence"]), context)
token = context["access_request"]["binding_token"]
head, claims, signature = token.split(".")
keys = json.loads(service.ask("GET", "/access/v1/keys")[2])["keys"]
check("the key is published", json.loads(from_url(head))["kid"] == keys[0]["kid"], keys)
(folder / "public.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + from_url(keys[0]["x"]))
(folder / "signed").write_text(f"{head}.{claims}")
(folder / "signature").write_bytes(from_url(signature))
verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.der", "-keyform", "DER", "-rawin", "-in", "signed",
          "-sigfile", "signature"]
check("openssl verifies the token", subprocess.run(verify, cwd=folder, capture_output=True).returncode == 0)
(folder / "signed").write_text(f"{head}.{claims}x")
check("and nothing else", subprocess.run(verify, cwd=folder, capture_output=True).returncode != 0)
claims = json.loads(from_url(claims))
check("what is to be approved", claims["writ_call"]["params"]["amount"] == 900 and claims["iss"] == URL, claims)

metadata = json.loads(service.ask("GET", "/.well-known/authzen-configuration")[2])
check("metadata", "urn:openid:authzen:capability:token-issuance" in metadata["capabilities"] and
      metadata["jwks_uri"] == URL + "/access/v1/keys", metadata)
check("ends by itself", service.end() == 0)

# An approval comes back, signed by the service of access requests; it lifts one denial once.
folder = new_folder()
subprocess.run([WRIT, "keys", "generate", str(folder / "binding.key")], check=True, capture_output=True)
subprocess.run([WRIT, "keys", "generate", str(folder / "approvals.key")], check=True, capture_output=True)
service = Service("issuance", folder=folder, **{"binding-key": "binding.key"})
mapping = json.loads((folder / "example/mapping.json").read_text())
mapping["issuance"]["approvals"]["key"] = (folder / "approvals.key.pub").read_text().strip()
(folder / "example/new.json").write_text(json.dumps(mapping))
(folder / "example/new.json").rename(folder / "example/mapping.json")
for _ in range(100):
    if "reloaded what=mapping" in service.text():
        break
    time.sleep(0.1)
large = json.loads((REQUESTS / "refund_large.json").read_text())
context = ask(service, large)[2]["evaluations"][0]["context"]
token = json.loads(from_url(context["access_request"]["binding_token"].split(".")[1]))
now = int(time.time())
state = {"iss": "https://approvals.example.com", "aud": URL, "exp": now + 600, "approval_id": "apr-1",
         "writ_binding_digest": token["writ_binding_digest"], "writ_requester": "alice", "writ_uses": 1,
         "writ_approvers": [{"approver": "bea", "approver_id": None, "groups": token["writ_requirements"][0]["groups"], "at": now - 5}]}


def to_url(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


seed = base64.b64decode((folder / "approvals.key").read_text().strip().rsplit(":", 1)[1])
(folder / "private.der").write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
signed = to_url(b'{"alg":"EdDSA","typ":"JWT"}') + "." + to_url(json.dumps(state).encode())
(folder / "signed").write_text(signed)
subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", "private.der", "-keyform", "DER", "-rawin", "-in", "signed", "-out", "signature"],
               cwd=folder, check=True, capture_output=True)
large["context"]["approval"] = {"id": "apr-1", "state": signed + "." + to_url((folder / "signature").read_bytes())}
answer = ask(service, large)
check("an approved refund", decisions(answer) == [True, True, True], answer)
check("says which approval", answer[2]["evaluations"][0]["context"]["approval"]["id"] == "apr-1", answer)
answer = ask(service, large)
check("a second time it is used up", answer[2]["evaluations"] == [{"decision": False}] * 3, answer)
large["context"]["approval"]["state"] += "A"
answer = ask(service, large)
check("what is not signed leads nowhere", answer[2]["evaluations"][0]["context"] == {"reason": "approval_unverifiable",
                                                                                    "next_action": "none"}, answer)
service.end()

# Without a policy nothing can be decided, and the server must know that it is not a denial.
folder = new_folder()
subprocess.run([WRIT, "keys", "generate", str(folder / "release.key")], check=True, capture_output=True)
subprocess.run([WRIT, "store", "init", "--store", "policies.db"], cwd=folder, check=True, capture_output=True)
service = Service("issuance", folder=folder, paths=(), store="policies.db", channel="prod", trust=["release.key.pub"])
answer = ask(service, (REQUESTS / "refund.json").read_text())
check("no policy is 503", answer[0] == 503 and answer[1].get("retry-after") == "1", (answer, service.text()))
service.end()

# Without the member, nothing of it is there.
service = Service("certification")
check("no keys", service.ask("GET", "/access/v1/keys")[0] == 404)
check("no capabilities", "capabilities" not in service.ask("GET", "/.well-known/authzen-configuration")[2])
answer = ask(service, (REQUESTS / "refund.json").read_text())
check("gates are denied", decisions(answer) == [False, False, False], answer)
service.end()
folder = new_folder()
done = subprocess.run([WRIT, "serve", str(EXAMPLES / "issuance/policy.writ"), "--binding-key", "none", "--check"], cwd=folder,
                      capture_output=True, text=True)
check("a key without a mapping", done.returncode == 3 and "H0004" in done.stderr, done)
shutil.rmtree(folder)

end()
