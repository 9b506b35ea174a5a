#!/usr/bin/env bash
# The race: Writ, the fair floors and, with --peers, other engines, with the same workload in one run. Answers are
# verified before anything is timed. Ends with tables; RESULTS/race.json has the same data, and performance.svg a picture.
#
# usage: tests/bench/run.sh [--sizes 10,1000,10000,100000] [--peers] [--quick] [--policies N]
#                           [--generator FILE] [--workload DIR] [--results DIR]
#
#   --peers      builds and runs the peers in tests/bench/peers; a peer without its toolchain is skipped
#   --quick      fewer repetitions, to check that everything works; do not quote these results
#   --policies   how many random policies of each construct are searched for the most expensive rule (20)
#   --generator  the neutral workload's generator, gen_workload.py. It is no part of the project; without this
#                option it is looked for in ../shared/data/perf beside the project
#   --workload   folder for workloads; existing ones are not generated again (build/workload)
#   --results    folder for results (build/race)
set -euo pipefail
cd "$(dirname "$0")/../.."

sizes=10,1000,10000,100000 peers='' quick='' generator=../shared/data/perf/gen_workload.py
workload=build/workload results=build/race policies=20
while [ $# -gt 0 ]; do
    case $1 in
    --sizes) sizes=$2; shift 2 ;;
    --peers) peers=1; shift ;;
    --quick) quick=quick; shift ;;
    --policies) policies=$2; shift 2 ;;
    --generator) generator=$2; shift 2 ;;
    --workload) workload=$2; shift 2 ;;
    --results) results=$2; shift 2 ;;
    *) sed -n '5,6s/^# //p' "$0" >&2; exit 2 ;;
    esac
done

tests/setup.sh
[ -f build/build.ninja ] || meson setup build >/dev/null
ninja -C build cli/writ tests/bench/bench_evaluate tests/bench/bench_ledger tests/bench/worst >&2
mkdir -p "$workload" "$results"

# --- the workloads
missing=()
for size in ${sizes//,/ }; do [ -f "$workload/$size/expected.jsonl" ] || missing+=("$size"); done
[ -f "$workload/micro/expected.jsonl" ] || [ ${#missing[@]} -gt 0 ] || missing=("${sizes%%,*}")
if [ ${#missing[@]} -gt 0 ]; then
    [ -f "$generator" ] || { echo "run.sh: no generator at $generator; name it with --generator" >&2; exit 4; }
    python3 "$generator" "$workload" --sizes "$(IFS=,; echo "${missing[*]}")" >&2
fi
folders=(${sizes//,/ } micro refund/permit refund/deny refund/needs_approval)
python3 tests/bench/render_workload.py "$workload" ${sizes//,/ } micro refund >&2
python3 tests/bench/gen_mixed.py "$workload/mixed" >&2
python3 tests/bench/compile_cost.py build/cli/writ "$workload" "${folders[@]}" >"$results/compile.jsonl"
# bench_evaluate compiles these.
for size in ${sizes//,/ }; do folders+=("$size/template"); done
folders+=(mixed/10 mixed/1000 mixed/10000)

# --- Writ and the floors; interleaved, so that changes of the machine's speed affect all of them
timing=(--benchmark_repetitions=9 --benchmark_min_time=0.1) seconds=4
[ -z "$quick" ] || timing=(--benchmark_repetitions=3 --benchmark_min_time=0.02) seconds=0.4
build/tests/bench/bench_evaluate "$workload" "${folders[@]}" "${timing[@]}" \
    --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true \
    --benchmark_out="$results/writ.json" --benchmark_out_format=json >"$results/writ.log"

# --- a ledger's replay, and the most expensive rule of random policies
build/tests/bench/bench_ledger "$results" $seconds 16 >"$results/ledger.txt"
build/tests/bench/worst --policies "$policies" --without-limit >"$results/worst.txt"

# --- the peers
: >"$results/peers.jsonl"
[ -z "$peers" ] || tests/bench/peers/run.sh "$workload" "$sizes" build/peers $quick >"$results/peers.jsonl"

python3 tests/bench/report.py "$results"
