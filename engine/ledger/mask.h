// What of a request must not be in its record: values at the places that were configured, which then stand
// nowhere else in it either; and what the deciding policy does not know, claims that no layer declares and
// text parameters that no rule reads. Each is replaced by its keyed digest: docs/ledger.md, "Masking".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.h"
#include "ledger/keyed.h"
#include "ledger/pointer.h"
#include "ledger/text_finder.h"
#include "writ/record.h"

namespace writ::ledger {

class Mask {
public:
    /// Input:  `unknown`, whether to hide what the deciding policy does not know.
    /// Errors: G0023 a text that is no pointer.
    [[nodiscard]] static Result<Mask> make(const std::vector<std::string>& pointers, const Keyed& key, bool unknown);
    /// Errors: G0023 a pointer that names nothing a request under these layers can hold. Without layers none.
    [[nodiscard]] Result<void> check(const Layers& layers) const;

    /// Writes a document as it is recorded, without the white space between its tokens.
    /// Input:  the document as text and as nodes; the layers that decided.
    void write(std::string_view given, const json::Node& document, const Layers& layers, std::string& out);
    /// Replaces what write() hid in the record's texts, and the binding digest if it covers something that write() hid,
    /// and lists the places. The record's new texts live until the next write().
    void hide(Record& record);
    /// What stands for a document that could not be read, and so not be masked.
    [[nodiscard]] Hash digest(std::string_view document) const { return key_.digest("document", document); }

private:
    struct Hidden {
        const json::Node* node;
        std::string mark;
    };
    struct Value {
        std::string was, mark;
        std::string in_json, in_pointer;  ///< what was, as it stands there
    };

    /// What each layer that knows a place declares there.
    using Shapes = std::vector<std::pair<const bytecode::Program*, std::uint32_t>>;

    explicit Mask(const Keyed& key) : key_(key) {}
    void find(const json::Node& node, const Steps& steps, std::size_t at, std::string& pointer,
              std::string_view context);
    void hide_at(const json::Node& node, const std::string& pointer, std::string_view context, bool everywhere);
    void hide_all(const json::Node& node, std::string_view context, bool everywhere);
    void find_unknown(const json::Node& document, const Layers& layers);
    void unknown_claims(const json::Node& claims, const Shapes& shapes, std::string& pointer);
    void unknown_params(const json::Node& params, const Shapes& shapes, std::string& pointer);
    void write(const json::Node& node, const Layers& layers, std::string& pointer, std::string& out);
    [[nodiscard]] std::string mark(std::string_view context, std::string_view value) const;
    /// The text with every hidden value replaced; none if it has none.
    [[nodiscard]] std::optional<std::string> replaced(std::string_view text);
    /// Fills in what replaced() needs, once all values are known.
    void prepare_search();

    Keyed key_;
    bool unknown_ = true;
    std::vector<std::string> pointers_;
    std::vector<Steps> steps_;                               ///< of each pointer
    std::vector<Hidden> hidden_;                             ///< in document order once it is written
    bool digests_ = false;                                   ///< whether binding digests are hidden
    std::map<std::string, std::string, std::less<>> whole_;  ///< marks of values that are replaced as whole texts alone
    std::vector<Value> values_;                              ///< what must stand nowhere, not even within another text
    std::vector<std::string_view> sought_;  ///< what values_ were, then as they stand in JSON, then in pointers
    TextFinder finder_;                     ///< of sought_
    std::vector<std::string> places_;       ///< pointers to what was replaced
    std::vector<const json::Node*> order_;  ///< room
    std::string canonical_;                 ///< room
    std::vector<std::unique_ptr<std::string>> texts_;  ///< changed texts of the record
};

}  // namespace writ::ledger
