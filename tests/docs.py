#!/usr/bin/env python3
"""Fails if the documentation is wrong: a snippet, the output of a command, a link, or a code without a page.

usage: docs.py WRIT [PAGE...]      (PAGE: checks only these pages)

Fenced blocks, by language and the words after it:

  writ                      compiled with docs/snippets/*.writ in front, as the same module; alone if
                            it starts with `module`. Its own tests, if it has any, are run.
  writ error=CODE           has exactly that error (or that warning, for a W code)
  writ lint=NAME            compiles, and that lint reports something in it
  writ clean=NAME           compiles, and that lint reports nothing in it
  writ file=NAME            as above, and written to the page's folder for later blocks
  writ with=NAME,NAME       compiled together with these files of the page's folder
  csv|json|… file=NAME      written to the page's folder
  json                      must be JSON
  c|cpp|python in=FILE      occurs literally in that file of the project
  sh                        run in the page's folder, with `writ` on the PATH and a copy of examples/
  sh exit=N                 … and must end with that exit code
  sh error=CODE             … and must end with exit code 3 and that error in the output
  sh norun                  not run; NOT_RUN below gives the reason
  text                      after sh: its output. `…` in a line stands for any text, on its own line for any lines.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

# What is not run, by page: the first line of an `sh norun` block or, in the README, a program. Why:
NOT_RUN = {
    # Builds the project, which is what runs this test.
    ("README.md", "examples/quickstart.sh"),
    # Runs this test.
    ("README.md", "tests/run.sh"),
    # Takes minutes.
    ("docs/performance.md", "tests/bench/run.sh --peers"),
    ("docs/performance.md", "tests/bench/serve.sh --peers"),
    # Waits for requests; tests/serve/authzen_test.py starts the same service.
    ("docs/serve-authzen.md", "cd examples/authzen/certification"),
    ("docs/serve-authzen.md", "cd examples/authzen/envoy"),
    # The same; tests/serve/issuance_test.py does.
    ("docs/serve-issuance.md", "cd examples/authzen/issuance"),
    ("docs/serve-issuance.md", "writ keys generate binding.key"),
    # The same; tests/serve/service_test.py has keys and certificates too.
    ("docs/serve.md", "writ serve examples/refund --admin unix:admin.sock &"),
    ("docs/serve.md", "openssl rand -hex 32 > broker.key"),
    # Installs a package; tests/link/deb_test.sh does so in a folder.
    ("docs/serve.md", "engine/install/deb.sh build ."),
    # Needs a broker's ledger; docs/ledger.md runs the same on one of its own.
    ("docs/how-to.md", "writ ledger verify -L /var/lib/broker/ledger --checkpoint witness/latest --key broker.pub"),
    # Changes the reader's shell; tests/cli/completion_test.sh does the same with shells of its own.
    ("docs/cli.md", "source <(writ completion bash)                                  # in ~/.bashrc"),
    # Needs an installed library; tests/link/install_test.sh does the same with one.
    ("docs/c-interface.md", "cc -std=c99 embed.c $(pkg-config --cflags --libs writ) -o embed"),
    ("docs/how-to.md", "c++ -std=c++20 broker.cpp $(pkg-config --cflags --libs writ-pdp) -o broker"),
}


class Block:
    def __init__(self, page, line, info, text):
        words = info.split()
        self.page, self.line, self.text = page, line, text
        self.language = words[0] if words else ""
        self.options = dict(w.partition("=")[::2] for w in words[1:])

    def where(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read_blocks(page):
    blocks, open_fence, lines, start = [], None, [], 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = re.match(r"\s*(```+)\s*(.*)$", line)
        if open_fence is None and fence:
            open_fence, info, lines, start = fence[1], fence[2], [], number
        elif open_fence is not None and fence and fence[1] == open_fence and not fence[2]:
            blocks.append(Block(page, start, info, "\n".join(lines) + "\n"))
            open_fence = None
        elif open_fence is not None:
            lines.append(line)
    if open_fence is not None:
        blocks.append(Block(page, start, "unclosed", ""))
    return blocks


def codes_in(output):
    """Codes of rendered diagnostics: `error[E0203]: …`."""
    errors = set(re.findall(r"\berror\[(E\d{4})\]", output))
    warnings = set(re.findall(r"\bwarning\[(W\d{4})\]", output))
    return errors, warnings


class Runner:
    def __init__(self, writ):
        self.counts = dict.fromkeys(["compiled", "refused as they should be", "linted", "tests of snippets", "commands",
                                     "outputs", "links"], 0)
        self.lock = threading.Lock()  # pages run at the same time
        self.failures = []
        self.provoked = set()
        self.bin = pathlib.Path(tempfile.mkdtemp(prefix="writ-docs-"))
        (self.bin / "bin").mkdir()
        (self.bin / "bin/writ").symlink_to(pathlib.Path(writ).resolve())
        self.environment = {
            "PATH": f"{self.bin / 'bin'}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.bin), "LC_ALL": "C.UTF-8",
            "TZ": "UTC", "NO_COLOR": "1", "TERM": "dumb",
        }
        for sanitizer in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if sanitizer in os.environ:
                self.environment[sanitizer] = os.environ[sanitizer]

    def close(self):
        shutil.rmtree(self.bin)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def fail(self, where, problem, output=""):
        indented = "".join(f"    {line}\n" for line in output.splitlines())
        self.failures.append(f"{where}: {problem}\n{indented}")

    def run(self, arguments, folder):
        done = subprocess.run(arguments, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=120)
        return done.returncode, done.stdout

    # ---- blocks ---------------------------------------------------------------------------------

    def page(self, page):
        with tempfile.TemporaryDirectory(prefix="writ-page-") as folder:
            folder = pathlib.Path(folder)
            (folder / "examples").symlink_to(ROOT / "examples")
            blocks = read_blocks(page)
            for index, block in enumerate(blocks):
                following = blocks[index + 1] if index + 1 < len(blocks) else None
                try:
                    self.block(block, following, folder)
                except subprocess.TimeoutExpired:
                    self.fail(block.where(), "takes more than two minutes")

    def block(self, block, following, folder):
        language, options = block.language, block.options
        unknown = set(options) - {"error", "lint", "clean", "file", "in", "with", "exit", "norun"}
        if language == "unclosed" or unknown:
            return self.fail(block.where(), f"malformed block {' '.join(sorted(unknown))}")
        if "file" in options:
            path = folder / options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        if language == "json":
            try:
                json.loads(block.text)
            except ValueError as problem:
                self.fail(block.where(), f"not JSON: {problem}")
        elif language in ("c", "cpp", "python"):
            source = options.get("in", "no file")
            if not (ROOT / source).is_file() or block.text not in (ROOT / source).read_text():
                self.fail(block.where(), f"does not stand like this in {source}")
        elif language == "writ":
            self.snippet(block, folder)
        elif language == "sh":
            self.command(block, following, folder)

    def snippet(self, block, folder):
        if block.page == ROOT / "README.md" and block.text not in (ROOT / "examples/refund/policy.writ").read_text():
            self.fail(block.where(), "does not stand like this in examples/refund/policy.writ")
        with tempfile.TemporaryDirectory(prefix="writ-snippet-") as own:
            own = pathlib.Path(own)
            for data in folder.rglob("*"):
                # A snippet is one policy, whatever the commands of its page have made.
                if data.is_file() and data.name != "writ.json" and (
                        data.suffix != ".writ" or str(data.relative_to(folder)) in block.options.get("with", "").split(",")):
                    (own / data.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(data, own / data.relative_to(folder))
            text = block.text
            first = re.sub(r"^(\s*//[^\n]*\n|\s+)*", "", text)
            if not first.startswith("module "):
                for shared in (DOCS / "snippets").iterdir():
                    if not (own / shared.name).exists():
                        shutil.copy(shared, own / shared.name)
                text = "module docs\n" + text
            (own / "snippet.writ").write_text(text)

            wanted = block.options.get("error")
            code, output = self.run(["writ", "check", "."], own)
            errors, warnings = codes_in(output)
            if wanted is None:
                if code != 0 or errors:
                    return self.fail(block.where(), f"does not compile, exit {code}", output)
                self.count("compiled")
            else:
                found, exit_code = (warnings, 0) if wanted.startswith("W") else (errors, 3)
                if code != exit_code or found != {wanted}:
                    return self.fail(block.where(), f"should give exactly {wanted} and exit {exit_code}, not {code}",
                                     output)
                self.provoked.add(wanted)
                self.count("refused as they should be")
            for wish in ("lint", "clean"):
                if wish in block.options and not self.lints(block, own, block.options[wish], wish == "lint"):
                    return
            if code == 0 and re.search(r'^\s*test "', text, re.M):
                code, output = self.run(["writ", "test", "."], own)
                if code != 0:
                    return self.fail(block.where(), f"its tests fail, exit {code}", output)
                self.count("tests of snippets")

    def lints(self, block, folder, name, wanted):
        """Checks whether the lint reports the snippet, as expected."""
        code, output = self.run(["writ", "lint", ".", "--level", f"{name}=warning", "--format", "json"], folder)
        found = code in (0, 1) and name in {each["code"] for each in json.loads(output)["findings"]
                                            if each["span"]["file"].endswith("snippet.writ")}
        if code not in (0, 1) or found != wanted:
            self.fail(block.where(), f"{name} {'finds nothing' if wanted else 'finds something'}, exit {code}", output)
            return False
        self.provoked.add(name)
        self.count("linted")
        return True

    def command(self, block, following, folder):
        page = block.page.relative_to(ROOT)
        if page.name == "README.md" and page.parent == pathlib.Path("."):
            return self.readme_command(block)
        if "norun" in block.options:
            if (str(page), block.text.splitlines()[0]) not in NOT_RUN:
                self.fail(block.where(), "is not run, and docs.py gives no reason")
            return
        code, output = self.run(["bash", "-eu", "-o", "pipefail", "-c", block.text], folder)
        wanted = 3 if "error" in block.options else int(block.options.get("exit", "0"))
        if code != wanted:
            return self.fail(block.where(), f"exit {code}, should be {wanted}", output)
        self.count("commands")
        if "error" in block.options:
            errors, _ = codes_in(output)
            if errors != {block.options["error"]}:
                return self.fail(block.where(), f"should give exactly {block.options['error']}", output)
            self.provoked.add(block.options["error"])
        if following is not None and following.language == "text":
            if not same_output(following.text, output):
                return self.fail(following.where(), "the command says something else", output)
            self.count("outputs")

    def readme_command(self, block):
        """The README speaks from the root of a checkout with a build in it: its programs must exist, and
        what it tells writ to do must work."""
        with tempfile.TemporaryDirectory(prefix="writ-readme-") as folder:
            folder = pathlib.Path(folder)
            (folder / "build/cli").mkdir(parents=True)
            (folder / "build/cli/writ").symlink_to((self.bin / "bin/writ").resolve())
            shutil.copytree(ROOT / "examples", folder / "examples")
            # A branch of its own to compare with: the checkout that this runs in may have none.
            self.run(["bash", "-eu", "-c", "git init -q -b main && git add examples && "
                      "git -c user.name=docs -c user.email=docs@example.com commit -qm 'the examples'"], folder)
            for name in ("token.json", "broker.json"):
                (folder / name).write_text(tutorial_file(name))
            for line in block.text.splitlines():
                command = re.sub(r"\s*#.*", "", line).strip()
                if not command:
                    continue
                program = command.split()[0]
                if program != "build/cli/writ":
                    if not os.access(ROOT / program, os.X_OK):
                        self.fail(block.where(), f"{program} cannot be run")
                    if ("README.md", program) not in NOT_RUN:
                        self.fail(block.where(), f"{program} is not run, and docs.py gives no reason")
                    continue
                code, output = self.run(["bash", "-eu", "-c", command], folder)
                if code not in ((0, 1) if " eval " in command else (0,)):
                    self.fail(block.where(), f"`{command}` ends with {code}", output)
                self.count("commands")

    # ---- pages ----------------------------------------------------------------------------------

    def links(self, page):
        text = re.sub(r"^\s*(```+).*?^\s*\1\s*$", "", page.read_text(), flags=re.M | re.S)
        text = re.sub(r"`[^`\n]*`", "", text)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            self.count("links")
            file, _, anchor = target.partition("#")
            path = (page.parent / file).resolve() if file else page
            if not path.exists() or not path.is_relative_to(ROOT):
                self.fail(str(page.relative_to(ROOT)), f"dead link {target}")
            elif anchor and anchor not in anchors(path):
                self.fail(str(page.relative_to(ROOT)), f"no heading for {target}")

    def code_pages(self):
        table = (ROOT / "engine/include/writ/errors.def").read_text()
        titles = dict(re.findall(r'^ERROR\(([EW]\w+), .*, "([^"]*)"\)', table, re.M))
        pages = {p.stem: p for p in (DOCS / "errors").glob("*.md")}
        for code in sorted(titles.keys() - pages.keys()):
            self.fail("docs/errors", f"no page for {code}")
        for code in sorted(pages.keys() - titles.keys()):
            self.fail("docs/errors", f"{pages[code].name} is about no code")
        for code in sorted(titles.keys() & pages.keys()):
            heading = pages[code].read_text().splitlines()[0]
            if heading != f"# {code}: {titles[code]}":
                self.fail(f"docs/errors/{code}.md", f"the heading should be `# {code}: {titles[code]}`")
            blocks = read_blocks(pages[code])
            if not any(b.options.get("error") == code for b in blocks):
                self.fail(f"docs/errors/{code}.md", "no block provokes it")
            if not any("error" not in b.options for b in blocks if b.language in ("writ", "sh")):
                self.fail(f"docs/errors/{code}.md", "no block shows the fix")
        return len(titles)

    def lint_pages(self):
        table = (ROOT / "engine/lint/lints.def").read_text()
        titles = dict(re.findall(r'^LINT\(\w+, "([^"]+)", .*, "([^"]*)"\)', table, re.M))
        pages = {p.stem: p for p in (DOCS / "lints").glob("*.md")}
        for name in sorted(titles.keys() ^ pages.keys()):
            self.fail("docs/lints", f"{name} has no page, or the page is about no lint")
        for name in sorted(titles.keys() & pages.keys()):
            where = f"docs/lints/{name}.md"
            if pages[name].read_text().splitlines()[0] != f"# {name}: {titles[name]}":
                self.fail(where, f"the heading should be `# {name}: {titles[name]}`")
            blocks = read_blocks(pages[name])
            for wish in ("lint", "clean"):
                if not any(b.options.get(wish) == name for b in blocks):
                    self.fail(where, f"no block says {wish}={name}")
        return len(titles)

    def listed(self, table, pattern, page):
        """Every entry of a table is mentioned on its page."""
        if not (DOCS / page).exists():
            return self.fail(f"docs/{page}", f"is not there; it lists {table}")
        text = (DOCS / page).read_text()
        names = re.findall(pattern, (ROOT / table).read_text(), re.M)
        if not names:
            self.fail(table, "has no entries")
        for name in names:
            if not re.search(rf"\b{name}\b", text):
                self.fail(f"docs/{page}", f"does not mention {name}")


    def promised(self, page):
        """Every test that a page of promises names exists."""
        files = [path for path in (ROOT / "tests").rglob("*") if path.suffix in (".cpp", ".sh", ".py")]
        cases = {case for path in files if path.suffix == ".cpp"
                 for case in re.findall(r'TEST_CASE\("((?:[^"\\]|\\.)*)"', path.read_text())}
        rows = re.findall(r"^\|.*\| ((?:`[^`]+` ?)+)\|$", (DOCS / page).read_text(), re.M)
        if not rows:
            self.fail(f"docs/{page}", "names no test")
        for name in (name for row in rows for name in re.findall(r"`([^`]+)`", row)):
            if name not in cases and not (ROOT / name).is_file():
                self.fail(f"docs/{page}", f"names a test that does not exist: {name}")


def tutorial_file(name):
    for block in read_blocks(DOCS / "tutorial.md"):
        if block.options.get("file") == name:
            return block.text
    return "{}"


def same_output(wanted, got):
    lines = []
    for line in wanted.rstrip().splitlines():
        if line.strip() == "…":
            lines.append(r"(?:[^\n]*\n)*?")
        else:
            lines.append(".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n")
    return re.fullmatch("".join(lines), got.rstrip() + "\n") is not None


def anchors(page):
    text = re.sub(r"^\s*(```+).*?^\s*\1\s*$", "", page.read_text(), flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#+\s+(.*?)\s*$", text, re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    pages = [ROOT / "README.md"] + sorted(DOCS.rglob("*.md"))
    linked = pages + [ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")] + \
        sorted((ROOT / "examples").rglob("*.md"))
    only = {pathlib.Path(p).resolve() for p in sys.argv[2:]}
    runner = Runner(sys.argv[1])
    try:
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(runner.page, [p for p in pages if not only or p in only]))
        codes = 0
        if not only:
            for page in linked:
                runner.links(page)
            codes = runner.code_pages() + runner.lint_pages()
            runner.promised("threat-model.md")
            runner.listed("engine/lint/lints.def", r'^LINT\(\w+, "([^"]+)"', "lint.md")
            runner.listed("engine/base/reasons.def", r"^REASON\((\w+),", "decision-format.md")
            for page in ("bundle-format.md", "c-interface.md", "cli.md", "ledger.md", "request-format.md", "store.md"):
                runner.listed("engine/include/writ/errors.def", rf'^ERROR\((\w+), \w+, \d+, "{page}"', page)
            runner.listed("engine/bytecode/opcodes.def", r"^(?:ASK|TEST|TIME|VALUE|END)\((\w+),", "bytecode.md")
            runner.listed("engine/include/writ/writ.h", r"^WRIT_API .*?\b(writ_\w+)\(", "c-interface.md")
    finally:
        runner.close()
    for failure in sorted(runner.failures):
        print(failure)
    ran = ", ".join(f"{count} {what}" for what, count in runner.counts.items())
    print(f"{len(pages)} pages, {codes} codes, {len(runner.provoked)} of them provoked: {ran}")
    return 1 if runner.failures or runner.counts["compiled"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
