"""The figures of serve.py as a table, beside what was aimed at."""
import report as race


def find(rows, start):
    return [row for row in rows if row["name"].startswith(start)]


def most(rows, start):
    return max((row["decisions_per_s"] for row in find(rows, start)), default=None)


def goals(rows):
    out = race.Goals()
    plain = [row for row in find(rows, "best effort, ") if row["name"].endswith(" connections") and "TLS" not in row["name"]]
    fastest = max(plain, key=lambda row: row["decisions_per_s"], default=None)
    out.add("decisions/s", "best effort", fastest and fastest["decisions_per_s"], "≥", 60_000, "")
    out.add("p99", "best effort, 64 connections", next((row["p99_us"] / 1e3 for row in plain if " 64 " in row["name"]), None),
            "≤", 2, " ms")
    out.add("decisions/s", "best effort, batches of 64", most(rows, "best effort, batches"), "≥", 250_000, "")
    out.add("decisions/s", "durable, 64 connections", most(rows, "durable, 64"), "≥", 20_000, "")
    for row in find(rows, "best effort, open loop"):
        out.add("p99", "open loop at 80 %", row["p99_us"] / 1e3, "≤", 2, " ms")
    quiet, disturbed = find(rows, "open loop at 50 %, without"), [row for row in rows if row["name"].endswith("reloads") and "activated" in row]
    if quiet and disturbed:
        out.add("p99 during reloads", "compared with none", disturbed[0]["p99_us"] / quiet[0]["p99_us"], "≤", 2)
    for row in find(rows, "memory"):
        out.add("memory at the end", "compared with the beginning", row["rss_late"] / row["rss_early"], "≤", 1.1)
    if theirs := most(rows, "OPA"):
        out.add("decisions/s", "compared with OPA's server", race.ratio(fastest and fastest["decisions_per_s"], theirs), "≥", 5)
    return out


def report(rows, quick, cores):
    return {"quick": quick, "cores": cores, "rows": rows, "goals": goals(rows).all,
            "wrong": [row["name"] for row in rows if row["errors"] or ("activated" in row and row["policies"] < 2)]}


def page(found):
    milliseconds = lambda value: f"{value / 1e3:,.2f}"
    lines = []
    for row in found["rows"]:
        more = []
        if "rss_late" in row:
            more.append(f"{row['rss_early'] / 2**20:,.1f} MiB, then {row['rss_late'] / 2**20:,.1f} MiB")
        if "activated" in row:
            more.append(f"{row['policies']} policies, in {row['activation_seconds']:,.1f} s")
        if row["dropped"] > 0:
            more.append(f"{row['dropped']:.1%} of the records dropped")
        if row["errors"]:
            more.append(f"**{row['errors']}** {row.get('example') or ''}")
        lines.append([row["name"], f"{row['decisions_per_s']:,.0f}",
                      *(milliseconds(row[each]) for each in ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")),
                      f"{row['service_cores']:.2f}", f"{row['others']:.0%}", "; ".join(more)])
    table = race.table(["load", "decisions/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "most ms", "its cores", "others", ""], lines)
    rows_of_goals = [[g["what"], g["where"], f"{g['sign']} {g['goal']:,}{g['unit']}",
                      "—" if g["measured"] is None else f"{g['measured']:,.2f}{g['unit']}",
                      {True: "met", False: "**missed**", None: "not measured"}[g["met"]]] for g in found["goals"]]
    head = "Quick: these figures show only that everything works.\n\n" if found["quick"] else ""
    return (f"{head}{found['cores']} cores, which the service and the load generator share.\n\n{table}\n\n"
            + race.table(["goal", "where", "", "measured", ""], rows_of_goals) + "\n")
