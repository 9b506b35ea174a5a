"""Turns the starter project into one C++ source: embed_starter.py OUTPUT ROOT FILE…"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "stdlib"))
from embed import literal  # noqa: E402


def main(output: str, root: str, paths: list[str]) -> None:
    out = ['#include "cli/verbs/starter.h"', "", "namespace writ::cli {", "", "namespace {", "", "constexpr StarterFile kFiles[] = {"]
    for path in map(pathlib.Path, paths):
        text = path.read_bytes()
        name = path.resolve().relative_to(pathlib.Path(root).resolve()).as_posix()
        out.append(f'    {{"{name}", std::string_view(')
        out += ["        " + literal(line) for line in text.splitlines(keepends=True)]
        out.append(f"        , {len(text)})}},")
    out += ["};", "", "}  // namespace", "", "std::span<const StarterFile> starter_files() { return kFiles; }", "",
            "}  // namespace writ::cli", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
