#!/usr/bin/env python3
"""Fails if one name means two things: a type that a folder or a public header defines twice, or a free function that two
namespaces declare with the same parameters.

A type in an unnamed namespace, or inside another one, is its file's own: two files may have one name, but not the name
of a type in a header. The reason for every exception is in the lists below. An exception that is no longer needed
fails too. Before it checks the tree, the test adds known faults to it and fails if it misses one."""
import collections
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
# Folders that define the same things in two forms on purpose.
MIRRORS = [
    {"writ::reference", "writ::vm"},  # two evaluators of one language that share nothing
    {"writ::ast", "writ::check"},     # a construct as written, and as typed
]
# Of these, the code outside always writes the namespace: `json::Value`.
QUALIFIED = {"writ::json"}
TYPES = {
    "Field": "a field of the request: as declared (ast), as typed (check), and as found in bundles (public)",
    "Obligation": "an obligation of a rule (check), and the same in a decision (public)",
}
FUNCTIONS = {
    "checked": "a failure of the system gets the codes of the folder that calls it",
    "read_seed": "the ledger's calls that of os, and assigns the ledger's codes",
    "text_of": "the store, in messages, and the command write a serial in the same way",
}

TYPE = re.compile(r"(?:template <.*> ?)?(struct|class|enum class|enum|union|using) (?:\[\[\w+\]\] )?(\w+)(?: final)?"
                  r"(?= *(?::[^:]|\{|=|$))")
FUNCTION = re.compile(r"^(?!using|struct|class|enum|template|extern|public|private|friend|#|\s|\})[\w:<>,&* ]+?[ &*](\w+)"
                      r"\(([^;{}()]*)\)(?: const| noexcept)*\s*[;{]", re.M)


def spaces(text):
    """Each line with the namespace it is in; `@` is an unnamed one. clang-format ends all but the shortest with a comment."""
    inside = []
    for line in re.sub(r"^namespace [\w:]+ \{(\n.*\n|.*)\}$", "", text, flags=re.M).splitlines():
        if opened := re.match(r"namespace(?: ([\w:]+))? \{$", line): inside.append(opened[1] or "@")
        elif line.startswith("}  // namespace"): inside.pop()
        else: yield "::".join(inside), line


def types_in(text):
    for space, line in spaces(text):
        hit = TYPE.match(line)
        if hit and (hit[1] == "using" or "{" in line or not line.endswith(";")): yield space, hit[2]


def functions_in(text):
    by_space = collections.defaultdict(list)
    for space, line in spaces(text): by_space[space].append(re.sub(r"\[\[\w+\]\] |//.*", "", line))
    for space, lines in by_space.items():
        for name, parameters in FUNCTION.findall("\n".join(lines)):
            each = [re.sub(r"=.*", "", one).strip() for one in re.split(r",(?![^<]*>)", re.sub(r"\s+", " ", parameters))]
            yield space, name, tuple(re.sub(r"(?<=[\w>&*]) ?\b\w+$", "", one) for one in each if one)


def told_apart(spaces_of):
    """Whether namespaces that share a name may."""
    left = set(spaces_of) - QUALIFIED
    return len(left) < 2 or any(left <= pair for pair in MIRRORS)


def faults(files):
    types, functions = collections.defaultdict(list), collections.defaultdict(list)
    for path, text in sorted(files.items()):
        for space, name in types_in(text): types[name].append((space, path))
        if path.endswith(".h"):
            for space, name, parameters in functions_in(text): functions[name, parameters].append((space, path))
    out, excused = [], set()
    for name, places in sorted(types.items()):
        rooms = [space.replace("::@", "") for space, _ in places]
        if len(places) < 2 or all("@" in space for space, _ in places): continue
        if len(set(rooms)) == len(rooms) and told_apart(rooms): continue
        if name in TYPES: excused.add(name)
        else: out.append(f"{name} is defined in " + ", ".join(path for _, path in places))
    for (name, _), places in sorted(functions.items()):
        if len({space for space, _ in places}) < 2 or told_apart(space for space, _ in places): continue
        if name in FUNCTIONS: excused.add(name)
        else: out.append(f"{name}() is declared alike in " + ", ".join(path for _, path in places))
    for path, text in sorted(files.items()):
        for space in QUALIFIED:
            short = space.rsplit("::", 1)[1]
            if re.search(rf"using namespace (\w+::)*{short};", text): out.append(f"{path} takes in all of {short}")
    return out + [f"{name} needs no exception" for name in sorted({*TYPES, *FUNCTIONS} - excused)]


def main():
    files = {}
    for folder in ("engine", "cli"):
        for path in (root / folder).rglob("*"):
            if path.suffix in (".h", ".cpp"): files[str(path.relative_to(root))] = path.read_text()
    for path, text in (("engine/store/x.h", "namespace writ::store {\nstruct Table {\n};\n}  // namespace"),
                       ("engine/lint/x.cpp", "namespace writ::lint {\nnamespace {\n\nclass Evaluator {\n};\n\n}  // namespace\n}  // namespace"),
                       ("engine/vm/x.h", "namespace writ::vm {\n\nusing Reads = int;\n}  // namespace\nnamespace writ {\n\nusing Reads = char;\n}  // namespace"),
                       ("engine/lint/x.h", "namespace writ::lint {\n\nenum class Code : int { A };\n}  // namespace"),
                       ("engine/ledger/x.h", "namespace writ::ledger {\n\n[[nodiscard]] Result<int> read_public_key(const std::string& of,\n"
                        "    int more = 0);\nResult<int> read_public_key(const std::string& file);\n}  // namespace"),
                       ("cli/x.cpp", "using namespace writ::json;")):
        if faults({**files, path: text}) == faults(files):
            print(f"not seen: {path} with {text}")
            return 1
    found = faults(files)
    print("\n".join(found) or f"{len(files)} files: one name for one thing")
    return 1 if found or len(files) < 400 else 0


sys.exit(main())
