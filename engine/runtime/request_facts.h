// What a request holds for each layer. Private to runtime.
#pragma once

#include "base/access.h"
#include "vm/facts.h"

namespace writ {

struct Request::Facts : vm::Facts {
    using vm::Facts::Facts;
};

inline const vm::Facts& Access::facts(const Request& request, std::size_t layer) {
    return *request.facts_[layer];
}

}  // namespace writ
