"""Turns the pages of the diagnostic codes into one C++ source: embed_pages.py OUTPUT CODE.md…"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "stdlib"))
from embed import literal  # noqa: E402


def main(output: str, paths: list[str]) -> None:
    out = [
        '#include "writ/tools.h"',
        "",
        "namespace writ {",
        "",
        "std::string_view error_page(std::string_view code) {",
    ]
    for path in sorted(map(pathlib.Path, paths)):
        text = path.read_bytes()
        out.append(f'    if (code == "{path.stem}") return {{')
        out += ["        " + literal(line) for line in text.splitlines(keepends=True)]
        out.append(f"        , {len(text)}}};")
    out += ["    return {};", "}", "", "}  // namespace writ", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
