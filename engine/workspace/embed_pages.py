"""Converts pages to one C++ source, with a function that returns a page by its name: embed_pages.py FUNCTION OUTPUT
NAME.md…"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "stdlib"))
from embed import literal  # noqa: E402


def main(function: str, output: str, paths: list[str]) -> None:
    out = [
        '#include "writ/lint.h"',
        "",
        "namespace writ {",
        "",
        f"std::string_view {function}(std::string_view name) {{",
    ]
    for path in sorted(map(pathlib.Path, paths)):
        text = path.read_bytes()
        out.append(f'    if (name == "{path.stem}") return {{')
        out += ["        " + literal(line) for line in text.splitlines(keepends=True)]
        out.append(f"        , {len(text)}}};")
    out += ["    return {};", "}", "", "}  // namespace writ", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
