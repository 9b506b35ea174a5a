// The verbs of the `writ` program. Each adds itself to the program's table, with its options and with what to do when
// it is the one asked for. Not here: anything that compiles or decides, which is include/writ's.
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
void add_keys(Command& program);
void add_completion(Command& program);
/// What the manual pages are made of; nobody types it.
void add_commands(Command& program);

}  // namespace writ::cli
