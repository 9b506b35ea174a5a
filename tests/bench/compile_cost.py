#!/usr/bin/env python3
"""Compiles each policy to policy.bundle next to it, and prints the cost as one JSON object on a line.

usage: compile_cost.py WRIT WORKLOAD FOLDER...
"""
import json
import os
import pathlib
import subprocess
import sys
import time


def main():
    writ, root = sys.argv[1], pathlib.Path(sys.argv[2])
    for name in sys.argv[3:]:
        bundle = root / name / "policy.bundle"
        started = time.monotonic()
        process = subprocess.Popen([writ, "compile", root / name / "policy.writ", "--output", bundle],
                                   stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"compile_cost: {name} does not compile")
        print(json.dumps({
            "folder": name, "wall_s": time.monotonic() - started, "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1024, "bundle_bytes": bundle.stat().st_size,
            "source_bytes": (root / name / "policy.writ").stat().st_size,
        }), flush=True)


main()
