#!/usr/bin/env python3
"""Runs clang-tidy on the sources of a build folder, for tests/tidy.sh.
usage: tidy.py BUILD [--deep | FILE...]"""
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

# Most of the time for a source goes to the headers that it includes, so many are read as one.
TOGETHER = 32
# These take long, or need a source that is not included: the analyzer reads no functions of included files, and unused
# names are not reported in them. The time for the last one grows with the square of what is read.
DEEP = ["clang-analyzer-*", "misc-unused-alias-decls", "misc-unused-using-decls", "performance-unnecessary-value-param"]
PLACE = re.compile(r"(\S.*?)(:\d+:\d+: (warning|error|fatal error|note): .*)")


def sources(build):
    """The sources of the engine and the command, as the build compiles them."""
    with open(f"{build}/compile_commands.json") as file:
        entries = [each for each in json.load(file) if each["output"].startswith(("engine/", "cli/"))]
    for each in entries:
        each["file"] = os.path.normpath(os.path.join(each["directory"], each["file"]))
        each["arguments"] = shlex.split(each.pop("command").split(" -MD ")[0])
    return entries


def units(build):
    """Writes files that include the sources of a library, and how to compile them. Output: their folder; the files, the
    largest first."""
    libraries, made = {}, []
    for each in sources(build):
        libraries.setdefault(os.path.dirname(each["output"]), []).append(each)
    folder = os.path.abspath(f"{build}/units")
    os.makedirs(folder, exist_ok=True)
    for library, members in libraries.items():
        count = -(-len(members) // TOGETHER)
        for i in range(count):
            part = members[i * len(members) // count : (i + 1) * len(members) // count]
            path = f"{folder}/{os.path.basename(library)}.{i}.cpp"
            with open(path, "w") as file:
                file.writelines(f'#include "{each["file"]}"\n' for each in part)
            # A name in one source does not hide that of another.
            arguments = part[0]["arguments"] + ["-Wno-shadow", "-c", path]
            size = sum(os.path.getsize(each["file"]) for each in part)
            made.append((size, {"directory": part[0]["directory"], "file": path, "arguments": arguments}))
    made.sort(key=lambda each: -each[0])
    with open(f"{folder}/compile_commands.json", "w") as file:
        json.dump([entry for _, entry in made], file)
    return folder, [entry["file"] for _, entry in made]


def read(build, database, path, checks):
    """Output: the findings, each with its place in the first line."""
    run = subprocess.run(
        ["clang-tidy-19", "-p", database, "--quiet", "--warnings-as-errors=*", f"--checks={checks}", path],
        capture_output=True, text=True, check=False)
    found = []
    for line in run.stdout.splitlines():
        place = PLACE.match(line)
        if place:
            line = os.path.relpath(os.path.join(build, place[1])) + place[2].replace(",-warnings-as-errors]", "]")
            if place[3] != "note":
                found.append([])
        if found:
            found[-1].append(line)
    if run.returncode != 0 and not found:
        found = [[f"{path}: clang-tidy failed: {run.stderr.strip()}"]]
    return ["\n".join(lines) for lines in found]


def deep_checks(config):
    """The deep checks without those that the configuration leaves out, which a wider name would turn on again."""
    return ",".join(["-*"] + DEEP + re.findall(r"^ +(-[a-z][\w.-]*),$", config, re.MULTILINE))


def read_deep(build, source):
    """The same with the deep checks; none for a source that had none before and is the same since."""
    text = subprocess.run(source["arguments"] + ["-E", "-P", source["file"]], cwd=source["directory"],
                          capture_output=True, check=False)
    with open(".clang-tidy", "rb") as file:
        config = file.read()
    checks = deep_checks(config.decode())
    digest = hashlib.sha256(text.stdout + text.stderr + config + checks.encode()).hexdigest()
    note = f"{build}/deep/{os.path.relpath(source['file']).replace('/', '-')}"
    if os.path.exists(note):
        with open(note) as file:
            if file.read() == digest:
                return []
    found = read(build, build, source["file"], checks)
    if not found:
        with open(note, "w") as file:
            file.write(digest)
    print(f"tidy: {os.path.relpath(source['file'])}", file=sys.stderr, flush=True)
    return found


def main():
    build, asked = sys.argv[1], sys.argv[2:]
    if asked == ["--deep"]:
        os.makedirs(f"{build}/deep", exist_ok=True)
        jobs = [(read_deep, build, each) for each in sources(build)]
    elif asked:
        jobs = [(read, build, build, each, "") for each in asked]
    else:
        folder, files = units(build)
        jobs = [(read, build, folder, each, ",".join("-" + name for name in DEEP)) for each in files]
    seen = set()
    with ThreadPoolExecutor(int(os.environ.get("JOBS") or os.cpu_count())) as pool:
        for found in pool.map(lambda job: job[0](*job[1:]), jobs):
            for each in found:
                place = each.partition("\n")[0]
                if place not in seen:
                    seen.add(place)
                    print(each, flush=True)
    print(f"tidy: {len(seen)} findings in {len(jobs)} files", file=sys.stderr)
    return 1 if seen else 0


sys.exit(main())
