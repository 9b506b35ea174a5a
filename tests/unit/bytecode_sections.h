// Takes programs apart, for tests that change sealed content.
#pragma once

#include "bytecode/program.h"

namespace writ::testing {

/// The sections of a program, which can be changed and sealed again.
inline bytecode::Sections sections_of(const bytecode::Program& program) {
    bytecode::Sections out;
#define SECTION(type, name) out.name.assign(program.name.begin(), program.name.end());
#include "bytecode/sections.def"
#undef SECTION
    out.source_text = program.source_text().value();
    return out;
}

/// Removes the index; without it a program tries every rule.
inline bytecode::Sections unindexed(bytecode::Sections sections) {
    sections.index_groups.clear();
    sections.index_keys.clear();
    sections.index_buckets.clear();
    sections.index_rules.clear();
    sections.index_runs.clear();
    sections.index_prefixes.clear();
    sections.index_ranges.clear();
    return sections;
}

}  // namespace writ::testing
