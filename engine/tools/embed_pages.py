"""Turns the pages of the diagnostic codes into one C++ source: embed_pages.py OUTPUT CODE.md…"""
import pathlib
import sys


def literal(line: bytes) -> str:
    """One line as a C++ string literal. Octal escapes take three digits, so none runs on."""
    plain = lambda b: 0x20 <= b < 0x7F and b not in b'"\\?'
    return '"' + "".join(chr(b) if plain(b) else f"\\{b:03o}" for b in line) + '"'


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
