// The vocabulary of random policies and requests: one set of issuers, tools, enums and tables, a module that is written
// for any policy, the fields of the request schema and of these declarations, and constants for each field. Policies
// and requests use the same constants, so that conditions are often true.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "check/typed.h"
#include "rng.h"
#include "writ/bundle.h"

namespace writ::property {

constexpr std::int64_t kBase = 1772452800;  ///< 2026-03-02T12:00:00Z, a Monday

/// A value as in a policy and as in a request.
struct Constant {
    std::string text;
    json::Value json;
};

/// Something a condition can read.
struct Term {
    std::string text;  ///< `user.tenant`
    check::Type type;
    std::vector<std::string> guards;  ///< `user is some`: what a narrowing rule must test first
    std::string pool;                 ///< the subject of its constants
    bool or_none = false;
};

/// A list of records that a quantifier can run over.
struct ListTerm {
    std::string text;
    check::FieldId record;
    std::vector<std::string> guards;
};

struct Terms {
    std::vector<Term> values;
    std::vector<Term> groups;  ///< facts that may be none, for `is none`
    std::vector<ListTerm> lists;
};

class Universe {
public:
    Universe();

    /// Declarations that every random policy starts with.
    [[nodiscard]] static std::string_view preamble();
    /// The sources of a policy: the first one, which starts with the declarations, and a module that it imports.
    [[nodiscard]] static SourceSet sources(std::string first);
    /// Reads the tables named in the preamble.
    [[nodiscard]] static Result<std::string> read(std::string_view from, std::string_view path);

    [[nodiscard]] const check::Policy& policy() const { return *policy_; }
    [[nodiscard]] const Terms& request() const { return request_; }
    [[nodiscard]] const std::vector<Terms>& claims() const {
        return claims_;
    }  ///< by issuer, then by group of one kind
    [[nodiscard]] const std::vector<Terms>& params() const { return params_; }   ///< by tool
    [[nodiscard]] const std::vector<Term>& columns() const { return columns_; }  ///< of `tenants`, as `row.x`
    /// The fields of a list's elements, read through a binder.
    [[nodiscard]] Terms elements(check::FieldId record, const std::string& binder) const;

    /// Constants of a kind that fit the subject of a field.
    [[nodiscard]] std::vector<Constant> pool(const check::Type& type, Kind kind, std::string_view about) const;

private:
    void collect(check::FieldId record, const std::string& prefix, const std::vector<std::string>& guards,
                 Terms& out) const;

    std::unique_ptr<check::Policy> policy_;
    Terms request_;
    std::vector<Terms> claims_, params_;
    std::vector<Term> columns_;
};

/// The only universe; made on first use.
[[nodiscard]] const Universe& universe();

}  // namespace writ::property
