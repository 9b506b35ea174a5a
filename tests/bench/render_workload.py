#!/usr/bin/env python3
"""Renders the neutral benchmark workload as Writ policy and requests.

usage: render_workload.py WORKLOAD FOLDER...     (folders that gen_workload.py wrote there: 10, 1000, …, micro; or refund)

For a size it adds policy.writ and requests.writ.jsonl next to rules.json, and template/, which has the same rules as
two templates over two tables. For the twelve-condition case it adds a policy with one rule. refund/ is examples/refund, with a
folder for each of three of its requests: many of each, which differ in ids and amount. Mapping of the neutral
facts: issuer -> token.issuer, namespace -> workload.namespace, tenant -> tenant, tool -> tool.name,
tier -> the tool's tier in the catalogue (the workload gives every tool one tier), depth ->
run.attempt (a plain integer fact), approval -> sets["approval"]; the facts no rule reads go to
workload.spiffe_id, token.aud, agent.id, agent.class, resource.id and workload.environment.
"""
import copy
import csv
import json
import pathlib
import random
import shutil
import sys
import uuid

TIERS = ["observe", "change", "destroy"]
NOW = 1760000000


def name_of(text):
    return "".join(c if c.isalnum() else "_" for c in text)


def quoted(text):
    return json.dumps(text)


def head(tools, issuers):
    yield "module bench\n"
    yield "claims plain { iss: string }\n"
    for i, url in enumerate(issuers):
        yield f'issuer iss{i}: plain {quoted(url)} {{ audience "https://credentials.example.com" }}'
    yield "tier " + " < ".join(TIERS) + "\n"
    for tool, tier in tools.items():
        yield (f"tool {name_of(tool)} {quoted(tool)} {{ tier {TIERS[tier]}  audience "
               f'"https://tools.example.com"  scopes {{ "use" }} }}')


def policy(rules, tools, issuers):
    yield from head(tools, issuers)
    index = {url: i for i, url in enumerate(issuers)}
    for r in rules:
        if r["effect"] == "deny":
            yield (f'deny {r["id"]} for tool {name_of(r["tool"])} when workload.namespace is some and '
                   f'workload.namespace == {quoted(r["namespace"])}')
            continue
        tier = "" if r["max_tier"] == 2 else f' and tool.tier <= {TIERS[r["max_tier"]]}'
        yield (f'permit {r["id"]} for tool {", ".join(name_of(t) for t in r["tools"])}\n'
               f'  when token.issuer is iss{index[r["issuer"]]} and workload.namespace == {quoted(r["namespace"])}'
               f' and tenant == {quoted(r["tenant"])}{tier} and run.attempt <= {r["max_depth"]}'
               f' and (tool.tier != destroy or sets["approval"] == "approved")\n'
               f'  grant {{ "use" }} for 15m')


def template(issuers, tools, folder, rules):
    """The same rules as rows: what a rule has in common is written once."""
    permits = [r for r in rules if r["effect"] == "permit"]
    denies = [r for r in rules if r["effect"] == "deny"]
    folder.mkdir(exist_ok=True)
    with (folder / "permits.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["issuer", "namespace", "tenant", "tools", "tier", "depth"])
        rows.writerows([r["issuer"], r["namespace"], r["tenant"], ";".join(r["tools"]), TIERS[r["max_tier"]],
                        r["max_depth"]] for r in permits)
    with (folder / "denies.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["namespace", "tool"])
        rows.writerows([r["namespace"], r["tool"]] for r in denies)
    yield from head(tools, issuers)
    yield """
table permits = csv "permits.csv" {
  issuer: issuer
  namespace: string
  tenant: string
  tools: set<tool>
  tier: tier
  depth: int
}
table denies = csv "denies.csv" {
  namespace: string
  tool: tool
}

permit listed
  for each row in permits
  when token.issuer == row.issuer and workload.namespace == row.namespace and tenant == row.tenant
   and tool.name in row.tools and tool.tier <= row.tier and run.attempt <= row.depth
   and (tool.tier != destroy or sets["approval"] == "approved")
  grant { "use" } for 15m

deny listed_deny
  for each row in denies
  when workload.namespace is some and workload.namespace == row.namespace and tool.name == row.tool
"""


def request(q):
    return {
        "now": NOW, "request_id": q["request_id"], "provenance": "verified",
        "token": {"issuer": q["issuer"], "aud": q["audience"], "exp": NOW + 3600, "nbf": None, "iat": None},
        "workload": {"namespace": q["namespace"], "spiffe_id": q["subject"], "environment": q["environment"]},
        "agent": {"id": q["agent"], "class": q["model"]},
        "run": {"id": q["request_id"], "parent_id": None, "exp": None, "attempt": q["depth"]},
        "tenant": q["tenant"], "user": None, "delegation": None,
        "tool": {"name": q["tool"]},
        "resource": {"type": "region", "id": q["region"]},
        "want": {"scopes": ["use"], "ttl": q["ttl"]},
        "sets": {"approval": q["approval"]},
    }


def micro_request(q):
    # A grant ends when the token reaches the maximum age of its permit. A token of exactly that age would get a grant of
    # length zero, so such a request is made one second earlier.
    now = q["now"] - 1 if q["now"] - q["iat"] == 300 else q["now"]
    claims = {name: q[name] for name in ("iss", "aud", "sub", "iat", "repository_owner", "repository", "ref", "environment",
                                         "event_name", "runner_environment", "workflow_ref", "run_attempt")}
    return {
        "now": now, "request_id": "req-1", "provenance": "verified",
        "token": {"issuer": q["iss"], "aud": q["aud"], "exp": q["iat"] + 3600, "nbf": None, "iat": q["iat"],
                  "claims": claims},
        "agent": {"id": "agent-1"}, "run": {"id": "run-1", "parent_id": None, "exp": None},
        "tenant": "t1", "user": None, "tool": {"name": "deploy"}, "want": {"scopes": ["use"]},
        "delegation": {"chain": [{"actor": hop["actor"], "issuer": hop["issuer"], "tier": TIERS[hop["tier"]],
                                  "granted_scopes": ["use"], "exp": None} for hop in q["chain"]]},
    }


HERE = pathlib.Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples/refund"


def refund(folder):
    """Many of each of three requests of the example."""
    rng = random.Random(1)
    for name, amounts in [("permit", (1, 500)), ("deny", (1, 500)), ("needs_approval", (501, 10_000))]:
        shutil.copytree(EXAMPLE, folder / name, dirs_exist_ok=True)
        document = json.loads((EXAMPLE / "requests" / f"{name}.json").read_text())
        requests = []
        for i in range(256):
            request = copy.deepcopy(document)
            request["request_id"], request["run"]["id"] = f"req-{1001 + i}", f"run-{rng.randrange(1 << 16):04x}"
            request["token"]["jti"] = request["token"]["claims"]["jti"] = str(uuid.UUID(int=rng.getrandbits(128)))
            request["resource"]["id"] = f"pay-{rng.randrange(10_000):04}"
            request["tool"]["params"]["amount"] = rng.randint(100 * amounts[0], 100 * amounts[1]) / 100
            requests.append(request)
        write_lines(folder / name / "requests.writ.jsonl", requests)
        write_lines(folder / name / "expected.jsonl", [{"allow": name == "permit"}] * len(requests))


def write_lines(path, values):
    path.write_text("".join(json.dumps(v, separators=(",", ":")) + "\n" for v in values))


def write(folder, parts, requests):
    folder.mkdir(exist_ok=True)
    (folder / "policy.writ").write_text("\n".join(parts).rstrip("\n") + "\n")
    write_lines(folder / "requests.writ.jsonl", requests)


def lines(path):
    return [json.loads(line) for line in path.open()]


def main():
    root = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:]:
        folder = root / name
        if name == "refund":
            refund(folder)
            continue
        queries = lines(folder / "requests.jsonl")
        if name == "micro":
            write(folder, [(HERE / "micro.writ").read_text()], [micro_request(q) for q in queries])
            continue
        rules = json.loads((folder / "rules.json").read_text())
        tools = {q["tool"]: q["tier"] for q in queries}
        for r in rules:
            for t in r.get("tools", [r.get("tool")]):
                tools.setdefault(t, 0)
        issuers = sorted({r["issuer"] for r in rules if "issuer" in r} | {q["issuer"] for q in queries})
        requests = [request(q) for q in queries]
        write(folder, policy(rules, tools, issuers), requests)
        write(folder / "template", template(issuers, tools, folder / "template", rules), requests)
        print(f"{name}: {len(rules)} rules, {len(tools)} tools, {len(queries)} requests")


main()
