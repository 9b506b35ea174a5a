#!/usr/bin/env bash
# The installed tree is usable: programs in C and C++ build against it, found by pkg-config (and CMake, if present),
# make the same decisions, and see only the public interface.
# usage: install_test.sh BUILD_DIR MESON
set -euo pipefail
build=$1 meson=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() { echo "FAIL $*" >&2; exit 1; }

DESTDIR="$out/tree" "$meson" install -C "$build" --no-rebuild --quiet
pc=$(dirname "$(find "$out/tree" -name writ.pc)")
libdir=$(dirname "$pc") prefix=$(dirname "$(dirname "$(find "$out/tree" -name writ.h)")")
prefix=$(dirname "$prefix")
# Only the installed tree: a writ installed on this machine must not be found.
export PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$out/tree LD_LIBRARY_PATH=$libdir
cd "$out"

# ---- headers --------------------------------------------------------------------------------------
for header in "$prefix"/include/writ/*.h; do
    case $header in
        */writ.h) echo "#include <writ/writ.h>" >"alone.c"
            ${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only alone.c ;;
    esac
    echo "#include <writ/$(basename "$header")>" >"alone.cpp"
    ${CXX:-c++} -std=c++20 -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only alone.cpp
done
[ "$(ls "$prefix/include/writ")" = "$(ls "$root/engine/include/writ")" ] || fail "not all public headers are installed"

# ---- programs, through pkg-config -----------------------------------------------------------------
flags() { pkg-config --cflags --libs "$@"; }
warnings=(-Wall -Wextra -Werror)
# shellcheck disable=SC2046
${CC:-cc} -std=c99 "${warnings[@]}" "$root/examples/embed/embed.c" -o embed-c $(flags writ)
# shellcheck disable=SC2046
${CC:-cc} -std=c99 "${warnings[@]}" "$root/examples/embed/compile.c" -o compile-c $(flags writ-compiler)
# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 "${warnings[@]}" "$root/examples/embed/main.cpp" -o embed-cpp $(flags writ-compiler)

# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 "${warnings[@]}" "$root/examples/embed/fields.cpp" -o fields-cpp $(flags writ)
if ldd fields-cpp | grep -iE 'antlr|re2|writ-compiler'; then fail "the broker that states fields loads the compiler"; fi
# A broker that records: it permits and records, and contains no part of the compiler.
# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 "${warnings[@]}" "$root/examples/embed/record.cpp" -o record-cpp $(flags writ-ledger)
if ldd record-cpp | grep -iE 'antlr|re2|writ-compiler'; then fail "the broker that records loads the compiler"; fi
# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 "${warnings[@]}" "$root/examples/embed/follow.cpp" -o follow $(flags writ-store)
# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 "${warnings[@]}" "$root/examples/embed/broker.cpp" -o broker $(flags writ-pdp)
# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 "${warnings[@]}" "$root/examples/embed/event_loop.cpp" -o event_loop $(flags writ-pdp)
# shellcheck disable=SC2046
${CC:-cc} -std=c99 "${warnings[@]}" "$root/examples/embed/broker.c" -o broker-c $(flags writ-pdp)

policy=$root/examples/refund/policy.writ
./compile-c "$policy" c.bundle
"$prefix/bin/writ" compile "$policy" --output cli.bundle >/dev/null
cmp c.bundle cli.bundle || fail "C and the command line compile to different bundles"
./fields-cpp c.bundle | grep '^permit$' >/dev/null || fail "fields-cpp"
./record-cpp c.bundle "$root/examples/refund/requests/permit.json" ledger | grep '^permit, record 0$' >/dev/null || fail "record-cpp"
"$prefix/bin/writ" ledger verify -L ledger >/dev/null || fail "what record-cpp recorded does not verify"
permits=0
for request in "$root"/examples/refund/requests/*.json; do
    c=0 cpp=0
    ./embed-c c.bundle "$request" >c.txt || c=$?
    ./embed-cpp "$policy" "$request" >cpp.txt || cpp=$?
    [ "$c" = "$cpp" ] && cmp c.txt cpp.txt || fail "$request: $c $(cat c.txt), but in C++ $cpp $(cat cpp.txt)"
    [ -s c.txt ] && [ "$c" -le 1 ] || fail "$request: exit $c"
    [ "$c" = 1 ] || permits=$((permits + 1))
done
[ "$permits" = 2 ] || fail "$permits permits"
# A broker that follows a store decides with the active, signed version.
"$prefix/bin/writ" store --store s init >/dev/null
"$prefix/bin/writ" store --store s channel prod >/dev/null
"$prefix/bin/writ" keys generate key >/dev/null
"$prefix/bin/writ" store --store s publish "$policy" --channel prod --key key >/dev/null
echo "$root/examples/refund/requests/permit.json" | ./follow s prod key.pub state >follow.txt
grep -qE '^permit, by [0-9a-f]{64}$' follow.txt || fail "follow: $(cat follow.txt)"
# A broker that also records the enforced decision and the candidate's.
"$prefix/bin/writ" store --store s channel next >/dev/null
sed 's/grant { "refund:create" } for 2m/grant { "refund:create" } for 1m/' "$policy" >next.writ
cp -r "$root/examples/refund/requests" requests
"$prefix/bin/writ" store --store s publish next.writ >/dev/null
"$prefix/bin/writ" store --store s activate next v2 >/dev/null
echo "$root/examples/refund/requests/permit.json" | ./broker s prod next both >broker.txt
grep -qE '^permit, record [01]$' broker.txt || fail "broker: $(cat broker.txt)"
[ "$("$prefix/bin/writ" ledger show 0 -L both --format json | grep -c '"mode":"shadow"')$("$prefix/bin/writ" ledger show 1 -L both --format json | grep -c '"mode":"shadow"')" != 00 ] ||
    fail "broker: no record of the candidate"
# The same in C: one call returns the recorded decision as JSON.
tr -d '\n' <"$root/examples/refund/requests/permit.json" | ./broker-c s prod c-ledger >broker-c.txt
grep '"effect":"permit"' broker-c.txt | grep -q '"record":0' || fail "broker-c: $(cat broker-c.txt)"
"$prefix/bin/writ" ledger verify -L c-ledger >/dev/null || fail "what broker-c recorded does not verify"
for _ in $(seq 200); do tr -d '\n' <"$root/examples/refund/requests/permit.json"; echo; done | ./event_loop s prod loop >loop.txt
[ "$(cat loop.txt)" = "$(seq -f 'permit, record %g' 0 199)" ] || fail "event_loop: $(cat loop.txt)"
if ldd broker-c | grep -iE 'antlr|re2|writ-compiler'; then fail "the broker in C loads the compiler"; fi
c=0; ./embed-c embed-c "$policy" 2>errors.txt || c=$?
[ "$c" = 3 ] && grep -q '^B0001: ' errors.txt || fail "a program taken for a bundle: exit $c"

# ---- CMake ----------------------------------------------------------------------------------------
if command -v cmake >/dev/null; then
    mkdir cmake
    cat >cmake/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.18)
project(embed C CXX)
find_package(Writ 0.1 REQUIRED)
add_executable(embed-c $root/examples/embed/embed.c)
target_link_libraries(embed-c Writ::writ)
add_executable(embed-cpp $root/examples/embed/main.cpp)
target_link_libraries(embed-cpp Writ::compiler)
target_compile_features(embed-cpp PRIVATE cxx_std_20)
add_executable(follow $root/examples/embed/follow.cpp)
target_link_libraries(follow Writ::store)
target_compile_features(follow PRIVATE cxx_std_20)
add_executable(broker $root/examples/embed/broker.cpp)
target_link_libraries(broker Writ::pdp)
target_compile_features(broker PRIVATE cxx_std_20)
END
    cmake -S cmake -B cmake/build -DCMAKE_PREFIX_PATH="$prefix" >cmake.log 2>&1 && cmake --build cmake/build >>cmake.log 2>&1 ||
        { cat cmake.log; fail "CMake"; }
    cmake/build/embed-c c.bundle "$root/examples/refund/requests/permit.json" >c.txt
    cmake/build/embed-cpp "$policy" "$root/examples/refund/requests/permit.json" >cpp.txt
    cmp c.txt cpp.txt
    echo "$root/examples/refund/requests/permit.json" | cmake/build/follow s prod | cmp - follow.txt
    # A version that does not exist is not found.
    sed -i 's/Writ 0.1/Writ 99.0/' cmake/CMakeLists.txt
    if cmake -S cmake -B cmake/other -DCMAKE_PREFIX_PATH="$prefix" >/dev/null 2>&1; then fail "CMake takes any version"; fi
else
    echo "no cmake here: its package is not tried"
fi

# ---- exported symbols -------------------------------------------------------------------------------
shown() { nm -DC --defined-only "$1" | sed 's/^[0-9a-f]* . //'; }
runtime=$libdir/libwrit.so compiler=$libdir/libwrit-compiler.so store=$libdir/libwrit-store.so ledger=$libdir/libwrit-ledger.so pdp=$libdir/libwrit-pdp.so
libraries=("$runtime" "$compiler" "$store" "$ledger" "$pdp")
for library in "${libraries[@]}"; do
    shown "$library" | sort >symbols.txt
    if grep -vE '^(writ_[a-z_]+$|writ::)' symbols.txt; then fail "$library shows what is not Writ's"; fi
    # The ledger's public names are in a namespace with the name of its room.
    rooms=$(find "$root/engine" -mindepth 1 -maxdepth 1 -type d ! -name ledger -printf '%f|')
    if grep -E "^writ::ledger::(Log|Index|SegmentReader|File|Mask|Encoder|Decoder)\b" symbols.txt; then fail "$library shows its rooms"; fi
    if grep -E "^writ::(${rooms}compiler|json|c|testing)::|::Impl" symbols.txt; then fail "$library shows its rooms"; fi
    readelf -d "$library" | grep -E 'SONAME.*\[libwrit(-compiler|-store|-ledger|-pdp)?\.so\.[0-9]+\.[0-9]+\]' >/dev/null || fail "$library has no SONAME"
    if readelf -d "$library" | grep -E 'RPATH|RUNPATH|TEXTREL'; then fail "$library has a path or text relocations"; fi
done
# Every function of the header, each once.
{ shown "$runtime"; shown "$compiler"; shown "$pdp"; } | sort >symbols.txt
sed -nE 's/^(WRIT_API)?.*[ *](writ_[a-z_]+)\(.*/\2/p' "$prefix/include/writ/writ.h" | sort -u >declared.txt
grep -oE '^writ_[a-z_]+$' symbols.txt | sort -u >defined.txt
diff declared.txt defined.txt || fail "writ.h and the libraries differ"
for library in "${libraries[@]}"; do nm -D --defined-only "$library"; done | cut -d' ' -f3 | sort >mangled.txt
if uniq -d mangled.txt | c++filt | grep .; then fail "two libraries define this"; fi
# A broker's program does not load the compiler; the author's does, which shows that the check works.
if ldd embed-c | grep -iE 'antlr|re2|writ-compiler'; then fail "the broker loads the compiler"; fi
if ldd embed-c | grep -iE 'sqlite|writ-ledger'; then fail "the broker loads the ledger"; fi
ldd embed-cpp | grep -i antlr >/dev/null
# Only a program that follows a store loads SQLite, without the compiler.
if ldd embed-c | grep -iE 'sqlite|writ-store'; then fail "the broker loads the store"; fi
if ldd follow | grep -iE 'antlr|re2|writ-compiler'; then fail "the reader of a store loads the compiler"; fi
ldd follow | grep -i sqlite >/dev/null
if ldd broker | grep -iE 'antlr|re2|writ-compiler'; then fail "the broker that follows and records loads the compiler"; fi

# Every function that a header declares, in C++ or C, is exported; no other function is exported.
python3 "$root/tests/link/every_function.py" "$prefix"/include/writ/*.h >every.cpp 2>every.txt
${CXX:-c++} -std=c++20 "${warnings[@]}" -I"$prefix/include" -c every.cpp -o every.o
# shellcheck disable=SC2046
${CXX:-c++} every.o -o every $(flags writ-compiler writ-pdp) || fail "a header declares what no library shows"
[ "$(cut -d' ' -f1 every.txt)" -ge 300 ] || fail "too few functions found in the headers: $(cat every.txt)"
nm -u every.o | sed 's/^ *U //' | sort -u >used.txt
if comm -13 used.txt <(sort -u mangled.txt) | c++filt | grep -vE '::[A-Z][A-Za-z]*::|^V?$'; then fail "no header declares this"; fi

echo "installed: $(wc -l <declared.txt) C functions, $(wc -l <mangled.txt) symbols in all"
