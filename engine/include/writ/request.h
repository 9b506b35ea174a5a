// A request: the typed facts of one question, bound to its bundles, in the layout of each bundle.
// There are two ways to make one: from a JSON document (parse), or fact by fact through fields looked up in advance
// (begin … finish). Both make the same checks and give the same facts.
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

/// How far the source of a fact can be trusted; a greater value is more trusted. A fact whose provenance is
/// weaker than its field accepts is missing.
enum class Provenance : std::uint8_t { Model, Asserted, Broker, Verified };

enum class Rep : std::uint8_t;
namespace json {
struct Node;
}
namespace vm {
class Facts;
/// The place of one field in one bundle, and how simple values are stored there.
struct Place {
    /// A kind of value that is stored unchanged; other values are bound like values of a document.
    enum class Plain : std::uint8_t { Nothing, Text, Name, Int, Seconds, Texts, Enum, Path, Spiffe, OneOrMany };
    std::uint32_t node = 0xFFFFFFFF;
    std::uint32_t group = 0xFFFFFFFF;  ///< the group that is stated with it, if the group is a fact of its own
    std::uint32_t slot = 0xFFFFFFFF;   ///< none: no rule reads it
    std::uint32_t max = 0;             ///< bytes of the text, or of each text in a list
    Plain plain = Plain::Nothing;
    Provenance weakest = Provenance::Model;
    bool compared = false, or_none = false;
    Rep rep{};          ///< representation of its value
    std::string shown;  ///< its name in a binding digest, if being stated is part of that digest
};
}  // namespace vm

/// Limits for request documents. Each limit has its own error code.
struct RequestLimits {
    std::size_t max_bytes = 64u << 10;   ///< Q0002
    std::uint32_t max_depth = 32;        ///< Q0003; at most 1,000
    std::uint32_t max_members = 1024;    ///< members of one object, items of one array; Q0004
    std::size_t max_string = 16u << 10;  ///< Q0005
};

/// A field of the request. Found once and used for any number of requests with the same bundles.
class Field {
    friend class Request;
    Layers layers_{std::vector<Bundle>{}};
    std::vector<vm::Place> places_;               ///< one per layer
    const bytecode::Program* program_ = nullptr;  ///< if there is one layer; its place is then `place_`
    vm::Place place_;
};

/// Bound facts. Movable. Can be reused with parse or begin, and stops allocating once it is large enough.
class Request {
public:
    explicit Request(Layers layers);
    ~Request();
    Request(Request&&) noexcept;
    Request& operator=(Request&&) noexcept;

    /// Reads a request document and replaces the facts. `json` is not needed afterwards.
    /// Input:   JSON text (UTF-8).
    /// Errors:  Q0001.. with the JSON path in `context`; the request is then empty, and denied.
    /// Source:  docs/request-format.md
    [[nodiscard]] Result<void> parse(std::string_view json, const RequestLimits& limits = {});

    /// Finds a field by its path as in a document: `workload.namespace`, `sets["approval"]`, `token.claims`,
    /// `delegation.chain`.
    /// Errors:  Q0011 there is no such field, or it is inside a list.
    [[nodiscard]] Result<Field> field(std::string_view path) const;

    /// Starts again without facts. Facts set from now on have this provenance, until trust() changes it. Until
    /// finish() has succeeded, the request is denied.
    void begin(Provenance trust);
    void trust(Provenance trust) { trust_ = trust; }
    /// State a fact, like the same value in a document. `set_text`: also enum members, and instants and durations as
    /// text. `set_int`: also instants and durations in seconds. `set_decimal`: a text such as "500.00". `set_json`:
    /// any value, such as claims or a chain. Text is not copied, except by `set_json`; it must be valid until the
    /// last use of a decision on this request. Stating a field of an optional group also states that the group
    /// exists. State claims after `token.issuer`, and parameters after `tool.name`. The first error is kept for
    /// finish().
    void set_text(const Field& field, std::string_view text);
    void set_int(const Field& field, std::int64_t integer);
    void set_bool(const Field& field, bool value);
    void set_decimal(const Field& field, std::string_view number);
    void set_none(const Field& field);
    void set_texts(const Field& field, std::span<const std::string_view> texts);
    void set_json(const Field& field, std::string_view json, const RequestLimits& limits = {});
    /// Errors:  the first error, Q0001..; the request is then empty, and denied.
    [[nodiscard]] Result<void> finish();

    [[nodiscard]] const Layers& layers() const { return layers_; }
    /// The document that parse() read, for further lookups; null if it failed, or after begin().
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
    const bytecode::Program* program_;  ///< its program if there is one layer; otherwise a program that no field has
    std::unique_ptr<Reading> reading_;
    const json::Node* document_ = nullptr;
    Provenance trust_ = Provenance::Model;
};

}  // namespace writ
