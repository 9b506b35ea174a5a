// JSON Pointers into requests (RFC 6901; `*` stands for every element of a list or map), and the parts of a request's
// shape that they lead to. Not here: masking (mask.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"
#include "bytecode/program.h"
#include "writ/bundle.h"

namespace writ::ledger {

using Steps = std::vector<std::string>;

/// None if the text is not a pointer, or points to the whole document.
[[nodiscard]] std::optional<Steps> steps_of(std::string_view pointer);
/// Appends one step to a pointer.
void append_pointer(std::string& pointer, std::string_view step);

/// The part of a bundle's shape that a pointer leads to.
struct Reached {
    std::vector<std::uint32_t> nodes;  ///< one for each issuer's claims or tool's parameters that have it
    std::vector<std::uint32_t> lists;  ///< lists on the way
    bool undeclared = false;           ///< below the claims, where issuers may add any field
};
/// Input: a request determines the issuer of the claims and the tool of the parameters; null: any.
[[nodiscard]] Reached reach(const bytecode::Program& program, const Steps& steps, const json::Node* request);

/// The field of a record with this name, or kNone.
[[nodiscard]] std::uint32_t child_of(const bytecode::Program& program, std::uint32_t record, std::string_view name);
/// Whether any layer declares a field with this name.
[[nodiscard]] bool is_field_name(const Layers& layers, std::string_view name);
/// The shapes of the claims of the request's issuer, and of the parameters of its tool.
[[nodiscard]] std::vector<std::uint32_t> claims_of(const bytecode::Program& program, const json::Node* request);
[[nodiscard]] std::vector<std::uint32_t> params_of(const bytecode::Program& program, const json::Node* request);

/// A text in the request: `text_at(request, {"token", "issuer"})`. Empty if there is none.
[[nodiscard]] std::string_view text_at(const json::Node& request, std::initializer_list<std::string_view> path);

/// Finds out whether masked facts matter to some layers.
class FactsRead {
public:
    explicit FactsRead(const Layers& layers);
    /// Whether a rule, or the engine itself, reads a value at one of the pointers. The approvers count as read only
    /// if the request has approvals and a layer requires some.
    [[nodiscard]] bool reads(const std::vector<std::string_view>& pointers, const json::Node& request) const;

private:
    [[nodiscard]] bool reads(std::size_t layer, std::uint32_t node) const;

    Layers layers_;
    std::vector<std::vector<bool>> slots_;  ///< per layer: the slots that matter
    std::vector<std::vector<bool>> nodes_;  ///< per layer: claims that captures are parsed from
};

}  // namespace writ::ledger
