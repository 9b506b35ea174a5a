"""Converts the machine's time zone database to one C++ source: embed_zones.py OUTPUT.

The names are those of tzdata.zi: what a machine adds of its own (localtime, posixrules, right/...) is not in it.
zic compiles the rules, so that the bytes depend on the database's version alone."""
import pathlib
import subprocess
import sys
import tempfile

DATABASE = pathlib.Path("/usr/share/zoneinfo/tzdata.zi")
NO_PLACE = {"Factory"}  # the zone of a machine that was not told where it is


def literal(data: bytes) -> str:
    """Bytes as C++ string literals, some of them a line. Octal escapes take three digits, so none runs on."""
    plain = lambda b: 0x20 <= b < 0x7F and b not in b'"\\?'
    chars = [chr(b) if plain(b) else f"\\{b:03o}" for b in data]
    return "\n".join('    "' + "".join(chars[i : i + 32]) + '"' for i in range(0, len(chars), 32))


def main(output: str) -> None:
    lines = DATABASE.read_text().splitlines()
    version = lines[0].removeprefix("# version ")
    fields = [line.split() for line in lines]
    names = {f[1] for f in fields if f and f[0] == "Z"} | {f[2] for f in fields if f and f[0] == "L"}
    with tempfile.TemporaryDirectory() as folder:
        zic = "/usr/sbin/zic"
        subprocess.run([zic, "-b", "slim", "-d", folder, str(DATABASE)], check=True)
        zones = {name: (pathlib.Path(folder) / name).read_bytes() for name in names - NO_PLACE}
    places: dict[bytes, int] = {}
    stored = b""
    for name in sorted(zones):
        if zones[name] not in places:
            places[zones[name]] = len(stored)
            stored += zones[name]
    out = ['#include "check/zone_data.h"', "", "namespace writ::check {", "", "namespace {", ""]
    # Every compiler that we use takes a longer literal than the standard asks for.
    out += ["#pragma GCC diagnostic push", '#pragma GCC diagnostic ignored "-Woverlength-strings"']
    out += ["constexpr char kBytes[] =", literal(stored) + ";", "#pragma GCC diagnostic pop", ""]
    out += ["constexpr ZoneData kZoneTable[] = {"]
    for name in sorted(zones):
        out.append(f'    {{"{name}", {{kBytes + {places[zones[name]]}, {len(zones[name])}}}}},')
    out += ["};", "", "}  // namespace", "", "const std::span<const ZoneData> kZones = kZoneTable;"]
    out += [f'const std::string_view kZonesVersion = "{version}";', "", "}  // namespace writ::check", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1])
