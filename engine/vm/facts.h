// The facts of one request, bound to one program: one value per slot.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.h"
#include "base/values.h"
#include "bytecode/program.h"
#include "vm/hasher.h"
#include "vm/place.h"
#include "vm/plan.h"
#include "vm/scratch.h"
#include "writ/request.h"

namespace writ::vm {

enum class State : std::uint8_t { Missing, None, Present };

/// One value. Text and lists point into the Facts or the program.
struct Value {
    State state = State::Missing;
    Rep rep = Rep::I64;        ///< which member of the union is used; Group: a list, or a group's state
    std::uint32_t length = 0;  ///< text: bytes; list: elements
    /// Text: id of the equal constant, 0 if there is none. List: number of Values per element, 1 for scalars.
    std::uint32_t id = kUnbound;
    union {
        std::int64_t integer = 0;
        const char* chars;
        const Value* items;  ///< list: elements; list of records: rows of `id` values
    };
    static constexpr std::uint32_t kUnbound = 0xFFFFFFFF;  ///< not looked up yet

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

constexpr std::uint32_t kNotFound = 0xFFFFFFFF;

/// A field of the resource that was stated separately, with its name in a binding digest.
struct ShownField {
    std::string_view name;
    const json::Node* value = nullptr;
};

/// Where facts used by the engine itself are, other than slots: nodes of the shape, columns of two lists, members of
/// two enums. kNone (or -1) if the program does not have it; the fact is then missing.
struct Places {
    std::uint32_t issuer = bytecode::kNone, tool = bytecode::kNone;    ///< ShapeNodes of the two names
    std::uint32_t claims = bytecode::kNone, params = bytecode::kNone;  ///< of the two open records
    std::uint32_t resource = bytecode::kNone;                          ///< of the part that approvals bind as a whole
    std::uint32_t depth = bytecode::kNone, chain = bytecode::kNone;    ///< of the two facts that must agree
    std::uint32_t first_hop = bytecode::kNone, last_hop = bytecode::kNone,
                  hop_pairs = bytecode::kNone;  ///< of the facts that are made from the chain
    std::uint32_t now = bytecode::kNone;        ///< of the clock
#define COLUMN(list, place, name, type) std::uint32_t place = bytecode::kNone;
#include "base/builtin_facts.def"
    std::int64_t approved = -1;  ///< the enum member of a valid approval's state
    std::int64_t bearer = -1;    ///< the enum member of `token.proof` that proves no possession

    /// Whether the engine makes the fact at a node, so that no request can state it.
    [[nodiscard]] bool made(std::uint32_t node) const {
        return node == first_hop || node == last_hop || node == hop_pairs;
    }
};

/// How the facts that are made from the chain are filled: pairs of a hop's column, and a slot or a column of a pair.
struct ChainOrder {
    using Moves = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    Moves first, last, before, after;
    std::uint32_t pairs = bytecode::kNone;  ///< slot
    std::uint32_t columns = 0;              ///< of a pair
    std::uint32_t most = 0;                 ///< pairs
};
[[nodiscard]] ChainOrder chain_order_of(const bytecode::Program& program, const Places& places);

/// Finds declared things by the id of their name.
class NameIndex {
public:
    explicit NameIndex(std::size_t count);
    /// If two have the same name, the first is found.
    void add(std::uint32_t id, std::uint32_t index);
    /// kNotFound for 0 and for ids that were not added.
    [[nodiscard]] std::uint32_t find(std::uint32_t id) const;

private:
    struct Entry {
        std::uint32_t id = 0, index = kNotFound;
    };
    std::vector<Entry> entries_;  ///< open addressing, a power of two, never full
};

class Facts {
public:
    explicit Facts(const bytecode::Program& program);

    /// Binds a document and replaces the facts. Keeps memory. The document must be valid as long as its facts are used.
    /// Errors: Q0010.. with the JSON path. The facts are then empty.
    [[nodiscard]] Result<void> bind(const json::Node& document);

    /// The other way to bind: clear(), then put() for each fact, then finish(). Text must be valid as long as the
    /// facts.
    /// Output: false on an error, which take_error() returns; then call clear().
    [[nodiscard]] bool put(const Place& place, const json::Node& value, Provenance trust);
    [[nodiscard]] bool finish();
    /// A fast put() for values that are stored unchanged, which most are.
    /// Output: false if put() must be called instead.
    [[nodiscard]] bool put_text(const Place& place, std::string_view text, Provenance trust);
    [[nodiscard]] bool put_int(const Place& place, std::int64_t integer, Provenance trust);
    [[nodiscard]] bool put_none(const Place& place, Provenance trust);
    [[nodiscard]] bool put_texts(const Place& place, std::span<const std::string_view> texts, Provenance trust);
    /// Errors: Q0010.. with the path below the place.
    [[nodiscard]] Error take_error();

    /// The place of a path such as `workload.namespace`, `sets["approval"]`, `token.claims`.
    /// Errors: Q0011 there is no such field.
    [[nodiscard]] Result<Place> find(std::string_view path) const;

    void clear();

    [[nodiscard]] const bytecode::Program& program() const { return program_; }
    [[nodiscard]] const Places& places() const { return places_; }
    [[nodiscard]] const Value& operator[](std::uint32_t slot) const { return slots_[slot]; }
    [[nodiscard]] const Value* slots() const { return slots_.data(); }  ///< by number, of the program; then tool_slot()
    [[nodiscard]] const Value& operator[](bytecode::Builtin fact) const {
        return slots_[static_cast<std::uint32_t>(fact)];
    }
    /// A slot beyond those of the program, with the index of the tool if that is declared; rules are found by it.
    [[nodiscard]] static std::uint32_t tool_slot(const bytecode::Program& program) {
        return program.manifest[0].slot_count;
    }
    /// Index into the program's issuers or tools; kNotFound if the request's is not declared.
    [[nodiscard]] std::uint32_t issuer() const { return issuer_; }
    [[nodiscard]] std::uint32_t tool() const { return tool_; }
    /// When the token ends, in microseconds: `token.exp`; otherwise `token.iat` plus the issuer's `max_age`.
    /// INT64_MAX: neither is stated.
    [[nodiscard]] std::int64_t token_end() const;
    /// Whether the checks before any rule find no error, apart from revocations. Computed at the end of binding.
    [[nodiscard]] bool sound() const { return sound_; }
    /// Parameters and resource as stated, including fields that no rule reads; null if they are not stated, or if
    /// their provenance is too weak. Fields of a resource can also be stated one by one.
    [[nodiscard]] const json::Node* params() const { return params_; }
    [[nodiscard]] const json::Node* resource() const { return resource_; }
    [[nodiscard]] std::span<const ShownField> shown() const { return shown_; }

private:
    friend class Binder;

    /// The issuer's or the tool's name, which determines the shape of further facts: the stated text, its constant's
    /// id, and the index of the declaration.
    struct Named {
        std::string_view text;
        std::uint32_t id = 0, index = kNotFound;
        bool stated = false;
    };

    [[nodiscard]] Place::Plain plain(std::uint32_t node) const;
    /// The place where the value of a node is stored, and its form.
    [[nodiscard]] Place place_of(std::uint32_t node, std::uint32_t slot) const;
    /// The index of a text in the members of a node's enum; kNotFound: it is none of them.
    [[nodiscard]] std::uint32_t member_of(std::uint32_t node, std::string_view text) const;
    /// The issuer's or the tool's name, which determines the shape of further facts.
    void name(bool issuer, std::string_view text);
    // Store a value, if it has a slot; text is UTF-8. Output: false if it must be bound in full.
    [[nodiscard]] bool store_text(const Place& place, std::string_view text, bool believed = true);
    [[nodiscard]] bool store_converted(const Place& place, std::string_view text, bool believed);
    template <class TextAt>
    [[nodiscard]] bool store_texts(const Place& place, std::size_t count, TextAt text_at);
    [[nodiscard]] bool store_list(const Place& place, const json::Node& list);
    [[nodiscard]] bool store_int(const Place& place, std::int64_t integer);
    [[nodiscard]] bool put_other(const Place& place, std::string_view text, Provenance trust);
    /// Makes the facts about the chain's order. Requires: its depth was stated.
    void order_chain();
    void keep(std::uint32_t node, const json::Node* value);
    void show(const Place& place, const json::Node& value);

    const bytecode::Program& program_;
    Places places_;
    ChainOrder order_;
    NameIndex issuers_, tools_;
    std::vector<Value> slots_;
    Scratch scratch_;
    Hasher hasher_;

    // State of the current request while it is bound.
    Named issuer_name_, tool_name_;
    static constexpr std::int64_t kUnstated = INT64_MIN;
    std::int64_t depth_ = kUnstated, hops_ = kUnstated;

    Error error_;

    // Working memory.
    Plans plans_;
    /// By node of the shape: the field that came first in it, or after it, in the last document.
    std::vector<std::uint32_t> follows_;
    std::vector<unsigned char> feasible_;  ///< working memory of capture matching
    std::vector<std::pair<std::uint32_t, std::string_view>> captured_;
    std::string room_;

    // Derived from the request.
    std::uint32_t issuer_ = kNotFound, tool_ = kNotFound;
    bool sound_ = false;
    const json::Node* params_ = nullptr;
    const json::Node* claims_ = nullptr;  ///< as stated, whatever their provenance
    const json::Node* resource_ = nullptr;
    std::vector<ShownField> shown_;
};

/// Whether the checks before any rule find no error in complete facts, apart from revocations. In checks.cpp.
[[nodiscard]] bool nothing_wrong(const Facts& facts);

inline bool Facts::put_text(const Place& place, std::string_view text, Provenance trust) {
    if (place.plain != Place::Plain::Text) return put_other(place, text, trust);
    if (place.slot == bytecode::kNone || trust < place.weakest) return true;  // no rule reads it
    if (text.size() > place.max || !is_ascii(text)) return false;
    slots_[place.slot] = Value::of(text, place.compared ? program_.find_text(text) : Value::kUnbound);
    return true;
}

inline bool Facts::store_text(const Place& place, std::string_view text, bool believed) {
    if (place.plain != Place::Plain::Text) return store_converted(place, text, believed);
    if (!believed || place.slot == bytecode::kNone) return true;
    if (text.size() > place.max) return false;
    slots_[place.slot] = Value::of(text, place.compared ? program_.find_text(text) : Value::kUnbound);
    return true;
}

inline bool Facts::store_int(const Place& place, std::int64_t integer) {
    constexpr std::int64_t kMost = INT64_MAX / kSecond;
    if (place.plain == Place::Plain::Seconds) {
        if (integer > kMost || integer < -kMost) return false;
        integer *= kSecond;
    } else if (place.plain != Place::Plain::Int) {
        return false;
    }
    if (place.slot != bytecode::kNone) slots_[place.slot] = Value::of(integer);
    return true;
}

inline bool Facts::put_int(const Place& place, std::int64_t integer, Provenance trust) {
    if (trust < place.weakest) return false;  // the clock must be the broker's
    return store_int(place, integer);
}

inline bool Facts::put_none(const Place& place, Provenance trust) {
    if (!place.or_none || place.group != bytecode::kNone) return false;
    if (place.slot == bytecode::kNone || trust < place.weakest) return true;
    Value& value = slots_[place.slot];
    if (place.rep == Rep::Group && value.present()) return false;  // checks whether it is a group with fields
    value = Value::none(place.rep);
    return true;
}

}  // namespace writ::vm
