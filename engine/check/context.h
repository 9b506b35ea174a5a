// State shared by the parts of the checker while one policy is checked: the name tables, the tables that keep facts and
// zones unique, and small functions on types. Private to check/.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/report.h"
#include "check/check.h"
#include "check/typed.h"
#include "check/types.h"

namespace writ::check {

/// The sorts of names. A name is unique within its sort: a tool and a rule may have the same name; a define and an
/// issuer may not.
enum class NameSort : std::uint8_t { Value, Type, Kind, Tool, Rule, Fixture, Test };
constexpr std::string_view kDefaultModule = "main";  ///< of a file without a module name
constexpr std::size_t kNameSorts = 7;

constexpr std::uint32_t kNoIndex = 0xFFFFFFFF;
constexpr std::uint32_t kMaxList = 1024;    ///< the largest `max` of a list
constexpr std::size_t kMaxWork = 1u << 17;  ///< nodes of one condition after expanding definitions

/// A declaration with its name. `index` is its position in the table of its sort; of a group of issuers, its IssuerId.
struct NamedDecl {
    const ast::Decl* decl = nullptr;
    ast::Name name;
    std::uint32_t module = 0;
    std::uint32_t index = kNoIndex;
};

struct ImportedModule {
    std::uint32_t module = 0;
    std::string_view alias;  ///< empty: names are imported unqualified
};

struct Module {
    std::string name;
    std::vector<std::uint32_t> files;
    std::vector<ImportedModule> imports;
    bool incomplete = false;  ///< an import or a file could not be read, so it may have declared unknown names
    std::array<std::unordered_map<std::string_view, std::uint32_t>, kNameSorts> names;  ///< index into entries
};

enum class VisitState : std::uint8_t { Untouched, Busy, Done, Broken };

/// A `define`. Its body is typed once at its place, and again wherever it is expanded.
struct Define {
    const ast::DefineDecl* decl = nullptr;
    const NamedDecl* entry = nullptr;
    VisitState state = VisitState::Untouched;
    bool flexible = false;  ///< the body takes the type of the value that it is compared with
    bool used = false;
    std::vector<Type> params;
    struct Ready {
        Type want;
        bool wanted = false;
        std::uint32_t depth = 0;
        const Expr* expr = nullptr;
        std::size_t work = 0;
        std::uint32_t height = 0;
    };
    std::vector<Ready> ready;  ///< typed bodies without parameters
};

/// Names that an issuer kind adds to its claims.
struct KindNames {
    std::unordered_map<std::string_view, FieldId> aliases;
    std::unordered_map<std::uint32_t, std::string_view> alias_of;  ///< by field: its first alias
    std::unordered_map<std::string_view, std::uint32_t> captures;  ///< index of the capture spec
};

/// A name that a module exports.
struct Exported {
    NameSort sort = NameSort::Value;
    std::string name, module;
};

struct Context {
    Policy& policy;
    const SourceSet& sources;
    const StandardModule& standard;
    const CompileOptions& options;
    Report& report;

    std::vector<Module> modules;
    std::unordered_map<std::string, std::uint32_t> module_ids;
    std::deque<NamedDecl> entries;
    std::vector<std::uint32_t> file_modules;  ///< parallel to policy.files
    std::vector<Define> defines;
    std::vector<KindNames> kind_names;  ///< parallel to policy.kinds
    std::unordered_map<std::string, FactId> fact_ids;
    std::unordered_map<std::string, ZoneId> zone_ids;
    std::unordered_map<std::string, const pattern::Matcher*> matchers;  ///< by pattern and kind of pattern
    std::unordered_map<std::string_view, std::uint32_t> tools_by_wire;
    std::unordered_map<std::string_view, Span> issuers_by_url;
    std::unordered_set<std::string_view> broken_names;  ///< declared with a syntax error: uses are not reported
    bool broken_tool = false;                           ///< one of them is a tool, whose name in requests is unknown
    std::optional<std::vector<Exported>> library;       ///< exports of standard modules; read when a name is not found
    std::unordered_set<std::string> broken_fields;      ///< declared with an invalid type: uses are not reported
    std::size_t data_bytes = 0;
    bool misread = false;  ///< a source has an error of syntax or an unknown import: not every use of a name is seen

    EnumId tier{};                                         ///< always an enum; without members if no tier is declared
    std::array<bool, std::size(kTierRoles)> roles_told{};  ///< E0212 was reported for the role
    FieldId claims{};                                      ///< `token.claims` of the request
    FieldId params{};                                      ///< `tool.params`
    FieldId position{};         ///< `delegation.chain.position`, which orders the hops and is not read itself
    std::uint32_t depth = 0;    ///< of the current expression, after expanding definitions
    std::uint32_t deepest = 0;  ///< largest depth since it was reset
    std::size_t work = 0;       ///< nodes of the current condition
    bool overflowed = false;    ///< E0503 was reported for it
};

// ---- names (modules.cpp, names.cpp) ---------------------------------------------------------

/// Parses every source and every standard module in use, and links imports. Output: false if nothing can be checked.
[[nodiscard]] bool load_modules(Context& c);
/// Adds every declaration to the tables of its module.
void declare_names(Context& c);

enum class Miss : std::uint8_t { No, Unknown, Private, Ambiguous };
struct NameLookup {
    const NamedDecl* entry = nullptr;
    Miss miss = Miss::Unknown;
    const NamedDecl* other = nullptr;  ///< Private: the private declaration; Ambiguous: the second one
};
[[nodiscard]] NameLookup look_up(const Context& c, std::uint32_t module, NameSort sort, std::string_view name);
/// All names except the last are an alias or a module's name.
[[nodiscard]] NameLookup look_up(const Context& c, std::uint32_t module, NameSort sort,
                                 std::span<const std::string_view> parts);
/// Finds a name, or reports that it is unknown, private or ambiguous. `noun`: "tool", "rule", …
const NamedDecl* require_name(Context& c, std::uint32_t module, NameSort sort, const ast::QualifiedName& name,
                              Code unknown, std::string_view noun);
/// Reports a failed look_up; `unknown` is the code for an unknown name.
void report_miss(Context& c, std::uint32_t module, NameSort sort, const NameLookup& found, std::string_view name,
                 Span span, Code unknown, std::string_view noun);
/// Names of a sort that can be used unqualified in a module; at most a few thousand.
[[nodiscard]] std::vector<std::string_view> visible_names(const Context& c, std::uint32_t module, NameSort sort);

/// Whether a name may be unknown only because its declaration could not be read, which has been reported.
[[nodiscard]] bool may_be_broken(const Context& c, std::uint32_t module, std::string_view name);
/// Adds the import that would provide a name. Output: false if there is none.
bool suggest_import(Context& c, Diagnostic& diagnostic, std::uint32_t module, NameSort sort, std::string_view name);
/// The exports of the standard modules (modules.cpp).
[[nodiscard]] const std::vector<Exported>& library_exports(Context& c);

/// Adds "did you mean" and its replacement, if a candidate is similar.
void suggest(const Context& c, Diagnostic& diagnostic, std::string_view name,
             const std::vector<std::string_view>& candidates);
/// The names, in backticks, after the words for one or for several of them. Empty: there are none.
[[nodiscard]] std::string name_all(std::string_view one, std::string_view several,
                                   const std::vector<std::string_view>& names);
/// Reports E0205, with the first declaration as related place.
void report_twice(Context& c, std::string_view noun, std::string_view name, Span span, Span first);

/// The value of a text that names a tool (its name in requests) or an issuer (its URL), by that value or by its name
/// in the policy. Empty: there is none; or the issuer's declaration is invalid.
[[nodiscard]] std::string_view named_value(const Context& c, std::uint32_t module, Referent names,
                                           std::string_view text);
/// The values that named_value() accepts, for "did you mean".
[[nodiscard]] std::vector<std::string_view> named_values(const Context& c, std::uint32_t module, Referent names);

/// Whether a declaration is an issuer or a group of issuers, so that its index is an IssuerId.
[[nodiscard]] inline bool names_issuers(const NamedDecl& entry) {
    return std::holds_alternative<ast::IssuerDecl>(entry.decl->node) ||
           std::holds_alternative<ast::IssuerGroupDecl>(entry.decl->node);
}

// ---- helpers --------------------------------------------------------------------------------

/// Splits `a.b.c` at the points.
[[nodiscard]] std::vector<std::string_view> split_name(std::string_view name);
/// Key of broken_fields.
[[nodiscard]] std::string broken_key(FieldId parent, std::string_view name);
/// The text of a span.
[[nodiscard]] std::string_view text_at(const Context& c, Span span);

}  // namespace writ::check
