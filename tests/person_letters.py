#!/usr/bin/env python3
"""Compares engine/base/person_letters.def with Unicode: each letter has only one spelling, and its small letter is that of
Unicode."""
import pathlib
import re
import sys
import unicodedata

table = pathlib.Path(__file__).parent.parent / "engine/base/person_letters.def"
# What person.cpp folds by itself.
own = {0x130, 0x131, 0xDF, 0x1E9E, 0x3C2}
problems, before, letters = [], 0x7F, 0
for script, first, last, fold in re.findall(r"^LETTERS\((\w+),\s*(\w+), (\w+), (-?\d+)\)$", table.read_text(), re.M):
    first, last, fold = int(first, 16), int(last, 16), int(fold)
    if not before < first <= last:
        problems.append(f"{first:#x}: not ascending")
    before = last
    for code in range(first, last + 1):
        c = chr(code)
        letters += 1
        if unicodedata.category(c)[0] != "L" or unicodedata.combining(c):
            problems.append(f"{code:#x}: no letter of its own")
        if unicodedata.normalize("NFKC", c) != c:
            problems.append(f"{code:#x}: has another normal form")
        if unicodedata.name(c).startswith("HANGUL") and code < 0xAC00:
            problems.append(f"{code:#x}: joins its neighbours")
        small = code + ((code - first) % 2 == 0 if fold == 1 else fold)
        if code not in own and chr(small) != c.lower():
            problems.append(f"{code:#x}: small letter is {ord(c.lower()):#x}, not {small:#x}")
if letters < 1000:
    problems.append("the table is empty")
print("\n".join(problems) or f"{letters} letters, each with one spelling")
sys.exit(bool(problems))
