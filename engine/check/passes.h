// The steps of a check, in the order they run. Each reports what it finds and goes on. Private to
// check/.
#pragma once

#include <string>

#include "check/context.h"

namespace writ::check {

void check_enums(Context& c);
void check_schema(Context& c);
void check_kinds(Context& c);
/// Enters tools under their names in policy and requests; check_tools() reads what they declare.
void declare_tools(Context& c);
void check_tools(Context& c);
void check_issuers(Context& c);
void check_tables(Context& c);
/// Facts the engine reads, first in Policy::facts and in the order of builtin_facts.def.
void check_builtin_facts(Context& c);
void check_defines(Context& c);
void check_rules(Context& c);
void check_invariants(Context& c);
void check_fixtures_and_tests(Context& c);
void warn_unused(Context& c);

/// Adds the fields of a record to Policy::fields, below `parent`.
void add_fields(Context& c, std::uint32_t module, FieldId parent, const std::vector<ast::Field>& fields);
/// A root for claims or parameters, as trusted as the request's field that holds them.
[[nodiscard]] FieldId add_root(Context& c, std::string_view name, Span span, FieldId holder);

/// Resolves a type that is not a record. False: reported.
[[nodiscard]] bool resolve_type(Context& c, std::uint32_t module, const ast::TypeRef& type, Type& out);

/// Reads a data file; kept with the policy. Null if it cannot: reports E0501 or E0110.
[[nodiscard]] const std::string* read_data(Context& c, Span span, std::string_view path);

/// Reports E0405 for every read in a narrowing rule's condition that its guards do not cover.
/// `decl`: where the whole rule stands.
void check_guards(Context& c, const ast::Name& rule, Span decl, const Expr& when);
/// Reports E0302 if conjuncts on one fact exclude each other. True: reported.
[[nodiscard]] bool report_contradiction(Context& c, std::span<const Expr* const> conjuncts);

}  // namespace writ::check
