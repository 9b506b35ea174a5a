#include "serve/authzen.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <variant>

#include "base/digest.h"
#include "serve/issuance.h"
#include "serve/issuance_names.h"
#include "serve/question.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::string_view kMetadata = "/.well-known/authzen-configuration";

/// The path below the host: `/tenant1`; empty if there is none, or only `/`.
std::string_view path_of(std::string_view url) {
    const std::size_t slash = url.find('/', std::string_view("https://").size());
    std::string_view path = url.substr(std::min(slash, url.size()));
    if (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

// ---- answers ------------------------------------------------------------------------------------

/// Whether a decision is `true`: a permit with everything that was asked for, whose obligations every client fulfils.
bool permits(const Decision& decision, const std::vector<std::string>& scopes, const Mapping& mapping) {
    if (decision.effect != Effect::Permit) return false;
    const Grant& grant = decision.grant;
    const auto granted = [&](const std::string& scope) {
        return std::find(grant.scopes.begin(), grant.scopes.end(), scope) != grant.scopes.end();
    };
    return std::all_of(scopes.begin(), scopes.end(), granted) &&
           std::all_of(grant.obligations.begin(), grant.obligations.end(),
                       [&](const Obligation& each) { return mapping.fulfils(each.name); });
}

/// A Decision of the API.
Value decision_of(const Decision& decision, const std::vector<std::string>& scopes, const Mapping& mapping) {
    Value out = Value::object();
    const bool yes = permits(decision, scopes, mapping);
    out.set("decision", Value::of(yes));
    Value context = Value::object();
    if (mapping.explains()) {
        std::vector<std::string_view> codes;
        for (const Reason& each : decision.reasons)
            if (std::find(codes.begin(), codes.end(), each.code) == codes.end()) codes.push_back(each.code);
        Value list = Value::array();
        for (const std::string_view each : codes) list.items.push_back(Value::of(each));
        context.set("reasons", std::move(list));
    }
    if (yes && !decision.grant.obligations.empty()) {
        Value list = Value::array();
        for (const Obligation& each : decision.grant.obligations) {
            Value item = Value::object();
            item.set("name", Value::of(each.name));
            const auto args = json::parse(each.args);
            item.set("args", args ? *args : Value::object());
            list.items.push_back(std::move(item));
        }
        context.set("obligations", std::move(list));
    }
    if (!context.members.empty()) out.set("context", std::move(context));
    return out;
}

/// The Decision of a part of a batch that is no question.
Value refused(const std::string& why, bool explain) {
    Value out = Value::object();
    out.set("decision", Value::of(false));
    if (!explain) return out;
    Value error = Value::object();
    error.set("status", Value::of(std::int64_t{400}));
    error.set("message", Value::of(std::string_view(why)));
    Value context = Value::object();
    context.set("error", std::move(error));
    out.set("context", std::move(context));
    return out;
}

/// A deny that says nothing about the question: it could not be recorded. With best effort, a permit without a record
/// is an answer like any other.
bool failed(const ledger::Decided& decided) {
    return decided.error && !decided.error->code.starts_with('Q') && decided.decision->effect == Effect::Deny;
}

enum class Semantic : std::uint8_t { All, FirstDeny, FirstPermit };

/// Whether the answer ends with an element that has this decision.
bool ends(Semantic semantic, bool decision) {
    return semantic == Semantic::FirstDeny ? !decision : semantic == Semantic::FirstPermit && decision;
}

/// Output: what is wrong; empty: nothing.
std::string read_semantic(const Value* options, Semantic& to) {
    if (std::string why = wrong_object(options, "options"); !why.empty()) return why;
    const Value* word = options == nullptr ? nullptr : options->find("evaluations_semantic");
    if (word == nullptr || word->type == Type::Null) return {};
    constexpr std::string_view kWords[] = {"execute_all", "deny_on_first_deny", "permit_on_first_permit"};
    const auto* const found = std::find(std::begin(kWords), std::end(kWords), word->text);
    if (word->type != Type::String || found == std::end(kWords))
        return "`options.evaluations_semantic` is not `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`";
    to = static_cast<Semantic>(found - std::begin(kWords));
    return {};
}

/// The elements of a batch, in their order. The last one to be decided sends the answer.
struct Evaluations {
    std::vector<Value> decisions;
    Semantic semantic = Semantic::All;
    bool cut = false;  ///< elements after these were left out, because the last of these ends the answer
    std::atomic<std::size_t> left{0};
    Reply reply;

    void arrived() {
        if (left.fetch_sub(1) == 1) send();
    }
    void send() {
        Value list = Value::array();
        bool ended = false;
        for (Value& each : decisions) {
            if (ended) break;
            ended = ends(semantic, each.find("decision")->boolean);
            list.items.push_back(std::move(each));
        }
        // The policy changed between the two looks at the last element.
        if (cut && !ended) return reply(api_error(503, "the policy has just changed; ask again"));
        Value body = Value::object();
        body.set("evaluations", std::move(list));
        reply(answer_with(body));
    }
};

// ---- pages --------------------------------------------------------------------------------------

struct PageRequest {
    std::size_t from = 0;  ///< the first candidate
    std::size_t size = 0;  ///< most results
    bool asked = false;    ///< the request has a page
};

/// A token is the place to go on and the size of pages, with a digest of both, of the request and of the data.
std::string token_of(std::size_t from, std::size_t size, std::string_view request) {
    const std::string place = std::to_string(from) + "." + std::to_string(size) + ".";
    return place + sha256_hex(place + std::string(request)).substr(0, 32);
}

/// Output: what is wrong; empty: nothing.
std::string read_page(const Value* page, std::string_view request, std::size_t most, PageRequest& to) {
    to.size = most;
    if (page == nullptr || page->type == Type::Null) return {};
    if (page->type != Type::Object) return "`page` is not an object";
    to.asked = true;
    if (std::string why = wrong_object(page->find("properties"), "page.properties"); !why.empty()) return why;
    const Value *limit = member(*page, "limit"), *token = member(*page, "token");
    if (limit != nullptr && (limit->type != Type::Int || limit->integer < 0))
        return "`page.limit` is not a whole number, at least 0";
    if (limit != nullptr) to.size = static_cast<std::size_t>(std::min(limit->integer, static_cast<std::int64_t>(most)));
    if (token == nullptr) return {};
    if (token->type != Type::String) return "`page.token` is not text";
    if (token->text.empty()) return {};  // as in a first request
    constexpr const char* kUnknown = "`page.token` does not belong to this request, or the data has changed";
    std::size_t from = 0, size = 0;
    const char* const end = token->text.data() + token->text.size();
    const auto first = std::from_chars(token->text.data(), end, from);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return kUnknown;
    const auto second = std::from_chars(first.ptr + 1, end, size);
    if (second.ec != std::errc{} || token->text != token_of(from, size, request)) return kUnknown;
    if (limit != nullptr && size != to.size) return "`page.limit` differs from the one of the first page";
    to.from = from;
    to.size = size;
    return {};
}

}  // namespace

DocumentJudge judge_with(Layers layers, std::shared_ptr<const Revocations> revocations) {
    struct State {
        Evaluator evaluator;
        Request request;
        Decision decision;
    };
    auto state = std::make_shared<State>(State{Evaluator(layers), Request(layers), {}});
    state->evaluator.revoke(std::move(revocations));
    return [state](const std::string& document) -> const Decision* {
        if (!state->request.parse(document)) return nullptr;
        state->evaluator.evaluate(state->request, state->decision);
        return &state->decision;
    };
}

// ---- the class ----------------------------------------------------------------------------------

struct AuthZen::Impl {
    /// What the files say.
    struct Data {
        Mapping mapping;
        Directory directory;
        std::optional<BindingKey> key;
    };
    enum class Kind : std::uint8_t { Subject, Resource, Action };

    AuthZenOptions options;
    mutable std::shared_mutex lock;
    std::shared_ptr<const Data> data;  ///< guarded by lock
    mutable std::atomic<std::uint64_t> dropped{0};

    [[nodiscard]] std::shared_ptr<const Data> current() const {
        const std::shared_lock hold(lock);
        return data;
    }
    [[nodiscard]] std::int64_t now() const {
        if (options.clock) return options.clock();
        return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    Result<void> read();
    Filled fill(const Data& with, const AccessQuestion& question, std::int64_t at) const {
        Filled out = with.mapping.fill(question, with.directory, at);
        if (out.dropped != 0) dropped.fetch_add(out.dropped, std::memory_order_relaxed);
        return out;
    }
    void evaluate(const QuestionParts& parts, const DecideRecorded& decide, Reply reply) const;
    /// Answers a token request: a single evaluation, or a batch.
    void issue(const std::shared_ptr<const Data>& with, const Questions& questions, bool single,
               const DecideRecorded& decide, Reply reply) const;
    void search(Kind kind, std::string_view body, const Reply& reply) const;
};

Result<void> AuthZen::Impl::read() {
    auto mapping = Mapping::read(options.mapping);
    if (!mapping) return tl::unexpected(std::move(mapping.error()));
    Directory directory;
    if (!options.directory.empty()) {
        auto found = Directory::read(options.directory);
        if (!found) return tl::unexpected(std::move(found.error()));
        directory = std::move(*found);
    }
    std::optional<BindingKey> key;
    if (!options.binding_key.empty()) {
        if (options.url.empty())
            return fail(Code::ConfigurationNotValid, "`binding-key` signs as `pdp-url`; set both", options.binding_key);
        auto found = BindingKey::read(options.binding_key);
        if (!found) return tl::unexpected(std::move(found.error()));
        key.emplace(std::move(*found));
    }
    auto all = std::make_shared<const Data>(Data{std::move(*mapping), std::move(directory), std::move(key)});
    const std::lock_guard hold(lock);
    data = std::move(all);
    return {};
}

void AuthZen::Impl::evaluate(const QuestionParts& parts, const DecideRecorded& decide, Reply reply) const {
    if (const std::string why = parts.wrong(); !why.empty()) return reply(api_error(400, why));
    const auto with = current();
    const Questions asked{parts.question()};
    if (const IssuanceMapping* tokens = with->mapping.issuance();
        tokens != nullptr && Issuance::concerns(asked, *tokens))
        return issue(with, asked, true, decide, std::move(reply));
    Filled filled = fill(*with, parts.question(), now());
    decide(std::move(filled.document),
           [with, scopes = std::move(filled.scopes), reply = std::move(reply)](const ledger::Decided& decided) {
               if (failed(decided)) return reply(api_error(503, "the decision could not be recorded"));
               reply(answer_with(decision_of(*decided.decision, scopes, with->mapping)));
           });
}

void AuthZen::Impl::issue(const std::shared_ptr<const Data>& with, const Questions& questions, bool single,
                          const DecideRecorded& decide, Reply reply) const {
    auto tokens =
        std::make_shared<const Issuance>(questions, *with->mapping.issuance(), with->directory, options.url, now());
    dropped.fetch_add(tokens->dropped(), std::memory_order_relaxed);
    decide(tokens->document(),
           [with, tokens, single, url = options.url, reply = std::move(reply)](const ledger::Decided& decided) {
               // A server must be able to tell this from a denial.
               if (is_undecided(decided)) return reply(api_error(503, "no decision could be made"));
               const BindingSigner signer{with->key ? &*with->key : nullptr, url};
               Value list = Value::array();
               list.items = tokens->answers(decided, signer, with->mapping.explains());
               Value body = Value::object();
               if (single)
                   body = std::move(list.items.front());
               else
                   body.set("evaluations", std::move(list));
               HttpAnswer answer = answer_with(body);
               answer.headers.emplace_back("Cache-Control", "no-store");
               reply(std::move(answer));
           });
}

void AuthZen::Impl::search(Kind kind, std::string_view body, const Reply& reply) const {
    auto read = object_of(body, 0);
    if (HttpAnswer* const wrong = std::get_if<HttpAnswer>(&read)) return reply(std::move(*wrong));
    Value& request = std::get<Value>(read);
    const QuestionParts parts(request);
    using Names = std::initializer_list<std::string_view>;
    std::string why =
        wrong_entity(parts.subject, "subject", kind == Kind::Subject ? Names{"type"} : Names{"type", "id"});
    if (why.empty() && kind != Kind::Action) why = wrong_entity(parts.action, "action", {"name"});
    if (why.empty())
        why = wrong_entity(parts.resource, "resource", kind == Kind::Resource ? Names{"type"} : Names{"type", "id"});
    if (why.empty()) why = wrong_object(parts.context, "context");
    if (!why.empty()) return reply(api_error(400, why));

    const auto with = current();
    Value same = request;
    same.remove("page");
    const std::string fixed = json::canonical(same) + with->mapping.version() + with->directory.version();
    PageRequest page;
    why = read_page(request.find("page"), fixed, options.max_page, page);
    if (!why.empty()) return reply(api_error(400, why));

    const Value* const searched = kind == Kind::Subject    ? parts.subject
                                  : kind == Kind::Resource ? parts.resource
                                                           : nullptr;
    const std::vector<std::string_view> candidates =
        searched != nullptr ? with->directory.ids(searched->find("type")->text) : with->mapping.actions();
    Value results = Value::array();
    std::size_t at = std::min(page.from, candidates.size());
    if (at < candidates.size()) {
        const DocumentJudge judge = options.judge();
        if (!judge) return reply(api_error(503, "no policy is active and fresh"));
        const std::int64_t moment = now();
        for (std::size_t decided = 0; at < candidates.size() && decided < options.max_candidates; ++at, ++decided) {
            Value entity = Value::object();
            if (searched != nullptr) entity.set("type", *searched->find("type"));
            entity.set(searched != nullptr ? "id" : "name", Value::of(candidates[at]));
            const Value* const context = member(request, "context");
            const AccessQuestion question{kind == Kind::Subject ? entity : *parts.subject,
                                          kind == Kind::Action ? entity : *parts.action,
                                          kind == Kind::Resource ? entity : *parts.resource, context};
            const Filled filled = with->mapping.fill(question, with->directory, moment);
            const Decision* const decision = judge(filled.document);
            if (decision == nullptr || !permits(*decision, filled.scopes, with->mapping)) continue;
            if (results.items.size() == page.size) break;  // one more than fits: there is a next page
            results.items.push_back(std::move(entity));
        }
    }
    Value out = Value::object();
    const bool more = at < candidates.size();
    if (page.asked || more) {
        Value next = Value::object();
        next.set("next_token", Value::of(std::string_view(more ? token_of(at, page.size, fixed) : "")));
        out.set("page", std::move(next));
    }
    out.set("results", std::move(results));
    reply(answer_with(out));
}

AuthZen::AuthZen(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuthZen::~AuthZen() = default;
AuthZen::AuthZen(AuthZen&&) noexcept = default;
AuthZen& AuthZen::operator=(AuthZen&&) noexcept = default;

Result<AuthZen> AuthZen::open(AuthZenOptions options) {
    const std::string& url = options.url;
    if (!url.empty() && (!url.starts_with("https://") || url.size() == 8 || url[8] == '/' ||
                         url.find_first_of("?# \t\"\\") != std::string::npos))
        return fail(Code::ConfigurationNotValid,
                    "the identifier of a decision point is https://HOST[:PORT][/PATH], without query and fragment",
                    url);
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    if (auto read = impl->read(); !read) return tl::unexpected(std::move(read.error()));
    return AuthZen(std::move(impl));
}

Result<void> AuthZen::reload() {
    return impl_->read();
}
Result<void> AuthZen::check(const Layers& layers) const {
    return impl_->current()->mapping.check(layers);
}
std::uint64_t AuthZen::dropped() const {
    return impl_->dropped;
}

void AuthZen::evaluation(std::string_view body, const DecideRecorded& decide, Reply reply) const {
    auto read = object_of(body, 0);
    if (HttpAnswer* const wrong = std::get_if<HttpAnswer>(&read)) return reply(std::move(*wrong));
    impl_->evaluate(QuestionParts(std::get<Value>(read)), decide, std::move(reply));
}

void AuthZen::proxied(const HttpHead& head, std::string_view path, const DecideRecorded& decide, Reply reply) const {
    const auto answer_to_proxy = [](unsigned status) {
        HttpAnswer answer;
        answer.status = status;
        answer.type = "text/plain";
        return answer;
    };
    const auto with = impl_->current();
    const HttpRoutes* const routes = with->mapping.http();
    const auto question = routes != nullptr ? routes->question(head, path) : std::nullopt;
    if (!question) return reply(answer_to_proxy(403));
    Filled filled = impl_->fill(*with, QuestionParts(*question).question(), impl_->now());
    decide(std::move(filled.document),
           [=, scopes = std::move(filled.scopes), reply = std::move(reply)](const ledger::Decided& decided) {
               if (failed(decided)) return reply(answer_to_proxy(503));
               // A proxy fulfils no obligation, and spends no single use.
               const Decision& decision = *decided.decision;
               const bool plain = decision.grant.obligations.empty() && !decision.grant.single_use;
               reply(answer_to_proxy(plain && permits(decision, scopes, with->mapping) ? 200 : 403));
           });
}

void AuthZen::evaluations(std::string_view body, const DecideRecorded& decide, Reply reply) const {
    auto read = object_of(body, impl_->options.max_batch + 1);
    if (HttpAnswer* const wrong = std::get_if<HttpAnswer>(&read)) return reply(std::move(*wrong));
    const Value& request = std::get<Value>(read);
    const QuestionParts defaults(request);
    const Value* const list = member(request, "evaluations");
    if (list != nullptr && list->type != Type::Array) return reply(api_error(400, "`evaluations` is not an array"));
    if (list == nullptr || list->items.empty()) return impl_->evaluate(defaults, decide, std::move(reply));

    if (list->items.size() > impl_->options.max_batch)
        return reply(
            api_error(413, "at most " + std::to_string(impl_->options.max_batch) + " evaluations are allowed"));
    auto batch = std::make_shared<Evaluations>();
    std::string why = read_semantic(request.find("options"), batch->semantic);
    // Whether a default is complete matters only where an element uses it.
    for (const std::string_view each : {"subject", "action", "resource", "context"})
        if (why.empty()) why = wrong_object(request.find(each), each);
    if (!why.empty()) return reply(api_error(400, why));

    const auto with = impl_->current();
    if (const IssuanceMapping* tokens = with->mapping.issuance(); tokens != nullptr) {
        Questions asked;
        for (const Value& element : list->items) {
            asked.emplace_back();
            if (element.type != Type::Object) continue;
            if (const QuestionParts parts(element, defaults); parts.wrong().empty())
                asked.back().emplace(parts.question());
        }
        if (Issuance::concerns(asked, *tokens)) {
            if (batch->semantic == Semantic::All) return impl_->issue(with, asked, false, decide, std::move(reply));
            return reply(
                api_error(400, "a token request is answered as a whole: `evaluations_semantic` is `execute_all`"));
        }
    }
    const std::int64_t now = impl_->now();
    DocumentJudge judge;
    if (batch->semantic != Semantic::All) judge = impl_->options.judge();
    // Many short elements may use the same long defaults.
    std::map<const Value*, std::size_t> sizes;
    const auto size_of = [&](const QuestionParts& parts) {
        std::size_t out = 0;
        for (const Value* each : {parts.subject, parts.action, parts.resource, parts.context}) {
            const auto [found, first] = sizes.emplace(each, 0);
            if (first && each != nullptr) found->second = json::write(*each).size();
            out += found->second;
        }
        return out;
    };
    std::vector<std::optional<Filled>> questions;  // none: an element that is no question
    for (const Value& element : list->items) {
        if (element.type != Type::Object) {
            why = "the evaluation is not an object";
        } else {
            const QuestionParts parts(element, defaults);
            why = parts.wrong();
            if (why.empty() && size_of(parts) > impl_->options.max_question) why = "the evaluation is too long";
            if (why.empty()) questions.emplace_back(impl_->fill(*with, parts.question(), now));
        }
        if (!why.empty()) questions.emplace_back();
        batch->decisions.push_back(why.empty() ? Value() : refused(why, with->mapping.explains()));
        // With a semantic that ends early, what follows the end is not evaluated, and so not recorded.
        bool decision = false;
        const std::optional<Filled>& last = questions.back();
        if (judge && last) {
            const Decision* const found = judge(last->document);
            decision = found != nullptr && permits(*found, last->scopes, with->mapping);
        }
        if (judge && ends(batch->semantic, decision)) break;
    }
    batch->cut = questions.size() < list->items.size();
    batch->reply = std::move(reply);
    batch->left = questions.size() + 1;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        std::optional<Filled>& question = questions[i];
        if (!question) {
            batch->arrived();
            continue;
        }
        decide(std::move(question->document),
               [batch, with, i, scopes = std::move(question->scopes)](const ledger::Decided& decided) {
                   batch->decisions[i] = decision_of(*decided.decision, scopes, with->mapping);
                   batch->arrived();
               });
    }
    batch->arrived();
}

void AuthZen::search_subject(std::string_view body, const Reply& reply) const {
    impl_->search(Impl::Kind::Subject, body, reply);
}
void AuthZen::search_resource(std::string_view body, const Reply& reply) const {
    impl_->search(Impl::Kind::Resource, body, reply);
}
void AuthZen::search_action(std::string_view body, const Reply& reply) const {
    impl_->search(Impl::Kind::Action, body, reply);
}

void AuthZen::metadata(std::string_view path, const Reply& reply) const {
    const std::string& url = impl_->options.url;
    if (url.empty() || !path.starts_with(kMetadata) || path.substr(kMetadata.size()) != path_of(url))
        return reply(api_error(404, "there is nothing at this path"));
    Value out = Value::object();
    out.set("policy_decision_point", Value::of(std::string_view(url)));
    const std::string base = url.ends_with('/') ? url.substr(0, url.size() - 1) : url;
    constexpr std::pair<std::string_view, std::string_view> kEndpoints[] = {
        {"access_evaluation_endpoint", "/access/v1/evaluation"},
        {"access_evaluations_endpoint", "/access/v1/evaluations"},
        {"search_subject_endpoint", "/access/v1/search/subject"},
        {"search_resource_endpoint", "/access/v1/search/resource"},
        {"search_action_endpoint", "/access/v1/search/action"},
    };
    for (const auto& [name, below] : kEndpoints) out.set(name, Value::of(std::string_view(base + std::string(below))));
    const auto with = impl_->current();
    if (const IssuanceMapping* tokens = with->mapping.issuance(); tokens != nullptr) {
        Value capabilities = Value::array(), obligations = Value::array();
        capabilities.items.push_back(Value::of(draft::kIssuanceCapability));
        capabilities.items.push_back(Value::of(draft::kObligationsCapability));
        obligations.items.push_back(Value::of(draft::kCustom));
        out.set(draft::kSupportedObligations, std::move(obligations));
        const auto& approvals = tokens->approvals();
        if (approvals && with->key) {
            capabilities.items.push_back(Value::of(draft::kAccessRequestCapability));
            out.set(draft::kAccessRequestEndpoint, Value::of(std::string_view(approvals->endpoint)));
            out.set(draft::kJwksUri, Value::of(std::string_view(base + "/access/v1/keys")));
        }
        out.set("capabilities", std::move(capabilities));
    }
    HttpAnswer answer = answer_with(out);
    answer.headers.emplace_back("Cache-Control", "max-age=3600");
    reply(std::move(answer));
}

void AuthZen::keys(std::string_view path, const Reply& reply) const {
    const auto with = impl_->current();
    const std::optional<BindingKey>& key = with->key;
    if (!key || path != "/access/v1/keys") return reply(api_error(404, "there is nothing at this path"));
    HttpAnswer answer = answer_with(key->public_keys());
    answer.headers.emplace_back("Cache-Control", "max-age=3600");
    reply(std::move(answer));
}

}  // namespace writ::serve
