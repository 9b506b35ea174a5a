// JSON Pointers into requests (RFC 6901; `*` is every element of a list or map), and what of the shape of
// requests they lead to. Not here: what is masked (mask.h).
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

/// None if the text is no pointer, or points to the whole document.
[[nodiscard]] std::optional<Steps> steps_of(std::string_view pointer);
/// Appends one step to a pointer.
void append_pointer(std::string& pointer, std::string_view step);

/// What a pointer leads to in a bundle's shape.
struct Reached {
    std::vector<std::uint32_t> nodes;  ///< in each issuer's claims or tool's parameters there may be one
    std::vector<std::uint32_t> lists;  ///< lists that it leads into
    bool undeclared = false;           ///< below the claims, where issuers add what they like
};
/// Input: a request says whose claims and which tool's parameters are meant; null: anybody's.
[[nodiscard]] Reached reach(const bytecode::Program& program, const Steps& steps, const json::Node* request);

/// The field of a record with this name, or kNone.
[[nodiscard]] std::uint32_t child_of(const bytecode::Program& program, std::uint32_t record, std::string_view name);
/// Whether some field that a layer declares has this name.
[[nodiscard]] bool is_field_name(const Layers& layers, std::string_view name);
/// Shapes of the claims of the request's issuer, and of the parameters of its tool.
[[nodiscard]] std::vector<std::uint32_t> claims_of(const bytecode::Program& program, const json::Node* request);
[[nodiscard]] std::vector<std::uint32_t> params_of(const bytecode::Program& program, const json::Node* request);

/// A text of the request: `text_at(request, {"token", "issuer"})`. Empty where there is none.
[[nodiscard]] std::string_view text_at(const json::Node& request, std::initializer_list<std::string_view> path);

/// Tells whether masked facts matter to some layers.
class FactsRead {
public:
    explicit FactsRead(const Layers& layers);
    /// Whether a rule reads what one of the pointers leads to, or the engine itself decides by it. Who may
    /// approve counts as read only where the request has approvals and a layer asks for some.
    [[nodiscard]] bool reads(const std::vector<std::string_view>& pointers, const json::Node& request) const;

private:
    [[nodiscard]] bool reads(std::size_t layer, std::uint32_t node) const;

    Layers layers_;
    std::vector<std::vector<bool>> slots_;  ///< of each layer: those that matter
    std::vector<std::vector<bool>> nodes_;  ///< of each layer: claims that captures are taken from
};

}  // namespace writ::ledger
