// Binds a document, or one value of it, in one pass. A function that returns false has set facts_.error_; each caller
// then adds its own step to the front of the path, so that paths cost nothing without an error. Private to vm. bind.cpp
// has records and lists, bind_values.cpp single values, bind_claims.cpp the rules for tokens and their claims,
// bind_plan.cpp the shortcut for documents of a known form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vm/facts.h"
#include "writ/errors.h"

namespace writ::vm {

constexpr std::string_view kProvenanceKey = "provenance";

[[nodiscard]] std::optional<Provenance> provenance_of(const json::Node& word);

class Binder {
public:
    Binder(Facts& facts, Provenance trust) : facts_(facts), program_(facts.program_), trust_(trust) {}

    bool document(const json::Node& document);
    /// Binds a document with the plan of an earlier one. Output: false if there is no plan,
    /// or if this document has an error.
    bool follow_plan(const json::Node& document);
    bool place(const Place& place, const json::Node& value);
    bool finish();

private:
    bool fail(Code code, std::string message) {
        facts_.error_ = failure(code, std::move(message));
        return false;
    }
    bool fail_type(const bytecode::ShapeNode& node, const json::Node& value);
    bool fail_integer(const bytecode::ShapeNode& node, const json::Node& value);
    bool fail_unknown(Code code, std::string_view what, std::string_view key, const bytecode::ShapeNode& record,
                      bool provenance);
    bool within(std::string_view key);
    bool within(std::size_t index);

    // ---- bind.cpp ----
    [[nodiscard]] std::uint32_t find_field(const bytecode::ShapeNode& record, std::string_view key,
                                           std::uint32_t& expected);
    bool provenance(const json::Node* stated);
    bool record(std::uint32_t index, const json::Node& value, Value* row, bool root);
    bool list(const bytecode::ShapeNode& node, const json::Node& value, Value* out);
    bool map(const bytecode::ShapeNode& node, const json::Node& value, Value* row);
    bool open_record(std::uint32_t shape, const json::Node& value, const bytecode::ShapeNode& holder, bool claims);
    bool value(std::uint32_t index, const json::Node& value, Value* out, Value* row);

    // ---- bind_claims.cpp ----
    bool issuers_agree(const json::Node& claims);
    bool within_claims(const json::Node& claims);
    bool ends_within(const json::Node& claims);
    bool starts_within(const json::Node& claims);
    bool issued_within(const json::Node& claims);
    bool audience_within(const json::Node& claims);
    bool id_agrees(const json::Node& claims);
    bool claimed(const json::Node& claims, std::string_view name, std::optional<std::int64_t>& moment);
    bool wider(std::string_view field, std::string message);

    // ---- bind_plan.cpp ----
    [[nodiscard]] Landmarks landmarks(const json::Node& document);
    void names(const json::Node& document, const Landmarks& marks);
    [[nodiscard]] Plan::Key plan_key(const json::Node& document, const Landmarks& marks) const;
    void begin_plan(const json::Node& document, const Landmarks& marks);
    void end_plan();
    void add_step(Step::Action action, std::uint32_t index, const json::Node& value, const Value* out);
    [[nodiscard]] bool captured(std::uint32_t index) const;
    [[nodiscard]] bool is_needless(std::uint32_t index, const json::Node& value) const;
    bool take(const Step& step, const json::Node& value);
    [[nodiscard]] bool take_plain(const Place& place, const json::Node& value);

    // ---- bind_values.cpp ----
    bool enumeration(const bytecode::ShapeNode& node, const json::Node& value, Value* out);
    bool micros(const bytecode::ShapeNode& node, const json::Node& value, Value* out);
    bool decimal(const bytecode::ShapeNode& node, const json::Node& value, Value* out);
    bool text(std::uint32_t index, std::string_view text, Value* out);
    void capture(std::uint32_t index, std::string_view text);
    [[nodiscard]] Value held(std::uint32_t index, std::string_view text);

    [[nodiscard]] bool readable(const bytecode::ShapeNode& node) const {
        return trust_ >= floor_ && static_cast<std::uint8_t>(trust_) >= node.weakest;
    }
    /// Values below a list of records are stored in the element's row, others in slots.
    Value* target(const bytecode::ShapeNode& node, Value* row) {
        if (node.column != bytecode::kNone) return row != nullptr ? row + node.column : nullptr;
        return node.slot != bytecode::kNone ? &facts_.slots_[node.slot] : nullptr;
    }
    static void store(Value* out, std::int64_t integer) {
        if (out != nullptr) *out = Value::of(integer);
    }

    Facts& facts_;
    const bytecode::Program& program_;
    Plan* plan_ = nullptr;                  ///< the plan that is being recorded; null: none
    Plan::Key key_;                         ///< its key
    const json::Node* root_ = nullptr;      ///< the root of its document
    const json::Node* by_group_ = nullptr;  ///< provenance stated per group
    Provenance trust_;                      ///< of the group being bound
    Provenance floor_ = Provenance::Model;  ///< weakest provenance that all fields of an open record accept
    bool in_claims_ = false;
};

}  // namespace writ::vm
