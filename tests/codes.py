#!/usr/bin/env python3
"""Fails if an entry of a table has no test: an error, a lint, a reason, an opcode.

An entry counts as tested if its name is in the name of a test case, in an assertion, in a row of a
table that a test goes through, in a conformance case, or in a script or a transcript of what the program does. Comments
of C++ do not count.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
TABLES = [
    ("engine/include/writ/errors.def", r"^ERROR\((\w+),", r"\b{}\b"),
    ("engine/lint/lints.def", r'^LINT\(\w+, "([^"]+)"', r'"{}"'),
    ("engine/base/reasons.def", r"^REASON\((\w+),", r"\b{}\b"),
    # Names of opcodes are ordinary words: only as an enumerator or in the name of a case.
    ("engine/bytecode/opcodes.def", r"^(?:ASK|TEST|TIME|VALUE|END)\((\w+),", r"\bOp(?:code)?::{0}\b|(?:TEST_|SUB)CASE\(\"[^\"\n]*\b{0}\b"),
]


def code_without_comments(path):
    text = re.sub(r"^\s*//[^\n]*$", "", path.read_text(errors="replace"), flags=re.M)
    # At the start of a line only: elsewhere `/*` may stand in a string, as a glob does.
    return re.sub(r"^\s*/\*.*?\*/", "", text, flags=re.M | re.S)


def main():
    tests = [p for p in sorted(TESTS.rglob("*.cpp")) if p.parent.name not in ("bench", "link")]
    cases = [p for p in sorted((TESTS / "conformance/cases").rglob("*")) if p.is_file()]
    cases += sorted((TESTS / "fault").glob("*.sh"))
    cases += [p for p in sorted((TESTS / "cli").glob("*.txt")) if not p.name.startswith("explain")]  # which prints pages
    text = "\n".join([code_without_comments(p) for p in tests] +
                     [p.read_text(errors="replace") for p in cases])
    untested, entries = [], 0
    for table, entry, mention in TABLES:
        names = re.findall(entry, (ROOT / table).read_text(), re.M)
        if not names:
            untested.append(f"{table} has no entries")
        entries += len(names)
        untested += [f"{name} ({table}) is in no test" for name in names
                     if not re.search(mention.format(name), text)]
    print("\n".join(untested) if untested else
          f"{entries} entries of {len(TABLES)} tables, each in a test of {len(tests) + len(cases)} files")
    return 1 if untested or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
