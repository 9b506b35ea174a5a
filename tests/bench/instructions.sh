#!/usr/bin/env bash
# Counts the instructions of a decision, which unlike time do not depend on the load. callgrind counts two runs of steady,
# with N and with 2N decisions; the difference is N decisions. Fails if the count is more than 5 percent above
# instructions.txt.
# usage: instructions.sh STEADY STEADY.bundle REFUND.bundle MICRO.bundle [--record]
#   --record: writes instructions.txt anew
# Exit code 77 without valgrind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
steady=$1 record=${5:-}
declare -A bundle=([steady]=$2 [refund]=$3 [micro]=$4)
declare -A request=([steady]=$here/steady.json [micro]=$here/micro.json
                    [refund]=$here/../../examples/refund/requests/permit.json)
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }

count=250
counted() {  # counted NAME WAY COUNT
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$steady" "${bundle[$1]}" "${request[$1]}" "$2" "$3" 2>&1 |
        sed -n 's/.*Collected : //p'
}

failed=0 recorded=''
while read -r name way limit; do
    once=$(counted "$name" "$way" $count) twice=$(counted "$name" "$way" $((2 * count)))
    each=$(((twice - once) / count))
    recorded+="$name $way $each"$'\n'
    echo "$name, $way: $each instructions per decision, $limit recorded"
    if [ -z "$record" ] && [ $((each * 100)) -gt $((limit * 105)) ]; then
        echo "$name, $way: that is a regression; where it is meant, run this script with --record" >&2
        failed=1
    elif [ $((each * 105)) -lt $((limit * 100)) ]; then
        echo "$name, $way: so much less that it is worth recording"
    fi
done <"$here/instructions.txt"
[ -z "$record" ] || printf '%s' "$recorded" >"$here/instructions.txt"
exit $failed
