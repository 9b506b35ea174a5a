// The verbs of the `writ` program. Each function adds one verb to the program's table, with its options and its action.
// Not here: compiling and deciding, which include/writ offers.
#pragma once

#include "cli/command/command.h"

namespace writ::cli {

void add_new(Command& program);
void add_check(Command& program);
void add_compile(Command& program);
void add_fmt(Command& program);
void add_eval(Command& program);
void add_explain(Command& program);
void add_search(Command& program);
void add_lint(Command& program);
void add_test(Command& program);
void add_request(Command& program);
void add_diff(Command& program);
void add_gate(Command& program);
void add_ledger(Command& program);
void add_replay(Command& program);
void add_store(Command& program);
void add_import(Command& program);
void add_serve(Command& program);
void add_healthcheck(Command& program);
void add_keys(Command& program);
void add_completion(Command& program);
/// A hidden verb that prints the verbs and options, for the manual pages.
void add_commands(Command& program);

}  // namespace writ::cli
