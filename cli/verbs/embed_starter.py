"""Turns the starter projects into one C++ source: embed_starter.py OUTPUT ROOT PLATFORMS FILE…

FILE… are the files of the project for Kubernetes, below ROOT. Each folder of PLATFORMS is another platform: its caller.writ
replaces that file, and the groups in its token.json replace those in the requests."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "stdlib"))
from embed import literal  # noqa: E402


def with_groups(request: str, groups: str) -> str:
    """A request with the groups `token` and `workload`, which are next to each other, replaced."""
    begin, end = request.index('  "token": {\n'), request.index('  "agent": {\n')
    return request[:begin] + groups.removeprefix("{\n").removesuffix("\n}\n") + ",\n" + request[end:]


def files_of(common: dict[str, str], folder: pathlib.Path) -> dict[str, str]:
    out = dict(common)
    out["caller.writ"] = (folder / "caller.writ").read_text()
    for name in common:
        if name.startswith("requests/"):
            out[name] = with_groups(common[name], (folder / "token.json").read_text())
    return out


def main(output: str, root: str, platforms: str, paths: list[str]) -> None:
    base = pathlib.Path(root).resolve()
    common = {path.resolve().relative_to(base).as_posix(): path.read_text() for path in map(pathlib.Path, paths)}
    projects = {"kubernetes": common}
    for folder in sorted(pathlib.Path(platforms).iterdir()):
        projects[folder.name] = files_of(common, folder)
    out = ['#include "cli/verbs/starter.h"', "", "namespace writ::cli {", "", "namespace {", ""]
    for platform, files in projects.items():
        out.append(f"constexpr StarterFile k_{platform}[] = {{")
        for name, text in files.items():
            data = text.encode()
            out.append(f'    {{"{name}", std::string_view(')
            out += ["        " + literal(line) for line in data.splitlines(keepends=True)]
            out.append(f"        , {len(data)})}},")
        out += ["};", ""]
    out += ["}  // namespace", "", "std::span<const StarterFile> starter_files(std::string_view platform) {"]
    out += [f'    if (platform == "{platform}") return k_{platform};' for platform in projects]
    out += ["    return {};", "}", "", "}  // namespace writ::cli", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
