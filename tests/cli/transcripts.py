#!/usr/bin/env python3
"""Runs the transcripts and compares the output and exit code of each command exactly.

usage: tests/cli/transcripts.py WRIT [--rewrite] [NAME...]

A transcript is a file NAME.txt. `$ …` is a bash command; lines below it that begin with `> ` continue it. The output of
the command follows; a line from stderr begins with `! `, and `[1]` at the end is the exit code, if it is not 0. The exit
code of a pipeline is the last one that is not 0. A line that begins with `#:` is a comment.

The commands of a transcript run in a new folder, which is also their HOME, with copies of examples/ and tests/cli/files/.
Commands prepare everything else. On the PATH are `writ` and the readers in tests/cli: pick.py, formats.py and sarif.py.

`--rewrite` replaces the transcripts by the current output: read the difference before you commit it. Values that change
from run to run are written as <digest>, <time> or <key>, and the folder as ~."""
import concurrent.futures
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
VARIES = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"(?<!-)\b[0-9a-f]{12}(?=…|\b)(?![0-9a-f])"), "<digest>"),
    (re.compile(r"(?<=\()[0-9a-f]{8}(?=\))"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{16}\b(:\S{43}=)?"), "<key>"),
    (re.compile(r"\b\d+(\.\d+)? (ms|µs|s)\b"), "<time>"),
    (re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?"), "<time>"))


def printed(command, folder, environment):
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                         encoding="utf-8", errors="backslashreplace", capture_output=True, timeout=120)
    lines = run.stdout.splitlines() + ["! " + line for line in run.stderr.splitlines()]
    if run.returncode: lines.append(f"[{run.returncode}]")
    lines = [line.replace(folder, "~") for line in lines]
    for form, word in VARIES: lines = [form.sub(word, line) for line in lines]
    return [re.sub(r"(<(?:digest|time|key)>) +", r"\1  ", line).rstrip() for line in lines]  # columns are as wide as what varies


def said(path):
    """The part that people write: comments, and commands with their continuation lines."""
    parts, in_command = [], False
    for line in path.read_text().splitlines():
        if in_command and (line == ">" or line.startswith("> ")): parts[-1] += "\n" + line
        elif line.startswith(("#:", "$ ")): parts.append(line)
        in_command = line.startswith("$ ") or in_command and line[:1] == ">"
    return parts


def replay(path, writ):
    """The transcript with the current output."""
    out = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root / "examples", f"{folder}/examples")
        shutil.copytree(here / "files", folder, dirs_exist_ok=True)
        os.mkdir(f"{folder}/.bin")
        os.symlink(writ, f"{folder}/.bin/writ")
        environment = {"PATH": f"{folder}/.bin:{here}:{os.environ['PATH']}", "HOME": folder, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "WRIT_AUTHOR": "Ada <ada@acme.example>", "GIT_CONFIG_NOSYSTEM": "1", "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
                       "GIT_CEILING_DIRECTORIES": os.path.dirname(folder)}
        for part in said(path):
            if out and not out[-1].startswith("#:"): out.append("")
            out.append(part)
            if part.startswith("$ "): out += printed("\n".join(line[2:] for line in part.split("\n")), folder, environment)
    return "\n".join(out) + "\n"


def main():
    arguments = sys.argv[1:]
    rewrite = "--rewrite" in arguments
    arguments = [each for each in arguments if each != "--rewrite"]
    writ = pathlib.Path(arguments[0]).resolve()
    paths = [path for path in sorted(here.glob("*.txt")) if path.stem in arguments[1:] or not arguments[1:]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        replays = list(pool.map(lambda path: replay(path, writ), paths))
    commands = failed = 0
    for path, is_now in zip(paths, replays):
        was = path.read_text()
        commands += is_now.count("\n$ ") + is_now.startswith("$ ")
        if is_now == was: continue
        if rewrite: path.write_text(is_now)
        else:
            failed += 1
            sys.stdout.writelines(difflib.unified_diff(was.splitlines(True), is_now.splitlines(True), str(path.name), "now"))
    print(f"{commands} commands, {failed} transcripts differ" + (": read the difference, then --rewrite" if failed else ""))
    return 1 if failed or commands == 0 else 0


sys.exit(main())
