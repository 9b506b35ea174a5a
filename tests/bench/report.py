#!/usr/bin/env python3
"""Combines the results of run.sh into Markdown tables, a picture, and RESULTS/race.json.

usage: report.py RESULTS [PAGE]

PAGE is a page of Markdown: its tables between the two MARKS are replaced, and the picture is written beside it as
PAGE.svg. The picture is also written to RESULTS.
"""
import json
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # no folder beside the sources
import picture

# The rows of a workload, in the order in which they are shown: benchmark name, title.
ROWS = [
    ("fair_bound", "fair floor, facts bound"),
    ("fair_text", "fair floor, text in"),
    ("fair_json", "fair floor, JSON in"),
    ("fair_json_to_json", "fair floor, JSON in, JSON out"),
    ("writ_bound", "**Writ, facts bound**"),
    ("writ_batch", "**Writ, facts bound, in batches**"),
    ("writ_text", "**Writ, text in**"),
    ("writ_json", "**Writ, JSON in**"),
    ("writ_json_to_json", "**Writ, JSON in, JSON out**"),
]
# The row that each of Writ's rows is compared with, in the same folder.
AGAINST = {"writ_bound": "fair_bound", "writ_batch": "fair_bound", "writ_text": "fair_text", "writ_json": "fair_json",
           "writ_json_to_json": "fair_json_to_json"}
# Styles of peers that state the facts of each request as text; all others get requests that were read before.
TEXT_STYLES = {"text in"}
REFUND = ("refund/permit", "refund/deny", "refund/needs_approval")

MARKS = ("<!-- the race: written by tests/bench/report.py -->\n", "<!-- end of the race -->\n")


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def read_benchmarks(path):
    """{folder: {row: {"median_ns", "p99_ns", "allocations"}}}, and the decisions per second by threads."""
    folders, threads = {}, {}
    for b in json.loads(path.read_text())["benchmarks"]:
        if b.get("aggregate_name") != "median":
            continue
        parts = b["run_name"].split("/")
        if "real_time" in parts:
            threads.setdefault(parts[1], {})[int(parts[-1].split(":")[1])] = b["items_per_second"]
            continue
        time = b["cpu_time"]
        if parts[-1] == "manual_time":
            time, parts = b["real_time"], parts[:-1]
        folders.setdefault("/".join(parts[:-1]), {})[parts[-1]] = {
            "median_ns": time, "p99_ns": b.get("p99_ns"), "allocations": b.get("allocations")}
    return folders, threads


def number(value):
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def times(value):
    return f"{value:,.0f}×" if value >= 100 else f"{value:.1f}×" if value >= 10 else f"{value:.2f}×"


def cell(row, base):
    if row is None:
        return "—"
    text = f"{number(row['median_ns'])} ({number(row['p99_ns'])})"
    return f"{text} {times(row['median_ns'] / base['median_ns'])}" if base else text


def table(head, rows):
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *map(line, rows)])


def ratio(above, below):
    return above / below if above and below else None


class Goals:
    """What was aimed at. `value` is None where nothing was measured."""

    def __init__(self):
        self.all = []

    def add(self, what, where, value, sign, goal, unit="×"):
        met = None if value is None else value <= goal if sign == "≤" else value >= goal
        self.all.append({"what": what, "where": where, "measured": value, "sign": sign, "goal": goal, "unit": unit, "met": met})

    def table(self):
        def shown(goal):
            if goal["measured"] is None:
                return "—"
            return times(goal["measured"]) if goal["unit"] == "×" else f"{goal['measured']:,.4g}{goal['unit']}"

        return table(["goal", "where", "", "measured", ""],
                     [[g["what"], g["where"], f"{g['sign']} {g['goal']:,}{g['unit']}", shown(g),
                       {True: "met", False: "**missed**", None: "not measured"}[g["met"]]] for g in self.all])


class Race:
    def __init__(self, results):
        self.folders, self.threads = read_benchmarks(results / "writ.json")
        self.peers = read_lines(results / "peers.jsonl")
        self.compiled = {c["folder"]: c for c in read_lines(results / "compile.jsonl")}
        self.sizes = sorted(int(name) for name in self.folders if name.isdigit())
        self.replay = found(results / "ledger.txt", r"^replay: (\d+) decisions a second of processor")
        self.per_rule = found(results / "worst.txt", r"^worst per rule tried: .*: (\d+) ns")

    def row(self, folder, name):
        return self.folders.get(str(folder), {}).get(name)

    def ns(self, folder, name):
        row = self.row(folder, name)
        return row and row["median_ns"]

    def against(self, folder, name):
        """How many times as long as the fair floor."""
        return ratio(self.ns(folder, name), self.ns(folder, AGAINST[name]))

    def decisions(self, folders):
        rows = []
        for name, title in ROWS:
            cells = [self.row(f, name) for f in folders]
            if any(cells):
                base = [self.row(f, AGAINST.get(name, "")) for f in folders]
                rows.append([title, *map(cell, cells, base)])
        return rows

    def styles(self):
        return dict.fromkeys((p["engine"], p["version"], p["style"]) for p in self.peers)

    def by_size(self, engine, style):
        return {p["size"]: p for p in self.peers if p["engine"] == engine and p["style"] == style}

    def peer_rows(self):
        """Each is compared with Writ in the same form."""
        rows = []
        for engine, version, style in self.styles():
            ours = "writ_text" if style in TEXT_STYLES else "writ_bound"
            by_size = self.by_size(engine, style)
            rows.append([f"{engine} {version}, {style}", *(cell(by_size.get(s), self.row(s, ours)) for s in self.sizes)])
        return rows

    def peer(self, engine, size, text=False):
        """The fastest style."""
        return min((p["median_ns"] for p in self.peers if p["engine"] == engine and p["size"] == size and
                    (p["style"] in TEXT_STYLES) == text), default=None)

    def goals(self):
        goals = Goals()
        for name, what, goal in [("writ_text", "text in", 1.5), ("writ_bound", "facts bound", 2),
                                 ("writ_json", "JSON in", 0.8), ("writ_json_to_json", "JSON in, JSON out", 0.8)]:
            for size in self.sizes:
                goals.add(f"{what}, against the floor", f"{size:,}", self.against(size, name), "≤", goal)
        for folder in REFUND:
            goals.add("facts bound, against the floor", folder, self.against(folder, "writ_bound"), "≤", 2)
            goals.add("JSON in, JSON out, against the floor", folder, self.against(folder, "writ_json_to_json"), "≤", 1.2)
        for name, what in [("writ_bound", "facts bound"), ("writ_text", "text in"), ("writ_json", "JSON in"),
                           ("writ_json_to_json", "JSON in, JSON out")]:
            goals.add(f"{what}, against the floor", "micro", self.against("micro", name), "≤", 2)
        goals.add("facts bound", "mixed/1000", self.ns("mixed/1000", "writ_bound"), "≤", 300, " ns")
        for name, what, goal in [("writ_text", "text in", 1.8), ("writ_batch", "in batches", 1.4)]:
            goals.add(f"growth, {what}", "10 → 100,000", ratio(self.ns(100000, name), self.ns(10, name)), "≤", goal)
        for engine, goal in [("opa", 150), ("regorus", 40), ("cedar", 120), ("wirefilter", 1.5)]:
            goals.add(f"{engine}, times as long as Writ, facts bound", "10",
                      ratio(self.peer(engine, 10), self.ns(10, "writ_bound")), "≥", goal)
        goals.add("wirefilter, times as long as Writ, text in", "10",
                  ratio(self.peer("wirefilter", 10, text=True), self.ns(10, "writ_text")), "≥", 1)
        opened = self.ns(100000, "writ_open")
        goals.add("open()", "100,000", opened and opened / 1e6, "≤", 12, " ms")
        goals.add("load() from memory, against open()", "100,000", ratio(self.ns(100000, "writ_load"), opened), "≤", 1.3)
        goals.add("replay of a ledger, one core", "refund", self.replay, "≥", 600_000, "/s")
        for name, _ in ROWS:
            worst = [self.row(f, name)["allocations"] for f in self.folders if self.row(f, name)]
            if name.startswith("writ_"):
                what = name.removeprefix("writ_").replace("_", " ")
                goals.add(f"allocations per decision, {what}", "the worst", max(worst, default=None), "≤", 0, "")
        return goals

    def costs(self):
        """What a policy costs apart from decisions."""
        rows = []
        for folder, cost in self.compiled.items():
            if not folder.isdigit():
                continue
            rules = int(folder)
            ms = lambda name: f"{self.ns(folder, name) / 1e6:,.2f} ms" if self.ns(folder, name) else "—"
            rows.append([f"{rules:,}", f"{cost['cpu_s']:,.2f} s", f"{cost['peak_mb']:,.0f} MB", ms("writ_open"), ms("writ_load"),
                         f"{(cost['bundle_bytes'] - cost['source_bytes']) / rules:,.0f} B"])
        return table(["rules", "compile, processor", "compile, memory", "open", "load from memory", "bundle for each rule, without sources"],
                     rows)

    def lines(self):
        """The lines of the picture: Writ, the floor, and each engine in its fastest style."""
        own = lambda name: {s: self.ns(s, name) for s in self.sizes if self.ns(s, name)}
        lines = [("fair floor, facts bound", own("fair_bound"), "floor"), ("Writ, facts bound", own("writ_bound"), "writ"),
                 ("Writ, text in", own("writ_text"), "writ"), ("Writ, JSON in, JSON out", own("writ_json_to_json"), "writ")]
        for engine in dict.fromkeys(p["engine"] for p in self.peers):
            costs = {s: self.peer(engine, s) for s in self.sizes}
            lines.append((engine, {s: c for s, c in costs.items() if c}, "peer"))
        return lines

    def summary(self):
        """The answers in one sentence each."""
        size = 1000 if 1000 in self.sizes else self.sizes[-1]
        least, most = self.sizes[0], self.sizes[-1]
        cost = lambda name: picture.duration(self.ns(size, name))
        yield (f"A decision with {size:,} rules takes {cost('writ_bound')} with facts bound, {cost('writ_text')} with text in, "
               f"{cost('writ_json')} from JSON, and {cost('writ_json_to_json')} from JSON to JSON. Code written by hand for these "
               f"rules takes {cost('fair_bound')}, {cost('fair_text')}, {cost('fair_json')} and {cost('fair_json_to_json')}.")
        if least < most:
            yield (f"From {least:,} to {most:,} rules, a decision with text in becomes "
                   f"{times(ratio(self.ns(most, 'writ_text'), self.ns(least, 'writ_text')))} as long.")
        for s in self.sizes if self.peers else []:
            engines = dict.fromkeys(p["engine"] for p in self.peers)
            longer = {e: ratio(self.peer(e, s), self.ns(s, "writ_bound")) for e in engines}
            ranked = sorted((r, e) for e, r in longer.items() if r)
            if ranked:
                yield (f"With {s:,} rules the other engines take between {times(ranked[0][0])} ({ranked[0][1]}) and "
                       f"{times(ranked[-1][0])} ({ranked[-1][1]}) as long as Writ with facts bound.")

    def render(self):
        columns = [f"{s:,}" for s in self.sizes]
        others = [f for f in ("micro", *REFUND, "mixed/10", "mixed/1000", "mixed/10000") if f in self.folders]
        templates = [f"{s}/template" for s in self.sizes]
        threads = [f"Two threads over one bundle make {ratio(per_second.get(2), per_second.get(1)):.2f} times as many decisions as one."
                   for per_second in self.threads.values() if ratio(per_second.get(2), per_second.get(1))]
        worst = [f"The most expensive rule of random policies took {self.per_rule:,.0f} ns."] if self.per_rule else []
        return "\n\n".join([
            "\n".join(f"- {sentence}" for sentence in self.summary()),
            "Nanoseconds per decision: median (p99). Writ's rows: how many times as long as the fair floor with the same input. "
            "The other engines: how many times as long as Writ, with facts bound, or with text in where they say so.",
            table(["by number of rules", *columns], self.decisions(self.sizes) + self.peer_rows()),
            table(["other policies", *others], self.decisions(others)),
            table(["rules as template and table", *columns], self.decisions(templates)),
            *threads, *worst,
            self.costs(),
            self.goals().table(),
        ])


def found(path, pattern):
    """A figure in what a program printed; None if it did not run."""
    match = re.search(pattern, path.read_text(), re.MULTILINE) if path.exists() else None
    return match and float(match[1])


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def main():
    results = pathlib.Path(sys.argv[1])
    race = Race(results)
    here = machine()
    text = f"{here['cpu']}, {here['cores']} cores; load of the machine at the end {here['load']:.1f}.\n\n{race.render()}\n"
    drawn = picture.draw(race.lines(), "Nanoseconds per decision by number of rules")
    print(text, end="")
    (results / "race.json").write_text(json.dumps(
        {"machine": here, "folders": race.folders, "threads": race.threads, "peers": race.peers,
         "compile": race.compiled, "goals": race.goals().all}, indent=1) + "\n")
    pages = [pathlib.Path(p) for p in sys.argv[2:3]]
    for path in [results / "performance.svg", *(p.with_suffix(".svg") for p in pages)] if drawn else []:
        path.write_text(drawn)
    for page in pages:
        before, _, rest = page.read_text().partition(MARKS[0])
        shown = f"![Cost of a decision by number of rules]({page.with_suffix('.svg').name})\n\n" if drawn else ""
        page.write_text(before + MARKS[0] + "\n" + shown + text + "\n" + MARKS[1] + rest.partition(MARKS[1])[2])


if __name__ == "__main__":
    main()
