#!/usr/bin/env python3
"""Fails if a place that names fields of a request disagrees with stdlib/request.writ, which declares them.

The binding, the checker, the reference evaluator's reading of documents and the generator of the property tests take names,
types and limits from that schema. This test compares these other lists of fields with it:

  docs/request-format.md          every field, with its type, limit and provenance, and which must be stated
  docs/openapi.json               every field that a request may state, with its type and limit
  engine/base/builtin_facts.def   the facts and columns that the engine reads, with their types and presence
  PRESENCE, INVOLVED, BESIDE, NAMED   lists in code; DRAFT and BINDING together

If they agree, the test removes or renames each entry in each place, and fails if it does not notice that.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = "stdlib/request.writ"
TABLE = "engine/base/builtin_facts.def"
PAGE = "docs/request-format.md"
OPENAPI = "docs/openapi.json"
PATH = r"[a-z_]+(?:\.[a-z_]+)*"
# Fields that the engine makes, and that no request states.
MADE = {"delegation.first", "delegation.last", "delegation.pairs"}

# Lists of the facts that must be stated: file, begin, end, how a path stands there.
PRESENCE = [
    ("engine/reference/checks.cpp", 'need_value("now")', "\n}\n", r'(?:need_(?:value|stated)\(|"fact_missing", )"({})"'),
]
# Lists of the people who may not approve: file, begin, end, how a path stands there.
INVOLVED = [
    ("engine/vm/approvals.cpp", "void each_involved(", "\n}\n", r'each\("({})"'),
    ("engine/reference/checks.cpp", "involved_in(const Facts&", "\n}\n", r'[{{,] ?"({}\.[a-z_]+)"'),
    ("docs/request-format.md", "The broker must also state whose request it is", "State a value", r"`({}\.[a-z_]+)`"),
]
# The facts that a draft lists if a rule needs approvals: those people, except in hops, and what an approval is bound to.
DRAFT = ("engine/workspace/request_from_claims.cpp", "Builtin kFacts[] = ", ";")
BINDING = ("engine/vm/binding.cpp", "Binding::first_unstated(", "\n}\n")
# Files that name a fact of the table beside its path, and how: the enumerator and the path in either order.
BESIDE = ["engine/vm/approvals.cpp", "engine/vm/binding.cpp", "engine/vm/checks_revoked.cpp"]
PAIR = r'Builtin::(\w+), "([\w.]+)"|"([\w.]+)", facts\[Builtin::(\w+)\]\)'
# Fields that code reads by name: file, begin, end, how a path or its steps in braces are written there.
NAMED = [
    ("engine/ledger/surroundings.cpp", "void read_surroundings(", "\n}\n", r'text_at\(request, \{{("[^}}]+")\}}\)'),
    ("engine/ledger/surroundings.cpp", "Path kParts[] = ", ";", r'\{{("[^{{}}]+")\}}'),
    ("engine/ledger/pointer.cpp", "kApprovalGroups[] = ", ";", r'"({})"'),
    ("engine/lint/suppose.cpp", "bool is_of_others(", "\n}\n", r'[{{ ]"({})"'),
    ("engine/vm/checks_revoked.cpp", "kRevocableOfHop[] = ", "};", r'"({})"'),
    ("tests/property/request_gen.cpp", "kRequired = ", ";", r'"([a-z_.\[\]]+)"'),
]


def read(path):
    return (ROOT / path).read_text()


def part(text, begin, end):
    start = text.find(begin)
    stop = text.find(end, start)
    return text[start:stop] if 0 <= start < stop else ""


# ---- the schema -----------------------------------------------------------------------------------


def schema(text):
    """Every field by its path: type, whether it may be none, limit, provenance. Records in lists and maps are fields of
    the list or the map; the members of an enum are its type."""
    text = re.sub(r"//[^\n]*", "", text)
    enums = {name: " ".join(re.findall(r"\w+", members))
             for name, members in re.findall(r"export enum (\w+) = ([\w\s|<]+?)\n\n", text)}
    tokens = re.findall(r"[\w]+|[<>{}:,]", part(text, "export schema request {", "\n}\n").split("{", 1)[1])
    out = {}
    at = 0

    def kind(path):
        nonlocal at
        word = tokens[at]
        at += 1
        if word == "record" and tokens[at] == "of":
            at += 2
            return f"record of {tokens[at - 1]}"
        if word == "record":
            assert tokens[at] == "{"
            at += 1
            fields(path)
            at += 1
            return "record"
        if word in ("list", "set", "map", "one_or_many"):
            assert tokens[at] == "<"
            at += 1
            inner = [kind(path)]
            while tokens[at] == ",":
                at += 1
                inner.append(kind(path))
            at += 1
            return f"{word}<{', '.join(inner)}>"
        return {"issuer": "string", "tool": "string"}.get(word) or enums.get(word, word)

    def fields(path):
        nonlocal at
        while at < len(tokens) and tokens[at] != "}":
            name = path + ("." if path else "") + tokens[at]
            assert tokens[at + 1] == ":", tokens[at:at + 2]
            at += 2
            out[name] = None
            shape, none, most, source = kind(name), False, "", ""
            while at < len(tokens) and tokens[at] in ("or", "max", "from"):
                none = none or tokens[at] == "or"
                most = tokens[at + 1].replace("_", "") if tokens[at] == "max" else most
                source = tokens[at + 1] if tokens[at] == "from" else source
                at += 2
            out[name] = (shape, none, most, source)

    fields("")
    return out


# ---- the page -------------------------------------------------------------------------------------


def described(words):
    """A type as the page writes it: `set\\<string> max 32 from broker`, `` `a` `b` ``, `list of records, max 8`."""
    words = words.replace("\\", "").replace("list of records,", "list<record>")
    source = re.search(r" from (\w+)$", words)
    words = words[:source.start()] if source else words
    most = re.search(r" max ([\d,]+)$", words)
    words = words[:most.start()] if most else words
    none = words.endswith(" or none")
    words = words.removesuffix(" or none").replace("`", "")
    return words, none, most[1].replace(",", "") if most else "", source[1] if source else ""


def page(text):
    """Every field by its path, and those that must be stated."""
    out, stated = {}, set()
    for section in part(text, "## Fields", "\n## Limits").split("\n### ")[1:]:
        heading, body = section.split("\n#### ")[0].split("\n", 1)
        group = re.match(r"(?:A hop of |A pair of )?`([\w.]+)`(.*)", heading)
        prefix = group[1] + "." if group else ""
        if group and "." not in group[1]:
            several = re.search(r"\b(list|map) of at most (\d+)", body.split("\n|")[0])
            source = re.search(r"from (\w+)", group[2])
            shape = {"list": "list<record>", "map": "map<string, record>"}[several[1]] if several else "record"
            out[group[1]] = (shape, "or none" in group[2], several[2] if several else "", source[1] if source else "")
            if "**!**" in group[2]:
                stated.add(group[1])
        for names, words in re.findall(r"^\| (`\w+`[^|]*) \| ([^|]+) \|", body, re.M):
            for name, mark in re.findall(r"`(\w+)`( \*\*!\*\*)?", names):
                out[prefix + name] = described(words)
                if mark:
                    stated.add(prefix + name)
    return out, stated


# ---- the OpenAPI document -------------------------------------------------------------------------


def as_json(fields, path):
    """The JSON schema of a field, without its description."""
    shape, none, most, _ = fields[path]

    def one(word):
        if word == "record":
            below = [name for name in fields if name.startswith(path + ".") and "." not in name[len(path) + 1:]]
            members = {name.rpartition(".")[2]: as_json(fields, name) for name in below if name not in MADE}
            return {"type": "object", "properties": members, "additionalProperties": False} if members else {"type": "object"}
        if word in ("instant", "duration"):
            return {"$ref": f"#/components/schemas/{word.capitalize()}"}
        if " " in word:
            return {"enum": word.split()}
        return {"type": {"int": "integer", "decimal": "number", "bool": "boolean"}.get(word, "string")}

    several = re.fullmatch(r"(list|set|one_or_many|map)<(?:string, )?(.+)>", shape)
    if several and several[1] == "map":
        out = {"type": "object", "additionalProperties": one(several[2]), "maxProperties": int(most or 16)}
    elif several:
        out = {"type": "array", "items": one(several[2]), "maxItems": int(most or (16 if several[2] == "record" else 64))}
        if several[1] == "one_or_many":
            out = {"anyOf": [{"type": "string"}, out]}
    else:
        out = {**one(shape), **({"maxLength": int(most)} if most else {})}
    if not none:
        return out
    if "enum" in out:
        return {"enum": [*out["enum"], None]}
    return {**out, "type": [out["type"], "null"]} if "type" in out else {"anyOf": [out, {"type": "null"}]}


def bare(node):
    """A schema without descriptions."""
    if isinstance(node, list):
        return [bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {name: bare(each) for name, each in node.items() if name != "description" or not isinstance(each, str)}


def told_in_openapi(text):
    return bare(json.loads(text)["components"]["schemas"]["Request"])


# ---- the table ------------------------------------------------------------------------------------


def as_read(field):
    """The kind as which the engine reads a field."""
    shape = field[0]
    elem = re.fullmatch(r"(?:list|set|one_or_many)<(\w+)>", shape)
    word = elem[1] if elem else shape
    kind = "Enum" if " " in word else word.capitalize()
    return f"list_of({kind})" if elem else kind


def enumerators(text):
    return dict(re.findall(r'^FACT\((\w+), +"([\w.]+)"', text, re.M))


def table(text):
    """Every fact and column by its path: type; and the facts that must be stated."""
    out, stated, lists = {}, set(), enumerators(text)
    for _, path, presence, kind in re.findall(r'^FACT\((\w+), +"([\w.]+)", +(\w+), +(.+)\)$', text, re.M):
        out[path] = kind
        if presence != "Optional":
            stated.add(path)
        if presence == "Hops":
            stated |= {path + ".granted_scopes", path + ".exp"}
    for name, column, kind in re.findall(r'^COLUMN\((\w+), +\w+, +"(\w+)", +(.+)\)$', text, re.M):
        out[f"{lists.get(name)}.{column}"] = kind
    return out, stated


# ---- lists in code --------------------------------------------------------------------------------


def paths(text, pattern):
    found = re.findall(pattern.format(PATH), text)
    return [".".join(re.findall(r"[a-z_]+", each)) for each in found]


def in_claims(path):
    return path.startswith(("token.claims.", "tool.params."))


# ---- the comparison -------------------------------------------------------------------------------


def differences(texts):
    """The differences, given the text of every file."""
    out = []
    fields = schema(texts[SCHEMA])
    told, marked = page(texts[PAGE])
    for name in sorted(fields.keys() | told.keys()):
        if fields.get(name) != told.get(name):
            out.append(f"{PAGE}: {name} is {told.get(name)}, declared {fields.get(name)}")
    groups = [name for name in fields if "." not in name]
    members = told_in_openapi(texts[OPENAPI])["properties"]
    named = members.pop("provenance", {}).get("anyOf", [{}])[-1].get("propertyNames", {}).get("enum")
    if named != groups:
        out.append(f"{OPENAPI}: the groups of the provenance are {named}")
    for name in sorted(members.keys() | set(groups)):
        if name not in groups or members.get(name) != as_json(fields, name):
            out.append(f"{OPENAPI}: {name} is {members.get(name)}, declared {fields.get(name)}")
    facts, stated = table(texts[TABLE])
    for name, kind in facts.items():
        if name not in fields or as_read(fields[name]) != kind:
            out.append(f"{TABLE}: {name} is read as {kind}, declared {fields.get(name)}")
    for name in sorted(marked ^ stated):
        out.append(f"{name} must be stated by only one of {PAGE} and {TABLE}")
    for path, begin, end, pattern in PRESENCE:
        found = set(paths(part(texts[path], begin, end), pattern))
        out += [f"{path}: {name} must be stated by only one of it and {TABLE}" for name in sorted(found ^ stated)]
    people = [set(paths(part(texts[path], begin, end), pattern)) for path, begin, end, pattern in INVOLVED]
    for (path, *_), found in zip(INVOLVED, people):
        out += [f"{path}: {name} is not involved in each list" for name in sorted(set.union(*people) - found)]
    called = enumerators(texts[TABLE])
    for path in BESIDE:
        for a, b, c, d in re.findall(PAIR, texts[path]):
            if called.get(a or d) != (b or c):
                out.append(f"{path}: Builtin::{a or d} is not {b or c}")
    path, begin, end = DRAFT
    asked = {called.get(name, name) for name in re.findall(r"Builtin::(\w+)", part(texts[path], begin, end))}
    bound = set(paths(part(texts[BINDING[0]], *BINDING[1:]), r'return "({})"'))
    for name in sorted((people[0] | bound) ^ asked):
        if not name.startswith(("delegation.chain.", "tool.params")):
            out.append(f"{path}: {name} is asked for by only one of it and what approvals need")
    for path, begin, end, pattern in NAMED:
        found = paths(part(texts[path], begin, end), pattern)
        out += [f"{path} ({begin}) names nothing"] * (not found)
        out += [f"{path}: no field {name}" for name in found if name not in fields and not in_claims(name)]
    return out


def damaged(texts):
    """Removes or renames each entry in each place. Yields a description, and the texts of all files."""

    def put(path, text):
        return {**texts, path: text}

    for path, row in ((SCHEMA, r"^ +(\w+): [^{\n]*\n"), (TABLE, r'^FACT\(\w+, +"([\w.]+)", +(?!Optional)\w+,.*\n')):
        for line in re.finditer(row, texts[path], re.M):
            yield f"{path} without {line[1]}", put(path, texts[path][:line.start()] + texts[path][line.end():])
    for name in re.finditer(r'^(?:FACT|COLUMN)\(.*?"([\w.]+)"', texts[TABLE], re.M):
        text = texts[TABLE]
        yield f"{TABLE} with another {name[1]}", put(TABLE, text[:name.end() - 1] + "x" + text[name.end() - 1:])
    rows = part(texts[PAGE], "## Fields", "\n## Limits")
    rows = re.sub(r"\n#### [^\0]*?(?=\n### )", "", rows)
    for line in re.finditer(r"^\| `\w+`.*\n", rows, re.M):
        yield f"{PAGE} without {line[0][:30]}", put(PAGE, texts[PAGE].replace("\n" + line[0], "\n", 1))
    for member in re.finditer(r'"(\w+)": \{', part(texts[OPENAPI], '"Request": {', '"Provenance": {')):
        if member[1] not in ("properties", "items", "additionalProperties", "Request", "propertyNames"):
            text = texts[OPENAPI]
            at = text.index('"Request": {') + member.start(1)
            yield f"{OPENAPI} with another {member[1]}", put(OPENAPI, text[:at] + "x" + text[at:])
    for path, begin, end, pattern in PRESENCE + INVOLVED:
        whole = part(texts[path], begin, end)
        for name in paths(whole, pattern):
            yield f"{path} ({begin}) without {name}", put(path, texts[path].replace(whole, whole.replace(name, "")))
    for path in BESIDE:
        for pair in re.finditer(PAIR, texts[path]):
            yield f"{path} with another {pair[0]}", put(path, texts[path].replace(pair[0], pair[0].replace('"', '"x', 1)))
    whole = part(texts[DRAFT[0]], *DRAFT[1:])
    for name in re.findall(r"Builtin::\w+", whole):
        yield f"{DRAFT[0]} without {name}", put(DRAFT[0], texts[DRAFT[0]].replace(whole, whole.replace(name + ",", "")
                                                                                  .replace(name + "}", "}")))
    for path, begin, end, pattern in NAMED:
        whole = part(texts[path], begin, end)
        for found in re.finditer(pattern.format(PATH), whole):
            name = found[1]
            changed = whole[:found.start(1)] + ('"x' + name[1:] if name[0] == '"' else "x" + name) + whole[found.end(1):]
            yield f"{path} ({begin}) with another {name}", put(path, texts[path].replace(whole, changed))


def main():
    files = {SCHEMA, TABLE, PAGE, OPENAPI, DRAFT[0], BINDING[0], *BESIDE, *(place[0] for place in PRESENCE + INVOLVED + NAMED)}
    texts = {path: read(path) for path in files}
    found, count = differences(texts), 0
    for what, others in damaged(texts) if not found else ():
        count += 1
        if not differences(others):
            found.append(f"not seen: {what}")
    print("\n".join(found) or f"{len(schema(texts[SCHEMA]))} fields of a request; {count} damages seen")
    return 1 if found or count < 200 else 0


sys.exit(main())
