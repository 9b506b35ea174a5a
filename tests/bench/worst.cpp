// Searches for the most expensive accepted request: tries random policies of up to 1,000 rules near the step limit,
// each with a request in which every fact that the rules read has its maximum length, or that is expensive to read.
// Prints the worst of each kind: nanoseconds of processor time with facts bound and from JSON, steps and bytes; and the
// worst for each rule that is tried, which is a decision's time divided by the rules that its index finds. With a limit
// switched off, it finds what that limit prevents.
//
// usage: worst [--seed N] [--policies N] [--only CONSTRUCT] [--without ceiling|text|patterns|nesting|captures]
//              [--without-limit]
// Exit code 1: a decision took 8 MiB, or more steps than its bound, or (without --without-limit) more than a
// millisecond of processor time with facts bound, or two from JSON.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/access.h"
#include "bytecode/cost.h"
#include "bytecode/program.h"
#include "runtime/request_facts.h"
#include "vm/interpreter.h"
#include "writ/bundle.h"
#include "writ/evaluator.h"

namespace {

using namespace writ;

constexpr std::size_t kMostRules = 1'000, kMostBytes = 8u << 20;
constexpr std::int64_t kMostBound = 1'000'000, kMostJson = 2'000'000;
constexpr std::size_t kDocument = 64u << 10;
/// Longer decisions are not waited for: without a limit there is no maximum.
constexpr std::uint64_t kPatience = 100'000'000;

enum class Construct {
    Tests,
    Globs,
    Regexes,
    Automata,
    Quantifiers,
    Words,
    Sets,
    Windows,
    Approvals,
    Permits,
    Captures,  // variants of policies
    Names,
    Bindings,
    Nesting,
    Keys,
    AlikeKeys,
    Escapes,
    Numbers,
    Lists,
    Typed,
    Last  // variants of requests
};
constexpr const char* kNames[] = {"tests",      "globs",   "regexes",  "automata",  "quantifiers",
                                  "words",      "sets",    "windows",  "approvals", "permits",
                                  "captures",   "names",   "bindings", "nesting",   "keys",
                                  "alike keys", "escapes", "numbers",  "lists",     "typed lists"};

constexpr std::size_t kTags = 24;   ///< of a resource, if they are bound
constexpr std::size_t kLists = 16;  ///< of parameters, in policies for requests that are expensive to read

class Policies {
public:
    explicit Policies(std::uint64_t seed) : random_(seed) {}

    std::string make(Construct construct) {
        text_ = std::size_t{16} << below(11);
        list_ = std::size_t{2} << below(10);
        kind_ = below(std::size(kKinds));
        std::string parse, lists;
        if (construct == Construct::Captures) {
            parse = " parse sub {";
            for (std::size_t i = 1 + below(40), pieces = 1 + below(40); i > 0; --i)
                parse += "\n\"" + captures(i, pieces) + "\"";
            parse += " }";
        }
        if (construct >= Construct::Lists)
            for (std::size_t i = 0; i < kLists; ++i)
                lists += " l" + std::to_string(i) + ": set<" + element(construct) + "> max 1024 or none";
        std::string out =
            "module worst\n"
            "tier read\n"
            "claims idp { iss: string sub: string max " +
            std::to_string(text_) + " aud: one_or_many<string> max 16 exp: instant iat: instant" + parse +
            " }\n"
            "issuer p: idp \"https://idp.example\" { audience \"https://broker.example\" max_age 10m }\n"
            "tool t { tier read audience \"https://a.example\" scopes { \"a:read\" }\n"
            "  params { text: string max " +
            std::to_string(text_) + " xs: set<string> max " + std::to_string(list_) + " ys: set<string> max " +
            std::to_string(list_) + lists +
            " } }\n"
            "permit reader for tool t when token.issuer is p grant { \"a:read\" } for 5m\n";
        // Few expensive rules are as likely as many cheap ones.
        const std::size_t rules = std::size_t{1} << below(11);
        for (std::size_t i = 0; i < std::min(rules, kMostRules); ++i) out += rule(construct, i);
        return out;
    }
    [[nodiscard]] std::size_t text() const { return text_; }
    [[nodiscard]] std::size_t list() const { return list_; }
    std::size_t below(std::size_t end) { return random_() % end; }
    /// An element for a list of typed text.
    std::string typed(std::size_t number) {
        const std::string n = std::to_string(number), hex = "abcdef"[number % 6] + std::to_string(number % 1000);
        switch (kind_) {
            case 0: return "a://[::" + hex + "]";
            case 1: return "https://a" + n + ".example/%41/b?c=%20#d";
            case 2: return "a" + n + "@b.c";
            case 3: return "1::" + hex;
            case 4: return "1::" + hex + "/64";
            case 5: return "a" + n + ".B.c";
            case 6: return "/a/" + n;
            case 7: return "spiffe://a/" + n;
            case 8: return "arn:a:b:::" + n;
        }
        return n;
    }

private:
    static constexpr const char* kKinds[] = {"url", "url", "email", "ip", "cidr", "host", "path", "spiffe", "arn"};
    std::string element(Construct construct) const { return construct == Construct::Typed ? kKinds[kind_] : "string"; }
    /// Pieces between colons: only a text with as many colons matches, and only at the end of the last pattern.
    static std::string captures(std::size_t number, std::size_t pieces) {
        std::string out;
        for (std::size_t i = 0; i < pieces; ++i) out += "{c" + std::to_string(i) + "}:";
        return out + "{rest**}:" + std::to_string(number);
    }
    std::string rule(Construct construct, std::size_t at) {
        const std::string number = std::to_string(at), name = "r" + number;
        switch (construct) {
            case Construct::Tests: {
                std::string when = "tenant != \"" + number + "\"";
                for (std::size_t i = below(20); i > 0; --i)
                    when += " and agent.class != \"" + number + "-" + std::to_string(i) + "\"";
                return "deny " + name + " when " + when +
                       " and tenant == agent.class\n";  // the index cannot find this rule
            }
            case Construct::Globs:
                return deny(name, "params.text like \"" + repeated("**a", 1 + below(8)) + number + "**\"");
            case Construct::Regexes:
                return deny(name,
                            "params.text matches \"" + repeated("[a-z]*(a|b)", 1 + below(4)) + number + "[a-z]*\"");
            case Construct::Automata: {
                // The states depend on the last letters, and the rows are long, so each step
                // goes to another part of the table.
                std::string ends;
                for (std::size_t i = below(20); i > 0; --i)
                    ends += std::string("|") + static_cast<char>('c' + i) + number;
                return deny(name, "params.text matches \"[ab]*a[ab]{" + std::to_string(4 + below(7)) + "}(" + number +
                                      ends + ")*\"");
            }
            case Construct::Quantifiers: {
                std::string when;
                const std::size_t depth = 1 + below(4);
                for (std::size_t i = 0; i < depth; ++i)
                    when += "any v" + std::to_string(i) + " in params." + (below(2) == 0 ? "xs" : "ys") + ": ";
                if (depth > 1) when += "v0 != \"" + number + "\" and ";
                return deny(name, when + "v" + std::to_string(depth - 1) + " == \"" + number + "\"");
            }
            case Construct::Words:
                return deny(name, "any a in words(params.text): any b in words(params.text): a == \"" + number +
                                      "\" and b == \"x\"");
            case Construct::Sets: {
                constexpr const char* kForms[] = {"params.xs overlaps params.ys", "params.xs subset of params.ys",
                                                  "params.xs - params.ys overlaps params.xs & params.ys"};
                return deny(name, std::string(kForms[below(3)]) + " and tenant != \"" + number +
                                      "\" and tenant == agent.class");
            }
            case Construct::Windows:
                return deny(name, "now in 0" + std::to_string(below(9)) + ":00..1" + std::to_string(below(9)) +
                                      ":30 \"Europe/Berlin\" and tenant != \"" + number +
                                      "\" and tenant == agent.class");
            case Construct::Approvals:
                return "require " + name + " for tool t when tenant != \"" + number + "\" approval from group \"g" +
                       number + "\" within 1h\n";
            case Construct::Permits:
                return "permit " + name + " for tool t when tenant != \"" + number + "\" grant { \"a:read\" } for 5m\n";
            case Construct::Names:
            case Construct::Bindings:
                return at > 0 ? "" : "require " + name + " for tool t 8 approvals from group \"g0\" within 1h\n";
            case Construct::Lists:
            case Construct::Typed:
                return at >= kLists ? "" : deny(name, "params.l" + number + " is none and tenant == agent.class");
            case Construct::Captures: return at > 0 ? "" : deny(name, "token.issuer is p and p.rest == \"x\"");
            case Construct::Nesting:
            case Construct::Keys:
            case Construct::AlikeKeys:
            case Construct::Escapes:
            case Construct::Numbers:
            case Construct::Last: break;
        }
        return {};
    }
    static std::string deny(const std::string& name, const std::string& when) {
        return "deny " + name + " for tool t when " + when + "\n";
    }
    static std::string repeated(const std::string& text, std::size_t times) {
        std::string out;
        for (; times > 0; --times) out += text;
        return out;
    }

    std::mt19937_64 random_;
    std::size_t text_ = 0, list_ = 0, kind_ = 0;
};

std::string list_of(std::size_t count, const char* prefix) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i)
        out += (i == 0 ? "\"" : ",\"") + std::string(prefix) + std::to_string(i) + '"';
    return out + ']';
}

/// As many of `item(i)` as fit into a number of bytes, separated by commas.
template <class Item>
std::string filled(std::size_t bytes, std::size_t most, Item item) {
    std::string out;
    for (std::size_t i = 0; i < most; ++i) {
        const std::string next = item(i);
        if (out.size() + next.size() + 1 > bytes) break;
        if (!out.empty()) out += ',';
        out += next;
    }
    return out;
}

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

/// Keys that the quick test for repeated keys in the JSON reader cannot tell apart.
std::string alike_key(std::size_t number) {
    std::string key = "aaaaaaa";
    for (std::size_t i : {1u, 2u, 4u, 5u}) key[i] = static_cast<char>('a' + number % 16), number /= 16;
    return key;
}

/// Undeclared claims that are expensive to read, with at most `bytes` bytes.
std::string strange_claims(Policies& policies, Construct construct, std::size_t bytes) {
    const auto objects = [&](std::size_t most, auto member) {
        return filled(bytes, 1'000, [&](std::size_t i) {
            return quoted("o" + std::to_string(i)) + ":{" + filled(bytes / 2, most, member) + "}";
        });
    };
    switch (construct) {
        case Construct::Nesting: {
            const std::size_t deep = 1 + policies.below(28);
            const bool arrays = policies.below(2) == 0;
            std::string open, close;
            for (std::size_t i = 0; i < deep; ++i)
                open += arrays ? "[" : "{\"a\":", close.insert(0, arrays ? "]" : "}");
            return "\"n\":[" + filled(bytes - 10, 1'024, [&](std::size_t) { return open + "0" + close; }) + "]";
        }
        case Construct::Keys: {
            const std::size_t most = std::size_t{2} << policies.below(10);
            return objects(most, [](std::size_t i) { return quoted(std::to_string(i)) + ":0"; });
        }
        case Construct::AlikeKeys: {
            const std::size_t most = std::size_t{2} << policies.below(10);
            return objects(most, [](std::size_t i) { return quoted(alike_key(i)) + ":0"; });
        }
        case Construct::Escapes: {
            constexpr const char* kEscapes[] = {"\\n", "\\u0041", "\\ud83d\\ude00", "\\\"", "a\\n"};
            const std::string escape = kEscapes[policies.below(std::size(kEscapes))];
            const std::size_t size = std::size_t{8} << policies.below(10);
            std::string text;
            while (text.size() + escape.size() <= size) text += escape;
            return "\"e\":[" + filled(bytes - 10, 1'024, [&](std::size_t) { return quoted(text); }) + "]";
        }
        case Construct::Numbers: {
            constexpr const char* kNumbers[] = {"0", "1.5", "1e5", "-9223372036854775808", "123456.123456", "1e99"};
            const std::string number = kNumbers[policies.below(std::size(kNumbers))];
            return filled(bytes, 64, [&](std::size_t i) {
                return quoted("n" + std::to_string(i)) + ":[" +
                       filled(bytes / 64, 1'024, [&](std::size_t) { return number; }) + "]";
            });
        }
        default: return {};
    }
}

std::string approvals_for(Policies& policies, Construct construct) {
    const bool names = construct == Construct::Names, bound = construct == Construct::Bindings;
    const std::string long_name(names ? policies.below(250) : 0, 'n');
    std::string middle;  // two bytes for each letter, which needs a search in a table
    while (names && middle.size() + 2 <= long_name.size()) middle += "\u00e9";
    const std::string fill = policies.below(2) == 0 ? long_name : middle;
    return "[" +
           filled(SIZE_MAX, 8,
                  [&](std::size_t i) {
                      const std::string n = std::to_string(i);
                      std::string others;  // all tags but one, so that no two approvals have the same binding
                      for (std::size_t k = 0; k < kTags; ++k)
                          if (k != i) others += ",tags[" + std::string(1, static_cast<char>('a' + k)) + "]";
                      const std::string digest =
                          bound ? "v2;scopes=a:read;audience=https:%2F%2Fa.example;ttl=policy;resource=owner,path" +
                                      others + ",tenant;sha256=" + n
                                : "0";
                      return R"({"id":"i)" + n + R"(","state":"approved","approver":")" + fill + n + R"(")" +
                             (names ? R"(,"approver_id":")" + fill + "i" + n + R"(")" : std::string()) +
                             R"(,"groups":)" + list_of(16, "g") + R"(,"requester":")" + fill +
                             R"(x","at":1790000000,"exp":null,"binding_digest":")" + digest + R"(","uses":null})";
                  }) +
           "]";
}

std::string delegation_for(Policies& policies, Construct construct) {
    if (construct != Construct::Names) return "null";
    std::string fill;
    for (std::size_t i = policies.below(125); i > 0; --i) fill += "\u00e9";
    return R"({"originator":")" + fill + R"(o","actor":")" + fill + R"(a","chain":[)" +
           filled(SIZE_MAX, 8,
                  [&](std::size_t i) {
                      const std::string n = std::to_string(i);
                      return R"({"actor":")" + fill + "h" + n + R"(","initiator":")" + fill + "s" + n +
                             R"(","tenant":"t","granted_scopes":["a:read"],"exp":null})";
                  }) +
           "]}";
}

/// Different words, the short ones first.
std::string words_of(std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0;; ++i) {
        std::string word;
        for (std::size_t n = i + 1; n > 0; n /= 64) word += static_cast<char>('0' + n % 64);
        for (char& c : word) c = c == '\\' ? '!' : c;
        if (out.size() + word.size() + 1 > bytes) return out;
        out += word + ' ';
    }
}

/// `form`: each number gives another form, so that no document reuses the form of the one before.
std::string request_for(Policies policies, Construct construct, std::size_t form) {
    std::string text, sub = "s", resource;
    if (construct == Construct::Words)
        text = words_of(policies.text());
    else if (construct == Construct::Automata)
        while (text.size() < policies.text()) text += policies.below(2) == 0 ? 'a' : 'b';
    else
        while (text.size() + 3 <= policies.text()) text += "aa";
    if (construct == Construct::Captures) {
        sub.clear();
        while (sub.size() + 4 <= policies.text()) sub += sub.size() % 16 == 0 ? ":" : "a";
        sub += ":1";
    }
    const std::string approvals = approvals_for(policies, construct), delegation = delegation_for(policies, construct);
    std::string params = R"("text":")" + text + R"(","xs":)" + list_of(policies.list(), "x") + R"(,"ys":)" +
                         list_of(policies.list(), "y");
    constexpr std::size_t kRest = 6'000;  // maximum size of the rest of a request
    const std::size_t used = kRest + params.size() + approvals.size() + delegation.size(),
                      left = used < kDocument ? kDocument - used : 0;
    if (construct >= Construct::Lists) {
        const std::size_t lists = 1 + policies.below(kLists), longest = std::min<std::size_t>(left / lists, 16u << 10);
        for (std::size_t i = 0; i < lists; ++i)
            params += ",\"l" + std::to_string(i) + "\":[" +
                      filled(longest - 10, 1'024,
                             [&](std::size_t k) {
                                 return quoted(construct == Construct::Typed ? policies.typed(k) : std::to_string(k));
                             }) +
                      "]";
    }
    if (construct == Construct::Bindings)
        resource = R"(,"owner":"o","path":"/p","tags":{)" +
                   filled(left, kTags,
                          [&](std::size_t i) {
                              return quoted(std::string(1, static_cast<char>('a' + i))) + ":" +
                                     quoted(std::string(std::min<std::size_t>(left / kTags - 10, 2'000), 't'));
                          }) +
                   "}";
    std::string claims = strange_claims(policies, construct, left);
    if (construct == Construct::Bindings) claims.clear();
    claims += (claims.empty() ? "" : ",") + std::string("\"form\":[") +
              filled(SIZE_MAX, form, [](std::size_t) { return "0"; }) + "]";
    return R"({"provenance":{"now":"broker","token":"verified","workload":"broker","agent":"broker","run":"broker","tenant":"broker",)"
           R"("user":"broker","delegation":"broker","tool":"asserted","resource":"broker","want":"model","approvals":"broker"},)"
           R"("now":1790000060,"request_id":"r","token":{"issuer":"https://idp.example","aud":["https://broker.example"],"iat":1790000000,)"
           R"("nbf":1790000000,"exp":1790000600,"jti":"j","typ":"JWT","proof":"bearer","credential_kind":"federated","claims":)"
           R"({"iss":"https://idp.example","sub":")" +
           sub + R"(","aud":["https://broker.example"],"exp":1790000600,"iat":1790000000,)" + claims + "}}," +
           R"("workload":{"spiffe_id":"spiffe://example.org/a","instance_id":"i"},"agent":{"id":"a","class":"support","owner":"o",)"
           R"("deployment_id":"d"},"run":{"id":"r","parent_id":null,"initiator":"ann","exp":null,"background":false},"tenant":"t",)"
           R"("user":null,"delegation":)" +
           delegation + R"(,"tool":{"name":"t","operation":null,"params":{)" + params +
           R"(}},"resource":{"type":"b","id":"b","tenant":"t")" + resource +
           R"(},"want":{"scopes":["a:read"]},"approvals":)" + approvals + "}";
}

std::int64_t processor_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// How many rules the index finds for a request.
std::size_t tried_rules(const Bundle& bundle, const Request& request) {
    vm::Interpreter interpreter(Access::program(bundle));
    const vm::Facts& facts = Access::facts(request, 0);
    return interpreter.candidates(facts, vm::Want::Narrowing, vm::Mode::Possibly).size() +
           interpreter.candidates(facts, vm::Want::Permits, vm::Mode::Surely).size();
}

struct Worst {
    std::int64_t bound_time = 0, json_time = 0, rule_time = 0;
    std::uint64_t steps = 0, bound = 0;
    std::size_t bytes = 0, rules = 0, admitted = 0, refused = 0, tried = 0;
};

/// The limit that is switched off.
struct Without {
    bool limit = false, ceiling = false;
    bytecode::Charges charges;

    [[nodiscard]] bool any() const {
        return ceiling || !(charges.text && charges.patterns && charges.nesting && charges.captures);
    }
    bool name(std::string_view word) {
        bool* const charge = word == "text"       ? &charges.text
                             : word == "patterns" ? &charges.patterns
                             : word == "nesting"  ? &charges.nesting
                             : word == "captures" ? &charges.captures
                                                  : nullptr;
        if (charge != nullptr)
            *charge = false;
        else if (word == "ceiling")
            ceiling = true;
        else
            return false;
        return true;
    }
};

int usage() {
    return std::fprintf(stderr,
                        "usage: worst [--seed N] [--policies N] [--only CONSTRUCT] [--without "
                        "ceiling|text|patterns|nesting|captures] [--without-limit]\n"),
           2;
}

/// The least time of several runs, so that other work on the machine matters less.
template <class Work>
std::int64_t least_time(Work work) {
    std::int64_t least = INT64_MAX;
    for (std::size_t again = 0; again < 5; ++again) {
        const std::int64_t begin = processor_time();
        work(again);
        least = std::min(least, processor_time() - begin);
        if (least > 20'000'000) break;
    }
    return least;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t seed = 1, count = 50;
    std::string_view only;
    Without without;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--without-limit")
            without.limit = true;
        else if (i + 1 == argc)
            return usage();
        else if (word == "--seed")
            seed = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--policies")
            count = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--only")
            only = argv[++i];
        else if (word != "--without" || !without.name(argv[++i]))
            return usage();
    }
    const std::uint64_t ceiling = CompileOptions{}.max_steps;
    CompileOptions options;
    if (without.any()) options.max_steps = UINT64_MAX;
    Policies policies(seed);
    bool within = true;
    std::pair<std::int64_t, const char*> dearest_bound, dearest_json, dearest_rule;
    std::printf("%-12s %10s %10s %10s %12s %12s %10s %6s %s\n", "construct", "ns bound", "ns JSON", "ns a rule",
                "steps", "bound", "bytes", "rules", "admitted");
    for (std::size_t kind = 0; kind < static_cast<std::size_t>(Construct::Last); ++kind) {
        const auto construct = static_cast<Construct>(kind);
        if (!only.empty() && only != kNames[kind]) continue;
        Worst worst;
        for (std::uint64_t i = 0; i < count; ++i) {
            SourceSet sources;
            sources.sources.push_back({"worst.writ", policies.make(construct)});
            ++worst.tried;
            auto bundle = compile(sources, options);
            if (!bundle) {
                const auto other = std::find_if(bundle.error().items.begin(), bundle.error().items.end(),
                                                [](const Diagnostic& each) { return each.code != "E0504"; });
                if (other == bundle.error().items.end()) continue;
                return std::fprintf(stderr, "worst: %s: %s\n%s\n", kNames[kind], other->message.c_str(),
                                    sources.sources[0].text.substr(0, 1'000).c_str()),
                       2;
            }
            if (without.any()) {
                const bytecode::Reach reach = bytecode::reach(Access::program(*bundle), without.charges);
                if ((!without.ceiling && std::max(reach.stated, reach.any) > ceiling) ||
                    bundle->step_bound() > kPatience)
                    continue;
            }
            ++worst.admitted;
            const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
            Request request{Layers(*bundle)};
            Evaluator evaluator{Layers(*bundle)};
            Decision decision;
            std::vector<std::string> texts;
            for (std::size_t form = 0; form < 6; ++form) texts.push_back(request_for(policies, construct, form));
            const std::size_t own = mallinfo2().uordblks + mallinfo2().hblkhd;
            if (auto read = request.parse(texts[5]); !read) {  // for example because the request is too long
                if (++worst.refused == worst.admitted && worst.refused == count)
                    std::fprintf(stderr, "worst: %s: %s %s\n", kNames[kind], read.error().message.c_str(),
                                 read.error().context.c_str());
                continue;
            }
            evaluator.evaluate(request, decision);
            const std::size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - own + (own - before) - [&] {
                std::size_t of_texts = 0;
                for (const std::string& text : texts) of_texts += text.capacity();
                return std::min(of_texts, own - before);
            }();
            const std::int64_t from_json = least_time([&](std::size_t form) {
                if (!request.parse(texts[form])) std::abort();
                evaluator.evaluate(request, decision);
            });
            const std::int64_t bound = least_time([&](std::size_t) { evaluator.evaluate(request, decision); });
            worst.bytes = std::max(worst.bytes, bytes);
            worst.json_time = std::max(worst.json_time, from_json);
            if (const std::size_t tried = tried_rules(*bundle, request); tried > 0)
                worst.rule_time = std::max(worst.rule_time, bound / static_cast<std::int64_t>(tried));
            within = within && bytes <= kMostBytes && decision.steps <= bundle->step_bound() &&
                     (without.limit || (bound <= kMostBound && from_json <= kMostJson));
            if (bound <= worst.bound_time) continue;
            worst.bound_time = bound;
            worst.steps = decision.steps;
            worst.bound = bundle->step_bound();
            worst.rules = bundle->rule_count();
        }
        std::printf("%-12s %10lld %10lld %10lld %12llu %12llu %10zu %6zu %zu of %zu", kNames[kind],
                    static_cast<long long>(worst.bound_time), static_cast<long long>(worst.json_time),
                    static_cast<long long>(worst.rule_time), static_cast<unsigned long long>(worst.steps),
                    static_cast<unsigned long long>(worst.bound), worst.bytes, worst.rules, worst.admitted,
                    worst.tried);
        if (worst.refused > 0) std::printf(", %zu requests too long", worst.refused);
        std::printf("\n");
        std::fflush(stdout);
        dearest_bound = std::max(dearest_bound, {worst.bound_time, kNames[kind]});
        dearest_json = std::max(dearest_json, {worst.json_time, kNames[kind]});
        dearest_rule = std::max(dearest_rule, {worst.rule_time, kNames[kind]});
    }
    if (dearest_bound.second != nullptr)
        std::printf("worst: %s with facts bound, %s from JSON\n", dearest_bound.second, dearest_json.second);
    if (dearest_rule.second != nullptr)
        std::printf("worst per rule tried: %s: %lld ns\n", dearest_rule.second,
                    static_cast<long long>(dearest_rule.first));
    return within ? 0 : 1;
}
