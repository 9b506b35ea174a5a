#!/usr/bin/env python3
"""Renders the neutral benchmark workload as Writ policy and requests.

usage: render_workload.py WORKLOAD_DIR     (a folder that gen_workload.py wrote: 10/, 1000/, …)

For each size it adds policy.writ and requests.writ.jsonl beside rules.json. Mapping of the neutral
facts: issuer -> token.issuer, namespace -> workload.namespace, tenant -> tenant, tool -> tool.name,
tier -> the tool's tier in the catalogue (the workload gives every tool one tier), depth ->
run.attempt (a plain integer fact), approval -> sets["approval"]; the facts no rule reads go to
workload.spiffe_id, token.aud, agent.id, agent.class, resource.id and workload.environment.
"""
import json
import pathlib
import sys

TIERS = ["observe", "change", "destroy"]
NOW = 1760000000


def name_of(text):
    return "".join(c if c.isalnum() else "_" for c in text)


def quoted(text):
    return json.dumps(text)


def policy(rules, tools, issuers):
    yield "module bench\n"
    yield "claims plain { iss: string }\n"
    for i, url in enumerate(issuers):
        yield f'issuer iss{i}: plain {quoted(url)} {{ audience "https://credentials.example.com" }}'
    yield "tier " + " < ".join(TIERS) + "\n"
    for tool, tier in tools.items():
        yield (f"tool {name_of(tool)} {quoted(tool)} {{ tier {TIERS[tier]}  audience "
               f'"https://tools.example.com"  scopes {{ "use" }} }}')
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


def main():
    for folder in sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if (p / "rules.json").exists()):
        rules = json.loads((folder / "rules.json").read_text())
        queries = [json.loads(line) for line in (folder / "requests.jsonl").open()]
        tools = {q["tool"]: q["tier"] for q in queries}
        for r in rules:
            for t in r.get("tools", [r.get("tool")]):
                tools.setdefault(t, 0)
        issuers = sorted({r["issuer"] for r in rules if "issuer" in r} | {q["issuer"] for q in queries})
        (folder / "policy.writ").write_text("\n".join(policy(rules, tools, issuers)) + "\n")
        (folder / "requests.writ.jsonl").write_text(
            "".join(json.dumps(request(q), separators=(",", ":")) + "\n" for q in queries))
        print(f"{folder.name}: {len(rules)} rules, {len(tools)} tools, {len(queries)} requests")


main()
