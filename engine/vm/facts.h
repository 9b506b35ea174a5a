// The facts of one request, bound to one program: a value for each slot.
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
#include "vm/plan.h"
#include "vm/scratch.h"
#include "writ/request.h"

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

constexpr std::uint32_t kNotFound = 0xFFFFFFFF;

/// A field of the resource that was stated by itself, by its name in a binding digest.
struct ShownField {
    std::string_view name;
    const json::Node* value = nullptr;
};

/// Where the engine's own facts are that are not slots: nodes of the shape, columns of two lists,
/// members of two enums. kNone (or -1) if the program does not have it; what is read there is then missing.
struct Places {
    std::uint32_t issuer = bytecode::kNone, tool = bytecode::kNone;    ///< ShapeNodes of the two names
    std::uint32_t claims = bytecode::kNone, params = bytecode::kNone;  ///< and of the two open records
    std::uint32_t resource = bytecode::kNone;                          ///< and of what approvals bind whole
    std::uint32_t depth = bytecode::kNone, chain = bytecode::kNone;    ///< and of what must agree
    std::uint32_t now = bytecode::kNone;                               ///< and of the clock
    std::uint32_t hop_actor = bytecode::kNone, hop_run = bytecode::kNone, hop_initiator = bytecode::kNone;
    std::uint32_t hop_issuer = bytecode::kNone, hop_tenant = bytecode::kNone;
    std::uint32_t hop_scopes = bytecode::kNone, hop_expires = bytecode::kNone;
    std::uint32_t approval = bytecode::kNone, state = bytecode::kNone, approver = bytecode::kNone,
                  groups = bytecode::kNone;
    std::uint32_t approver_id = bytecode::kNone;
    std::uint32_t requester = bytecode::kNone, at = bytecode::kNone, expires = bytecode::kNone;
    std::uint32_t binding = bytecode::kNone, uses = bytecode::kNone;
    std::int64_t approved = -1;  ///< the enum member an approval must be in
    std::int64_t bearer = -1;    ///< the enum member of `token.proof` that proves nothing
};

/// Finds declared things by the id of their name.
class Names {
public:
    explicit Names(std::size_t count);
    /// Of two with one name the first is found.
    void add(std::uint32_t id, std::uint32_t index);
    /// kNotFound for 0 and for what was not added.
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

    /// Binds a document, replacing what was there. Keeps capacity. The document must live as long as
    /// its facts are used.
    /// Errors: Q0010.. with the JSON path. The facts are then empty.
    [[nodiscard]] Result<void> bind(const json::Node& document);

    /// The other way: clear(), then put() what is known, then finish(). Text must live as above.
    /// False: an error, for take_error(); call clear().
    [[nodiscard]] bool put(const Place& place, const json::Node& value, Provenance trust);
    [[nodiscard]] bool finish();
    /// put() for what need only be stored, which is most of what is stated. False: it needs put().
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
    [[nodiscard]] const Value* slots() const { return slots_.data(); }  ///< by number, of the program
    [[nodiscard]] const Value& operator[](bytecode::Builtin fact) const {
        return slots_[static_cast<std::uint32_t>(fact)];
    }
    /// Index into the program's issuers, tools; kNotFound if the request's is not declared.
    [[nodiscard]] std::uint32_t issuer() const { return issuer_; }
    [[nodiscard]] std::uint32_t tool() const { return tool_; }
    /// When the token ends, in microseconds: `token.exp`; without one, `token.iat` and the issuer's `max_age`.
    /// INT64_MAX: neither is stated.
    [[nodiscard]] std::int64_t token_end() const;
    /// Whether the checks before any rule find nothing wrong, revocations aside. Settled when binding ends.
    [[nodiscard]] bool sound() const { return sound_; }
    /// Parameters and resource as they were stated, also what no rule reads; null if they were not, or
    /// their provenance is too weak. Fields of a resource can also be stated one by one.
    [[nodiscard]] const json::Node* params() const { return params_; }
    [[nodiscard]] const json::Node* resource() const { return resource_; }
    [[nodiscard]] std::span<const ShownField> shown() const { return shown_; }

private:
    friend class Binder;

    /// One of the two names that say what else is read: what the request states, its constant's id,
    /// and what is declared under it.
    struct Named {
        std::string_view text;
        std::uint32_t id = 0, index = kNotFound;
        bool stated = false;
    };

    [[nodiscard]] Place::Plain plain(std::uint32_t node) const;
    /// Where the value of a node goes, and how.
    [[nodiscard]] Place place_of(std::uint32_t node, std::uint32_t slot) const;
    /// Which member of a node's enum a text is; kNotFound: none.
    [[nodiscard]] std::uint32_t member_of(std::uint32_t node, std::string_view text) const;
    /// The issuer's or the tool's name, which says what else is read.
    void name(bool issuer, std::string_view text);
    // Store a value that need only be stored, if there is a slot for it; text is UTF-8. False: it needs the walk.
    [[nodiscard]] bool store_text(const Place& place, std::string_view text, bool believed = true);
    [[nodiscard]] bool store_int(const Place& place, std::int64_t integer);
    [[nodiscard]] bool put_other(const Place& place, std::string_view text, Provenance trust);
    void keep(std::uint32_t node, const json::Node* value);
    void show(const Place& place, const json::Node& value);

    const bytecode::Program& program_;
    Places places_;
    Names issuers_, tools_;
    std::vector<Value> slots_;
    Scratch scratch_;
    Hasher hasher_;

    // Of the request at hand, while it is bound.
    Named issuer_name_, tool_name_;
    static constexpr std::int64_t kUnstated = INT64_MIN;
    std::int64_t depth_ = kUnstated, hops_ = kUnstated;

    Error error_;

    // Working memory.
    Plans plans_;
    std::vector<std::uint32_t>
        follows_;  ///< by node of the shape: the field that came first in it, or after it, last time
    std::vector<unsigned char> feasible_;  ///< of capture matching
    std::vector<std::pair<std::uint32_t, std::string_view>> captured_;
    std::string room_;

    // What follows from the request.
    std::uint32_t issuer_ = kNotFound, tool_ = kNotFound;
    bool sound_ = false;
    const json::Node* params_ = nullptr;
    const json::Node* claims_ = nullptr;  ///< as they were stated, believed or not
    const json::Node* resource_ = nullptr;
    std::vector<ShownField> shown_;
};

/// Whether the checks before any rule find nothing wrong with facts that are complete, revocations aside. In
/// checks.cpp.
[[nodiscard]] bool nothing_wrong(const Facts& facts);

inline bool Facts::put_text(const Place& place, std::string_view text, Provenance trust) {
    if (place.plain != Place::Plain::Text) return put_other(place, text, trust);
    if (place.slot == bytecode::kNone || trust < place.weakest) return true;  // nothing will read it
    if (text.size() > place.max || !is_ascii(text)) return false;
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
    if (trust < place.weakest) return false;  // a clock that is not the broker's is refused
    return store_int(place, integer);
}

inline bool Facts::put_none(const Place& place, Provenance trust) {
    if (!place.or_none || place.group != bytecode::kNone) return false;
    if (place.slot == bytecode::kNone || trust < place.weakest) return true;
    Value& value = slots_[place.slot];
    if (place.rep == Rep::Group && value.present()) return false;  // is it a group with fields?
    value = Value::none(place.rep);
    return true;
}

}  // namespace writ::vm
