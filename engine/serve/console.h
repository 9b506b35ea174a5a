// The console: a page of the admin listener for people, and the data that it shows. It reads the ledger, and never on a
// thread that decides. Not here: status and searches, which the page asks for like everybody else.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "serve/explainer.h"
#include "serve/query.h"
#include "serve/worker.h"
#include "writ/decision_point.h"
#include "writ/inquiry.h"

namespace writ::serve {

/// A file of the page. The build embeds the files in engine/serve/console.
struct ConsoleFile {
    std::string_view path;  ///< `/` or `/console/console.js`
    std::string_view type, text;
};
[[nodiscard]] std::span<const ConsoleFile> console_files();

/// Adds what tells a browser to run only the page's own script, to let no other site show or read an answer, and to
/// keep none.
void protect_page(HttpAnswer& answer);

struct ConsoleOptions {
    std::string ledger;        ///< folder
    std::string store, space;  ///< where versions that decided earlier are found
};

/// Any thread may call it.
class Console {
public:
    /// Both outlive it.
    Console(ConsoleOptions options, const DecisionPoint& point, Explainer& explainer)
        : options_(std::move(options)), point_(point), explainer_(explainer) {}

    /// Answers `GET` of a path: a file of the page, or one of `/console/decisions`, `/console/approvals`,
    /// `/console/decision`, `/console/explanation`, `/console/tools` and `/console/report`.
    void answer(std::string_view path, std::string_view query, const Reply& reply);

private:
    struct Recorded;
    using Question = void (Console::*)(const QueryValues& query, const Reply& reply);

    /// The latest enforced decisions: `effect`, `agent`, `tool`, `limit`.
    void decisions(const QueryValues& query, const Reply& reply);
    /// Decisions of the last day that waited for approvals, with what they required.
    void approvals(const QueryValues& query, const Reply& reply);
    /// One decision: every question about it, and its record. `id` as for `writ ledger why`.
    void decision(const QueryValues& query, const Reply& reply);
    /// The request of record `id`, explained with the version that decided it.
    void explanation(const QueryValues& query, const Reply& reply);
    /// The tools that the active policy lets the agent call that made the request of record `id`.
    void tools(const QueryValues& query, const Reply& reply);
    /// The ledger's report: `since`.
    void report(const QueryValues& query, const Reply& reply);

    [[nodiscard]] Result<ledger::Inquiry*> inquiry();
    [[nodiscard]] Result<void> read(std::uint64_t number, Recorded& to) const;
    [[nodiscard]] Result<void> find(const std::string& id, Recorded& to);
    [[nodiscard]] Result<Bundle> version(std::string_view digest) const;

    const ConsoleOptions options_;
    const DecisionPoint& point_;
    Explainer& explainer_;
    std::optional<ledger::Inquiry> inquiry_;  ///< opened at the first question. Used by the worker
    Worker worker_{16};                       ///< ends before what it uses
};

}  // namespace writ::serve
