#!/usr/bin/env python3
"""Renders the neutral benchmark workload as Writ policy and requests.

usage: render_workload.py WORKLOAD FOLDER...     (folders that gen_workload.py wrote there: 10, 1000, …, micro)

For a size it adds policy.writ and requests.writ.jsonl next to rules.json, and template/, which has the same rules as
two templates over two tables. For the twelve-condition case it adds a policy with one rule. Mapping of the neutral
facts: issuer -> token.issuer, namespace -> workload.namespace, tenant -> tenant, tool -> tool.name,
tier -> the tool's tier in the catalogue (the workload gives every tool one tier), depth ->
run.attempt (a plain integer fact), approval -> sets["approval"]; the facts no rule reads go to
workload.spiffe_id, token.aud, agent.id, agent.class, resource.id and workload.environment.
"""
import csv
import json
import pathlib
import sys

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
  issuer: string
  namespace: string
  tenant: string
  tools: set<string>
  tier: tier
  depth: int
}
table denies = csv "denies.csv" {
  namespace: string
  tool: string
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


MICRO = """module bench

claims pipeline {
  iss: string
  aud: one_or_many<string> max 16
  sub: string
  iat: instant
  repository_owner: string
  repository: path
  ref: path
  environment: string
  event_name: string
  runner_environment: string
  workflow_ref: path
  run_attempt: int
}
issuer ci: pipeline "https://token.ci.example.com" { audience "https://credentials.example.com" }

tier observe < change < destroy
tool deploy { tier change  audience "https://tools.example.com"  scopes { "use" } }

permit release
  for tool deploy
  when token.issuer is ci
   and ci.repository_owner == "acme"
   and ci.repository in { "acme/payments", "acme/ledger", "acme/identity", "acme/search", "acme/edge" }
   and ci.ref like "refs/heads/release/**"
   and ci.environment == "production"
   and ci.event_name in { "push", "workflow_dispatch" }
   and ci.runner_environment != "self-hosted"
   and ci.workflow_ref like "acme/ci/.github/workflows/deploy-*.yml@refs/tags/v*"
   and ci.run_attempt <= 3
   and age(ci.iat) <= 5m
   and all hop in delegation.chain: (hop.tier <= change and hop.issuer in
     { "https://ci.id.example.com", "https://agents.id.example.com", "https://workforce.id.example.com" })
  grant { "use" } for 15m
"""


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


def write(folder, parts, requests):
    folder.mkdir(exist_ok=True)
    (folder / "policy.writ").write_text("\n".join(parts) + "\n")
    (folder / "requests.writ.jsonl").write_text(
        "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in requests))


def lines(path):
    return [json.loads(line) for line in path.open()]


def main():
    root = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:]:
        folder = root / name
        queries = lines(folder / "requests.jsonl")
        if name == "micro":
            write(folder, [MICRO], [micro_request(q) for q in queries])
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
