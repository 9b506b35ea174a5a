"""Converts the rows of the docs' tables of codes to one C++ source: embed_rows.py OUTPUT PAGE.md…

Rows are taken from tables whose first heading is Code; the first cell is a code such as S0045 or a reason such as
`approval_unbound`. Each row is stored with the name of its page.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "stdlib"))
from embed import literal  # noqa: E402

ROW = re.compile(r"^\| `?([A-Z]\d{4}|[a-z]+(?:_[a-z]+)*)`? \| (.*) \|$")
BETWEEN = re.compile(r" \|(?= |$)")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def rows(path):
    within = False
    for line in path.read_text().splitlines():
        if not line.startswith("|"):
            within = False
        elif re.match(r"^\| Code\s*\|", line):
            within = True
        elif within and (row := ROW.match(line)):
            cells = [LINK.sub(r"\1", cell).replace("\\|", "|").strip() for cell in BETWEEN.split(row[2])]
            text = ": ".join(cell for cell in cells if cell)
            yield row[1], f"{row[1]}: {text}\n\ndocs/{path.name} says more.\n"


def main(output, pages):
    out = ['#include "cli/verbs/code_rows.h"', "", "namespace writ::cli {", "", "std::string_view code_row(std::string_view code) {"]
    seen = set()
    for page in map(pathlib.Path, pages):
        for code, text in rows(page):
            if code in seen:
                sys.exit(f"{page}: {code} has a row already")
            seen.add(code)
            out.append(f'    if (code == "{code}") return {literal(text.encode())};')
    out += ["    return {};", "}", "", "}  // namespace writ::cli", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
