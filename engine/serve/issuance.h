// The drafts of AuthZEN for OAuth: an authorization server asks which token it may issue. All questions of a token
// request become one request document, and their answers are parts of the one decision. Not here: how facts get into
// the document (issuance_mapping.h), and who may ask.
// Source: docs/serve-issuance.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "serve/binding_token.h"
#include "serve/issuance_mapping.h"
#include "writ/ledger.h"

namespace writ::serve {

/// The evaluations of a request, in their order. None: it is no question.
using Questions = std::vector<std::optional<AccessQuestion>>;

/// Who signs binding tokens, and as whom.
struct BindingSigner {
    const BindingKey* key = nullptr;  ///< null: there is no way to ask for an approval
    std::string issuer;
};

/// One token request: the document to decide, and what the decision answers.
class Issuance {
public:
    /// Whether a request has a question that is part of a token request.
    [[nodiscard]] static bool concerns(const Questions& questions, const IssuanceMapping& mapping);

    /// Input: self: the identifier of this decision point, for which approvals are signed; now: seconds since 1970. The
    /// mapping must outlive it, the questions need not.
    Issuance(const Questions& questions, const IssuanceMapping& mapping, const Directory& directory,
             std::string_view self, std::int64_t now);

    /// Denied if something in the request is not understood.
    [[nodiscard]] const std::string& document() const { return document_; }
    /// Properties of actions that no rule reads.
    [[nodiscard]] std::size_t dropped() const { return dropped_; }
    /// The Decision of each question. `explain`: also why.
    [[nodiscard]] std::vector<json::Value> answers(const ledger::Decided& decided, const BindingSigner& signer,
                                                   bool explain) const;

private:
    struct Item {
        enum class Kind : std::uint8_t { Other, Gate, Scope, Cell } kind = Kind::Other;
        std::vector<std::string> scopes;
    };
    [[nodiscard]] std::string read(const Questions& questions, const Directory& directory, std::string_view self);
    void read_approvals(const std::vector<AccessQuestion>& asked, std::string_view self, TokenRequest& request);
    [[nodiscard]] std::string read_gates(const std::vector<AccessQuestion>& asked, TokenRequest& request);
    [[nodiscard]] std::string read_item(const AccessQuestion& question, Item& item, TokenRequest& request) const;
    /// The context of the first permitted gate. Output: none if the grant cannot be told to this server.
    [[nodiscard]] std::optional<json::Value> shape(const ledger::Decided& decided) const;
    [[nodiscard]] std::optional<json::Value> access_request(const ledger::Decided& decided,
                                                            const BindingSigner& signer) const;

    const IssuanceMapping* mapping_;
    std::int64_t now_;
    std::vector<Item> items_;
    std::string document_, why_;                      ///< why it is refused; empty: it is not
    std::string gate_;                                ///< the action of its gates
    json::Value subject_, resource_, action_, call_;  ///< the first gate, and what would be done
    std::int64_t ends_ = 0;
    std::size_t dropped_ = 0;
    json::Value approval_;            ///< that the request has: its id, and its end; null: none
    bool is_believed_ = false;        ///< the approval was signed by the service, for this decision point
    bool knows_obligations_ = false;  ///< the server executes what it is told
};

/// Whether a decision says nothing about the request: it could not be made, or not be recorded.
[[nodiscard]] bool is_undecided(const ledger::Decided& decided);

}  // namespace writ::serve
