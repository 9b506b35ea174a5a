#!/usr/bin/env bash
# Counts the instructions of a decision, which unlike time do not depend on the load. callgrind counts two runs of steady,
# with N and with 2N decisions; the difference is N decisions. Fails if the count is more than 5 percent above
# instructions.txt.
# usage: instructions.sh STEADY BUNDLE [--record]      --record: writes instructions.txt anew
# Exit code 77 without valgrind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
steady=$1 bundle=$2 record=${3:-}
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }

count=500
counted() {  # counted WAY COUNT
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$steady" "$bundle" "$here/steady.json" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : //p'
}

failed=0 recorded=''
while read -r way limit; do
    once=$(counted "$way" $count) twice=$(counted "$way" $((2 * count)))
    each=$(((twice - once) / count))
    recorded+="$way $each"$'\n'
    echo "$way: $each instructions per decision, $limit recorded"
    if [ -z "$record" ] && [ $((each * 100)) -gt $((limit * 105)) ]; then
        echo "$way: that is a regression; where it is meant, run this script with --record" >&2
        failed=1
    elif [ $((each * 105)) -lt $((limit * 100)) ]; then
        echo "$way: so much less that it is worth recording"
    fi
done <"$here/instructions.txt"
[ -z "$record" ] || printf '%s' "$recorded" >"$here/instructions.txt"
exit $failed
