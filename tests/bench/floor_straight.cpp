// The `if` statements of one size, as a library that the benchmarks load. run.sh compiles it and sets the place of the
// workload's straight.inc.
#include "floor.h"

extern "C" bool straight(const bench::Interned& r) {
#include STRAIGHT
}
