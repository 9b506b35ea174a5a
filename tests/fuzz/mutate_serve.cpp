// mutate_serve [--count N] [--seed S] [--first I]
// What strangers send to the service, changed at random: heads and bodies of HTTP, request documents, questions of the
// AuthZEN API, and mappings. Nothing crashes, hangs or takes memory without limit; what is accepted is what was sent;
// nothing is decided from the beginning of a document. Built with -Db_sanitize=address,undefined it detects invalid
// memory accesses.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "rng.h"
#include "serve/authzen.h"
#include "serve/body.h"
#include "serve/head.h"
#include "serve/mapping.h"
#include "source_root.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

namespace writ::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace serve;
using property::Rng;

std::uint64_t current = 0;  ///< the mutant, printed if it is wrong

void say_which() {
    char text[96];
    const int length =
        std::snprintf(text, sizeof text, "mutate_serve: mutant %llu, add --first %llu --count 1\n",
                      static_cast<unsigned long long>(current), static_cast<unsigned long long>(current));
    if (::write(STDERR_FILENO, text, static_cast<std::size_t>(length)) < 0) std::_Exit(4);
}
void on_crash(int signal) {
    say_which();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}
void must(bool holds, const char* what, std::string_view text) {
    if (holds) return;
    say_which();
    std::fprintf(stderr, "mutate_serve: %s:\n%.*s\n", what, static_cast<int>(text.size()), text.data());
    std::exit(1);
}

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Bundle policy_of(const fs::path& path) {
    const auto sources = read_sources({path.string()});
    auto bundle = sources ? compile(*sources) : tl::unexpected(Diagnostics());
    if (!bundle) std::exit((std::fprintf(stderr, "mutate_serve: %s does not compile\n", path.c_str()), 3));
    return std::move(*bundle);
}

// ---- changes ------------------------------------------------------------------------------------

/// Words that matter to a reader: they are put in at random.
using Words = std::vector<std::string>;

/// Changes a text in one to four places.
void mutate(Rng& rng, std::string& text, const Words& words, const std::string& donor) {
    for (std::size_t left = rng.percent(60) ? 1 : rng.between(2, 4); left > 0; --left) {
        const std::size_t at = rng.below(text.size() + 1), run = std::min(text.size() - at, rng.between(1, 24));
        switch (rng.below(8)) {
            case 0:
                if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << rng.below(8)));
                break;
            case 1: text.insert(at, 1, static_cast<char>(rng.below(256))); break;
            case 2: text.erase(at, run); break;
            case 3: text.insert(at, text.substr(at, run)); break;
            case 4: text.replace(at, run, rng.pick(words)); break;
            case 5: text.insert(at, rng.pick(words)); break;
            case 6: {
                const std::size_t from = rng.below(donor.size());
                text.insert(at, donor.substr(from, rng.between(1, 200)));
                break;
            }
            default: text.resize(at);
        }
    }
}

const Words kHttpWords = {"\r\n",
                          "\n",
                          "\r",
                          "\r\n ",
                          "\r\n\t",
                          "\r\n\r\n",
                          ":",
                          " ",
                          "\t",
                          ",",
                          "0",
                          "-1",
                          "18446744073709551616",
                          "Content-Length: 5\r\n",
                          "content-length:3\r\n",
                          "Transfer-Encoding: chunked\r\n",
                          "Transfer-Encoding: gzip, chunked\r\n",
                          "Host: y\r\n",
                          "Expect: 100-continue\r\n",
                          "Connection: close\r\n",
                          "Upgrade: h2c\r\n",
                          "HTTP/1.0",
                          "HTTP/1.1",
                          "HTTP/2.0",
                          "GET",
                          "CONNECT",
                          "/",
                          "http://x/",
                          "#",
                          "?",
                          std::string(1, '\0'),
                          "\x80",
                          "\xff",
                          "ffffffff\r\n",
                          "3\r\nabc\r\n",
                          "0\r\n\r\n",
                          ";a=b",
                          "A: b\r\n c\r\n"};
const Words kJsonWords = {"{",
                          "}",
                          "[",
                          "]",
                          "\"",
                          ":",
                          ",",
                          "null",
                          "true",
                          "false",
                          "{}",
                          "[]",
                          "\"\"",
                          "-0",
                          "1e999",
                          "1E-999",
                          "18446744073709551616",
                          "-9223372036854775808",
                          "0.1",
                          "\\u0000",
                          "\\ud800",
                          "\\",
                          "\xc3",
                          "\xed\xa0\x80",
                          "\xf4\x90\x80\x80",
                          "\xef\xbb\xbf",
                          " ",
                          "\n",
                          std::string(1, '\0'),
                          std::string(600, '['),
                          "\"type\":",
                          "\"id\":",
                          "\"name\":",
                          "\"properties\":",
                          "\"subject\":",
                          "\"action\":",
                          "\"resource\":",
                          "\"context\":",
                          "\"evaluations\":",
                          "\"page\":",
                          "\"options\":",
                          "\"to\":",
                          "\"from\":",
                          "\"value\":",
                          "\"directory.role\"",
                          "\"properties.a.b\"",
                          "\"provenance\":",
                          "\"now_plus\":",
                          "\"list\":",
                          "\"*\":",
                          "[\\\"a b\\\"]",
                          "\"want.scopes\"",
                          "\"tool.params.amount\"",
                          "\"user\""};

// ---- what is tested -----------------------------------------------------------------------------

struct Tally {
    std::uint64_t accepted = 0, refused = 0;
    void count(bool yes) { ++(yes ? accepted : refused); }
};

/// Heads, and the bodies behind them.
class Http {
public:
    bool run(Rng& rng) {
        std::string text = rng.pick(seeds_);
        mutate(rng, text, kHttpWords, rng.pick(seeds_));
        const std::size_t size = end_of_head(text);
        must(size <= text.size(), "a head ends behind the text", text);
        if (size == 0) return false;
        const std::string head_text = text.substr(0, size);
        const HeadLimits limits;
        const auto read = read_head(head_text, limits);
        if (const auto* refusal = std::get_if<HttpRefusal>(&read)) {
            must(refusal->status >= 400 && refusal->status < 600 && !refusal->why.empty(), "a refusal", text);
            return false;
        }
        const HttpHead& head = std::get<HttpHead>(read);
        check(head, head_text, limits);
        body(rng, head, text.substr(size));
        return true;
    }

private:
    static void check(const HttpHead& head, const std::string& text, const HeadLimits& limits) {
        const auto within = [&](std::string_view part) {
            return part.empty() ||
                   (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
        };
        must(within(head.method) && within(head.target) && within(head.path) && within(head.query), "views", text);
        must(head.path.starts_with('/') && !head.method.empty(), "a request line", text);
        must(head.headers.size() <= limits.headers && text.size() <= limits.bytes, "limits", text);
        for (const auto& [name, value] : head.headers) {
            must(within(name) && within(value), "views", text);
            must(is_header_line(std::string(name) + ":" + std::string(value)), "a header", text);
        }
        must(!(head.has("content-length") && head.has("transfer-encoding")), "an ambiguous length", text);
        for (std::size_t i = 0; i < text.size(); ++i)
            must((text[i] == '\n') == (i > 0 && text[i - 1] == '\r'), "a line that does not end in CRLF", text);
        for (std::size_t cut = 0; cut < text.size(); ++cut)
            must(std::holds_alternative<HttpRefusal>(read_head(std::string_view(text).substr(0, cut), limits)),
                 "the beginning of a head is accepted", text);
    }

    /// The same, however it arrives.
    static void body(Rng& rng, const HttpHead& head, const std::string& text) {
        constexpr std::size_t kMost = 100;
        if (head.length > kMost) return;
        std::optional<std::pair<BodyReader::Step, std::string>> first;
        for (int turn = 0; turn < 3; ++turn) {
            BodyReader reader;
            reader.begin(head, kMost, {});
            auto step = BodyReader::Step::More;
            for (std::string_view rest = text; step == BodyReader::Step::More;) {
                std::string_view piece = rest.substr(0, turn == 0 ? rest.size() : rng.between(1, 9));
                const std::size_t size = piece.size();
                step = reader.read(piece);
                must(step == BodyReader::Step::Done || step > BodyReader::Step::Done || piece.empty(), "unread", text);
                rest.remove_prefix(size - piece.size());
                if (size == 0) break;
            }
            must(reader.body().size() <= kMost, "a long body", text);
            if (!first) first.emplace(step, reader.body());
            must(first->first == step && first->second == reader.body(), "pieces make another body", text);
        }
    }

    const std::vector<std::string> seeds_ = {
        "GET /v1/revocations?a=b HTTP/1.1\r\nHost: x:8443\r\nAccept: */*\r\n\r\n",
        "POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"now\": "
        "1234",
        "POST /v1/decide HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        "5\r\n{\"now\r\n0a\r\n\":12345678\r\n1\r\n}\r\n0\r\nA: b\r\n\r\n",
        "HEAD /livez HTTP/1.0\r\nHost: x\r\nConnection: keep-alive, close\r\nX-Request-ID: a b\r\n\r\n",
        "POST /access/v1/evaluation HTTP/1.1\r\nhost: [::1]:1\r\nAuthorization: Bearer abcdefgh\r\ntraceparent: "
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ncontent-length: 0\r\n\r\n"};
};

/// Request documents.
class Documents {
public:
    explicit Documents(const fs::path& refund)
        : policy_(policy_of(refund / "policy.writ")), request_(policy_), evaluator_(policy_) {
        for (const auto& entry : fs::directory_iterator(refund / "requests")) seeds_.push_back(slurp(entry.path()));
        std::sort(seeds_.begin(), seeds_.end());
    }

    /// No beginning of a document is a request, and none is permitted.
    void cut() {
        for (std::string text : seeds_) {
            while (text.ends_with('\n')) text.pop_back();
            must(decided(text), "a document is refused", text);
            for (std::size_t size = 0; size < text.size(); ++size) {
                must(!decided(text.substr(0, size)), "the beginning of a document is a request", text.substr(0, size));
                must(decision_.effect == Effect::Deny, "the beginning of a document", text.substr(0, size));
            }
        }
    }

    bool run(Rng& rng) {
        std::string text = rng.pick(seeds_);
        mutate(rng, text, kJsonWords, rng.pick(seeds_));
        const bool accepted = decided(text);
        must(accepted || decision_.effect == Effect::Deny, "a document that is refused", text);
        return accepted;
    }

private:
    bool decided(const std::string& text) {
        const bool accepted = request_.parse(text).has_value();
        evaluator_.evaluate(request_, decision_);
        return accepted;
    }

    Bundle policy_;
    Request request_;
    Evaluator evaluator_;
    Decision decision_;
    std::vector<std::string> seeds_;
};

/// Questions of the AuthZEN API, and mappings, of one example.
class Questions {
public:
    Questions(const fs::path& example, const std::string& cases) : policy_(policy_of(example / "policy.writ")) {
        AuthZenOptions options;
        options.mapping = (example / "mapping.json").string();
        options.directory = (example / "directory.json").string();
        options.url = "https://pdp.example.com";
        options.judge = [this] { return judge_with(policy_, nullptr); };
        auto opened = AuthZen::open(std::move(options));
        if (!opened) std::exit(3);
        api_.emplace(std::move(*opened));
        mapping_ = slurp(example / "mapping.json");
        auto directory = Directory::parse(slurp(example / "directory.json"), "directory.json");
        auto read =
            json::parse(slurp(source_root() + std::string("/tests/serve/data/") + cases), {.max_bytes = 1u << 20});
        if (!directory || !read) std::exit(3);
        directory_.emplace(std::move(*directory));
        for (const json::Value& each : read->find("cases")->items)
            if (const json::Value* request = each.find("request");
                request != nullptr && request->type == json::Type::Object)
                seeds_.push_back({each.find("path")->text, json::write(*request)});
    }

    /// No beginning of a question is one.
    void cut() {
        for (const auto& [path, text] : seeds_)
            for (std::size_t size = 0; size < text.size(); ++size)
                must(ask(path, text.substr(0, size)).status == 400, "the beginning of a question",
                     text.substr(0, size));
    }

    bool ask(Rng& rng) {
        auto [path, text] = rng.pick(seeds_);
        if (rng.percent(10)) path = rng.pick(seeds_).first;
        mutate(rng, text, kJsonWords, rng.pick(seeds_).second);
        const HttpAnswer answer = ask(path, text);
        must(answer.status == 200 || answer.status == 400, "the status of an answer", text);
        if (answer.status == 200)
            must(json::parse(answer.body, {.max_bytes = 8u << 20}).has_value(), "an answer that is no JSON", text);
        return answer.status == 200;
    }

    bool map(Rng& rng) {
        std::string text = mapping_;
        mutate(rng, text, kJsonWords, rng.pick(seeds_).second);
        const auto read = Mapping::parse(text, "mapping.json");
        if (!read) {
            must(read.error().code == "H0006", "the code of an error", text);
            return false;
        }
        (void)read->check(policy_);
        const auto& question = rng.pick(seeds_).second;
        const auto body = json::parse(question);
        if (!body) return true;
        const json::Value *subject = body->find("subject"), *action = body->find("action"),
                          *resource = body->find("resource");
        const auto whole = [](const json::Value* each, const char* name) {
            const json::Value* const value = each != nullptr ? each->find(name) : nullptr;
            return value != nullptr && value->type == json::Type::String;
        };
        if (!whole(subject, "type") || !whole(subject, "id") || !whole(action, "name") || !whole(resource, "type") ||
            !whole(resource, "id"))
            return true;
        const Filled filled = read->fill({*subject, *action, *resource, nullptr}, *directory_, 1'790'000'000);
        must(json::parse(filled.document, {.max_bytes = 8u << 20}).has_value(), "a document that is no JSON", text);
        return true;
    }

private:
    HttpAnswer ask(const std::string& path, const std::string& body) {
        std::optional<HttpAnswer> out;
        const Reply reply = [&](HttpAnswer answer) {
            must(!out, "a second answer", body);
            out = std::move(answer);
        };
        const DecideRecorded decide = [&](const std::string& document,
                                          const std::function<void(ledger::Decided)>& done) {
            ledger::Decided decided;
            const DocumentJudge judge = judge_with(policy_, nullptr);
            if (const Decision* decision = judge(document))
                decided.decision = DetachedDecision(*decision);
            else
                decided.error = Error{"Q0010", "refused", "$"};
            done(std::move(decided));
        };
        if (path == "/access/v1/evaluation")
            api_->evaluation(body, decide, reply);
        else if (path == "/access/v1/evaluations")
            api_->evaluations(body, decide, reply);
        else if (path == "/access/v1/search/subject")
            api_->search_subject(body, reply);
        else if (path == "/access/v1/search/resource")
            api_->search_resource(body, reply);
        else
            api_->search_action(body, reply);
        must(out.has_value(), "no answer", body);
        return std::move(*out);
    }

    Bundle policy_;
    std::optional<AuthZen> api_;
    std::optional<Directory> directory_;
    std::string mapping_;
    std::vector<std::pair<std::string, std::string>> seeds_;  ///< paths and bodies
};

std::size_t most_memory() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<std::size_t>(used.ru_maxrss) << 10;
}

int run(std::uint64_t count, std::uint64_t seed, std::uint64_t first) {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM}) std::signal(signal, on_crash);
    const fs::path root = source_root();
    Http http;
    Documents documents(root / "examples/refund");
    Questions certification(root / "examples/authzen/certification", "certification.json");
    Questions search(root / "examples/authzen/search", "search.json");
    documents.cut();
    certification.cut();
    const std::size_t memory = most_memory();
    const std::array<std::pair<const char*, std::function<bool(Rng&)>>, 4> targets = {{
        {"heads", [&](Rng& rng) { return http.run(rng); }},
        {"documents", [&](Rng& rng) { return documents.run(rng); }},
        {"questions", [&](Rng& rng) { return rng.percent(50) ? certification.ask(rng) : search.ask(rng); }},
        {"mappings", [&](Rng& rng) { return rng.percent(50) ? certification.map(rng) : search.map(rng); }},
    }};
    std::array<Tally, 4> tallies;
    for (current = first; current < first + count; ++current) {
        if (current % 64 == 0 || current == first) ::alarm(30);  // nothing takes that long
        Rng rng(seed * 0x9E3779B97F4A7C15u + current);
        tallies[current % 4].count(targets[current % 4].second(rng));
    }
    bool both = true;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        std::printf("%-10s %10llu accepted, %10llu refused\n", targets[i].first,
                    static_cast<unsigned long long>(tallies[i].accepted),
                    static_cast<unsigned long long>(tallies[i].refused));
        both = both && (count < 10'000 || (tallies[i].accepted > 0 && tallies[i].refused > 0));
    }
    const std::size_t more = (most_memory() - memory) >> 20;
    std::printf("%zu MiB more memory\n", more);
#if defined(__SANITIZE_ADDRESS__)
    constexpr std::size_t kMost = 2'048;  // it keeps what was freed
#else
    constexpr std::size_t kMost = 64;
#endif
    return both && more <= kMost ? 0 : 1;
}

}  // namespace
}  // namespace writ::fuzz

int main(int argc, char** argv) {
    std::uint64_t count = 10'000, seed = 1, first = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (std::strcmp(argv[i], "--count") == 0)
            count = value;
        else if (std::strcmp(argv[i], "--seed") == 0)
            seed = value;
        else if (std::strcmp(argv[i], "--first") == 0)
            first = value;
        else
            return 2;
    }
    return writ::fuzz::run(count, seed, first);
}
