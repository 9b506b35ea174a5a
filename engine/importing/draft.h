// A policy under construction: declarations, each with comments about what could not be expressed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/import.h"

namespace writ::importing {

enum class Sort : std::uint8_t { Issuer, Tool, Permit, Deny };

/// One declaration of the new policy, or a comment that stands for one that is left out.
struct DraftPart {
    Sort sort = Sort::Tool;
    std::string text;                ///< the declaration; empty: it is left out
    std::string where;               ///< its place in the document
    std::string source;              ///< how the document writes it; becomes a comment if it is left out
    std::vector<std::string> notes;  ///< what could not be expressed
    std::string reason;              ///< why it is left out
};

class Draft {
public:
    Draft(ImportOptions options) : options_(std::move(options)) {}

    enum class Tier : std::uint8_t { Read, Write, Privileged };
    /// The name of a tier: the policy's own, or one of the options.
    [[nodiscard]] std::string name_of(Tier tier) const;
    /// What is wrong with the tiers' names; empty: nothing.
    [[nodiscard]] std::string tier_problem() const;

    void import_module(std::string_view name) { imports_.emplace(name); }
    DraftPart& add(Sort sort, std::string where, std::string source);
    /// A name that no declaration has yet, made of words of a text: `getPet` becomes `get_pet`.
    [[nodiscard]] std::string name_for(std::string_view text);

    /// The finished policy. Declarations that do not compile are left out. If a deny is left out, every permit is: it
    /// could be wider than the document.
    [[nodiscard]] Result<Imported> finish();
    /// Leaves out every permit, because something that narrows them cannot be expressed.
    void leave_out_permits(std::string reason) { blocked_ = std::move(reason); }

private:
    [[nodiscard]] std::string text(std::vector<std::size_t>* begins) const;
    /// The policy, and the declarations of others that it needs.
    [[nodiscard]] SourceSet sources(std::string policy) const;
    [[nodiscard]] std::string tier_declaration() const;
    bool leave_out_broken();

    ImportOptions options_;
    std::set<std::string> imports_, names_;
    std::map<std::string, int>
        numbers_;  ///< for each name that several declarations would have: the last number that was appended to it
    std::vector<DraftPart> pieces_;
    std::string blocked_;
};

// Text of the language.
[[nodiscard]] std::string literal_of(std::string_view text);
/// The name of a field: in quotes, unless it is a word.
[[nodiscard]] std::string field_name(std::string_view name);
/// One line for a comment: without control characters, and not too long.
[[nodiscard]] std::string in_one_line(std::string_view text);
/// Whether a text is printable and can be a literal.
[[nodiscard]] bool is_plain(std::string_view text);
/// `"a", "b"`.
[[nodiscard]] std::string literals_of(const std::vector<std::string>& texts);
/// A test of a fact with a pattern in which only `*` has a meaning: any text.
[[nodiscard]] std::string like_star(const std::string& fact, std::string_view pattern);
/// `x == "a"`, or `x in { "a", "b" }`.
[[nodiscard]] std::string equals_any(const std::string& fact, const std::vector<std::string>& values);

}  // namespace writ::importing
