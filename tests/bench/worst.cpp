// Looks for the worst that an admitted request can do to an admitted policy: random policies of up to 1,000 rules near the
// ceiling, each with a request that has everything its rules read as long as it may be. Prints the worst of each kind of
// rule, in nanoseconds of processor time, steps and bytes. With the ceiling off it finds what the ceiling keeps out.
//
// usage: worst [--seed N] [--policies N] [--without-ceiling] [--without-limit]
// Exit code 1: a decision took 8 MiB or more steps than its bound or, but for --without-limit, more than a millisecond of
// processor time.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include "writ/bundle.h"
#include "writ/evaluator.h"

namespace {

using namespace writ;

constexpr std::size_t kMostRules = 1'000, kMostBytes = 8u << 20;
constexpr std::int64_t kMostNanoseconds = 1'000'000;

enum class Construct { Tests, Globs, Regexes, Quantifiers, Words, Sets, Windows, Approvals, Permits, Last };
constexpr const char* kNames[] = {"tests", "globs", "regexes", "quantifiers", "words", "sets", "windows", "approvals", "permits"};

class Policies {
public:
    /// `ceiling`: without it lists are short and quantifiers few, so that even the worst ends.
    Policies(std::uint64_t seed, bool ceiling) : random_(seed), ceiling_(ceiling) {}

    std::string make(Construct construct) {
        text_ = std::size_t{16} << below(11);
        list_ = std::size_t{2} << below(ceiling_ ? 10 : 6);
        std::string out =
            "module worst\n"
            "tier read\n"
            "claims idp { iss: string sub: subject aud: one_or_many<string> max 16 exp: instant iat: instant }\n"
            "issuer p: idp \"https://idp.example\" { audience \"https://broker.example\" max_age 10m }\n"
            "tool t { tier read audience \"https://a.example\" scopes { \"a:read\" }\n"
            "  params { text: string max " + std::to_string(text_) +
            " xs: set<string> max " + std::to_string(list_) +
            " ys: set<string> max " + std::to_string(list_) + " } }\n"
            "permit reader for tool t when token.issuer is p grant { \"a:read\" } for 5m\n";
        // Few dear rules as often as many cheap ones.
        const std::size_t rules = std::size_t{1} << below(11);
        for (std::size_t i = 0; i < std::min(rules, kMostRules); ++i) out += rule(construct, i);
        return out;
    }
    [[nodiscard]] std::size_t text() const { return text_; }
    [[nodiscard]] std::size_t list() const { return list_; }

private:
    std::size_t below(std::size_t end) { return random_() % end; }
    std::string rule(Construct construct, std::size_t at) {
        const std::string number = std::to_string(at), name = "r" + number;
        switch (construct) {
            case Construct::Tests: {
                std::string when = "tenant != \"" + number + "\"";
                for (std::size_t i = below(20); i > 0; --i) when += " and agent.class != \"" + number + "-" + std::to_string(i) + "\"";
                return "deny " + name + " when " + when + " and tenant == agent.class\n";  // no index helps
            }
            case Construct::Globs: return deny(name, "params.text like \"" + repeated("**a", 1 + below(8)) + number + "**\"");
            case Construct::Regexes: return deny(name, "params.text matches \"" + repeated("[a-z]*(a|b)", 1 + below(4)) + number + "[a-z]*\"");
            case Construct::Quantifiers: {
                std::string when;
                const std::size_t depth = 1 + below(ceiling_ ? 4 : 3);
                for (std::size_t i = 0; i < depth; ++i) when += "any v" + std::to_string(i) + " in params." + (below(2) == 0 ? "xs" : "ys") + ": ";
                if (depth > 1) when += "v0 != \"" + number + "\" and ";
                return deny(name, when + "v" + std::to_string(depth - 1) + " == \"" + number + "\"");
            }
            case Construct::Words: return deny(name, "any a in words(params.text): any b in words(params.text): a == \"" + number + "\" and b == \"x\"");
            case Construct::Sets: {
                constexpr const char* kForms[] = {"params.xs overlaps params.ys", "params.xs subset of params.ys",
                                                  "params.xs - params.ys overlaps params.xs & params.ys"};
                return deny(name, std::string(kForms[below(3)]) + " and tenant != \"" + number + "\" and tenant == agent.class");
            }
            case Construct::Windows: return deny(name, "now in 0" + std::to_string(below(9)) + ":00..1" + std::to_string(below(9)) + ":30 \"Europe/Berlin\" and tenant != \"" + number + "\" and tenant == agent.class");
            case Construct::Approvals: return "require " + name + " for tool t when tenant != \"" + number + "\" approval from group \"g" + number + "\" within 1h\n";
            case Construct::Permits: return "permit " + name + " for tool t when tenant != \"" + number + "\" grant { \"a:read\" } for 5m\n";
            case Construct::Last: break;
        }
        return {};
    }
    static std::string deny(const std::string& name, const std::string& when) { return "deny " + name + " for tool t when " + when + "\n"; }
    static std::string repeated(const std::string& text, std::size_t times) {
        std::string out;
        for (; times > 0; --times) out += text;
        return out;
    }

    std::mt19937_64 random_;
    bool ceiling_;
    std::size_t text_ = 0, list_ = 0;
};

std::string list_of(std::size_t count, const char* prefix) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "\"" : ",\"") + std::string(prefix) + std::to_string(i) + '"';
    return out + ']';
}

std::string request_for(const Policies& policies, Construct construct) {
    std::string text;
    while (text.size() + 3 <= policies.text()) text += construct == Construct::Words ? std::to_string(text.size() % 89) + " " : "aa";
    std::string approvals = "[";
    for (int i = 0; i < 8; ++i)
        approvals += std::string(i == 0 ? "" : ",") + R"({"id":"i)" + std::to_string(i) + R"(","state":"approved","approver":"p)" + std::to_string(i) +
                     R"(","groups":)" + list_of(16, "g") + R"(,"requester":"x","at":1790000000,"exp":null,"binding_digest":"0","uses":null})";
    approvals += "]";
    return R"({"provenance":{"now":"broker","token":"verified","workload":"broker","agent":"broker","run":"broker","tenant":"broker",)"
           R"("user":"broker","delegation":"broker","tool":"asserted","resource":"broker","want":"model","approvals":"broker"},)"
           R"("now":1790000060,"request_id":"r","token":{"issuer":"https://idp.example","aud":["https://broker.example"],"iat":1790000000,)"
           R"("nbf":1790000000,"exp":1790000600,"jti":"j","typ":"JWT","proof":"bearer","credential_kind":"federated","claims":)"
           R"({"iss":"https://idp.example","sub":"s","aud":["https://broker.example"],"exp":1790000600,"iat":1790000000}},)"
           R"("workload":{"spiffe_id":"spiffe://example.org/a","instance_id":"i"},"agent":{"id":"a","class":"support","owner":"o",)"
           R"("deployment_id":"d"},"run":{"id":"r","parent_id":null,"initiator":"ann","exp":null,"background":false},"tenant":"t",)"
           R"("user":null,"delegation":null,"tool":{"name":"t","operation":null,"params":{"text":")" + text + R"(","xs":)" +
           list_of(policies.list(), "x") + R"(,"ys":)" + list_of(policies.list(), "y") +
           R"(}},"resource":{"type":"b","id":"b","tenant":"t"},"want":{"scopes":["a:read"]},"approvals":)" + approvals + "}";
}

std::int64_t processor_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct Worst {
    std::int64_t nanoseconds = 0;
    std::uint64_t steps = 0, bound = 0;
    std::size_t bytes = 0, rules = 0, admitted = 0, tried = 0;
};

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t seed = 1, count = 50;
    std::int64_t most_nanoseconds = kMostNanoseconds;
    CompileOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--seed" && i + 1 < argc) seed = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--policies" && i + 1 < argc) count = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--without-ceiling") options.max_steps = UINT64_MAX;
        else if (word == "--without-limit") most_nanoseconds = INT64_MAX;
        else return std::fprintf(stderr, "usage: worst [--seed N] [--policies N] [--without-ceiling] [--without-limit]\n"), 2;
    }
    Policies policies(seed, options.max_steps != UINT64_MAX);
    bool within = true;
    std::printf("%-12s %10s %12s %12s %10s %6s %s\n", "construct", "ns", "steps", "bound", "bytes", "rules", "admitted");
    for (std::size_t kind = 0; kind < static_cast<std::size_t>(Construct::Last); ++kind) {
        const auto construct = static_cast<Construct>(kind);
        Worst worst;
        for (std::uint64_t i = 0; i < count; ++i) {
            SourceSet sources;
            sources.sources.push_back({"worst.writ", policies.make(construct)});
            ++worst.tried;
            auto bundle = compile(sources, options);
            if (!bundle) {
                const auto other = std::find_if(bundle.error().items.begin(), bundle.error().items.end(), [](const Diagnostic& each) { return each.code != "E0504"; });
                if (other == bundle.error().items.end()) continue;
                return std::fprintf(stderr, "worst: %s: %s\n%s\n", kNames[kind], other->message.c_str(), sources.sources[0].text.substr(0, 2'000).c_str()), 2;
            }
            ++worst.admitted;
            Request request{Layers(*bundle)};
            const std::string text = request_for(policies, construct);
            if (auto read = request.parse(text); !read) continue;  // longer than a request may be
            const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
            Evaluator evaluator{Layers(*bundle)};
            Decision decision;
            evaluator.evaluate(request, decision);
            const std::size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
            std::int64_t least = INT64_MAX;
            for (int again = 0; again < 5; ++again) {
                const std::int64_t begin = processor_time();
                evaluator.evaluate(request, decision);
                least = std::min(least, processor_time() - begin);
                if (least > 1'000'000'000) break;
            }
            worst.bytes = std::max(worst.bytes, bytes);
            within = within && least <= most_nanoseconds && bytes <= kMostBytes && decision.steps <= bundle->step_bound();
            if (least <= worst.nanoseconds) continue;
            worst.nanoseconds = least;
            worst.steps = decision.steps;
            worst.bound = bundle->step_bound();
            worst.rules = bundle->rule_count();
        }
        std::printf("%-12s %10lld %12llu %12llu %10zu %6zu %zu of %zu\n", kNames[kind], static_cast<long long>(worst.nanoseconds),
                    static_cast<unsigned long long>(worst.steps), static_cast<unsigned long long>(worst.bound), worst.bytes, worst.rules,
                    worst.admitted, worst.tried);
    }
    return within ? 0 : 1;
}
