#!/usr/bin/env python3
"""Combines the results of run.sh into one Markdown table and RESULTS/race.json.

usage: report.py RESULTS [PAGE]      (PAGE: a page of Markdown whose tables are replaced, between the two MARKS)
"""
import json
import os
import pathlib
import sys

# The rows of a workload, in the order in which they are shown: benchmark name, title.
ROWS = [
    ("floor_interned", "floor, facts interned"),
    ("straight_interned", "straight `if`s, facts interned"),
    ("floor_text", "floor, text in"),
    ("floor_writ_simdjson", "floor, Writ's JSON by simdjson"),
    ("floor_flat_simdjson", "floor, flat JSON by simdjson"),
    ("floor_flat_nlohmann", "floor, flat JSON by nlohmann"),
    ("writ_bound", "**Writ, facts bound**"),
    ("writ_text", "**Writ, text in**"),
    ("writ_json", "**Writ, JSON in**"),
    ("writ_json_to_json", "**Writ, JSON in, JSON out**"),
]
# The row that each of Writ's rows is compared with, in the same folder.
AGAINST = {"writ_bound": "floor_interned", "writ_text": "floor_text", "writ_json": "floor_writ_simdjson"}

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


class Race:
    def __init__(self, results):
        self.folders, self.threads = read_benchmarks(results / "writ.json")
        self.peers = read_lines(results / "peers.jsonl")
        self.compiled = {c["folder"]: c for c in read_lines(results / "compile.jsonl")}
        self.sizes = sorted(int(name) for name in self.folders if name.isdigit())

    def row(self, folder, name):
        return self.folders.get(str(folder), {}).get(name)

    def ns(self, folder, name):
        row = self.row(folder, name)
        return row and row["median_ns"]

    def writ_ns(self, size):
        """What the peers, whose requests are parsed too, are held against."""
        return self.ns(size, "writ_text") or self.ns(size, "writ_bound")

    def decisions(self, folders):
        rows = []
        for name, title in ROWS:
            cells = [self.row(f, name) for f in folders]
            if any(cells):
                base = [self.row(f, AGAINST.get(name, "")) for f in folders]
                rows.append([title, *map(cell, cells, base)])
        return rows

    def peer_rows(self):
        rows = []
        for engine, version, style in dict.fromkeys((p["engine"], p["version"], p["style"]) for p in self.peers):
            by_size = {p["size"]: p for p in self.peers if p["engine"] == engine and p["style"] == style}
            rows.append([f"{engine} {version}, {style}",
                         *(cell(by_size.get(s), self.row(s, "floor_text")) for s in self.sizes)])
        return rows

    def best(self, engine, size):
        return min((p["median_ns"] for p in self.peers if p["engine"] == engine and p["size"] == size), default=None)

    def targets(self):
        """(what, where, measured, goal, unit): measured is None where nothing was measured."""
        ratio = lambda above, below: above / below if above and below else None
        out = []
        add = lambda what, where, value, sign, goal, unit="×": out.append(
            {"what": what, "where": where, "measured": value, "sign": sign, "goal": goal, "unit": unit,
             "met": None if value is None else value <= goal if sign == "≤" else value >= goal})
        for name, what, goal in [("writ_text", "text in, against the floor", 1.5),
                                 ("writ_bound", "facts bound, against the floor", 2),
                                 ("writ_json", "JSON in, against parse + floor", 1.3)]:
            for size in self.sizes:
                add(what, f"{size:,}", ratio(self.ns(size, name), self.ns(size, AGAINST[name])), "≤", goal)
        small, large = self.sizes[0], self.sizes[-1]
        if small < large:
            add("growth", f"{small:,} → {large:,}", ratio(self.writ_ns(large), self.writ_ns(small)), "≤", 2.5)
        micro = self.ns("micro", "writ_text") or self.ns("micro", "writ_bound")
        add("twelve conditions, against hand-written", "micro", ratio(micro, self.ns("micro", "floor_text")), "≤", 1.3)
        add("the same from JSON", "micro",
            ratio(self.ns("micro", "writ_json"), self.ns("micro", "floor_writ_simdjson")), "≤", 1.3)
        for engine, goals in [("opa", {s: 100 for s in self.sizes}), ("regorus", {s: 20 for s in self.sizes}),
                              ("cel-go", {1000: 1000}), ("cedar", {10: 40, 1000: 3000}), ("sapl", {s: 1 for s in self.sizes})]:
            for size, goal in goals.items():
                if self.peers:
                    add(f"{engine}, times as long", f"{size:,}", ratio(self.best(engine, size), self.writ_ns(size)), "≥", goal)
        for name in ("writ_bound", "writ_text", "writ_json"):
            worst = [self.row(f, name)["allocations"] for f in self.folders if self.row(f, name)]
            add(f"allocations per decision, {name.removeprefix('writ_')}", "worst", max(worst, default=None), "≤", 0, "")
        for row, per_second in self.threads.items():
            add(f"two threads against one, {row.split('_')[1]}", "1,000", ratio(per_second.get(2), per_second.get(1)), "≥", 1.9)
        for folder, seconds in [("100000", 12), ("100000/template", 3)]:
            compiled, load = self.compiled.get(folder, {}), self.ns(folder, "writ_load")
            add("compile, processor time", folder, compiled.get("cpu_s"), "≤", seconds, " s")
            add("compile, memory", folder, compiled.get("peak_mb"), "≤", 1024, " MB")
            add("load", folder, load and load / 1e6, "≤", 20, " ms")
            add("bundle per rule, sources aside", folder,
                (compiled["bundle_bytes"] - compiled["source_bytes"]) / 100_000 if compiled else None, "≤", 200, " B")
        return out

    def render(self):
        columns = [f"{s:,}" for s in self.sizes]
        others = [f for f in ("micro", "mixed/10", "mixed/1000", "mixed/10000") if f in self.folders]
        templates = [f"{s}/template" for s in self.sizes]
        show = lambda t: "—" if t["measured"] is None else (
            times(t["measured"]) if t["unit"] == "×" else f"{t['measured']:,.4g}{t['unit']}")
        return "\n\n".join([
            "Nanoseconds per decision: median (p99), and the ratio to the floor with the same input "
            "(peers: to the floor with text in).",
            table(["by number of rules", *columns], self.decisions(self.sizes) + self.peer_rows()),
            table(["other workloads", *others], self.decisions(others)),
            table(["rules as template and table", *columns], self.decisions(templates)),
            table(["target", "where", "goal", "measured", ""],
                  [[t["what"], t["where"], f"{t['sign']} {t['goal']:,}{t['unit']}", show(t),
                    {True: "met", False: "**missed**", None: "not measured"}[t["met"]]] for t in self.targets()]),
        ])


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def main():
    results = pathlib.Path(sys.argv[1])
    race = Race(results)
    here = machine()
    text = f"{here['cpu']}, {here['cores']} cores; load of the machine at the end {here['load']:.1f}.\n\n{race.render()}\n"
    print(text, end="")
    (results / "race.json").write_text(json.dumps(
        {"machine": here, "folders": race.folders, "threads": race.threads, "peers": race.peers,
         "compile": race.compiled, "targets": race.targets()}, indent=1) + "\n")
    if len(sys.argv) > 2:
        page = pathlib.Path(sys.argv[2])
        before, _, rest = page.read_text().partition(MARKS[0])
        page.write_text(before + MARKS[0] + "\n" + text + "\n" + MARKS[1] + rest.partition(MARKS[1])[2])


main()
