#!/usr/bin/env python3
"""Tests the questions of `writ new` on a terminal, and that nothing is asked elsewhere: questions.py WRIT"""
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

WRIT = str(pathlib.Path(sys.argv[1]).resolve())


def on_terminal(arguments, answers, folder):
    """Runs `writ` on a terminal with these lines typed. Output: what it showed, and its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(WRIT, ["writ", *arguments])
    os.write(terminal, "".join(answer + "\n" for answer in answers).encode())
    shown = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:
            break
        if not block: break
        shown += block
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def need(what, holds, shown=""):
    if not holds: sys.exit(f"FAIL {what}\n{shown}")
    print(f"ok   {what}")


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    shown, code = on_terminal(["new", "asked"], ["mars", "github", "", "http://x", "my-broker"], folder)
    # The second answer to the issuer's question is empty: the next ones are for the audience, where any text is right.
    caller = (root / "asked/caller.writ").read_text() if code == 0 else ""
    need("a wrong platform is asked again", code == 0 and "mars is not a platform" in shown, shown)
    need("the answers are used", "std.github" in caller and 'audience "http://x"' in caller, caller)
    need("the project passes", subprocess.run([WRIT, "test", "-q", "asked"], cwd=folder, capture_output=True).returncode == 0)

    shown, code = on_terminal(["new", "plain"], ["", "", ""], folder)
    need("empty answers take what is in brackets", code == 0 and "std.kubernetes" in (root / "plain/caller.writ").read_text(), shown)

    shown, code = on_terminal(["new", "--platform", "spiffe", "--issuer", "https://spire.acme.example", "--audience", "b", "given"], [], folder)
    need("nothing is asked if all is given", code == 0 and "[" not in shown, shown)

    shown, code = on_terminal(["new", "--platform", "eks", "wrong"], ["http://x", "https://oidc.eks.x.amazonaws.com/id/1", ""], folder)
    need("a wrong issuer is asked again", code == 0 and "must begin with https://" in shown and
         "https://oidc.eks.x.amazonaws.com/id/1" in (root / "wrong/caller.writ").read_text(), shown)

    shown, code = on_terminal(["new", "-q", "quiet"], [], folder)
    need("--quiet asks nothing", code == 0 and "Platform" not in shown, shown)

    run = subprocess.run([WRIT, "new", "piped"], cwd=folder, input="github\n", text=True, capture_output=True)
    need("nothing is asked without a terminal", run.returncode == 0 and "std.kubernetes" in (root / "piped/caller.writ").read_text(), run.stderr)
