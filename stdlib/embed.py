"""Turns the standard library's modules into one C++ source: embed.py OUTPUT MODULE.writ…"""
import pathlib
import sys


def literal(line: bytes) -> str:
    """One line as a C++ string literal. Octal escapes take three digits, so none runs on."""
    plain = lambda b: 0x20 <= b < 0x7F and b not in b'"\\?'
    return '"' + "".join(chr(b) if plain(b) else f"\\{b:03o}" for b in line) + '"'


def main(output: str, paths: list[str]) -> None:
    modules = sorted((f"std.{pathlib.Path(p).stem}", pathlib.Path(p).read_bytes()) for p in paths)
    out = [
        '#include "stdlib/stdlib.h"',
        "",
        "namespace writ::stdlib {",
        "",
        "namespace {",
        "",
        "struct Module {",
        "    std::string_view name, text;",
        "};",
        "",
        "constexpr Module kModules[] = {",
    ]
    for name, text in modules:
        out.append(f'    {{"{name}", std::string_view(')
        out += ["        " + literal(line) for line in text.splitlines(keepends=True)] or ['        ""']
        out.append(f"        , {len(text)})}},")
    out += [
        "};",
        "",
        "}  // namespace",
        "",
        "std::string_view module(std::string_view name) {",
        "    for (const Module& m : kModules)",
        "        if (m.name == name) return m.text;",
        "    return {};",
        "}",
        "",
        "std::vector<std::string_view> modules() {",
        "    std::vector<std::string_view> names;",
        "    for (const Module& m : kModules) names.push_back(m.name);",
        "    return names;",
        "}",
        "",
        "}  // namespace writ::stdlib",
        "",
    ]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
