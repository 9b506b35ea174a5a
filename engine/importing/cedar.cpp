// Cedar policies whose scopes and conditions have the same meaning here. What it does not read is left out.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "importing/sources.h"
#include "writ/errors.h"

namespace writ::importing {

namespace {

constexpr std::size_t kLongest = std::size_t{4} << 20;

enum class SignKind : std::uint8_t { Word, Text, Number, Sign, End };

struct Token {
    SignKind kind = SignKind::End;
    std::string text;  ///< Text: decoded
    std::size_t begin = 0, end = 0;
};

/// Splits a document into tokens. Output: false if a character is none of Cedar's.
bool tokens_of(std::string_view text, std::vector<Token>& to) {
    const auto word = [](char c) { return is_alnum(c) || c == '_'; };
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++at;
            continue;
        }
        if (text.substr(at, 2) == "//") {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        Token token{SignKind::Sign, {}, at, at};
        if (c == '"') {
            token.kind = SignKind::Text;
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\\') {
                    // Other escapes are refused: a policy should show the characters themselves.
                    if (at + 1 == text.size() || (text[at + 1] != '"' && text[at + 1] != '\\' && text[at + 1] != '*'))
                        return false;
                    // An escaped star stands for itself. A pattern of the language cannot express that.
                    token.text += text[++at] == '*' ? '\x01' : text[at];
                    continue;
                }
                token.text += text[at];
            }
            if (at == text.size()) return false;
            ++at;
        } else if (word(c)) {
            token.kind = is_digit(c) ? SignKind::Number : SignKind::Word;
            while (at < text.size() && word(text[at])) token.text += text[at++];
        } else {
            constexpr std::string_view kTwo[] = {"::", "==", "!=", "<=", ">=", "&&", "||"};
            const std::string_view two = text.substr(at, 2);
            const bool pair = std::find(std::begin(kTwo), std::end(kTwo), two) != std::end(kTwo);
            if (!pair && std::string_view("()[]{},;.<>!@-+*:=?").find(c) == std::string_view::npos) return false;
            token.text = pair ? std::string(two) : std::string(1, c);
            at += token.text.size();
        }
        token.end = at;
        to.push_back(std::move(token));
    }
    to.push_back({SignKind::End, {}, text.size(), text.size()});
    return true;
}

/// The parameters that conditions read, with the type of the constants that they are compared with.
using Params = std::map<std::string, std::string>;

/// One policy, in the words of the language.
struct CedarRule {
    bool forbids = false;
    std::string name;
    std::vector<std::string> tools;  ///< in requests; empty: any
    std::vector<std::string> tests;  ///< all hold
    bool names_caller = false;
    Params params;
};

class CedarReader {
public:
    CedarReader(const std::vector<Token>& tokens, std::size_t at) : tokens_(tokens), at_(at) {}

    /// Reads one policy. Output: none: it is left out, for the reason().
    std::optional<CedarRule> read() {
        CedarRule rule;
        rule_ = &rule;
        const bool good = head() && scope_principal() && sign(",") && scope_action() && sign(",") && scope_resource() &&
                          sign(")") && clauses();
        if (!good || !reason_.empty()) return std::nullopt;
        return rule;
    }
    [[nodiscard]] const std::string& reason() const { return reason_; }

private:
    // ---- tokens ----

    const Token& now() const { return tokens_[at_]; }
    void advance() {
        if (now().kind != SignKind::End) ++at_;
    }
    bool is(std::string_view text) const { return now().kind != SignKind::Text && now().text == text; }
    bool take(std::string_view text) {
        if (!is(text)) return false;
        advance();
        return true;
    }
    bool sign(std::string_view text) { return take(text) || unfit(fmt::format("expected `{}`", text)); }
    bool unfit(std::string reason) {
        if (reason_.empty()) reason_ = std::move(reason);
        return false;
    }

    /// `App::Action::"read"`: the last part of its type, and the id.
    bool entity(std::string& type, std::string& id) {
        while (now().kind == SignKind::Word) {
            type = now().text;
            advance();
            if (!sign("::")) return false;
            if (now().kind != SignKind::Text) continue;
            id = now().text;
            advance();
            return is_plain(id) || unfit("an id is not plain text");
        }
        return unfit("expected an entity");
    }

    // ---- the head ----

    bool head() {
        while (take("@")) {
            const std::string annotation = now().text;
            advance();
            if (!take("(")) continue;
            if (annotation == "id" && now().kind == SignKind::Text) rule_->name = now().text;
            advance();
            if (!sign(")")) return false;
        }
        rule_->forbids = is("forbid");
        if (!take("forbid") && !take("permit")) return unfit("expected `permit` or `forbid`");
        return sign("(");
    }

    bool scope_principal() {
        if (!take("principal")) return unfit("expected `principal`");
        const bool equal = is("=="), in = is("in");
        if (!take("==") && !take("in")) {
            if (is("is")) return unfit("a type of principals is no fact of a request");
            return true;
        }
        std::string type, id;
        if (!entity(type, id)) return false;
        const bool role = type == "Role" || type == "Group" || type == "UserGroup";
        if (equal && type == "Agent")
            rule_->tests.push_back("agent.id == " + literal_of(id));
        else if (equal && type == "User")
            rule_->tests.push_back("user is some and user.id == " + literal_of(id));
        else if (in && role && rule_->forbids)
            return unfit("the members of a role's roles are no facts of a request");
        else if (in && role)
            rule_->tests.push_back("user is some and user.roles contains " + literal_of(id));
        else
            return unfit(fmt::format("there is no fact for a principal {} `{}`", equal ? "equal to" : "in", type));
        rule_->names_caller = true;
        return true;
    }

    bool scope_action() {
        if (!take("action")) return unfit("expected `action`");
        if (take("==")) return action();
        if (!take("in")) return rule_->forbids || unfit("it permits every action, also those that are declared later");
        if (!take("[")) return unfit("a group of actions is not known");
        // In Cedar a list contains the members of its groups too. A permit without them is narrower.
        if (rule_->forbids) return unfit("the members of a group of actions are not known");
        do {
            if (!action()) return false;
        } while (take(","));
        return sign("]");
    }
    bool action() {
        std::string type, id;
        if (!entity(type, id)) return false;
        rule_->tools.push_back(id);
        return true;
    }

    bool scope_resource() {
        if (!take("resource")) return unfit("expected `resource`");
        if (take("==")) {
            std::string type, id;
            if (!entity(type, id)) return false;
            rule_->tests.push_back(
                fmt::format("resource.type == {} and resource.id == {}", literal_of(type), literal_of(id)));
            return true;
        }
        if (is("in")) return unfit("the parents of a resource are no facts of a request");
        if (!take("is")) return true;
        std::string type;
        do {
            if (now().kind != SignKind::Word) return unfit("expected a type");
            type = now().text;
            advance();
        } while (take("::"));
        rule_->tests.push_back("resource.type == " + literal_of(type));
        return !is("in") || unfit("the parents of a resource are no facts of a request");
    }

    // ---- conditions ----

    bool clauses() {
        while (!take(";")) {
            const bool unless = is("unless");
            if (!take("when") && !take("unless")) return unfit("expected `when`, `unless` or `;`");
            std::string test;
            reads_tenant_ = false;
            reads_.clear();
            negated_ = unless;
            if (!sign("{") || !either(test) || !sign("}")) return false;
            if (unless) test = "not (" + test + ")";
            // In Cedar a policy does not apply if an attribute is missing. Here a permit does not, and a deny does.
            if (reads_tenant_)
                test = rule_->forbids ? "resource.tenant is none or (" + test + ")"
                                      : "resource.tenant is some and (" + test + ")";
            rule_->tests.push_back(std::move(test));
        }
        return true;
    }

    bool either(std::string& to) {
        return chain("||", " or ", to, [this](std::string& part) {
            return chain("&&", " and ", part, [this](std::string& inner) { return one(inner); });
        });
    }
    /// Reads parts with a sign between them. In Cedar a missing attribute skips the policy. Here one part of an `or`
    /// would be enough (or of an `and` that is negated), so all of them must read the same attribute in a permit.
    template <class Part>
    bool chain(std::string_view between, std::string_view word, std::string& to, Part part) {
        std::set<std::string> outside = std::exchange(reads_, {});
        if (!part(to)) return false;
        const bool several = is(between);
        if (several) to = "(" + to + ")";
        while (take(between)) {
            std::string more;
            if (!part(more)) return false;
            to.append(word).append("(" + more + ")");
        }
        const bool one_is_enough = (between == "||") != negated_;
        if (several && one_is_enough && reads_.size() > 1 && !rule_->forbids)
            return unfit("if an attribute is missing, a test of another one would be enough here");
        reads_.merge(outside);
        return true;
    }
    bool one(std::string& to) {
        if (depth_ == kDeepest) return unfit("it is nested too deep");
        ++depth_;
        const bool read = one_inside(to);
        --depth_;
        return read;
    }
    bool one_inside(std::string& to) {
        if (take("!")) {
            std::string inner;
            negated_ = !negated_;
            const bool read = is("(") || is("!") || is("[") ? one(inner) : flag(inner);
            negated_ = !negated_;
            if (!read) return false;
            to = "not (" + inner + ")";
            return true;
        }
        if (take("(")) return either(to) && sign(")");
        if (is("[")) return listed(to);
        std::string fact, param;
        if (!path(fact, param)) return false;
        return compared(fact, param, to);
    }

    /// A boolean by itself. `!` binds to it before any comparison.
    bool flag(std::string& fact) {
        std::string param;
        if (!path(fact, param)) return false;
        if (param.empty()) return unfit("a fact is compared with another type");
        return typed(param, "bool");
    }

    /// `context.amount`, or a fact that means the same here.
    bool path(std::string& fact, std::string& param) {
        const std::string root = now().text;
        const bool known = now().kind == SignKind::Word && (root == "context" || root == "resource");
        if (!known) return unfit(fmt::format("there is no fact for `{}` in a condition", now().text));
        advance();
        if (!sign(".") || now().kind != SignKind::Word) return unfit(fmt::format("`{}` is used as a whole", root));
        const std::string name = now().text;
        advance();
        if (root == "resource") {
            if (name != "tenant") return unfit(fmt::format("there is no fact for `resource.{}`", name));
            fact = "resource.tenant";
            reads_tenant_ = true;
            return true;
        }
        fact = "params." + name;
        param = name;
        reads_.insert(name);
        return true;
    }

    struct Constant {
        std::string text, type;
    };
    bool constant(Constant& to) {
        const bool minus = take("-");
        const Token token = now();
        advance();
        if (token.kind == SignKind::Text && !minus && is_plain(token.text)) {
            to = {literal_of(token.text), "string"};
            return true;
        }
        if (token.kind == SignKind::Number && token.text.find_first_not_of("0123456789") == std::string::npos) {
            to = {(minus ? "-" : "") + token.text, "int"};
            return true;
        }
        if (token.kind == SignKind::Word && !minus && (token.text == "true" || token.text == "false")) {
            to = {token.text, "bool"};
            return true;
        }
        return unfit("a condition compares with something other than text, a number or a boolean");
    }

    /// A parameter has one type in all conditions.
    bool typed(const std::string& param, const std::string& type) {
        if (param.empty()) return type == "string" || unfit("a fact is compared with another type");
        const auto [at, added] = rule_->params.emplace(param, type);
        return added || at->second == type || unfit(fmt::format("`context.{}` has two types", param));
    }

    bool compared(const std::string& fact, const std::string& param, std::string& to) {
        for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
            if (!take(op)) continue;
            Constant value;
            if (!constant(value) || !typed(param, value.type)) return false;
            const bool ordered = op != "==" && op != "!=";
            if (ordered && value.type != "int") return unfit("only numbers have an order");
            to = fmt::format("{} {} {}", fact, op, value.text);
            return true;
        }
        if (take("like")) {
            if (now().kind != SignKind::Text) return unfit("expected a pattern");
            const std::string pattern = now().text;
            advance();
            if (!is_plain(pattern)) return unfit("a pattern has an escaped star, or text that is not plain");
            if (!typed(param, "string")) return false;
            to = like_star(fact, pattern);
            return true;
        }
        // A bool by itself.
        const bool ends = is("&&") || is("||") || is("}") || is(")");
        if (!param.empty() && ends && typed(param, "bool")) {
            to = fact;
            return true;
        }
        return unfit(fmt::format("`{}` in a condition", now().text));
    }

    /// `["a", "b"].contains(context.x)`
    bool listed(std::string& to) {
        std::string list, type, fact, param;
        if (!sign("[")) return false;
        do {
            Constant value;
            if (!constant(value)) return false;
            if (!type.empty() && type != value.type) return unfit("a set has elements of two types");
            type = value.type;
            list += (list.empty() ? "" : ", ") + value.text;
        } while (take(","));
        if (!sign("]") || !sign(".") || !sign("contains") || !sign("(") || !path(fact, param) || !sign(")"))
            return false;
        if (!typed(param, type)) return false;
        to = fmt::format("{} in {{ {} }}", fact, list);
        return true;
    }

    const std::vector<Token>& tokens_;
    std::size_t at_;
    CedarRule* rule_ = nullptr;
    std::string reason_;
    bool reads_tenant_ = false;    ///< in the clause that is read
    std::set<std::string> reads_;  ///< attributes of the context that the current part of it reads
    bool negated_ = false;         ///< whether the part counts as its opposite
    int depth_ = 0;
    static constexpr int kDeepest = 50;
};

/// A type of entities that occurs with two namespaces, which a policy here does not have; empty: there is none.
std::string ambiguous_type(const std::vector<Token>& tokens) {
    std::map<std::string, std::string> known;
    for (std::size_t at = 0; tokens[at].kind != SignKind::End; ++at) {
        const bool begins = at == 0 || !(tokens[at - 1].kind == SignKind::Sign && tokens[at - 1].text == "::");
        if (tokens[at].kind != SignKind::Word || !begins) continue;
        std::string space, type = tokens[at].text;
        while (tokens[at + 1].kind == SignKind::Sign && tokens[at + 1].text == "::" &&
               tokens[at + 2].kind == SignKind::Word) {
            space += std::exchange(type, tokens[at + 2].text) + "::";
            at += 2;
        }
        const bool entity = tokens[at + 1].kind == SignKind::Sign && tokens[at + 1].text == "::";
        if (!entity && space.empty()) continue;
        if (const auto [found, added] = known.emplace(type, space); !added && found->second != space) return type;
    }
    return {};
}

/// A policy of the document: where it begins and ends, and what it says.
struct CedarPolicy {
    std::string source, where;
    std::optional<CedarRule> rule;
    std::string reason;
    bool forbids = false;
};

std::vector<CedarPolicy> policies_of(std::string_view text, const std::vector<Token>& tokens) {
    std::vector<CedarPolicy> out;
    std::size_t line = 1, counted = 0;
    for (std::size_t at = 0; tokens[at].kind != SignKind::End;) {
        CedarPolicy policy;
        for (; counted < tokens[at].begin; ++counted) line += text[counted] == '\n' ? 1 : 0;
        policy.where = fmt::format("policy {} (line {})", out.size() + 1, line);
        CedarReader reader(tokens, at);
        policy.rule = reader.read();
        policy.reason = reader.reason();
        std::size_t end = at;
        while (tokens[end].kind != SignKind::End && !(tokens[end].kind == SignKind::Sign && tokens[end].text == ";"))
            ++end;
        // A policy that cannot be read counts as a deny if it contains `forbid`.
        policy.forbids = policy.rule
                             ? policy.rule->forbids
                             : std::any_of(tokens.begin() + static_cast<std::ptrdiff_t>(at),
                                           tokens.begin() + static_cast<std::ptrdiff_t>(end), [](const Token& each) {
                                               return each.kind == SignKind::Word && each.text == "forbid";
                                           });
        policy.source = std::string(text.substr(tokens[at].begin, tokens[end].end - tokens[at].begin));
        at = tokens[end].kind == SignKind::End ? end : end + 1;
        out.push_back(std::move(policy));
    }
    return out;
}

}  // namespace

Result<void> read_cedar(std::string_view text, const ImportOptions& options, Draft& draft) {
    if (text.size() > kLongest) return fail(Code::NotImportable, "Cedar policies of more than 4 MiB are not read");
    std::vector<Token> tokens;
    if (!tokens_of(text, tokens))
        return fail(Code::NotImportable,
                    "this is not a text of Cedar policies: it has characters or escapes of another language");
    if (const std::string type = ambiguous_type(tokens); !type.empty())
        return fail(Code::NotImportable,
                    fmt::format("the type `{}` occurs in two namespaces; import their policies apart", type));
    std::vector<CedarPolicy> policies = policies_of(text, tokens);
    if (policies.empty()) return fail(Code::NotImportable, "the document has no policy");

    // The tools that the actions become, each with the parameters that any policy reads.
    std::map<std::string, Params> tools;
    std::vector<std::string> order, every;
    for (CedarPolicy& policy : policies) {
        if (!policy.rule) continue;
        for (const std::string& tool : policy.rule->tools)
            if (tools.emplace(tool, Params()).second) order.push_back(tool);
    }
    for (CedarPolicy& policy : policies) {
        if (!policy.rule) continue;
        for (const std::string& tool : policy.rule->tools.empty() ? order : policy.rule->tools)
            for (const auto& [param, type] : policy.rule->params)
                if (const auto [at, added] = tools[tool].emplace(param, type); !added && at->second != type) {
                    policy.reason = fmt::format("`context.{}` has another type in another policy", param);
                    policy.rule.reset();
                    break;
                }
        if (policy.rule == std::nullopt) continue;
        // An unlimited deny reads parameters of every tool, and names them all.
        if (policy.rule->tools.empty() && !policy.rule->params.empty()) policy.rule->tools = order;
    }
    std::map<std::string, std::string> names;
    for (const std::string& wire : order) {
        DraftPart& piece = draft.add(Sort::Tool, wire, wire);
        names[wire] = draft.name_for(wire);
        std::string params;
        for (const auto& [param, type] : tools[wire]) params += "    " + field_name(param) + ": " + type + "\n";
        piece.text =
            fmt::format("tool {} {} {{\n  tier {}\n  audience {}\n  scopes {{ {} }}\n{}}}", names[wire],
                        literal_of(wire), draft.name_of(Draft::Tier::Privileged),
                        literal_of(options.tool_audience.empty() ? "https://api.example.com" : options.tool_audience),
                        literal_of(wire), params.empty() ? "" : "  params {\n" + params + "  }\n");
        piece.notes.emplace_back("the tier, the scope and the audience are not in the document: write what is right");
    }
    draft.import_module("std.oauth");
    const std::string issuer = draft.name_for("callers");
    DraftPart& declared = draft.add(Sort::Issuer, "callers", "");
    declared.text = fmt::format("issuer {}: oauth_token_exchange {} {{\n  audience {}\n  max_age 10m\n}}", issuer,
                                literal_of(options.issuer.empty() ? "https://issuer.example.com" : options.issuer),
                                literal_of(options.audience.empty() ? "https://broker.example.com" : options.audience));
    declared.notes.emplace_back("the issuer of tokens is not in the document: write your own, and its kind of claims");

    for (const CedarPolicy& policy : policies) {
        DraftPart& piece = draft.add(policy.forbids ? Sort::Deny : Sort::Permit, policy.where, policy.source);
        if (!policy.rule) {
            piece.reason = policy.reason;
            continue;
        }
        const CedarRule& rule = *policy.rule;
        if (!rule.forbids && !rule.names_caller) {
            piece.reason = "it names no principal that is a fact here, so it permits everybody";
            continue;
        }
        std::string when = rule.forbids ? "" : "token.issuer is " + issuer, list;
        for (const std::string& test : rule.tests)
            when += (when.empty() ? "" : "\n   and ") + std::string("(") + test + ")";
        for (const std::string& tool : rule.tools) list += (list.empty() ? "" : ", ") + names[tool];
        const std::string name =
            draft.name_for(rule.name.empty() ? (rule.forbids ? "forbidden" : "permitted") : rule.name);
        piece.text = fmt::format("{} {}{}{}{}", rule.forbids ? "deny" : "permit", name,
                                 list.empty() ? "" : "\n  for tool " + list, when.empty() ? "" : "\n  when " + when,
                                 rule.forbids ? "" : "\n  grant { " + literals_of(rule.tools) + " } for 5m");
    }
    return {};
}

}  // namespace writ::importing
