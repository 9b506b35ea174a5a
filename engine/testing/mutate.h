// Mutation testing: makes every change of mutants.h and finds the tests and invariants that notice it. Decisions on
// changed rules come from the reference evaluator, so that nothing is compiled for them; of the rules that do not
// change it sees only those that can matter for a request. Not here: the changes (mutants.h), what a test expects
// (expectation.h).
#pragma once

#include "check/typed.h"
#include "writ/bundle.h"
#include "writ/mutation.h"

namespace writ::testing {

/// Implements Workspace::mutate. A test that fails without a change notices nothing.
[[nodiscard]] MutationRun run_mutations(const check::Policy& policy, const Bundle& bundle,
                                        const MutationOptions& options);

}  // namespace writ::testing
