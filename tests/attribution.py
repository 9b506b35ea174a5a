#!/usr/bin/env python3
"""Fails if a place that lists the fields of Attribution (engine/include/writ/decision.h) misses one.

The fields are read from the struct. A place in C++ names each field as a member of a variable; JSON, columns and
documentation use the name in decision_json.cpp. Before it checks the tree, the test removes each field from each place
and fails if it does not notice that.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEMBER = r"\b(?:who|a|attribution)\s*\.\s*{}\b"
# The file, the beginning and the end of the list in it, and the fields that other code handles.
CODE = [
    ("engine/vm/decision.cpp", "void each_of(", "void Decision::clear_requirements()", set()),
    ("engine/vm/attribution.cpp", "void attribute(", "\n}\n", {"approvers"}),
    ("engine/reference/reference.cpp", "Attribution& who", "\n}\n", {"approvers"}),
    ("engine/vm/decision_json.cpp", "void write_attribution(", "\n}\n", set()),
    ("engine/ledger/fields.h", "void answer_fields(", "\n}\n", set()),
    ("engine/ledger/record_json.cpp", "const Attribution& who", "\n}\n", set()),
    ("engine/ledger/index.cpp", "const Attribution& who", "row.run()", set()),
    ("cli/formats/decision.cpp", "void attribution()", "\n    }\n", set()),
]
# The file, the beginning and the end of the list in it, the form of a name, and other names: `user` is a keyword in SQL.
NAMED = [
    ("engine/ledger/record_json.cpp", "const Attribution& who", "\n}\n", '"{}"', {}),
    ("engine/ledger/index.cpp", "create table decision", ");", r"\b{} (?:text|integer) not null", {"user": "person"}),
    ("docs/decision-format.md", '"attribution": {', "}", '"{}"', {}),
    ("docs/decision-format.md", "`attribution` has", "\n\n", "`{}`", {}),
]


def part(text, begin, end):
    start = text.find(begin)
    stop = text.find(end, start)
    return text[start:stop] if 0 <= start < stop else ""


def fields():
    body = part((ROOT / "engine/include/writ/decision.h").read_text(), "struct Attribution {", "\n};")
    body = re.sub(r"///?<?[^\n]*", "", body.split("{", 1)[1])
    return [name.strip() for line in body.split(";") if line.strip()
            for name in re.sub(r"^\s*[\w:<>]+(?:<[\w:]+>)?\s", "", line.strip() + " ", count=1).split(",")]


def json_names(names):
    """The name of each field in decision_json.cpp."""
    text = part((ROOT / "engine/vm/decision_json.cpp").read_text(), "void write_attribution(", "\n}\n")
    written = re.findall(r'(?:key\("(\w+)"\), to\.\w+\(|next_text\("(\w+)", )who\.(\w+)\)', text)
    return {field: key or text_key for key, text_key, field in written if field in names}


def places():
    """(name of the place, its text, field to pattern)."""
    names = fields()
    called = json_names(names)
    for path, begin, end, elsewhere in CODE:
        text = part((ROOT / path).read_text(), begin, end)
        yield f"{path} ({begin})", text, {name: MEMBER.format(name) for name in names if name not in elsewhere}
    for path, begin, end, pattern, own in NAMED:
        text = part((ROOT / path).read_text(), begin, end)
        yield f"{path} ({begin})", text, {name: pattern.format(own.get(name) or called.get(name, "(?!)")) for name in names}


def missing(text, patterns):
    return [name for name, pattern in patterns.items() if not re.search(pattern, text)]


def main():
    found, count = [], 0
    for place, text, patterns in places():
        count += 1
        found += [f"{place} misses {name}" for name in missing(text, patterns)]
        for name, pattern in patterns.items():
            if name not in missing(re.sub(pattern, "", text), patterns):
                found.append(f"not seen: {place} without {name}")
    print("\n".join(found) or f"{len(fields())} fields of Attribution in {count} places")
    return 1 if found or len(fields()) < 10 else 0


sys.exit(main())
