// Trust in tokens of other issuers: trust policies of AWS IAM roles, and patterns for GitHub's subject.
#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "importing/sources.h"
#include "writ/errors.h"

namespace writ::importing {

namespace {

/// An issuer whose claims the standard library has.
struct KnownIssuer {
    std::string_view begin;  ///< of its URL without the scheme
    std::string_view module, kind, name;
};
constexpr KnownIssuer kIssuers[] = {
    {"token.actions.githubusercontent.com", "std.github", "github", "github_actions"},
    {"oidc.eks.", "std.kubernetes", "kubernetes", "eks"},
    {"container.googleapis.com/v1/projects/", "std.kubernetes", "kubernetes", "gke"},
    {"gitlab.com", "std.gitlab", "gitlab", "gitlab_com"},
};

/// Claims that a condition may name, for all these kinds: others have other meanings in AWS, or other types here.
bool is_claim(std::string_view kind, std::string_view claim) {
    if (claim == "sub") return true;
    constexpr std::string_view kGithub[] = {"repository",  "repository_id", "repository_owner_id", "ref",
                                            "environment", "workflow",      "job_workflow_ref",    "actor",
                                            "actor_id",    "enterprise_id"};
    return kind == "github" && std::find(std::begin(kGithub), std::end(kGithub), claim) != std::end(kGithub);
}

const KnownIssuer* known_issuer(std::string_view host) {
    for (const KnownIssuer& each : kIssuers) {
        const bool whole = each.begin.back() != '.' && each.begin.back() != '/';
        if (whole ? host == each.begin : host.starts_with(each.begin)) return &each;
    }
    return nullptr;
}

/// A pattern in which `*` is any text and `?` one character, as a test of a fact. Output: empty: it cannot be written.
std::string matches_pattern(const std::string& fact, const std::string& pattern) {
    if (!is_plain(pattern)) return {};
    if (pattern.find('?') == std::string::npos) {
        if (pattern.find('*') == std::string::npos) return fact + " == " + literal_of(pattern);
        return like_star(fact, pattern);
    }
    std::string regex;
    for (const char c : pattern) {
        if (c == '*')
            regex += ".*";
        else if (c == '?')
            regex += '.';
        else if (std::string_view(".+()[]{}|^$\\").find(c) != std::string_view::npos)
            regex += std::string("\\") + c;
        else
            regex += c;
    }
    return fact + " matches " + literal_of(regex);
}

std::string any_of(const std::vector<std::string>& tests, bool negated) {
    std::string out;
    for (const std::string& each : tests)
        out += (out.empty() ? "" : negated ? " and " : " or ") + (negated ? "not (" + each + ")" : each);
    return tests.size() > 1 && !negated ? "(" + out + ")" : out;
}

/// A token of an issuer with one of these audiences, as a condition.
std::string of_issuer(const std::string& issuer, const std::vector<std::string>& audiences) {
    const std::string out = "token.issuer is " + issuer + "\n   and " + issuer + ".aud ";
    return out + (audiences.size() == 1 ? "contains " + literal_of(audiences.front())
                                        : "overlaps { " + literals_of(audiences) + " }");
}

/// The issuers of a draft, each with all audiences that the document names for it.
class Issuers {
public:
    explicit Issuers(Draft& draft) : draft_(draft) {}

    /// The name of an issuer. Declares it after all permits are read.
    std::string use(const KnownIssuer& known, const std::string& url, const std::vector<std::string>& audiences) {
        draft_.import_module(known.module);
        Trusted& entry = entries_[url];
        if (entry.name.empty()) {
            entry.name = draft_.name_for(known.name);
            entry.kind = known.kind;
        }
        for (const std::string& each : audiences)
            if (std::find(entry.audiences.begin(), entry.audiences.end(), each) == entry.audiences.end())
                entry.audiences.push_back(each);
        return entry.name;
    }
    void declare() {
        for (const auto& [url, entry] : entries_) {
            DraftPart& piece = draft_.add(Sort::Issuer, url, url);
            piece.text = fmt::format("issuer {}: {} {} {{\n  audience {}\n  max_age 1h\n}}", entry.name, entry.kind,
                                     literal_of(url), literals_of(entry.audiences));
        }
    }

private:
    struct Trusted {
        std::string name, kind;
        std::vector<std::string> audiences;
    };
    Draft& draft_;
    std::map<std::string, Trusted> entries_;  ///< by URL
};

/// Adds the tool that stands for the access that a document grants.
std::string add_tool(const ImportOptions& options, std::string_view otherwise, std::string_view about,
                     std::string_view audience, std::string_view scope, Draft& draft) {
    const std::string wire = options.tool.empty() ? std::string(otherwise) : options.tool;
    const std::string name = draft.name_for(wire);
    DraftPart& piece = draft.add(Sort::Tool, wire, wire);
    piece.text =
        fmt::format("/// {}\ntool {} {} {{\n  tier {}\n  audience {}\n  scopes {{ {} }}\n}}", about, name,
                    literal_of(wire), draft.name_of(Draft::Tier::Write),
                    literal_of(options.tool_audience.empty() ? audience : options.tool_audience), literal_of(scope));
    return name;
}

// ---- AWS --------------------------------------------------------------------------------------

constexpr std::string_view kScope = "sts:AssumeRoleWithWebIdentity";

class AwsTrust {
public:
    AwsTrust(const json::Value& policy, Draft& draft, std::string tool)
        : policy_(policy), draft_(draft), issuers_(draft), tool_(std::move(tool)) {}

    Result<void> read() {
        const json::Value* statements = policy_.find("Statement");
        if (statements == nullptr || (statements->type != json::Type::Array && statements->type != json::Type::Object))
            return fail(Code::NotImportable, "this is not a trust policy: it has no `Statement`");
        if (statements->type == json::Type::Object) {
            statement(*statements, 1);
        } else {
            for (std::size_t i = 0; i < statements->items.size(); ++i) statement(statements->items[i], i + 1);
        }
        issuers_.declare();
        return {};
    }

private:
    void statement(const json::Value& value, std::size_t number) {
        const std::string sid = text_at(value, "Sid");
        const std::string where = fmt::format("statement {}{}", number, sid.empty() ? "" : " (" + sid + ")");
        if (value.type != json::Type::Object || text_at(value, "Effect") != "Allow") {
            draft_.add(Sort::Permit, where, json::write_pretty(value)).reason = "its effect is not `Allow`";
            draft_.leave_out_permits("the document has a statement that denies, and it is not carried over");
            return;
        }
        std::vector<std::string> providers;
        std::string wrong = fault_of(value, providers);
        if (!wrong.empty()) {
            draft_.add(Sort::Permit, where, json::write_pretty(value)).reason = wrong;
            return;
        }
        for (const std::string& provider : providers) permit(value, provider, where, sid);
    }

    /// Why a statement gives no permit. Adds its providers.
    static std::string fault_of(const json::Value& value, std::vector<std::string>& providers) {
        for (const json::Member& each : value.members)
            if (each.first != "Sid" && each.first != "Effect" && each.first != "Principal" && each.first != "Action" &&
                each.first != "Condition")
                return "it has `" + each.first + "`";
        std::vector<std::string> actions;
        if (const json::Value* action = value.find("Action"); action == nullptr || !texts_at(*action, actions))
            return "it has no list of actions";
        if (std::find(actions.begin(), actions.end(), kScope) == actions.end())
            return "it does not allow `sts:AssumeRoleWithWebIdentity`";
        const json::Value* principal = value.find("Principal");
        if (principal == nullptr || principal->type != json::Type::Object || principal->members.size() != 1 ||
            principal->members.front().first != "Federated" || !texts_at(principal->members.front().second, providers))
            return "its principal is not a federated one, so there is no token of an issuer";
        return {};
    }

    void permit(const json::Value& value, const std::string& provider, const std::string& where,
                const std::string& sid) {
        DraftPart& piece = draft_.add(Sort::Permit, where, json::write_pretty(value));
        std::vector<std::string> actions;
        if (texts_at(*value.find("Action"), actions) && actions.size() > 1)
            piece.notes.emplace_back("its other actions");
        constexpr std::string_view kMark = ":oidc-provider/";
        const std::size_t at = provider.find(kMark);
        const std::string host = at == std::string::npos ? std::string() : provider.substr(at + kMark.size());
        const KnownIssuer* known = known_issuer(host);
        if (known == nullptr) {
            piece.reason = "the claims of `" + provider + "` are not known";
            return;
        }
        const json::Value* conditions = value.find("Condition");
        std::vector<std::string> audiences, tests;
        if (conditions != nullptr)
            piece.reason = add_conditions(*conditions, host, known->kind, audiences, tests, piece);
        if (!piece.reason.empty()) return;
        if (audiences.empty()) {
            piece.reason = "no condition states the audience, and without one it is not known which AWS accepts";
            return;
        }
        if (tests.empty()) {
            piece.reason = "no condition says whose token it is: it trusts everybody who has a token of the issuer";
            return;
        }
        const std::string issuer = issuers_.use(*known, "https://" + host, audiences);
        std::string all = of_issuer(issuer, audiences);
        for (const std::string& test : tests) {
            std::string text = test;
            for (std::size_t mark = text.find(kIssuer); mark != std::string::npos; mark = text.find(kIssuer))
                text.replace(mark, 1, issuer);
            all += "\n   and " + text;
        }
        piece.text = fmt::format("permit {}\n  for tool {}\n  when {}\n  grant {{ {} }} for 1h",
                                 draft_.name_for(sid.empty() ? "trusted" : sid), tool_, all, literal_of(kScope));
    }

    /// Adds all conditions of a statement. Output: why one cannot be expressed; empty: they were added.
    static std::string add_conditions(const json::Value& conditions, const std::string& host, std::string_view kind,
                                      std::vector<std::string>& audiences, std::vector<std::string>& tests,
                                      DraftPart& piece) {
        constexpr std::string_view kMalformed = "its conditions are not operators with keys and values";
        if (conditions.type != json::Type::Object) return std::string(kMalformed);
        for (const json::Member& op : conditions.members) {
            if (op.second.type != json::Type::Object) return std::string(kMalformed);
            for (const json::Member& key : op.second.members)
                if (std::string wrong = condition(op.first, key, host, kind, audiences, tests, piece); !wrong.empty())
                    return wrong;
        }
        return {};
    }

    /// Adds one condition. Output: why it cannot be expressed; empty: it was added.
    static std::string condition(std::string op, const json::Member& key, const std::string& host,
                                 std::string_view kind, std::vector<std::string>& audiences,
                                 std::vector<std::string>& tests, DraftPart& piece) {
        std::vector<std::string> values;
        if (!texts_at(key.second, values)) return "condition `" + key.first + "` has values that are not text";
        for (const std::string& each : values) {
            if (each.find("${") != std::string::npos) return "condition `" + key.first + "` has a variable";
            if (!is_plain(each)) return "condition `" + key.first + "` has text that is not plain";
        }
        if (key.first.size() <= host.size() + 1 || !key.first.starts_with(host) || key.first[host.size()] != ':')
            return "there is no fact for the condition `" + key.first + "`";
        const std::string claim = key.first.substr(host.size() + 1);
        bool narrower = false;
        if (op.ends_with("IfExists")) {
            op.resize(op.size() - std::string_view("IfExists").size());
            narrower = true;
        }
        if (claim == "aud") {
            if (op.starts_with("ForAnyValue:")) op.erase(0, std::string_view("ForAnyValue:").size());
            const bool patterned = std::any_of(values.begin(), values.end(), [](const std::string& each) {
                return each.find_first_of("*?") != std::string::npos;
            });
            if ((op != "StringEquals" && op != "StringLike") || (op == "StringLike" && patterned))
                return "condition `" + op + "` on the audience";
            // Two conditions on the audience must both hold: only the audiences in both remain.
            if (audiences.empty())
                audiences = values;
            else
                std::erase_if(audiences, [&](const std::string& each) {
                    return std::find(values.begin(), values.end(), each) == values.end();
                });
            return audiences.empty() ? "its conditions on the audience exclude each other" : "";
        }
        if (!is_claim(kind, claim)) return "there is no fact for the condition `" + key.first + "`";
        const std::string fact = std::string(kIssuer) + "." + claim;
        std::vector<std::string> each_test;
        const bool negated = op == "StringNotEquals" || op == "StringNotLike";
        if (op == "StringEquals" || op == "StringNotEquals")
            each_test.push_back(equals_any(fact, values));
        else if (op == "StringLike" || op == "StringNotLike")
            for (const std::string& value : values) each_test.push_back(matches_pattern(fact, value));
        else
            return "condition operator `" + op + "`";
        tests.push_back(any_of(each_test, negated));
        if (narrower || negated)
            piece.notes.push_back(
                fmt::format("a token without the claim `{}` is not accepted, as it would be there", claim));
        return {};
    }

    /// Stands for the issuer's name, which is not known while conditions are read.
    static constexpr std::string_view kIssuer = "\x01";

    const json::Value& policy_;
    Draft& draft_;
    Issuers issuers_;
    std::string tool_;
};

// ---- GitHub -----------------------------------------------------------------------------------

constexpr std::string_view kGithub = "token.actions.githubusercontent.com";

/// Whether a pattern begins with text that only one owner's subjects begin with.
bool names_owner(std::string_view pattern) {
    constexpr std::string_view kBegin = "repo:";
    if (!pattern.starts_with(kBegin)) return false;
    const std::size_t slash = pattern.find('/');
    return slash != std::string_view::npos && slash > kBegin.size() && pattern.find_first_of("*?") > slash;
}

class GithubOidc {
public:
    GithubOidc(Draft& draft, std::string tool) : draft_(draft), issuers_(draft), tool_(std::move(tool)) {}

    void subject(const std::string& pattern, const std::string& where, const std::vector<std::string>& audiences,
                 bool patterns) {
        DraftPart& piece = draft_.add(Sort::Permit, where, pattern);
        if (!is_plain(pattern) || pattern.find("${") != std::string::npos)
            piece.reason = "it is not plain text";
        else if (!patterns && pattern.find_first_of("*?") != std::string::npos)
            piece.reason = "it is compared as a whole there, and `*` or `?` is no pattern";
        else if (!names_owner(pattern))
            piece.reason = "it does not begin with `repo:OWNER/`, so it trusts more than one owner, or another claim";
        else if (audiences.empty())
            piece.reason = "it states no audience";
        if (!piece.reason.empty()) return;
        const std::string issuer = issuers_.use(kIssuers[0], "https://" + std::string(kGithub), audiences);
        piece.text = fmt::format("permit {}\n  for tool {}\n  when {}\n   and {}\n  grant {{ \"access\" }} for 15m",
                                 draft_.name_for("trust_" + pattern.substr(5)), tool_, of_issuer(issuer, audiences),
                                 matches_pattern(issuer + ".sub", pattern));
    }

    /// A federated credential of Entra.
    void credential(const json::Value& value, std::size_t number) {
        const std::string name = text_at(value, "name");
        const std::string where = fmt::format("credential {}{}", number, name.empty() ? "" : " (" + name + ")");
        std::vector<std::string> audiences;
        const json::Value* list = value.type == json::Type::Object ? value.find("audiences") : nullptr;
        const bool plain =
            list != nullptr && texts_at(*list, audiences) &&
            std::all_of(audiences.begin(), audiences.end(), [](const std::string& each) { return is_plain(each); });
        const std::string subject_text = text_at(value, "subject");
        if (text_at(value, "issuer") == "https://" + std::string(kGithub) && plain && !subject_text.empty()) {
            subject(subject_text, where, audiences, false);
            return;
        }
        draft_.add(Sort::Permit, where, json::write_pretty(value)).reason =
            "it is not a credential with GitHub's issuer, a subject and audiences";
    }

    void declare() { issuers_.declare(); }

private:
    Draft& draft_;
    Issuers issuers_;
    std::string tool_;
};

}  // namespace

Result<void> read_aws_trust(std::string_view text, const ImportOptions& options, Draft& draft) {
    const auto document = read_json(text);
    if (!document) return tl::unexpected(document.error());
    // The policy alone, or the answer of `aws iam get-role`.
    const json::Value* policy = &*document;
    const json::Value* role = document->type == json::Type::Object ? document->find("Role") : nullptr;
    if (role != nullptr && role->type == json::Type::Object) policy = role->find("AssumeRolePolicyDocument");
    if (policy == nullptr || policy->type != json::Type::Object)
        return fail(Code::NotImportable, "this is not a trust policy: it is not an object with a `Statement`");
    const std::string name = role != nullptr ? text_at(*role, "RoleName") : std::string();
    const std::string tool =
        add_tool(options, name.empty() ? "assume_role" : name,
                 "Assuming the one role that the trust policy belongs to.", "https://sts.amazonaws.com", kScope, draft);
    return AwsTrust(*policy, draft, tool).read();
}

Result<void> read_github_oidc(std::string_view text, const ImportOptions& options, Draft& draft) {
    const std::string tool =
        add_tool(options, "access", "What the jobs get access to.", "https://resource.example.com", "access", draft);
    GithubOidc reader(draft, tool);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool is_json = first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
    const std::vector<std::string> audiences =
        options.audience.empty() ? std::vector<std::string>() : std::vector<std::string>{options.audience};
    if (is_json) {
        auto document = read_json(text);
        if (!document) return tl::unexpected(document.error());
        const json::Value* list = &*document;
        if (document->type == json::Type::Object && document->find("value") != nullptr) list = document->find("value");
        std::vector<json::Value> one;
        if (list->type == json::Type::Object) one.push_back(*list);
        const std::vector<json::Value>& all = list->type == json::Type::Array ? list->items : one;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all[i].type == json::Type::String)
                reader.subject(all[i].text, fmt::format("pattern {}", i + 1), audiences, true);
            else
                reader.credential(all[i], i + 1);
    } else {
        std::size_t number = 0;
        for (std::string_view rest = text; !rest.empty();) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            std::string line(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            ++number;
            while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
            if (!line.empty() && line.front() != '#')
                reader.subject(line, fmt::format("line {}", number), audiences, true);
        }
    }
    if (audiences.empty() && !is_json)
        return fail(Code::NotImportable, "patterns name no audience; give it with --audience");
    reader.declare();
    return {};
}

}  // namespace writ::importing
