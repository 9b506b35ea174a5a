// The steps of a check, in order. Each reports its errors and continues. Private to check/.
#pragma once

#include <string>

#include "check/context.h"

namespace writ::check {

void check_enums(Context& c);
void check_schema(Context& c);
void check_kinds(Context& c);
/// Adds the names of tools in the policy and in requests; check_tools() reads the rest of their declarations.
void declare_tools(Context& c);
void check_tools(Context& c);
void check_issuers(Context& c);
void check_issuer_groups(Context& c);
void check_tables(Context& c);
/// The facts that the engine reads: the first in Policy::facts, in the order of builtin_facts.def.
void check_builtin_facts(Context& c);
void check_defines(Context& c);
void check_rules(Context& c);
void check_invariants(Context& c);
void check_fixtures_and_tests(Context& c);
void warn_unused(Context& c);

/// Adds the fields of a record to Policy::fields, below `parent`.
void add_fields(Context& c, std::uint32_t module, FieldId parent, const std::vector<ast::Field>& fields);
/// A root for claims or parameters, with the provenance of the request's field that contains them.
[[nodiscard]] FieldId add_root(Context& c, std::string_view name, Span span, FieldId holder);

/// Resolves a type other than a record. Output: false after an error, which has been reported.
[[nodiscard]] bool resolve_type(Context& c, std::uint32_t module, const ast::TypeRef& type, Type& out);

/// Reads a data file and keeps it with the policy. Output: null after an error: E0501 or E0110.
[[nodiscard]] const std::string* read_data(Context& c, Span span, std::string_view path);

/// Reports E0405 for every read in a narrowing rule's condition that no guard covers.
/// `decl`: the place of the whole rule.
void check_guards(Context& c, const ast::Name& rule, Span decl, const Expr& when);
/// Reports E0302 if conjuncts exclude each other (contradiction.h). Output: true if they do.
[[nodiscard]] bool report_contradiction(Context& c, std::span<const Expr* const> conjuncts);

}  // namespace writ::check
