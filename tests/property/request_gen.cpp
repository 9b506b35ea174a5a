#include "request_gen.h"

#include <algorithm>
#include <optional>

#include "base/values.h"
#include "pattern_gen.h"
#include "reference/evaluation.h"

namespace writ::property {

namespace {

using json::Value;

class RequestGen {
public:
    RequestGen(Rng& rng, const RequestShape& shape) : rng_(rng), shape_(shape), policy_(universe().policy()) {}

    Value request();

private:
    Value record(check::FieldId id, const std::string& path);
    Value value(const check::Field& field, check::FieldId id, const std::string& path);
    Value scalar(const check::Type& type, Kind kind, const std::string& path);
    Value element(const check::Field& field, check::FieldId id, const std::string& path);
    /// Fields whose values depend on others.
    std::optional<Value> special(const std::string& path);
    Value token_time(const std::string& path);
    Value provenance();
    Value params();
    Value scopes(std::size_t most);
    void approvals(Value& document);
    void order(Value& chain);
    void agree(Value& token);
    std::string digest_of(const Value& document);
    Value neighbour(const Value& document);

    /// Now plus a number of seconds, in one of the spellings of an instant; some add a fraction of a second.
    Value moment(std::int64_t seconds) {
        const std::int64_t micros = sat_add(now_, seconds * kSecond);
        if (micros % kSecond == 0 && rng_.percent(80)) return Value::of(micros / kSecond);
        if (rng_.percent(30)) return Value::number(format_decimal(micros) + rng_.pick({"", "0", "e0", "E+0"}));
        if (rng_.percent(30) && micros % kSecond == 0)
            return Value::number(std::to_string(micros / kSecond) + rng_.pick({".0", ".0000001", ".9999999", "e0"}));
        std::string text = format_instant(micros);
        if (rng_.percent(30) && micros % kSecond == 0)
            text.insert(text.size() - 1, rng_.pick({".000000001", ".5", ".9999999999", ".1234560"}));
        return Value::of(std::string_view(text));
    }
    Value text(std::string_view of) { return Value::of(of); }
    /// Adds something to a text that careless patterns do not match.
    std::string odd_text(std::string text) {
        const std::string hides = random_text(rng_, 2);
        return text.insert(rng_.pick<std::size_t>({0, text.size(), is_ascii(text) ? text.size() / 2 : 0}), hides);
    }
    bool trouble() { return rng_.below(1000) < shape_.trouble * 3u; }

    Rng& rng_;
    const RequestShape& shape_;
    const check::Policy& policy_;
    std::int64_t now_ = 0;
    std::size_t issuer_ = 0, tool_ = 0;
    bool unknown_issuer_ = false, unknown_tool_ = false, delegated_ = false;
};

Value RequestGen::scalar(const check::Type& type, Kind kind, const std::string& path) {
    if (rng_.percent(shape_.odd)) {
        switch (kind) {
            case Kind::Int: return Value::of(rng_.pick<std::int64_t>({INT64_MAX, INT64_MIN, 8, -7}));
            case Kind::Decimal: return Value::number(rng_.pick({"1e2", "-0.000001", "9223372036854.775807"}));
            case Kind::Duration: return text(rng_.pick({"15m", "1500ms", "0s"}));
            case Kind::Instant:
                return moment(rng_.percent(40)
                                  ? rng_.pick<std::int64_t>({59, 60, 61, 7200, 9'000'000'000, -9'000'000'000})
                                  : static_cast<std::int64_t>(rng_.below(7200)) - 3600);
            case Kind::String:
                if (rng_.percent(60))
                    return Value::of(odd_text(rng_.pick(universe().pool(type, kind, path)).json.text));
                return text(rng_.pick(
                    {"spiffe://acme.example/ns", "https://api.example/", "10.9.9.9", "API.example", "a  b x"}));
            case Kind::Spiffe: return text(rng_.pick({"spiffe://acme.example/../x", "spiffe://Acme.example/y", "x"}));
            case Kind::Url:
                return text(
                    rng_.pick({"https://user@api.example/", "HTTPS://API.example/a/b", "http://api.example/%2e",
                               "https://api.example/a/b?x=1", "https://api.example/a/b#", "https://api.example?a/b",
                               "https://api.example/a%25b", "https://api.example/..?x"}));
            case Kind::Host: return text(rng_.pick({"API.Example", "bad..host", "api.example."}));
            case Kind::Email: return text(rng_.pick({"ann@ACME.example", "a@b@c"}));
            case Kind::Arn:
                return text(rng_.pick({"arn:aws", "arn:aws:iam::1:user/a", "arn:aws:s3:::bucket/key/",
                                       "arn:aws:apigateway:eu-1::/a/b", "arn:aws:s3:::b//k"}));
            case Kind::Ip:
                return text(rng_.pick(
                    {"::ffff:10.1.2.3", "10.1.2", "010.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::", "::10.1.2.3"}));
            case Kind::Cidr: return text(rng_.pick({"10.1.2.3/8", "10.0.0.0/99"}));
            case Kind::Path:
                if (rng_.percent(30)) return Value::of(odd_text("a/b"));
                return text(
                    rng_.pick({"a/../b", "a/./b", "a//b", "./a/b", "..", "a/..", "//", "a\\b", "a/%2e%2E/b", "a%2Fb",
                               "a%5cb", "a%252eb", "a/b/", "docs//y", "docs/../y", "", ".a/b", "a/b..", "..;x/y"}));
            case Kind::Subject:
                if (rng_.percent(50)) return Value::of(odd_text("sys:acme:ann"));
                return text(
                    rng_.pick({"sys::ann", "sys:acme:", "repo:acme/:ref:x", "repo:/app:r", ":", "sys:a/../b:c", ""}));
            case Kind::Dotted:
                return rng_.percent(50) ? Value::of(odd_text("a.b")) : text(rng_.pick({"a..b", ".b", "a.", ".", ""}));
            case Kind::Bool:
            case Kind::Enum:
            case Kind::Record:
            case Kind::List:
            case Kind::Map: break;
        }
    }
    if (kind == Kind::Instant && rng_.percent(70))
        return moment(rng_.pick<std::int64_t>({-7200, -3600, -600, -599, -60, -1, 0, 1, 60, 600, 3600}));
    const bool bad = path.ends_with("revoked") || path.ends_with("replayed") || path.ends_with("background");
    if (bad && rng_.percent(90)) return Value::of(false);
    return rng_.pick(universe().pool(type, kind, path)).json;
}

Value RequestGen::scopes(std::size_t most) {
    const auto& all = policy_.tools[tool_].scopes;
    Value out = Value::array();
    const std::size_t count = rng_.between(1, most);
    for (std::size_t i = 0; i < count; ++i)
        out.items.push_back(text(rng_.percent(85)
                                     ? std::string_view(rng_.pick(all))
                                     : rng_.pick<std::string_view>({"s1", "s2", "s3", "s4", "s5", "other"})));
    return out;
}

Value RequestGen::token_time(const std::string& path) {
    if (trouble()) return path == "token.exp" ? moment(-31) : moment(31);
    if (rng_.percent(8)) return Value::null();
    if (path == "token.exp") return moment(rng_.pick<std::int64_t>({1, 45, 300, 600, 3600}));
    return moment(-rng_.pick<std::int64_t>({0, 1, 60, 300, 600}));
}

std::optional<Value> RequestGen::special(const std::string& path) {
    if (path == "now") return moment(0);
    if (path == "token.issuer")
        return text(unknown_issuer_ ? std::string_view("https://elsewhere.example")
                                    : std::string_view(policy_.issuers[issuer_].url));
    if (path == "token.aud") {
        if (trouble()) return text("urn:other");
        Value both = Value::array();
        both.items = {text("https://broker.example"), text("https://broker.example")};
        return rng_.percent(80) ? text("https://broker.example") : both;
    }
    if (path == "token.exp" || path == "token.nbf" || path == "token.iat") return token_time(path);
    if (path == "token.typ") return trouble() ? Value::null() : text("at+jwt");
    if (path == "token.proof" && rng_.percent(80)) return text("dpop");
    if (path == "token.claims") {
        if (unknown_issuer_) return Value::object();
        Value claims = record(policy_.kinds[policy_.issuers[issuer_].kind].root, "claims");
        if (claims.find("iss") != nullptr) claims.set("iss", text(policy_.issuers[issuer_].url));
        if (rng_.percent(10))
            claims.set("unheard_of", Value::number(rng_.pick({"1", "18446744073709551615", "1e400"})));
        return claims;
    }
    if (path == "run.parent_id" && !delegated_ && !trouble()) return Value::null();
    if (path == "run.exp" || path == "user.session_exp" || path.ends_with("[].exp")) {
        if (trouble()) return moment(0);
        if (rng_.percent(30)) return Value::null();
        return moment(rng_.pick<std::int64_t>({2, 59, 120, 900, 7200}));
    }
    if (path == "delegation" && !delegated_) return Value::null();
    if (path == "tool.name")
        return text(unknown_tool_ ? std::string_view("t1") : std::string_view(policy_.tools[tool_].wire_name));
    if (path == "tool.params") return params();
    // std.budget denies what goes beyond them.
    if (path == "budget.limit" && rng_.percent(80)) return Value::of(std::int64_t{1'000'000});
    if (path == "budget.max_calls" && rng_.percent(80)) return Value::of(std::int64_t{1'000'000});
    if (path == "want.scopes") return scopes(3);
    if (path == "want.audience") {
        Value out = Value::array();
        for (const std::string& each : policy_.tools[tool_].audiences) out.items.push_back(text(each));
        if (rng_.percent(20)) out.items.push_back(text("https://other.example"));
        if (rng_.percent(30)) out.items.erase(out.items.begin());
        return out;
    }
    if (path == "want.all_or_nothing") return Value::of(rng_.percent(15));
    if (path.ends_with("granted_scopes") && rng_.percent(85)) {
        Value out = Value::array();
        for (const char* each : {"s1", "s2", "s3", "s4", "s5"})
            if (rng_.percent(85)) out.items.push_back(text(each));
        return out;
    }
    return std::nullopt;
}

/// Makes claims that permit what the token states; rarely claims that do not, so that the request is rejected.
void RequestGen::agree(Value& token) {
    Value* claims = token.find("claims");
    if (claims == nullptr || claims->type != json::Type::Object) return;
    for (const char* name : {"exp", "nbf", "iat"}) {
        const Value* stated = token.find(name);
        claims->remove(name);
        if (stated == nullptr || stated->type == json::Type::Null || rng_.percent(40)) continue;
        const std::int64_t way = std::string_view(name) == "nbf" ? -1 : 1;
        if (rng_.percent(3))
            claims->set(name, moment(-7200 * way));
        else if (rng_.percent(30))
            claims->set(name, moment(7200 * way));
        else
            claims->set(name, *stated);
    }
    if (const Value* id = token.find("jti"); claims->find("jti") != nullptr && !rng_.percent(3)) {
        if (id != nullptr && id->type == json::Type::String)
            claims->set("jti", *id);
        else
            claims->remove("jti");
    }
    const Value* stated = token.find("aud");
    claims->remove("aud");
    if (stated == nullptr || rng_.percent(40)) return;
    Value more = Value::array();
    more.items = stated->type == json::Type::Array ? stated->items : std::vector<Value>{*stated};
    if (!more.items.empty() && rng_.percent(3))
        more.items.pop_back();
    else if (more.items.size() == 1 && rng_.percent(20))
        more.items.push_back(text("urn:more"));
    claims->set("aud", rng_.percent(50) ? *stated : std::move(more));
}

Value RequestGen::params() {
    if (unknown_tool_) return Value::object();
    return record(policy_.tools[tool_].params, "params");
}

Value RequestGen::element(const check::Field& field, check::FieldId id, const std::string& path) {
    if (field.type.elem == Kind::Record) return record(id, path);
    return scalar(field.type, field.type.elem, path);
}

Value RequestGen::value(const check::Field& field, check::FieldId id, const std::string& path) {
    const Kind kind = field.type.kind;
    if (kind == Kind::Record) return record(id, path);
    if (kind == Kind::Map) {
        Value out = Value::object();
        for (const char* key : {"eval", "sec", "third"})
            if (!rng_.percent(10 + shape_.missing)) out.set(key, element(field, id, path + "[]"));
        return out;
    }
    if (kind != Kind::List || (field.one_or_many && rng_.percent(30)))
        return scalar(field.type, kind == Kind::List ? field.type.elem : kind, path);
    Value out = Value::array();
    const std::size_t most = std::min<std::size_t>(field.type.max, 4);
    const std::size_t count = path == "delegation.chain" ? rng_.between(1, 3) : rng_.below(most + 1);
    for (std::size_t i = 0; i < count; ++i)
        out.items.push_back(element(field, id, field.type.elem == Kind::Record ? path + "[]" : path));
    return out;
}

/// Facts that are required before any rule runs. They are left out much less often than others.
bool required(const std::string& path) {
    static const std::vector<std::string> kRequired = {"now",
                                                       "token",
                                                       "token.issuer",
                                                       "token.aud",
                                                       "token.exp",
                                                       "token.nbf",
                                                       "token.iat",
                                                       "agent",
                                                       "agent.id",
                                                       "run",
                                                       "run.id",
                                                       "run.parent_id",
                                                       "run.exp",
                                                       "tenant",
                                                       "user",
                                                       "user.id",
                                                       "user.session_exp",
                                                       "delegation",
                                                       "delegation.chain",
                                                       "delegation.chain[].granted_scopes",
                                                       "delegation.chain[].exp",
                                                       "tool",
                                                       "tool.name",
                                                       "tool.params",
                                                       "want",
                                                       "want.scopes",
                                                       "token.claims"};
    return std::find(kRequired.begin(), kRequired.end(), path) != kRequired.end();
}

Value RequestGen::record(check::FieldId id, const std::string& path) {
    Value out = Value::object();
    const bool asked = path == "want";
    for (check::FieldId child : policy_.at(id).children) {
        const check::Field& field = policy_.at(child);
        const std::string here = path.empty() ? field.name : path + "." + field.name;
        if (here == "approvals" || here == "delegation.depth" || field.made) continue;
        const unsigned chance = asked && !required(here) ? 60 : shape_.missing;
        if (required(here) ? rng_.below(1000) < shape_.missing : rng_.percent(chance)) continue;
        if (std::optional<Value> fixed = special(here)) {
            out.set(field.name, std::move(*fixed));
            continue;
        }
        if (field.or_none && here != "delegation" && rng_.percent(12)) {
            out.set(field.name, Value::null());
            continue;
        }
        out.set(field.name, value(field, child, here));
    }
    if (path == "delegation")
        if (Value* chain = out.find("chain")) {
            const auto count = static_cast<std::int64_t>(chain->items.size());
            order(*chain);
            if (rng_.percent(75)) out.set("depth", Value::of(count));
        }
    return out;
}

/// States positions of the hops of a chain, in any order of the list; some do not fit.
void RequestGen::order(Value& chain) {
    const std::size_t count = chain.items.size();
    if (rng_.percent(15)) return;  // positions at random
    const std::size_t shift = rng_.below(count);
    for (std::size_t i = 0; i < count; ++i)
        chain.items[i].set("position", Value::of(static_cast<std::int64_t>((i + shift) % count + 1)));
    if (rng_.percent(10)) {
        Value& hop = chain.items[rng_.below(count)];
        if (rng_.percent(50))
            hop.remove("position");
        else
            hop.set("position", Value::of(rng_.pick<std::int64_t>({0, 1, 2, 4, -1})));
    }
}

Value RequestGen::provenance() {
    if (rng_.percent(70)) return text("verified");
    Value out = Value::object();
    for (check::FieldId group : policy_.at(policy_.request).children) {
        const check::Field& field = policy_.at(group);
        static constexpr const char* kNames[] = {"model", "asserted", "broker", "verified"};
        const unsigned needed = static_cast<unsigned>(field.weakest);
        if (required(field.name) ? rng_.below(400) < 1 : rng_.below(100) < 2) {
            if (rng_.percent(50)) out.set(field.name, text(kNames[rng_.below(4)]));
            continue;
        }
        out.set(field.name, text(kNames[rng_.between(needed, 3)]));
    }
    return out;
}

std::string RequestGen::digest_of(const Value& document) {
    Arena arena;
    const reference::Facts facts(policy_, document, arena);
    return facts.tool() != nullptr ? reference::Binding(facts).digest() : "v2";
}

/// The request with one fact removed, changed or none, or with other scopes, audience or
/// ttl: an approval is for that one.
Value RequestGen::neighbour(const Value& document) {
    Value other = document;
    const auto shown = [](const std::vector<std::string>& path) {
        return path.size() >= 2 && (path[0] == "resource" || path[0] == "tool");
    };
    const std::uint64_t way = rng_.below(10);
    if (way < 4) {
        std::vector<std::vector<std::string>> facts = facts_in(document);
        if (rng_.percent(70)) std::erase_if(facts, [&](const auto& path) { return !shown(path); });
        if (!facts.empty()) other = without(document, rng_.pick(facts));
        return other;
    }
    if (way < 6) {
        Value* const group = other.find(rng_.pick({"resource", "resource", "tool", "run"}));
        if (group != nullptr && !group->members.empty()) group->set(rng_.pick(group->members).first, Value::null());
        return other;
    }
    // Another value for one field, or an additional field.
    const Value anew = record(policy_.request, "");
    const char* const name =
        way < 8 ? "want" : rng_.pick({"resource", "resource", "tool", "run", "user", "agent", "tenant"});
    const Value* const from = anew.find(name);
    Value* const to = other.find(name);
    if (from == nullptr) return other;
    if (to == nullptr || to->type != json::Type::Object || from->members.empty())
        other.set(name, *from);
    else if (const auto& [key, value] = rng_.pick(from->members); key != "name")
        to->set(key, value);
    if (name == std::string_view("want"))
        if (Value* const want = other.find("want"); want != nullptr && rng_.percent(50)) {
            want->set("scopes", scopes(5));
            if (rng_.percent(50)) want->remove("audience");
            if (rng_.percent(50)) want->remove("ttl");
        }
    return other;
}

/// Approvals, most of which count; some have a few errors.
void RequestGen::approvals(Value& document) {
    if (rng_.percent(shape_.missing)) return;
    if (rng_.percent(30)) {
        document.set("approvals", Value::null());
        return;
    }
    const std::string digest = digest_of(document);
    const auto bound_to = [&] {
        if (rng_.percent(60)) return digest;
        std::string other = digest_of(neighbour(document));
        if (rng_.percent(2)) other[rng_.below(other.size())] = rng_.pick({',', ';', '0', 'a'});
        return other;
    };
    const bool by_id = rng_.percent(20);
    const auto wrong = [&] { return rng_.percent(5); };
    Value list = Value::array();
    const std::size_t count = rng_.below(4);
    for (std::size_t i = 0; i < count; ++i) {
        Value one = Value::object();
        one.set("id", text(wrong() ? rng_.pick({"", "ap-1 ", "\u0430p-1"}) : rng_.pick({"ap-1", "AP-1", "ap-2"})));
        one.set("state", text(wrong() ? rng_.pick({"pending", "rejected", "revoked"}) : "approved"));
        one.set("approver",
                text(wrong() ? rng_.pick({"ann", "ANN", "agent-1", "lead-8 ", "", "Lea <lead-8>", "l\u0435ad-8"})
                             : rng_.pick({"lead-8", "lead-9", "lead-7", "Lead-8", "\u00e9va", "\u00c9VA"})));
        if (by_id ? rng_.percent(90) : rng_.percent(5))
            one.set("approver_id",
                    rng_.percent(90) ? text(rng_.pick({"id-1", "ID-1", "id-2", "ann", "id-3 "})) : Value::null());
        Value groups = Value::array();
        for (const char* group : {"leads", "dev", "ops"})
            if (!rng_.percent(25)) groups.items.push_back(text(group));
        one.set("groups", std::move(groups));
        one.set("requester", wrong() ? text("lead-9") : rng_.percent(50) ? Value::null() : text("ann"));
        one.set("at", wrong() ? moment(1) : moment(-rng_.pick<std::int64_t>({0, 1, 29, 59, 300, 899})));
        one.set("exp", wrong()            ? moment(0)
                       : rng_.percent(40) ? Value::null()
                                          : moment(rng_.pick<std::int64_t>({1, 50, 600})));
        one.set("binding_digest", text(wrong() ? "0123" : bound_to()));
        one.set("uses", rng_.percent(50) ? Value::null() : Value::of(rng_.pick<std::int64_t>({0, 1, 1, 2, 9})));
        for (const char* name :
             {"id", "state", "approver", "groups", "requester", "at", "exp", "binding_digest", "uses"})
            if (rng_.percent(shape_.missing)) one.remove(name);
        list.items.push_back(std::move(one));
    }
    document.set("approvals", std::move(list));
}

Value RequestGen::request() {
    const std::int64_t offset = rng_.pick<std::int64_t>(
        {0, 0, 0, 1, -1, 59, 60, -60, 300, -3600, 3600, -10800, 18000, 86400, -86400, 345600, 2336400, 2336399});
    now_ = (kBase + offset) * kSecond + (rng_.percent(5) ? rng_.pick<std::int64_t>({1, -1, 500000}) : 0);
    issuer_ = rng_.below(policy_.issuers.size());
    tool_ = rng_.below(policy_.tools.size());
    unknown_issuer_ = trouble();
    unknown_tool_ = trouble();
    delegated_ = rng_.percent(40);
    Value document = record(policy_.request, "");
    document.set("provenance", provenance());
    if (Value* token = document.find("token")) agree(*token);
    approvals(document);
    return document;
}

void collect(const json::Value& object, std::vector<std::string>& path, std::vector<std::vector<std::string>>& out) {
    for (const auto& [key, value] : object.members) {
        if (path.empty() && (key == "want" || key == "provenance")) continue;
        // The approver's name and id are one fact.
        if (key == "approver_id") continue;
        path.push_back(key);
        out.push_back(path);
        if (value.type == json::Type::Object) collect(value, path, out);
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            if (value.items[i].type != json::Type::Object) continue;
            path.push_back(std::to_string(i));
            collect(value.items[i], path, out);
            path.pop_back();
        }
        path.pop_back();
    }
}

}  // namespace

RequestShape random_request_shape(Rng& rng) {
    RequestShape shape;
    shape.missing = rng.pick<unsigned>({0, 0, 1, 3, 12});
    shape.odd = rng.pick<unsigned>({0, 3, 10});
    shape.trouble = rng.pick<unsigned>({0, 0, 4, 12});
    return shape;
}

json::Value random_request(Rng& rng, const RequestShape& shape) {
    return RequestGen(rng, shape).request();
}

std::vector<std::vector<std::string>> facts_in(const json::Value& document) {
    std::vector<std::vector<std::string>> out;
    std::vector<std::string> path;
    collect(document, path, out);
    return out;
}

json::Value without(const json::Value& document, const std::vector<std::string>& path) {
    json::Value copy = document;
    json::Value* at = &copy;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        at = at->type == json::Type::Array ? &at->items[static_cast<std::size_t>(std::stoul(path[i]))]
                                           : at->find(path[i]);
    }
    at->remove(path.back());
    return copy;
}

}  // namespace writ::property
