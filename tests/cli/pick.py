#!/usr/bin/env python3
"""Picks values from the JSON on standard input, and prints one on each line.

usage: … | pick.py PATH [MEMBER...]

PATH is names and numbers with dots between them, as `groups.0.name`; `*` stands for every member of a list, and `.`
alone for the whole document. With MEMBERs, which are paths too, the line has their values instead. A name that an object
does not have gives null."""
import json
import sys


def at(value, path):
    """What the path leads to: one value, or a value for each member of the lists that `*` stands for."""
    for i, step in enumerate(path):
        if step == "*": return [found for each in value for found in at(each, path[i + 1:])]
        if value is not None: value = value[int(step)] if isinstance(value, list) else value.get(step)
    return [value]


def shown(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def steps(path):
    return [step for step in path.split(".") if step]


for found in at(json.load(sys.stdin), steps(sys.argv[1])):
    parts = [each for member in sys.argv[2:] for each in at(found, steps(member))] if sys.argv[2:] else [found]
    print("  ".join(shown(each) for each in parts))
