#!/usr/bin/env python3
"""Runs the transcripts: what each command prints, and what it ends with, word for word.

usage: tests/cli/transcripts.py WRIT [--rewrite] [NAME...]

A transcript is a file NAME.txt. `$ …` is a command for the shell, run in a folder of its own that holds copies of
examples/ and of tests/cli/files/. What follows is what it prints; a line from stderr begins with `! `, and `[1]` at the
end is the exit code, left out if it is 0. A line that begins with `#:` says what is shown. `--rewrite` writes down what
the commands print now: read the difference before you commit it.

What changes from run to run is written as <digest>, <time> or <key>."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
VARIES = ((re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"), (re.compile(r"\b[0-9a-f]{12}(?=…|\b)(?![0-9a-f])"), "<digest>"),
          (re.compile(r"\b\d+(\.\d+)? (ms|µs|s)\b"), "<time>"), (re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?"), "<time>"))


def printed(command, folder, environment):
    run = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True, capture_output=True, timeout=60)
    lines = run.stdout.splitlines() + ["! " + line for line in run.stderr.splitlines()]
    if run.returncode: lines.append(f"[{run.returncode}]")
    for form, word in VARIES: lines = [form.sub(word, line) for line in lines]
    return [re.sub(r"(<\w+>) +", r"\1  ", line).rstrip() for line in lines]  # columns are as wide as what varies


def replay(path, writ):
    """The transcript as it would be now."""
    out = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root / "examples", f"{folder}/examples")
        shutil.copytree(here / "files", folder, dirs_exist_ok=True)
        os.symlink(writ, f"{folder}/writ")
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": folder, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "WRIT_AUTHOR": "Ada <ada@acme.example>"}
        for line in path.read_text().splitlines():
            if line.startswith("#:"): out += ([""] if out and not out[-1].startswith("#:") else []) + [line]
            elif line.startswith("$ "):
                if out and not out[-1].startswith("#:"): out.append("")
                out += [line, *printed(line[2:], folder, environment)]
    return "\n".join(out) + "\n"


def main():
    arguments = sys.argv[1:]
    rewrite = "--rewrite" in arguments
    arguments = [each for each in arguments if each != "--rewrite"]
    writ = pathlib.Path(arguments[0]).resolve()
    wanted = set(arguments[1:])
    commands = failed = 0
    for path in sorted(here.glob("*.txt")):
        if wanted and path.stem not in wanted: continue
        is_now, was = replay(path, writ), path.read_text()
        commands += is_now.count("\n$ ") + is_now.startswith("$ ")
        if is_now == was: continue
        if rewrite: path.write_text(is_now)
        else:
            failed += 1
            import difflib
            sys.stdout.writelines(difflib.unified_diff(was.splitlines(True), is_now.splitlines(True), str(path.name), "now"))
    print(f"{commands} commands, {failed} transcripts differ" + (": read the difference, then --rewrite" if failed else ""))
    return 1 if failed or commands == 0 else 0


sys.exit(main())
