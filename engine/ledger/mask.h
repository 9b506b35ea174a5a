// Masking: values that must not be in a record, neither at their place nor anywhere else in it. These are the values at
// configured places, claims that no layer declares, and text parameters that no rule reads. Each is replaced by its
// keyed digest: docs/ledger.md, "Masking".
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
    /// Input:  `unknown`: whether to hide what the deciding policy does not declare or read.
    /// Errors: G0023 a text is not a pointer.
    [[nodiscard]] static Result<Mask> make(const std::vector<std::string>& pointers, const Keyed& key, bool unknown);
    /// Errors: G0023 a pointer names nothing that a request can contain with these
    /// layers. Without layers there are none.
    [[nodiscard]] Result<void> check(const Layers& layers) const;

    /// Writes a document as it is recorded, without white space between tokens.
    /// Input:  the document as text and as nodes; the layers that decided.
    void write(std::string_view given, const json::Node& document, const Layers& layers, std::string& out);
    /// Replaces hidden values in the record's other texts, and its binding digest if that covers a hidden value;
    /// lists the places. The new texts are valid until the next write().
    void hide(Record& record);
    /// The replacement for a document that could not be read, and so could not be masked.
    [[nodiscard]] Hash digest(std::string_view document) const { return key_.digest("document", document); }

private:
    struct Hidden {
        const json::Node* node;
        std::string mark;
    };
    struct Value {
        std::string was, mark;
        std::string in_json, in_pointer;  ///< the original value, as in JSON and as in a pointer
    };

    /// What each layer that knows the place declares there.
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
    /// The text with every hidden value replaced; none if it contains none.
    [[nodiscard]] std::optional<std::string> replaced(std::string_view text);
    /// Prepares replaced(), once all values are known.
    void prepare_search();

    Keyed key_;
    bool unknown_ = true;
    std::vector<std::string> pointers_;
    std::vector<Steps> steps_;                               ///< of each pointer
    std::vector<Hidden> hidden_;                             ///< in document order after write()
    bool digests_ = false;                                   ///< whether binding digests are hidden
    std::map<std::string, std::string, std::less<>> whole_;  ///< for values replaced only as whole texts
    std::vector<Value> values_;                              ///< values that must not occur even within another text
    std::vector<std::string_view> sought_;  ///< forms of values_: plain, then as in JSON, then as in pointers
    TextFinder finder_;                     ///< for sought_
    std::vector<std::string> places_;       ///< pointers to the replaced values
    std::vector<const json::Node*> order_;  ///< working memory
    std::string canonical_;                 ///< working memory
    std::vector<std::unique_ptr<std::string>> texts_;  ///< changed texts of the record
};

}  // namespace writ::ledger
