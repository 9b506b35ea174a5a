"""Turns the files of the console's page into one C++ source: embed_console.py OUTPUT FILE…

index.html is the page at `/`; the others are below /console."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "stdlib"))
from embed import literal  # noqa: E402

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def main(output: str, paths: list[str]) -> None:
    out = ['#include "serve/console.h"', "", "namespace writ::serve {", "", "namespace {", "",
           "constexpr ConsoleFile kConsoleFiles[] = {"]
    for path in map(pathlib.Path, paths):
        data = path.read_bytes()
        where = "/" if path.name == "index.html" else f"/console/{path.name}"
        out.append(f'    {{"{where}", "{TYPES[path.suffix]}; charset=utf-8", std::string_view(')
        out += ["        " + literal(line) for line in data.splitlines(keepends=True)]
        out.append(f"        , {len(data)})}},")
    out += ["};", "", "}  // namespace", "", "std::span<const ConsoleFile> console_files() {", "    return kConsoleFiles;", "}",
            "", "}  // namespace writ::serve", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
