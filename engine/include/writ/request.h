// A request bound to its bundles: the facts of one question, typed, in each bundle's own layout.
// Two ways in: a JSON document (parse), or facts stated one by one through fields that were found
// before (begin … finish). Both are checked alike and give the same facts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/diagnostic.h"

namespace writ {

/// How far what states a fact can be trusted; a greater value is stronger. A fact whose provenance is
/// weaker than its field accepts is missing.
enum class Provenance : std::uint8_t { Model, Asserted, Broker, Verified };

enum class Rep : std::uint8_t;
namespace json {
struct Node;
}
namespace vm {
class Facts;
/// Where one field is in one bundle, and how values get there that need no more than being stored.
struct Place {
    /// What is stored as it is; anything else is bound like a value of a document.
    enum class Plain : std::uint8_t { Nothing, Text, Name, Int, Seconds, Texts, Enum, Path, Spiffe, OneOrMany };
    std::uint32_t node = 0xFFFFFFFF;
    std::uint32_t group = 0xFFFFFFFF;  ///< the group that is stated with it, if that is a fact of its own
    std::uint32_t slot = 0xFFFFFFFF;   ///< none: no rule reads it
    std::uint32_t max = 0;             ///< of text, or of each text in a list: bytes
    Plain plain = Plain::Nothing;
    Provenance weakest = Provenance::Model;
    bool compared = false, or_none = false;
    Rep rep{};          ///< of its value
    std::string shown;  ///< its name in a binding digest, if it is there when it is stated
};
}  // namespace vm

/// What an admitted request may be at most. Each limit has an error code of its own.
struct RequestLimits {
    std::size_t max_bytes = 64u << 10;   ///< Q0002
    std::uint32_t max_depth = 32;        ///< Q0003; more than 1,000 count as 1,000
    std::uint32_t max_members = 1024;    ///< members of one object, items of one array; Q0004
    std::size_t max_string = 16u << 10;  ///< Q0005
};

/// A field of the request, found once and used for any number of requests with the same bundles.
class Field {
    friend class Request;
    Layers layers_{std::vector<Bundle>{}};
    std::vector<vm::Place> places_;               ///< one a layer
    const bytecode::Program* program_ = nullptr;  ///< if there is one layer; its place is then this
    vm::Place place_;
};

/// Bound facts. Movable; used again through parse or begin, and allocates nothing once it has grown.
class Request {
public:
    explicit Request(Layers layers);
    ~Request();
    Request(Request&&) noexcept;
    Request& operator=(Request&&) noexcept;

    /// Reads a request document, replacing what was there. Nothing of `json` is needed afterwards.
    /// Input:   JSON text (UTF-8).
    /// Errors:  Q0001.. with the JSON path in `context`; the request is then empty, which denies.
    /// Source:  docs/request-format.md
    [[nodiscard]] Result<void> parse(std::string_view json, const RequestLimits& limits = {});

    /// Finds a field by its path as the document has it: `workload.namespace`, `sets["approval"]`,
    /// `token.claims`, `delegation.chain`.
    /// Errors:  Q0011 there is no such field, or it is inside a list.
    [[nodiscard]] Result<Field> field(std::string_view path) const;

    /// Starts over with no facts. What is set from now on has this provenance, until trust() says
    /// otherwise. Until finish() has succeeded the request denies.
    void begin(Provenance trust);
    void trust(Provenance trust) { trust_ = trust; }
    /// State a fact, as the same value in a document would: `set_text` also enum members, instants and
    /// durations as text; `set_int` instants and durations as seconds; `set_decimal` "500.00".
    /// Text is not copied: it must live until the last use of a decision made from this request.
    /// `set_json` takes any value, such as claims or a chain, and copies it. A field of a group that may
    /// be none states that there is the group. Claims come after `token.issuer`, parameters after `tool.name`.
    /// The first error is kept for finish().
    void set_text(const Field& field, std::string_view text);
    void set_int(const Field& field, std::int64_t integer);
    void set_bool(const Field& field, bool value);
    void set_decimal(const Field& field, std::string_view number);
    void set_none(const Field& field);
    void set_texts(const Field& field, std::span<const std::string_view> texts);
    void set_json(const Field& field, std::string_view json, const RequestLimits& limits = {});
    /// Errors:  the first that occurred, Q0001..; the request is then empty, which denies.
    [[nodiscard]] Result<void> finish();

    [[nodiscard]] const Layers& layers() const { return layers_; }
    /// What parse() read, for what else is looked up in it; null if that failed, or since begin().
    [[nodiscard]] const json::Node* document() const { return document_; }
    /// The facts in the layout of one layer's bundle. Requires: layer < layers().bundles().size().
    [[nodiscard]] const vm::Facts& facts(std::size_t layer = 0) const { return *facts_[layer]; }

private:
    struct Reading;
    void clear();
    void fail(Error error);
    void set(const Field& field, const json::Node& value);
    void set_slowly(const Field& field, std::string_view text);

    Layers layers_;
    std::vector<std::unique_ptr<vm::Facts>> facts_;
    vm::Facts* only_ = nullptr;         ///< if there is one layer
    const bytecode::Program* program_;  ///< and its program; else what no field has
    std::unique_ptr<Reading> reading_;
    const json::Node* document_ = nullptr;
    Provenance trust_ = Provenance::Model;
};

}  // namespace writ
