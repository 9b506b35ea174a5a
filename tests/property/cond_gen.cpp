#include "cond_gen.h"

#include <algorithm>

#include "pattern_gen.h"

namespace writ::property {

static Cond text(std::string what) {
    return {Cond::Shape::Leaf, std::move(what), {}, {}, {}};
}

static bool is_string(Kind kind) {
    return kind == Kind::String || kind == Kind::Path || kind == Kind::Subject || kind == Kind::Dotted;
}

static bool comparable(const check::Type& a, const check::Type& b) {
    if (a.names != b.names) return false;
    if (is_string(a.kind) && is_string(b.kind)) return true;
    if (a.kind != b.kind) return false;
    if (a.kind == Kind::Enum) return a.enumeration == b.enumeration;
    if (a.kind == Kind::List)
        return (is_string(a.elem) && is_string(b.elem)) || (a.elem == b.elem && a.elem != Kind::Enum);
    return true;
}

CondGen::CondGen(Rng& rng, CondScope scope) : rng_(rng), scope_(std::move(scope)) {
    const auto& params = universe().params();
    if (scope_.tools.empty()) return;
    // With several tools, only parameters that all of them have.
    for (const Term& mine : params[scope_.tools[0]].values) {
        const bool shared = std::all_of(scope_.tools.begin(), scope_.tools.end(), [&](std::size_t tool) {
            return std::any_of(params[tool].values.begin(), params[tool].values.end(), [&](const Term& theirs) {
                return theirs.text == mine.text && comparable(theirs.type, mine.type);
            });
        });
        if (shared) params_.push_back(mine);
    }
}

// ---- picking ----------------------------------------------------------------------------------

const Term& CondGen::term() {
    if (!binders_.empty() && rng_.percent(65)) return rng_.pick(binders_[rng_.below(binders_.size())]);
    if (!params_.empty() && rng_.percent(30)) return rng_.pick(params_);
    if (scope_.row && rng_.percent(15)) return rng_.pick(universe().columns());
    if (rng_.percent(20)) return rng_.pick(universe().claims()[rng_.below(universe().claims().size())].values);
    for (;;) {
        const Term& found = rng_.pick(universe().request().values);
        if (scope_.reads_want || !found.text.starts_with("want.")) return found;
    }
}

const Term* CondGen::partner(const Term& mine) {
    for (int attempt = 0; attempt < 24; ++attempt) {
        const Term& other = term();
        if (other.text != mine.text && comparable(other.type, mine.type)) return &other;
    }
    return nullptr;
}

const Term* CondGen::some(Kind kind) {
    for (int attempt = 0; attempt < 24; ++attempt) {
        const Term& found = term();
        if (found.type.kind == kind) return &found;
    }
    return nullptr;
}

std::string CondGen::constant(const Term& term, Kind kind) {
    return rng_.pick(universe().pool(term.type, kind, term.pool)).text;
}

std::string CondGen::literal_set(const Term& term, Kind kind, std::size_t most) {
    std::vector<std::string> items;
    const std::size_t count = rng_.between(1, most);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string item = constant(term, kind);
        if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
    }
    std::string out = "{ ";
    for (std::size_t i = 0; i < items.size(); ++i) out += (i > 0 ? ", " : "") + items[i];
    return out + " }";
}

// ---- guards -----------------------------------------------------------------------------------

static std::string negated(const std::string& guard) {
    std::string out = guard;
    const std::size_t is = out.rfind(" is ");
    if (out.ends_with(" is some")) return out.substr(0, is) + " is none";
    return out.substr(0, is) + " is not" + out.substr(is + 3);
}

Cond CondGen::guarded_wrap(std::string before, Cond body, std::string after, const std::vector<std::string>& guards) {
    if (!guards.empty() && (scope_.narrowing || rng_.percent(30))) {
        const bool either = rng_.percent(25);
        std::string opening = "(";
        for (const std::string& guard : guards) opening += (either ? negated(guard) + " or " : guard + " and ");
        before = opening + before;
        after += ")";
    }
    Cond out{Cond::Shape::Wrap, std::move(before), {}, std::move(after), {}};
    out.kids.push_back(std::move(body));
    return out;
}

Cond CondGen::guarded(const std::string& what, std::vector<std::string> guards) {
    std::vector<std::string> unique;
    for (std::string& guard : guards)
        if (std::find(unique.begin(), unique.end(), guard) == unique.end()) unique.push_back(std::move(guard));
    return text(guarded_wrap({}, text(what), {}, unique).render());
}

// ---- tests ------------------------------------------------------------------------------------

static std::vector<std::string> globs(Kind kind) {
    switch (kind) {
        case Kind::Path: return {"a/*", "a/**", "**/y", "docs/*/y", "*", "/*/", "*/b", "a/b*"};
        case Kind::Subject: return {"sys:*:*", "sys:**", "repo:acme/*:ref:**", "*", "sys::*", "repo:*/app:**"};
        case Kind::Dotted: return {"a.*", "*.b", "**", "eu.*.1"};
        case Kind::Host: return {"*.example", "**.internal", "db.*.internal"};
        case Kind::Spiffe: return {"spiffe://acme.example/**", "spiffe://*/x", "spiffe://acme.example/ns/*/sa/*"};
        case Kind::Url: return {"https://api.example/**", "https://**/a/**", "http://**"};
        case Kind::Email: return {"**@acme.example", "ann@**"};
        case Kind::Arn: return {"arn:aws:iam::*:role/*", "arn:aws:s3:**"};
        case Kind::String:
        case Kind::Ip:
        case Kind::Cidr:
#define TEXT_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            break;
    }
    return {"a**", "**1", "l**d-**", "x", "**"};
}

std::string CondGen::text_test(const Term& t, std::vector<std::string>& guards) {
    const Kind kind = t.type.kind;
    const bool plain = is_string(kind);
    if (t.type.names != check::Referent::Nothing && rng_.percent(40))
        return t.text + rng_.pick({" in ", " not in "}) +
               (t.type.names == check::Referent::Tools ? "tenants.calls" : "tenants.home");
    switch (rng_.below(plain ? 16 : 8)) {
        case 0: return t.text + " == " + constant(t, kind);
        case 1: return constant(t, kind) + " != " + t.text;
        case 2: return t.text + rng_.pick({" in ", " not in "}) + literal_set(t, kind, 3);
        case 3:
        case 4:
            if (const Term* other = partner(t)) {
                guards.insert(guards.end(), other->guards.begin(), other->guards.end());
                return t.text + same() + other->text;
            }
            break;
        case 5:
            if (kind != Kind::Ip && kind != Kind::Cidr) return t.text + " like \"" + rng_.pick(globs(kind)) + "\"";
            break;
        case 6:
            switch (kind) {
                case Kind::Spiffe:
                    return t.text + rng_.pick({".trust_domain == \"acme.example\"", ".path like \"/ns/*/sa/*\""});
                case Kind::Url:
                    return t.text +
                           rng_.pick({".host == \"api.example\"", ".port == 8443", ".scheme == \"https\"",
                                      ".path like \"/a/**\"", ".port > 80", ".query == \"x=1\"", ".fragment != \"\""});
                case Kind::Email: return t.text + rng_.pick({".domain == \"acme.example\"", ".local == \"bob\""});
                case Kind::Arn:
                    return t.text +
                           rng_.pick({".service == \"iam\"", ".account == \"123456789012\"",
                                      ".resource like \"role/*\"", ".region == \"\"", ".partition != \"aws\""});
                case Kind::Ip:
                    if (const Term* block = some(Kind::Cidr)) {
                        guards.insert(guards.end(), block->guards.begin(), block->guards.end());
                        return t.text + rng_.pick({" in ", " not in "}) + block->text;
                    }
                    return t.text + " in \"" + rng_.pick({"10.0.0.0/8", "192.168.0.0/24", "2001:db8::/64"}) + "\"";
                case Kind::Path:
                case Kind::Host:
                case Kind::Cidr:
#define TYPED_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
                    break;
            }
            break;
        case 7:
            if (kind == Kind::Host) return t.text + " in nets.host";
            if (kind == Kind::Cidr) return t.text + " in nets.net";
            break;
        case 8: {
            const std::string curated =
                rng_.pick({"[a-z]+", "(ann|bob)", "a.*", ".{0,3}", "[^/]*/.*", "lead-\\d", "(?i)ANN|BOB",
                           "(?i).*[K-S].*", ".*[^a-z].*", "(?i)[[:lower:]-]{3,6}\\d?", "(.*/)?a.*", "\\w+"});
            return t.text + " matches " + string_literal(rng_.percent(50) ? curated : sound_regex(rng_, 1));
        }
        case 9:
            if (t.type.names != check::Referent::Nothing) break;
            return t.text + rng_.pick({" in tenants.tenant", " not in tenants.owner", " in staff", " in some_scopes"});
        case 10: return "lower(" + t.text + ")" + same() + rng_.pick({"\"a/b\"", "\"ann\"", "\"acme\""});
        case 11: return "words(" + t.text + ") contains " + constant(t, kind);
        case 12:
            return "lower(" + t.text + ")" + rng_.pick({" in ", " not in "}) + rng_.pick({"staff", "tenants.owner"});
        case 13:
            return rng_.pick({"url(", "host(", "spiffe(", "email("}) + t.text + ")" + " like " +
                   rng_.pick({"\"**a**\"", "\"**\"", "\"**.example\""});
        case 14:
            if (t.type.names != check::Referent::Nothing) break;
            return "d_like(" + t.text + ", " + std::to_string(rng_.below(4)) + ")";
        default: return "ip(" + t.text + ") in \"10.0.0.0/8\"";
    }
    return t.text + same() + constant(t, kind);
}

std::string CondGen::number_test(const Term& t, std::vector<std::string>& guards) {
    const Kind kind = t.type.kind;
    switch (rng_.below(7)) {
        case 0: return constant(t, kind) + compare() + t.text;
        case 1: return t.text + rng_.pick({" in ", " not in "}) + literal_set(t, kind, 3);
        case 2:
        case 3:
            if (const Term* other = partner(t)) {
                guards.insert(guards.end(), other->guards.begin(), other->guards.end());
                return t.text + (rng_.percent(60) ? "" : rng_.pick({" + ", " - "}) + constant(t, kind)) + compare() +
                       other->text;
            }
            break;
        case 4: return t.text + rng_.pick({" + ", " - "}) + constant(t, kind) + compare() + constant(t, kind);
        case 5: return (rng_.percent(50) ? t.text + " * 2" : "-" + t.text) + compare() + constant(t, kind);
        default: break;
    }
    return t.text + compare() + constant(t, kind);
}

std::string CondGen::clock_test() {
    const Term moment{"", {Kind::Instant, Kind::String, {}, {}, 0}, {}, "", false};
    const std::string zone = rng_.pick({"UTC", "Europe/Berlin", "America/New_York"});
    switch (rng_.below(3)) {
        case 0: return "now" + compare() + constant(moment, Kind::Instant);
        case 1: return constant(moment, Kind::Instant) + compare() + "now";
        default:
            return "now in " +
                   std::string(
                       rng_.pick({"09:00..17:00", "12:00..12:01", "22:00..06:00", "00:00..00:00", "11:59..12:00"})) +
                   " \"" + zone + "\"" + rng_.pick({"", " on mon..fri", " on mon, wed, sat..sun", " on tue"});
    }
}

std::string CondGen::instant_test(const Term& t, std::vector<std::string>& guards) {
    const Term span{"", {Kind::Duration, Kind::String, {}, {}, 0}, {}, "", false};
    switch (rng_.below(8)) {
        case 0: return "now" + compare() + t.text;
        case 1: return t.text + compare() + "now";
        case 2: return "now" + compare() + t.text + rng_.pick({" + ", " - "}) + constant(span, Kind::Duration);
        case 3:
            if (const Term* limit = some(Kind::Duration)) {
                guards.insert(guards.end(), limit->guards.begin(), limit->guards.end());
                return "age(" + t.text + ")" + compare() + limit->text;
            }
            [[fallthrough]];
        case 4: return "age(" + t.text + ")" + compare() + constant(span, Kind::Duration);
        case 5: return t.text + " in 09:00..17:00 \"Europe/Berlin\" on mon..fri";
        case 6:
            if (const Term* other = partner(t)) {
                guards.insert(guards.end(), other->guards.begin(), other->guards.end());
                return t.text + compare() + other->text;
            }
            break;
        default: break;
    }
    return t.text + compare() + constant(t, Kind::Instant);
}

CondGen::Set CondGen::set_of(Kind elem, const Term& like, bool with_fact) {
    const std::size_t roll = rng_.below(10);
    if (roll < 4 && !with_fact) return {literal_set(like, elem, 3), {}};
    const bool plain = is_string(elem) && like.type.names == check::Referent::Nothing;
    if (roll < 6 && plain && !with_fact)
        return {rng_.pick({"some_scopes", "staff", "tenants.tenant", "tenants.scope"}), {}};
    if (roll < 8) {
        for (int attempt = 0; attempt < 24; ++attempt) {
            const Term& other = term();
            if (other.type.kind == Kind::List && other.text != like.text && comparable(other.type, like.type))
                return {other.text, other.guards};
            if (plain && is_string(other.type.kind) && rng_.percent(10))
                return {"words(" + other.text + ")", other.guards};
        }
    }
    return {literal_set(like, elem, 3), {}};
}

std::string CondGen::list_test(const Term& t, std::vector<std::string>& guards) {
    const Kind elem = t.type.elem;
    const Set other = set_of(elem, t, false);
    std::string left = t.text;
    if (rng_.percent(25)) left = "(" + left + rng_.pick({" | ", " & ", " - "}) + literal_set(t, elem, 3) + ")";
    switch (rng_.below(7)) {
        case 0: return left + " contains " + constant(t, elem);
        case 1: return constant(t, elem) + rng_.pick({" in ", " not in "}) + left;
        default: break;
    }
    guards.insert(guards.end(), other.guards.begin(), other.guards.end());
    switch (rng_.below(4)) {
        case 0: return left + " subset of " + other.text;
        case 1: return other.text + " subset of " + left;
        case 2: return left + " overlaps " + other.text;
        default: return left + same() + other.text;
    }
}

std::string CondGen::test(const Term& t, std::vector<std::string>& guards) {
    switch (t.type.kind) {
        case Kind::Bool:
            if (rng_.percent(50)) return t.text;
            return rng_.percent(50) ? "not " + t.text : t.text + same() + rng_.pick({"true", "false"});
        case Kind::Int:
        case Kind::Decimal:
        case Kind::Duration: return number_test(t, guards);
        case Kind::Instant: return instant_test(t, guards);
        case Kind::Enum: {
            const bool ordered = universe().policy().enums[t.type.enumeration.value].ordered;
            if (rng_.percent(25)) return t.text + rng_.pick({" in ", " not in "}) + literal_set(t, Kind::Enum, 2);
            const std::string op = ordered ? compare() : same();
            const Term* other = rng_.percent(20) ? partner(t) : nullptr;
            if (other == nullptr) return t.text + op + constant(t, Kind::Enum);
            guards.insert(guards.end(), other->guards.begin(), other->guards.end());
            return t.text + op + other->text;
        }
        case Kind::List: return list_test(t, guards);
#define TEXT_KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            return text_test(t, guards);
        case Kind::Record:
        case Kind::Map: break;
    }
    return "tenant == \"acme\"";
}

Cond CondGen::leaf_on(const Term& t) {
    std::vector<std::string> guards = t.guards;
    const std::string what = test(t, guards);
    return guarded(what, std::move(guards));
}

Cond CondGen::leaf() {
    const std::size_t roll = rng_.below(100);
    if (roll < 8) return text(clock_test());
    if (roll < 12)
        return text("token.issuer is " + std::string(rng_.percent(25) ? "not " : "") +
                    rng_.pick({"a", "b", "c", "ac", "abc"}));
    if (roll < 20) {
        const bool claim = rng_.percent(20);
        const Terms& from = claim ? rng_.pick(universe().claims()) : universe().request();
        const Term& group = rng_.pick(from.groups);
        return guarded(group.text + rng_.pick({" is none", " is some", " is not none"}), group.guards);
    }
    if (roll < 24)
        return text(rng_.pick({"d_plain", "d_over(tenant, 1)", "d_over(run.id, run.attempt)", "not d_plain"}));
    if (roll < 28)
        return text(rng_.pick({"any_policy.acts", "any_policy.grave", "not any_policy.acts",
                               "any_policy.only_reads(tool.tier)", "not any_policy.only_reads(tool.tier)"}));
    if (roll < 31)
        return guarded(rng_.pick({"calls_within(3, 1h)", "calls_within(100, 90s)", "spent_within(500.00, \"x\")",
                                  "not spent_within(1.5, \"y\")"}),
                       {"budget is some"});
    return leaf_on(term());
}

Cond CondGen::quantified(std::size_t depth) {
    if (binders_.size() >= 3) return leaf();
    const std::string binder = "b" + std::to_string(binders_.size());
    std::string over;
    std::vector<std::string> guards;
    std::vector<Term> terms;
    const std::size_t roll = rng_.below(10);
    if (roll < 5) {
        const Terms& claims = rng_.pick(universe().claims());
        const Terms& from = claims.lists.empty() || rng_.percent(85) ? universe().request() : claims;
        const ListTerm& list = rng_.pick(from.lists);
        over = list.text;
        guards = list.guards;
        terms = universe().elements(list.record, binder).values;
    } else if (roll < 7) {
        over = "tenants";
        for (Term column : universe().columns()) {
            column.text = binder + column.text.substr(3);
            terms.push_back(std::move(column));
        }
    } else {
        const Term* list = nullptr;
        for (int attempt = 0; attempt < 40 && list == nullptr; ++attempt) {
            const Term& candidate = term();
            if (candidate.type.kind == Kind::List) list = &candidate;
        }
        Term element{binder, {Kind::String, Kind::String, {}, {}, 0}, {}, "tenant", false};
        if (list != nullptr) {
            over = list->text;
            guards = list->guards;
            element.type.kind = list->type.elem;
            element.type.enumeration = list->type.enumeration;
            element.pool = list->pool;
        } else {
            over = rng_.pick({"tenants.tenant", "{ \"acme\", \"globex\" }"});
        }
        terms.push_back(std::move(element));
    }
    binders_.push_back(std::move(terms));
    Cond body = rng_.percent(60) ? leaf_on(rng_.pick(binders_.back())) : condition(depth > 0 ? depth - 1 : 0);
    binders_.pop_back();
    if (const Term* limit = rng_.percent(8) ? some(Kind::Int) : nullptr) {
        guards.insert(guards.end(), limit->guards.begin(), limit->guards.end());
        return guarded_wrap("count(" + binder + " in " + over + ": ", std::move(body), ")" + compare() + limit->text,
                            guards);
    }
    if (rng_.percent(30))
        return guarded_wrap("count(" + binder + " in " + over + ": ", std::move(body),
                            ")" + compare() + std::to_string(rng_.below(4)), guards);
    return guarded_wrap(std::string(rng_.pick({"(any ", "(all "})) + binder + " in " + over + ": ", std::move(body),
                        ")", guards);
}

Cond CondGen::condition(std::size_t depth) {
    if (depth == 0) return leaf();
    const std::size_t roll = rng_.below(100);
    if (roll < 35) return leaf();
    if (roll < 55) return quantified(depth);
    if (roll < 65) {
        Cond out{Cond::Shape::Not, "not (", {}, ")", {}};
        out.kids.push_back(condition(depth - 1));
        return out;
    }
    Cond out{Cond::Shape::Join, "(", roll < 82 ? " and " : " or ", ")", {}};
    const std::size_t count = rng_.between(2, 3);
    for (std::size_t i = 0; i < count; ++i) out.kids.push_back(condition(depth - 1));
    return out;
}

/// A pattern for texts with the same beginning: ` like "sys:ac**"`, ` matches "sys:ac.*"`.
static std::string beginning(Rng& rng, const std::string& whole, bool regex) {
    std::string text = whole.substr(0, rng.below(whole.size() + 1));
    const bool plain = std::all_of(text.begin(), text.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '/' || c == ':'; });
    if (regex && plain) return " matches \"" + text + rng.pick({".*", "?.*", "[a-z:/]*", "(x|.+)?", ""}) + "\"";
    return " like \"" + text + rng.pick({"**", "**", "**e", "**/**"}) + "\"";
}

std::string CondGen::indexable_test() {
    const auto& all = universe().request().values;
    for (;;) {
        // The first terms are chosen more often, so that many rules test the same facts.
        const Term& t =
            params_.empty() || rng_.percent(85) ? all[rng_.below(rng_.between(1, all.size()))] : rng_.pick(params_);
        const Kind kind = t.type.kind;
        if (!t.guards.empty() || kind == Kind::List || (!scope_.reads_want && t.text.starts_with("want."))) continue;
        if (scope_.row && rng_.percent(10))
            return rng_.pick({"tenant == row.tenant", "tenant != row.tenant", "agent.owner == row.owner"});
        const std::string value = constant(t, kind);
        const std::size_t roll = rng_.below(10);
        if (kind == Kind::Bool) return (roll < 5 ? "" : "not ") + t.text;
        if (roll < 2) return t.text + " == " + value;
        if (roll < 4) return t.text + rng_.pick({" in ", " in ", " not in "}) + literal_set(t, kind, 4);
        if (rep_of(kind) == Rep::Text) {
            if (roll < 5 || kind == Kind::Ip || kind == Kind::Cidr) return t.text + " != " + value;
            return t.text + beginning(rng_, rng_.pick(universe().pool(t.type, kind, t.pool)).json.text,
                                      is_string(kind) && roll < 7);
        }
        const bool ordered = kind != Kind::Enum || universe().policy().enums[t.type.enumeration.value].ordered;
        if (!ordered) return t.text + " != " + value;
        if (roll < 8) return t.text + compare() + value;
        return "(" + t.text + rng_.pick({" > ", " >= "}) + value + " and " + t.text + rng_.pick({" < ", " <= "}) +
               constant(t, kind) + ")";
    }
}

Cond CondGen::indexable() {
    const std::size_t roll = rng_.below(100);
    if (roll < 70) return text(indexable_test());
    if (roll < 80) {
        Cond out{Cond::Shape::Not, "not (", {}, ")", {}};
        out.kids.push_back(indexable());
        return out;
    }
    Cond out{Cond::Shape::Join, "(", roll < 93 ? " or " : " and ", ")", {}};
    for (std::size_t i = rng_.between(2, 3); i > 0; --i) out.kids.push_back(indexable());
    return out;
}

Cond CondGen::likely() {
    if (!params_.empty() && rng_.percent(20)) return text("params.n >= 0");
    return text(rng_.pick(
        {"tenant in { \"acme\", \"globex\" }", "token.issuer is a", "token.issuer is not b", "run.attempt <= 7",
         "agent.risk_tier != high", "run.state != ended", "not agent.revoked", "now < \"2026-03-09T12:00:00Z\"",
         "now in 00:30..23:30 \"UTC\"", "age(token.iat) < 10m", "tool.tier <= write",
         "tool.scopes overlaps { \"s2\", \"s1\" }", "workload.environment <= staging", "now <= run.started + 24h",
         "host.audit_available or run.attempt >= 0", "d_over(tenant, 1) or tenant in tenants.tenant"}));
}

Cond CondGen::unlikely() {
    return text(
        rng_.pick({"agent.revoked",
                   "tenant == \"initech\"",
                   "run.attempt > 7",
                   "agent.id == \"agent-2\"",
                   "resource.environment == prod",
                   "now > \"2026-03-03T12:00:00Z\"",
                   "run.state == ended",
                   "tool.tier >= privileged",
                   "workload.revoked",
                   "run.context_taint overlaps { \"leads\" }",
                   "(delegation is some and delegation.depth > 2)",
                   "host.replayed",
                   "(user is some and user.tenant != tenant)",
                   "now in 16:00..20:00 \"UTC\" on sat..sun",
                   "age(run.started) > 1h",
                   "(user is some and not user.session_active)",
                   "(delegation is some and (any hop in delegation.chain: hop.tenant != tenant))",
                   "(delegation is some and delegation.first.tenant != tenant)",
                   "(delegation is some and delegation.last.state == ended)",
                   "(delegation is some and not any_policy.only_reads(delegation.first.tier))",
                   "(delegation is some and (any pair in delegation.pairs: pair.before.tier < pair.after.tier))"}));
}

Cond CondGen::over(const std::vector<Term>& terms) {
    Cond out{Cond::Shape::Join, "(", rng_.pick({" and ", " or "}), ")", {}};
    for (const Term& each : terms) out.kids.push_back(leaf_on(each));
    out.kids.push_back(leaf());
    return out;
}

std::vector<std::string> random_defines(Rng& rng, bool reads_want) {
    CondScope scope;
    scope.narrowing = true;  // narrowing rules may use them
    scope.reads_want = reads_want;
    const auto term = [](const char* name, Kind kind, const char* about) {
        return Term{name, {kind, Kind::String, {}, {}, 0}, {}, about, false};
    };
    // Recursion is an error, so these conditions must not call the definitions themselves.
    const auto plain = [&](auto make) {
        for (;;) {
            std::string out = make().render();
            if (out.find("d_") == std::string::npos) return out;
        }
    };
    const auto fresh = [&] { return CondGen(rng, scope); };
    return {
        "define d_plain = " + plain([&] { return fresh().condition(2); }),
        "define d_over(p: string, n: int) = " +
            plain([&] { return fresh().over({term("p", Kind::String, "tenant"), term("n", Kind::Int, "")}); }),
        "define d_like(s: string, most: int) = s like \"a**\" and count(w in words(s): w != \"x\") <= most",
    };
}

}  // namespace writ::property
