// Access to private members of Bundle, Request, Decision and Workspace for the engine's folders: Access is their only
// friend. The types of the folders are only declared here, so that including this header includes no folder.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/request.h"

namespace writ {

namespace bytecode {
class Program;
}
namespace check {
struct Policy;
}
namespace json {
struct Node;
}
namespace vm {
class Facts;
}
class Workspace;

struct Access {
    [[nodiscard]] static Bundle bundle(std::shared_ptr<const bytecode::Program> program) {
        return Bundle(std::move(program));
    }
    [[nodiscard]] static const bytecode::Program& program(const Bundle& bundle) {
        return *static_cast<const bytecode::Program*>(bundle.program_.get());
    }
    /// The document that parse() read, for callers that read further values from it. Null if parse() failed, or after
    /// begin().
    [[nodiscard]] static const json::Node* document(const Request& request) {
        return static_cast<const json::Node*>(request.document_);
    }
    /// The facts in the layout of one layer's bundle. Defined in runtime/request_facts.h. Requires: the layer exists.
    [[nodiscard]] static const vm::Facts& facts(const Request& request, std::size_t layer);
    /// Adds a requirement without groups, and reuses the memory of a removed one. Only in libwrit.
    static Requirement& add_requirement(Decision& decision);
    /// Empties a decision for the next one, apart from the texts of its attribution, its time, bundle and steps. Only
    /// in libwrit.
    static void restart(Decision& decision);
    /// The typed policy; complete if there is a bundle. Only in libwrit-compiler.
    [[nodiscard]] static const check::Policy& policy(const Workspace& workspace);
};

}  // namespace writ
