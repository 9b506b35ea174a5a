#!/usr/bin/env python3
"""Adds up a meson test log: doctest cases where a test prints them, one otherwise."""
import json
import re
import sys

DOCTEST = re.compile(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")


def main():
    passed = failed = 0
    with open(sys.argv[1]) as log:
        for line in log:
            test = json.loads(line)
            if test["result"] == "SKIP":
                print((test.get("stdout", "").strip().splitlines() or ["skipped"])[-1])
                continue
            ok = test["result"] in ("OK", "EXPECTEDFAIL")
            counts = DOCTEST.findall(re.sub(r"\x1b\[[0-9;]*m", "", test.get("stdout", "")))
            cases = [(int(p), int(f)) for p, f in counts] or [(1, 0) if ok else (0, 1)]
            passed += sum(p for p, _ in cases)
            crashed = not ok and not any(f for _, f in cases)
            failed += sum(f for _, f in cases) + (1 if crashed else 0)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
