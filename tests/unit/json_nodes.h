// Converts a tree to the reader's nodes, from which facts are bound.
#pragma once

#include <stdexcept>

#include "base/json.h"

namespace writ::testing {

class Nodes {
public:
    /// The nodes are valid until the next call.
    const json::Node& of(const json::Value& document) {
        RequestLimits limits;
        limits.max_bytes = limits.max_string = 64u << 20;
        limits.max_members = 1u << 20;
        const auto root = reader_.read(json::write(document), limits);
        if (!root) throw std::runtime_error(root.error().message);
        return **root;
    }

private:
    json::Reader reader_;
};

}  // namespace writ::testing
