// The `if`s of one size, as a library that the benchmarks load. Compiled by run.sh, which says where the
// workload's straight.inc is.
#include "floor.h"

extern "C" bool straight(const bench::Interned& r) {
#include STRAIGHT
}
