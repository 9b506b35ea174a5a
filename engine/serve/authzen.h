// The AuthZEN Authorization API 1.0: its evaluations, searches and metadata, each as a function of a body. Not here:
// sockets, and who may ask (service.h); how a question becomes a request document (mapping.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "serve/http.h"
#include "serve/mapping.h"
#include "writ/evaluator.h"
#include "writ/ledger.h"

namespace writ::serve {

/// Decides a document and records the decision. Calls back exactly once, from any thread, and also before it returns.
using DecideRecorded = std::function<void(std::string document, std::function<void(ledger::Decided)> done)>;

/// Decides documents without recording: for questions that give nothing out. Used by one thread. Output: valid until
/// the next call; null if the document is refused.
using DocumentJudge = std::function<const Decision*(const std::string& document)>;
/// A judge with the active policy; null if no policy is active and fresh.
using OpenJudge = std::function<DocumentJudge()>;
/// A judge with this policy, for its OpenJudge.
[[nodiscard]] DocumentJudge judge_with(Layers layers, std::shared_ptr<const Revocations> revocations);

struct AuthZenOptions {
    std::string mapping;    ///< file
    std::string directory;  ///< file; empty: no attributes
    /// The identifier of this decision point, `https://HOST[:PORT][/PATH]`, for the metadata; empty: there are none.
    std::string url;
    std::string binding_key;  ///< file of the key that signs binding tokens; empty: approvals cannot be asked for
    OpenJudge judge;
    std::function<std::int64_t()> clock;   ///< seconds since 1970; null: the system's
    std::size_t max_batch = 256;           ///< evaluations in a request
    std::size_t max_question = 64u << 10;  ///< bytes of an evaluation in a batch, with the defaults that it uses
    std::size_t max_page = 1'000;          ///< results of a search in one answer
    std::size_t max_candidates = 1'000;    ///< decisions of a search for one answer
};

/// Answers the API's requests. Any thread may call it.
class AuthZen {
public:
    /// Reads the files. Errors: H0004 the url is none, or the key cannot be used; H0006, H0007.
    [[nodiscard]] static Result<AuthZen> open(AuthZenOptions options);
    ~AuthZen();
    AuthZen(AuthZen&&) noexcept;
    AuthZen& operator=(AuthZen&&) noexcept;

    /// Reads the files again. Errors: H0004, H0006, H0007; what was read before stays in use.
    [[nodiscard]] Result<void> reload();
    /// Checks that a policy has every field that the mapping states. Errors: H0006.
    [[nodiscard]] Result<void> check(const Layers& layers) const;

    /// `POST /access/v1/evaluation`. The answer is 200 with `decision`, also if the request document is refused; 503 if
    /// the decision could not be recorded; 400 for what is no question.
    void evaluation(std::string_view body, const DecideRecorded& decide, Reply reply) const;
    /// `POST /access/v1/evaluations`. With one of the two semantics that end early, only the evaluations that the
    /// answer contains are recorded. A token request (issuance.h) is one decision; 503 also if none could be made.
    void evaluations(std::string_view body, const DecideRecorded& decide, Reply reply) const;
    /// `POST /access/v1/search/subject`, `/resource` and `/action`: which entities of the directory, and which actions
    /// of the mapping, would be permitted. Nothing is recorded.
    void search_subject(std::string_view body, const Reply& reply) const;
    void search_resource(std::string_view body, const Reply& reply) const;
    void search_action(std::string_view body, const Reply& reply) const;
    /// A request that a proxy asks about, as Envoy's filter ext_authz does: 200 if it is allowed, 403 if it is not or
    /// if no route of the mapping fits, 503 if the decision could not be recorded. The answers have no body. Input:
    /// path: of the request that the proxy received.
    void proxied(const HttpHead& head, std::string_view path, const DecideRecorded& decide, Reply reply) const;
    /// `GET /.well-known/authzen-configuration`, with the path of the url behind it.
    void metadata(std::string_view path, const Reply& reply) const;

    /// `GET /access/v1/keys`: the public key of binding tokens.
    void keys(std::string_view path, const Reply& reply) const;

    /// Properties of actions that no rule of the mapping reads, so far.
    [[nodiscard]] std::uint64_t dropped() const;

private:
    struct Impl;
    explicit AuthZen(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::serve
