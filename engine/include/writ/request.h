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
    struct Places;
    std::shared_ptr<const Places> places_;  ///< with the layers that it was found for
    const void* program_ = nullptr;         ///< if there is one layer: its program
    const void* place_ = nullptr;           ///< if there is one layer: the field's place in it
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
    /// text. `set_int`: also instants and durations in seconds. `set_decimal`: a text such as "500.00". `set_json`: any
    /// value, such as claims or a chain. Text is not copied, except by `set_json`; it must be valid until the last use
    /// of a decision on this request. Stating a field of an optional group also states that the group exists. State
    /// claims after `token.issuer`, and parameters after `tool.name`. The first error is kept for finish().
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

private:
    friend struct Access;
    struct Facts;
    struct Reading;
    void clear();
    void fail(Error error);
    void set_slowly(const Field& field, std::string_view text);

    Layers layers_;
    std::vector<std::unique_ptr<Facts>> facts_;  ///< one per layer
    Facts* only_ = nullptr;                      ///< if there is one layer
    const void* program_;                        ///< its program if there is one layer; otherwise one that no field has
    std::unique_ptr<Reading> reading_;
    const void* document_ = nullptr;  ///< the document that parse() read; null if it failed, or after begin()
    Provenance trust_ = Provenance::Model;
};

}  // namespace writ
