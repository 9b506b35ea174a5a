#!/usr/bin/env python3
"""Fails if a room includes a header of a room it may not know. The table is layers.txt."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
allowed = {}
for line in (root / "tests/layers.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        room, _, others = line.partition(":")
        allowed[room.strip()] = set(others.split()) | {room.strip(), "writ"}

include = re.compile(r'^\s*#\s*include\s+"([^"/]+)/([^"]+)"', re.M)
bad = []
checked = 0
for folder in sorted(allowed):
    base = root / ("engine/" + folder if (root / "engine" / folder).is_dir() else folder)
    for path in sorted(base.rglob("*.h")) + sorted(base.rglob("*.cpp")):
        checked += 1
        for room, header in include.findall(path.read_text()):
            if room in allowed | {"writ": 0} and room not in allowed[folder] or \
                    (room not in allowed and room != "writ" and (root / "engine" / room).is_dir()):
                bad.append(f"{path.relative_to(root)} includes {room}/{header}")
            if folder == "cli" and room != "writ" and room != "cli":
                bad.append(f"{path.relative_to(root)} includes {room}/{header}")
# Public headers may name no third party but tl::expected, and no room.
for path in sorted((root / "engine/include/writ").glob("*.h")):
    checked += 1
    for line in path.read_text().splitlines():
        hit = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if hit and "/" in hit[1] and not hit[1].startswith(("writ/", "tl/")):
            bad.append(f"{path.relative_to(root)} includes {hit[1]}")
# ANTLR is seen by the parser alone.
for path in sorted((root / "engine").rglob("*.[ch]*")):
    if "antlr4-runtime" in path.read_text() and path.parent.name != "syntax":
        bad.append(f"{path.relative_to(root)} includes ANTLR")
print("\n".join(bad) or f"{checked} files keep to their layers")
sys.exit(1 if bad or checked < 20 else 0)
