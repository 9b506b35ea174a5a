// A request bound to its bundles: the facts of one question, typed, in each bundle's own layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/diagnostic.h"

namespace writ {

namespace vm {
class Facts;
}

/// What an admitted request may be at most. Each limit has an error code of its own.
struct RequestLimits {
    std::size_t max_bytes = 64u << 10;   ///< Q0002
    std::uint32_t max_depth = 32;        ///< Q0003
    std::uint32_t max_members = 1024;    ///< members of one object, items of one array; Q0004
    std::size_t max_string = 16u << 10;  ///< Q0005
};

/// Bound facts. Owns every byte it refers to. Movable; reusable through parse_into.
class Request {
public:
    explicit Request(Layers layers);
    ~Request();
    Request(Request&&) noexcept;
    Request& operator=(Request&&) noexcept;

    /// Reads a request document, replacing what was there. Keeps capacity.
    /// Input:   JSON text (UTF-8).
    /// Errors:  Q0001.. with the JSON path in `context`; the request is then empty, which denies.
    /// Source:  docs/request-format.md
    [[nodiscard]] Result<void> parse(std::string_view json, const RequestLimits& limits = {});

    [[nodiscard]] const Layers& layers() const { return layers_; }
    /// The facts in the layout of one layer's bundle. Requires: layer < layers().bundles().size().
    [[nodiscard]] const vm::Facts& facts(std::size_t layer = 0) const { return *facts_[layer]; }

private:
    Layers layers_;
    std::vector<std::unique_ptr<vm::Facts>> facts_;
};

}  // namespace writ
