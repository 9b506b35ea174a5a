// Rules of a mapping: each states one field of a request document. Not here: which rules apply to which question
// (mapping.h, issuance_mapping.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "writ/bundle.h"
#include "writ/request.h"

namespace writ::serve {

/// May this subject do this to this resource? Every entity is an object with its required members; `context` is an
/// object or null.
struct AccessQuestion {
    const json::Value& subject;
    const json::Value& action;
    const json::Value& resource;
    const json::Value* context = nullptr;
};

using FieldPath = std::vector<std::string>;

/// States one field.
struct MappingRule {
    enum class Source : std::uint8_t { Value, Clock, Member, Properties, Directory, Context };
    FieldPath to;
    std::string to_text, place;  ///< as written; the JSON path of the rule
    Source source = Source::Value;
    FieldPath from;     ///< Member: one step. Otherwise the steps below `properties`, `directory`, `context`
    json::Value value;  ///< Value; Clock: the number of seconds to add
    Provenance provenance = Provenance::Asserted;  ///< of what does not come from the directory
    bool overlay = false;                          ///< Properties: the directory's attribute, if the request has none
    bool list = false;                             ///< a value that is no array becomes an array with it
};
using MappingRules = std::vector<MappingRule>;
using Section = std::map<std::string, MappingRules, std::less<>>;

/// The rules for a name: its own, or those of `*`; null if there are none.
[[nodiscard]] const MappingRules* rules_of(const Section& section, std::string_view name);

/// Reads rules from a file, and keeps the first thing that is wrong with it: H0006.
class RuleReader {
public:
    explicit RuleReader(std::string file) : file_(std::move(file)) {}
    std::optional<Error> error;
    bool overlays = true;  ///< whether rules may have `overlay`

    void wrong(const std::string& place, std::string why);
    /// The place of a member.
    [[nodiscard]] static std::string below(std::string place, std::string_view key);
    /// Reports the first member of an object that is not one of these.
    void members(const json::Value& object, const std::string& place, const std::vector<std::string_view>& known);
    [[nodiscard]] bool flag(const json::Value& object, const std::string& place, std::string_view key);
    /// An array of text; empty if there is none.
    [[nodiscard]] std::vector<std::string> texts(const json::Value* from, const std::string& place,
                                                 std::string_view what);
    /// `own`: what `from` may name, apart from `context.NAME`.
    [[nodiscard]] MappingRules rules(const json::Value* from, const std::string& place,
                                     const std::vector<std::string_view>& own);
    /// An object of lists of rules, one for each of `each`; not empty.
    [[nodiscard]] Section section(const json::Value* from, const std::string& place, std::string_view each,
                                  const std::vector<std::string_view>& own);
    /// Reports the first two rules that state the same field, or a field and a part of it. `shared`: not those that
    /// state the same field.
    void conflict(const MappingRules& one, const MappingRules& other, bool shared = false);

private:
    void source(const std::string& text, const std::string& place, const std::vector<std::string_view>& own,
                MappingRule& rule);
    MappingRule rule(const json::Value& from, const std::string& place, const std::vector<std::string_view>& own);
    std::string file_;
};

/// Checks that the policy has every field and parameter that rules state, and that their constants have the right
/// types. Errors: H0006.
[[nodiscard]] Result<void> check_rules(const Layers& layers, const std::vector<const MappingRules*>& lists,
                                       const std::string& file);

/// What a rule can read. Each may be null.
struct RuleInput {
    const json::Value *entity = nullptr, *attributes = nullptr, *context = nullptr;
    std::int64_t now = 0;
};
/// What a rule states.
struct StatedFact {
    json::Value value;
    Provenance provenance;
};
/// Output: none if the value is missing.
[[nodiscard]] std::optional<StatedFact> fact_of(const MappingRule& rule, const RuleInput& input);
/// How many properties of an action no rule of its list reads.
[[nodiscard]] std::size_t unread_properties(const json::Value& action, const MappingRules& rules);

/// A document that states `now`.
[[nodiscard]] json::Value document_of(std::int64_t now);
/// The value at a path; null if there is none.
[[nodiscard]] const json::Value* at(const json::Value* value, const FieldPath& steps);
/// Sets a member at a path. Objects on the way are made.
void put(json::Value& document, const FieldPath& steps, json::Value value);
/// The provenance of each group of a document, weakest of all that is stated in it.
class Provenances {
public:
    void weaken(const std::string& group, Provenance to);
    void write_to(json::Value& document) const;

private:
    std::map<std::string, Provenance, std::less<>> groups_;
};

}  // namespace writ::serve
