#!/usr/bin/env python3
"""Fails if a source includes something that its folder may not include. The table is layers.txt.

A header whose first comment says "Private to FOLDER" or "Private to PREFIX*" may be included only there. An include that
no line of the table covers is an error. Public headers and cli/ must not mention vm, bytecode, check or json at all.
Before it checks the tree, the test adds known faults to it and fails if it misses one."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
LIBRARIES = {  # how a library's headers are spelled
    "fmt": r"fmt/.*", "expected": r"tl/expected\.hpp", "json": r"nlohmann/.*", "sqlite": r"sqlite3\.h", "sodium": r"sodium\.h",
    "boost": r"boost/.*", "curl": r"curl/.*", "openssl": r"openssl/.*", "simdjson": r"simdjson\.h", "xxhash": r"xxhash\.h", "re2": r"re2/.*", "cli11": r"CLI/.*",
    "antlr": r"antlr4-runtime\.h|Writ(Lexer|Parser)\.h",
    "posix": r"(sys|arpa|netinet)/.*|(unistd|fcntl|spawn|pwd|signal|poll|termios)\.h|malloc\.h|netdb\.h",
    "standard": r"[a-z_0-9]+|std(bool|def|int)\.h|emmintrin\.h",
}
# What a public header, installed, or the command line, which has only those, may not say of the folders.
INNER = re.compile(r"\b(?<!nlohmann::)(?:(?:vm|bytecode|check|json)::|namespace (?:writ::)?(?:vm|bytecode|check|json)\b|Access::)")
OPEN = {"fmt", "expected", "standard"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.M)


def folder_of(path):
    """engine/vm/x.h is in vm, engine/pipeline.cpp in pipeline, cli/verbs/x.cpp in cli/verbs, cli/main.cpp in cli."""
    parts = path.split("/")
    if parts[0] == "cli": return "/".join(parts[:-1][:2])
    if parts[0] != "engine": return parts[0]
    if parts[1] == "include": return "writ"
    return parts[1] if len(parts) > 2 else parts[1].rsplit(".", 1)[0]


def target(path, spelled, files):
    """The file of the project that an include names, however it is spelled; None: it names none."""
    here = path.rsplit("/", 1)[0]
    for base in (here, "engine", "engine/include", "."):
        parts = []
        for step in f"{base}/{spelled}".split("/"):
            if step == "..": parts and parts.pop()
            elif step not in (".", ""): parts.append(step)
        if "/".join(parts) in files: return "/".join(parts)
    return None


def private_to(text):
    """The folder, or the beginning of a file's name, that a header says it is private to."""
    comment = re.match(r"(?:\s*//.*\n)+", text)
    hit = comment and re.search(r"Private to ([\w/]+?)/?(\*)?(?=[.\s])", comment[0].replace("\n// ", " "))
    return (hit[1], bool(hit[2])) if hit else None


def belongs(path, whose):
    """Whether a file is in the folder, or its name has the beginning, that private_to() gives."""
    name, prefix = whose
    return path.rsplit("/", 1)[1].startswith(name) if prefix else folder_of(path) == name


def faults(files, table):
    out = []
    for path, text in sorted(files.items()):
        folder = folder_of(path)
        if folder in ("pch", "cli/pch", "install"): continue
        if folder not in table:
            out.append(f"{path}: no line for {folder} in layers.txt")
            continue
        folders, libraries = table[folder]
        if folder == "writ" or folder.split("/")[0] == "cli":
            out += [f"{path} names {hit}" for hit in INNER.findall(re.sub(r"//.*", "", text))]
        own = private_to(text)
        if own and not belongs(path, own): out.append(f"{path} is private to {own[0]}, which is neither its folder nor how it begins")
        if path.endswith((".h", ".cpp")) and re.search(r"#\s*include\s+[^\s\"<]", text): out.append(f"{path}: an include that is computed")
        for _, spelled in INCLUDE.findall(text):
            named = target(path, spelled, files)
            if named is None:
                library = next((name for name, form in LIBRARIES.items() if re.fullmatch(form, spelled)), None)
                if library is None: out.append(f"{path} includes {spelled}, which no line covers")
                elif library not in OPEN | libraries: out.append(f"{path} includes {spelled} of {library}")
                continue
            other = folder_of(named)
            if other not in folders | {folder, "writ"}: out.append(f"{path} includes {spelled} of {other}")
            whose = private_to(files[named])
            if whose is None or named.endswith(".def"): continue
            if folder_of(path) != folder_of(named) or not belongs(path, whose):
                out.append(f"{path} includes {spelled}, which is private to {whose[0]}")
    return out


def read_table(text):
    table = {}
    for line in text.splitlines():
        if not line or line.startswith("#"): continue
        folder, _, rest = line.partition(":")
        folders, _, libraries = rest.partition("|")
        table[folder.strip()] = (set(folders.split()), set(libraries.split()))
    return table


def main():
    table = read_table((root / "tests/layers.txt").read_text())
    files = {}
    for top in ("engine", "cli", "stdlib"):
        for path in (root / top).rglob("*"):
            if path.suffix in (".h", ".cpp", ".def", ".inc"): files[str(path.relative_to(root))] = path.read_text()
    # Faults that must be seen, each put into one file.
    for path, line in (("engine/runtime/evaluator.cpp", '#include "compile/lowering.h"'),
                       ("engine/vm/decide.cpp", '#include "c/handles.h"'),
                       ("engine/vm/decide.cpp", '#include "../runtime/layers.h"'),
                       ("cli/main.cpp", '#  include "runtime/layers.h"'),
                       ("cli/main.cpp", '#include <bytecode/program.h>'),
                       ("cli/git/git.cpp", '#include "cli/verbs/workspace.h"'),
                       ("cli/formats/format.h", '#include "cli/command/command.h"'),
                       ("cli/command/parser.cpp", '#include "cli/verbs/verbs.h"'),
                       ("cli/formats/gate.cpp", '#include "cli/verbs/workspace.h"'),
                       ("engine/lint/text.cpp", '#include "check/context.h"'),
                       ("engine/pipeline.cpp", '#include "vm/facts.h"'),
                       ("engine/include/writ/bundle.h", "namespace writ::bytecode { class Program; }"),
                       ("engine/include/writ/request.h", "namespace writ { const vm::Facts& facts(const Request&); }"),
                       ("engine/include/writ/tools.h", "namespace writ { const check::Policy& policy(const Workspace&); }"),
                       ("cli/verbs/eval.cpp", "const auto* read = writ::Access::document(request);"),
                       ("engine/base/path.cpp", '#include <sqlite3.h>'),
                       ("engine/base/path.cpp", '#include <boost/asio.hpp>')):
        if not faults({**files, path: files[path] + "\n" + line + "\n"}, table) or path not in files:
            print(f"not seen: {path} with {line}")
            return 1
    if not faults({**files, "engine/vm/new.h": "// A header. Private to the machine.\n"}, table):
        print("not seen: a header that is private to no folder")
        return 1
    found = faults(files, table)
    print("\n".join(found) or f"{len(files)} files keep to their layers")
    return 1 if found or len(files) < 200 else 0


sys.exit(main())
