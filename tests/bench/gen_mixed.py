#!/usr/bin/env python3
"""Generates the mixed workload: rules of every kind and requests for them, in Writ's form.

usage: gen_mixed.py OUTDIR [--sizes 10,1000,10000] [--requests 2000] [--seed 1]

For every size N it writes OUTDIR/N/policy.writ and OUTDIR/N/requests.writ.jsonl. Of the rules, 70 in 100
permit, 10 deny, 8 require an approval, 8 limit and 4 oblige. Conditions are equalities, memberships, ranges,
globs, overlaps of sets, quantifiers over the delegation chain, ages and windows. Half of the requests are
made to match a permit, the others are random. The reference evaluator gives the expected decisions.
"""
import argparse
import json
import pathlib
import random

TENANTS = [f"tenant-{i:03}" for i in range(120)]
CLASSES = ["support", "research", "billing", "release", "audit", "catalog"]
TEAMS = ["payments", "identity", "search", "ledger", "catalog", "platform", "edge", "risk"]
ROLES = [f"{team}-{rank}" for team in TEAMS for rank in ("reader", "writer", "lead")]
NAMESPACES = [f"{team}-{env}" for team in TEAMS for env in ("prod", "staging", "dev")]
TOOLS = [f"{team}_{verb}" for team in TEAMS for verb in ("read", "write", "delete")]
TIERS = {"read": "observe", "write": "change", "delete": "destroy"}
RANKS = ["observe", "change", "destroy"]
FOLDERS = ["docs", "src", "reports", "config"]
ISSUERS = ["https://workloads.example.com", "https://pipelines.example.com"]
RISKS = ["low", "medium", "high"]
DAYS = ["mon..fri", "mon..sun", "sat, sun", "tue, thu"]
NOW = 1790000060


def quoted(text):
    return json.dumps(text)


def braces(texts):
    return "{ " + ", ".join(map(quoted, texts)) + " }"




class Rule:
    """A rule as text, and what a request must state for its condition to hold."""

    def __init__(self, rng, number):
        kind = rng.choices(["permit", "deny", "require", "limit", "oblige"], [70, 10, 8, 8, 4])[0]
        self.kind, self.name, self.fits, self.parts = kind, f"r{number:05}", {}, []
        self.tool = rng.choice(TOOLS)
        if kind == "permit":
            for condition in [self.tenant, self.namespace, self.agent_class, self.resource_path, self.attempt, self.roles,
                              self.chain, self.budget, self.window, self.started, self.issuer, self.resource]:
                if rng.random() < (0.85 if condition in (self.tenant, self.namespace) else 0.3):
                    condition(rng)
        else:
            self.tenant(rng)
            for condition in rng.sample([self.narrow_roles, self.narrow_chain, self.risk, self.agent_class, self.attempt], 2):
                condition(rng)

    def text(self):
        where = f"{self.kind} {self.name}\n  for tool {self.tool}\n  when " + "\n   and ".join(self.parts or ["run.attempt >= 0"])
        return where + "\n  " + {
            "permit": f'grant {{ "{self.tool}:use" }} for 15m',
            "deny": f'because "{self.name} forbids it"',
            "require": 'approval from group "leads" within 15m',
            "limit": "to ttl 5m",
            "oblige": 'with audit(level: "full")',
        }[self.kind]

    def add(self, text, **fits):
        self.parts.append(text)
        self.fits.update(fits)

    def tenant(self, rng):
        tenant = rng.choice(TENANTS)
        self.add(f"tenant == {quoted(tenant)}", tenant=tenant)

    def namespace(self, rng):
        some = rng.sample(NAMESPACES, rng.choice([1, 1, 3]))
        self.add(f"workload.namespace == {quoted(some[0])}" if len(some) == 1 else f"workload.namespace in {braces(some)}",
                 namespace=rng.choice(some))

    def agent_class(self, rng):
        name = rng.choice(CLASSES)
        self.add(f"agent.class == {quoted(name)}", agent_class=name)

    def resource_path(self, rng):
        team, folder = rng.choice(TEAMS), rng.choice(FOLDERS)
        self.add(*rng.choice([(f'resource.path like "/{team}/{folder}/**"',), (f'resource.path like "/{team}/*/latest"',)]),
                 path=f"/{team}/{folder}/latest")

    def attempt(self, rng):
        most = rng.randint(1, 3)
        self.add(f"run.attempt <= {most}", attempt=rng.randint(0, most))

    def roles(self, rng):
        some = rng.sample(ROLES, rng.randint(1, 4))
        self.add(f"user.roles overlaps {braces(some)}", roles=[some[0], rng.choice(ROLES)])

    def narrow_roles(self, rng):
        self.add(f"user is some and user.roles contains {quoted(rng.choice(ROLES))}")

    def chain(self, rng):
        self.add(f"all hop in delegation.chain: (hop.tier <= change and hop.tenant == tenant and hop.class in {braces(CLASSES[:4])})",
                 hops="good")

    def narrow_chain(self, rng):
        self.add(f"delegation is some and (any hop in delegation.chain: hop.class == {quoted(rng.choice(CLASSES))})")

    def risk(self, rng):
        self.add(f"agent.risk_tier >= {rng.choice(RISKS[1:])}")

    def budget(self, rng):
        most = rng.choice([10, 100, 1000])
        self.add(f"budget.spent + budget.reserved <= {most}.50 and budget.calls < {most}", spent=rng.randint(0, most - 1))

    def window(self, rng):
        start = rng.randint(6, 10)
        self.add(f'now in {start:02}:00..{start + rng.randint(6, 12):02}:00 "Europe/Berlin" on {rng.choice(DAYS)}', now=NOW)

    def started(self, rng):
        self.add(f"age(run.started) <= {rng.choice([1, 2, 8])}h", age=rng.randint(0, 3600))

    def issuer(self, rng):
        which = rng.randrange(len(ISSUERS))
        self.add(f"token.issuer is source{which}", issuer=ISSUERS[which])

    def resource(self, rng):
        ids = [f"res-{rng.randrange(500):03}" for _ in range(rng.randint(2, 5))]
        self.add(f"resource.id in {braces(ids)}", resource=ids[0])


def policy(rules):
    yield "module mixed\n"
    yield "claims plain { iss: string }"
    for i, url in enumerate(ISSUERS):
        yield f'issuer source{i}: plain {quoted(url)} {{ audience "https://broker.example.com" }}'
    yield "tier " + " < ".join(RANKS)
    for tool in TOOLS:
        yield (f'tool {tool} {{ tier {TIERS[tool.rpartition("_")[2]]}  audience "https://{tool.partition("_")[0]}.example.com"  '
               f'scopes {{ "{tool}:use" }} }}')
    for rule in rules:
        yield "\n" + rule.text()


def request(rng, number, rule):
    """One that fits the rule as far as it says; the rest is drawn."""
    fits = rule.fits if rule else {}
    tool = rule.tool if rule else rng.choice(TOOLS)
    tenant = fits.get("tenant", rng.choice(TENANTS))
    now = fits.get("now", NOW) if rule else NOW + rng.randrange(86400)
    hops = [{"actor": f"agent-{rng.randrange(1000)}", "class": rng.choice(CLASSES[:4] if rule else CLASSES),
             "tenant": tenant if rule or rng.random() < 0.8 else rng.choice(TENANTS),
             "tier": rng.choice(RANKS[:2] if rule else RANKS),
             "granted_scopes": [f"{tool}:use", "other"], "exp": None} for _ in range(rng.randint(1, 4))]
    spent = fits.get("spent", rng.randrange(2000))
    approval = {"id": "ap-1", "state": "approved", "approver": "lead@example.com", "groups": ["leads"],
                "requester": None, "at": now - 60, "exp": None, "binding_digest": "0" * 64, "uses": None}
    return {
        "now": now, "request_id": f"req-{number}", "provenance": "verified",
        "token": {"issuer": fits.get("issuer", rng.choice(ISSUERS)), "aud": "https://broker.example.com",
                  "exp": now + 3600, "nbf": None, "iat": now - 30},
        "workload": {"namespace": fits.get("namespace", rng.choice(NAMESPACES)), "revoked": False},
        "agent": {"id": f"agent-{number}", "class": fits.get("agent_class", rng.choice(CLASSES)),
                  "risk_tier": rng.choices(RISKS, [8, 2, 1])[0]},
        "run": {"id": f"run-{number}", "parent_id": None, "exp": now + 7200,
                "attempt": fits.get("attempt", rng.randint(0, 5)), "started": now - fits.get("age", rng.randrange(40000))},
        "tenant": tenant,
        "user": {"id": "alice@example.com", "tenant": tenant, "roles": fits.get("roles", rng.sample(ROLES, 3)),
                 "session_exp": now + 1800} if "roles" in fits or rng.random() < 0.7 else None,
        "delegation": {"chain": hops} if "hops" in fits or rng.random() < 0.5 else None,
        "tool": {"name": tool},
        "resource": {"type": "file", "id": fits.get("resource", f"res-{rng.randrange(500):03}"),
                     "path": fits.get("path", f"/{rng.choice(TEAMS)}/{rng.choice(FOLDERS)}/latest")},
        "want": {"scopes": [f"{tool}:use"], "ttl": rng.choice([300, 900, 3600])},
        "approvals": [approval] if rng.random() < 0.2 else None,
        "budget": {"unit": "USD", "spent": spent, "reserved": 0.25, "limit": 5000, "calls": spent, "max_calls": 5000},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--sizes", default="10,1000,10000")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for size in map(int, given.sizes.split(",")):
        rng = random.Random(given.seed * 1_000_003 + size)
        rules = [Rule(rng, i) for i in range(size)]
        permits = [rule for rule in rules if rule.kind == "permit"]
        folder = given.out / str(size)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "policy.writ").write_text("\n".join(policy(rules)) + "\n")
        with (folder / "requests.writ.jsonl").open("w") as out:
            for number in range(given.requests):
                fitting = rng.choice(permits) if rng.random() < 0.5 else None
                out.write(json.dumps(request(rng, number, fitting), separators=(",", ":")) + "\n")
        print(f"mixed/{size}: {len(permits)} permits, {size - len(permits)} other rules, {given.requests} requests")


main()
