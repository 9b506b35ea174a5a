// The facts of one request, bound to one program: a value for each slot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "bytecode/program.h"
#include "vm/scratch.h"

namespace writ::vm {

enum class State : std::uint8_t { Missing, None, Present };

/// One value. Text and lists point into the Facts (or the program) that hold it.
struct Value {
    State state = State::Missing;
    Rep rep = Rep::I64;        ///< which member of the union counts; Group: a list, or a group's state
    std::uint32_t length = 0;  ///< text: bytes; list: elements
    /// Text: id of the equal constant, 0 if there is none. List: Values per element, which is 1
    /// for scalars.
    std::uint32_t id = kUnbound;
    union {
        std::int64_t integer = 0;
        const char* chars;
        const Value* items;  ///< list: elements; list of records: rows of `id` values
    };
    static constexpr std::uint32_t kUnbound = 0xFFFFFFFF;  ///< not looked up

    [[nodiscard]] bool present() const { return state == State::Present; }
    [[nodiscard]] std::string_view text() const { return {chars, length}; }

    [[nodiscard]] static Value none(Rep rep) {
        Value value;
        value.state = State::None;
        value.rep = rep;
        return value;
    }
    [[nodiscard]] static Value of(std::int64_t integer) {
        Value value;
        value.state = State::Present;
        value.integer = integer;
        return value;
    }
    [[nodiscard]] static Value of(std::string_view text, std::uint32_t id = kUnbound) {
        Value value;
        value.state = State::Present;
        value.rep = Rep::Text;
        value.length = static_cast<std::uint32_t>(text.size());
        value.id = id;
        value.chars = text.data();
        return value;
    }
    [[nodiscard]] static Value list(const Value* items, std::size_t count, std::uint32_t columns) {
        Value value;
        value.state = State::Present;
        value.rep = Rep::Group;
        value.length = static_cast<std::uint32_t>(count);
        value.id = columns;
        value.items = items;
        return value;
    }
};

/// Why the request cannot be decided by rules, found while binding.
constexpr std::uint32_t kNotFound = 0xFFFFFFFF;

/// Where the engine's own facts are that are not slots: columns of two lists, members of two enums,
/// and the two open records of the request. kNone (or -1) if the program does not have it; what is
/// read there is then missing.
struct Places {
    std::uint32_t claims = bytecode::kNone, params = bytecode::kNone;  ///< ShapeNodes
    std::uint32_t hop_actor = bytecode::kNone, hop_scopes = bytecode::kNone, hop_expires = bytecode::kNone;
    std::uint32_t state = bytecode::kNone, approver = bytecode::kNone, groups = bytecode::kNone;
    std::uint32_t requester = bytecode::kNone, at = bytecode::kNone, expires = bytecode::kNone;
    std::uint32_t binding = bytecode::kNone, uses = bytecode::kNone;
    std::int64_t approved = -1;  ///< the enum member an approval must be in
    std::int64_t bearer = -1;    ///< the enum member of `token.proof` that proves nothing
};

class Facts {
public:
    explicit Facts(const bytecode::Program& program);

    /// Binds a document, replacing what was there. Keeps capacity, and nothing of the document.
    /// Errors: Q0010.. with the JSON path. The facts are then empty.
    [[nodiscard]] Result<void> bind(const json::Value& document);
    void clear();

    [[nodiscard]] const bytecode::Program& program() const { return program_; }
    [[nodiscard]] const Places& places() const { return places_; }
    [[nodiscard]] const Value& operator[](std::uint32_t slot) const { return slots_[slot]; }
    [[nodiscard]] const Value& operator[](bytecode::Builtin fact) const {
        return slots_[static_cast<std::uint32_t>(fact)];
    }
    /// Index into the program's issuers, tools; kNotFound if the request's is not declared.
    [[nodiscard]] std::uint32_t issuer() const { return issuer_; }
    [[nodiscard]] std::uint32_t tool() const { return tool_; }
    /// Canonical parameters, for the binding digest; empty if the request has none, or if no rule
    /// of the program asks for an approval.
    [[nodiscard]] std::string_view canonical_params() const { return params_; }
    [[nodiscard]] bool has_params() const { return has_params_; }

private:
    friend class Binder;
    using Names = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  ///< text id, index; sorted

    const bytecode::Program& program_;
    Places places_;
    Names issuers_, tools_;
    std::vector<Value> slots_;
    Scratch scratch_;
    std::vector<unsigned char> feasible_;  ///< working memory of capture matching
    std::vector<std::pair<std::uint32_t, std::string_view>> captured_;
    std::uint32_t issuer_ = kNotFound, tool_ = kNotFound;
    std::string params_;
    bool has_params_ = false;
};

}  // namespace writ::vm
