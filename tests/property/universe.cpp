#include "universe.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "base/report.h"
#include "base/values.h"
#include "check/check.h"
#include "stdlib/stdlib.h"

namespace writ::property {

std::string_view Universe::preamble() {
    return R"writ(module prop

import std.budget
import common as any_policy

enum color = red | green | "deep-blue"
enum grade = low < mid < high
tier idle < look role read < write < privileged

claims ka shared {
  iss: string
  sub: subject
  aud: one_or_many<string> max 4
  exp: instant
  jti: string
  level: int
  admin: bool
  scp: string
  roles: one_or_many<string> max 8
  last: instant
  "x.io/ctx": record { namespace: path  pod: record { name: string } or none }
  labels: map<string, string> max 4
  env: string or none
  hops: list<record { n: string  since: instant or none }> max 3
  alias namespace = "x.io/ctx".namespace
  parse "x.io/ctx".pod.name { "{pod_set}/{pod_id**}" "{pod_id**}" }
  parse namespace { "{first}/{second**}" }
  parse sub { "sys:{ns}:{account}" "repo:{owner}/{name}:{rest**}" }
  role owner jti
  role owner_name account, first 2 of sub
  role trigger env is { "x" } not { "y", "a b" }
  role login admin is { false } not { true }
  type "at+jwt", "x+jwt"
}
claims kb shared "https://b.example/t" {
  iss: string
  sub: string
  wid: spiffe
  home: url
  peer: ip
  mail: email
  role: arn
  zone: dotted
  hosts: set<host> max 4
  act: record { sub: string  iss: string } or none
  role owner wid  proof required
}
claims kn {
  iss: string
  never permit because "nobody should have one"
}

issuer a: ka "https://a.example" {
  audience "https://broker.example"
  max_age 10m
  leeway 30s
}
issuer b: kb "https://b.example/t" {
  audience "https://broker.example", "urn:b"
  type "at+jwt", "JWT"
  proof required
}
issuer c: ka "https://c.example" { audience "https://broker.example" }
issuer group ac = a, c
issuer group abc = c, b, a

tool t1 "wire-1" {
  tier look
  audience "https://t1.example"
  scopes { "s1", "s2", "s3" }
  params {
    amount: decimal, n: int, who: string, kind: color, grade: grade, flag: bool, at: instant, wait: duration
    tags: set<string> max 4, dest: host, net: cidr, where: record { x: int or none, y: path } or none
  }
}
tool t2 {
  tier write
  audience "https://t2.example", "https://t2b.example"
  scopes { "s2", "s3", "s4" }
  params { amount: decimal, n: int, who: string, peer: ip }
}
tool t3 {
  tier privileged
  audience "https://t3.example"
  scopes { "s1", "s4", "s5" }
}

table tenants = csv "tenants.csv" {
  tenant: string, owner: string, scope: string, cap: decimal, most: int, grade: grade, groups: set<string>
  active: bool, wait: duration, calls: tool, home: issuer, may: set<tool>
}
table nets = json "nets.json" { net: cidr, host: host, tier: tier, since: instant }

define some_scopes = { "s2", "s3" }
define staff = { "ann", "bob", "lead-1" }
)writ";
}

/// A module that is written for any policy: it asks for the roles of tiers.
constexpr std::string_view kCommon = R"writ(module common

export define acts = tool.tier > read
export define grave = tool.tier >= privileged
export define only_reads(level: tier) = level <= read
)writ";

SourceSet Universe::sources(std::string first) {
    SourceSet out;
    out.sources.push_back({"prop.writ", std::move(first)});
    out.sources.push_back({"common.writ", std::string(kCommon)});
    out.read = &Universe::read;
    return out;
}

Result<std::string> Universe::read(std::string_view, std::string_view path) {
    if (path == "tenants.csv")
        return std::string(
            "tenant,owner,scope,cap,most,grade,groups,active,wait,calls,home,may\n"
            "acme,ann,s2,500.00,3,low,leads;ops,true,5m,t1,a,t1;t2\n"
            "globex,bob,s3,1.5,1,high,dev,false,1h,t2,https://a.example,wire-1\n"
            "initech,eve,s2,1000,7,mid,,true,90s,wire-1,b,\n");
    return std::string(R"([{"net":"10.0.0.0/8","host":"api.example","tier":"look","since":"2026-03-02T12:00:00Z"},
        {"net":"192.168.0.0/16","host":"DB.acme.internal","tier":"write","since":"2026-03-02T11:50:00Z"}])");
}

static std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

static std::string step(const std::string& prefix, const std::string& name) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
    if (prefix.empty()) return name;
    return prefix + "." + (plain ? name : quoted(name));
}

void Universe::collect(check::FieldId record, const std::string& prefix, const std::vector<std::string>& outer,
                       Terms& out) const {
    for (check::FieldId id : policy_->at(record).children) {
        const check::Field& field = policy_->at(id);
        if (prefix.empty() && field.name == "now") continue;
        if (field.name == "position") continue;  // orders the chain; rules cannot read it
        const std::string text = step(prefix, field.name);
        std::vector<std::string> guards = outer;
        if (field.or_none) {
            out.groups.push_back({text, field.type, outer, field.name, true});
            guards.push_back(text + " is some");
        }
        const auto leaf = [&](const std::string& path, check::Type type) {
            out.values.push_back({path, type, guards, path, field.or_none});
        };
        if (field.type.kind == Kind::Record) {
            collect(id, text, guards, out);
        } else if (field.type.kind == Kind::Map) {
            for (const char* key : {"eval", "sec"}) {
                const std::string path = text + "[" + quoted(key) + "]";
                check::Type element = field.type;
                element.kind = field.type.elem;
                if (element.kind == Kind::Record)
                    collect(id, path, guards, out);
                else
                    leaf(path, element);
            }
        } else if (field.type.kind == Kind::List && field.type.elem == Kind::Record) {
            out.lists.push_back({text, field.type.record, guards});
        } else {
            leaf(text, field.type);
        }
    }
}

Terms Universe::elements(check::FieldId record, const std::string& binder) const {
    Terms terms;
    collect(record, binder, {}, terms);
    return terms;
}

Universe::Universe() {
    const SourceSet sources = Universe::sources(std::string(preamble()));
    Report report;
    policy_ =
        check::check(check::parse(sources, [](std::string_view name) { return stdlib::module(name); }, {}, report));
    if (report.error_count() > 0) {
        for (const Diagnostic& d : report.take())
            std::fprintf(stderr, "preamble: %s %s at %u (%s)\n", d.code.c_str(), d.message.c_str(), d.span.begin,
                         d.help.c_str());
        std::abort();
    }
    collect(policy_->request, "", {}, request_);
    // What the catalogue knows of the request's tool.
    check::Type tier, texts;
    tier.kind = Kind::Enum;
    tier.enumeration = policy_->tier;
    texts.kind = Kind::List;
    request_.values.push_back({"tool.tier", tier, {}, "tool.tier", false});
    request_.values.push_back({"tool.scopes", texts, {}, "tool.scopes", false});
    request_.values.push_back({"tool.audience", texts, {}, "tool.audience", false});
    for (std::uint32_t i = 0; i < policy_->issuers.size() + policy_->groups.size(); ++i) {
        const check::IssuerId issuer{i};
        if (i >= policy_->issuers.size() && !policy_->group_at(issuer).kind) continue;
        Terms terms;
        const std::string& name = policy_->name_of(issuer);
        const check::IssuerKind& kind = policy_->kinds[policy_->kind_of(issuer)];
        const std::vector<std::string> guard = {"token.issuer is " + name};
        collect(kind.root, name, guard, terms);
        check::Type text;
        text.kind = Kind::String;
        for (const check::CaptureSpec& spec : kind.captures)
            for (const auto& pattern : spec.patterns)
                for (const check::CapturePiece& piece : pattern)
                    if (!piece.capture.empty())
                        terms.values.push_back({name + "." + piece.capture, text, guard, piece.capture, false});
        claims_.push_back(std::move(terms));
    }
    for (const check::Tool& tool : policy_->tools) {
        Terms terms;
        collect(tool.params, "params", {}, terms);
        params_.push_back(std::move(terms));
    }
    for (const check::Column& column : policy_->tables[0].columns)
        columns_.push_back({"row." + column.name, column.type, {}, column.name, false});
}

// ---- constants --------------------------------------------------------------------------------

static std::vector<Constant> texts(std::initializer_list<const char*> from) {
    std::vector<Constant> out;
    for (const char* text : from) out.push_back({quoted(text), json::Value::of(std::string_view(text))});
    return out;
}

static bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> ends) {
    return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return text.ends_with(end); });
}

static std::vector<Constant> string_pool(std::string_view about) {
    if (about.find('[') != std::string_view::npos) return texts({"v1", "v2", "ann"});
    if (ends_with_any(about, {"tenant"})) return texts({"acme", "globex", "initech"});
    if (ends_with_any(about, {"scopes", "scope"})) return texts({"s1", "s2", "s3", "s4", "s5"});
    if (ends_with_any(about, {"groups", "roles", "tags"})) return texts({"leads", "ops", "dev", "x"});
    if (ends_with_any(about, {"iss"})) return texts({"https://a.example", "https://b.example/t", "https://c.example"});
    if (ends_with_any(about, {"aud", "audience"}))
        return texts(
            {"https://broker.example", "urn:b", "https://t1.example", "https://t2.example", "https://t2b.example"});
    if (ends_with_any(about, {"agent.id"})) return texts({"agent-1", "agent-2"});
    if (ends_with_any(about, {"scp"})) return texts({"s1 s2", "ops", " dev  x ", "files.read s4"});
    if (ends_with_any(about, {"ns", "account", "owner", "initiator", "approver", "actor", "requester", "originator",
                              "user.id", "who", "sub"}))
        return texts({"ann", "bob", "eve", "lead-1", "lead-2", "agent-1"});
    return texts({"x", "y", "A/B", "a b", "\xC3\xA9", ""});
}

std::vector<Constant> Universe::pool(const check::Type& type, Kind kind, std::string_view about) const {
    std::vector<Constant> out;
    switch (kind) {
        case Kind::Bool: return {{"true", json::Value::of(true)}, {"false", json::Value::of(false)}};
        case Kind::Int:
            for (std::int64_t n : {-1, 0, 1, 2, 3, 7, 100}) out.push_back({std::to_string(n), json::Value::of(n)});
            return out;
        case Kind::Decimal:
            for (const char* n : {"0", "0.5", "1.5", "499.99", "500.00", "500.01", "1000"})
                out.push_back({n, json::Value::number(n)});
            return out;
        case Kind::Duration:
            for (std::int64_t seconds : {30, 60, 90, 300, 600, 3600})
                out.push_back({format_duration(seconds * kSecond), json::Value::of(seconds)});
            return out;
        case Kind::Instant:
            for (std::int64_t seconds : {-86400, -3600, -600, -60, 0, 1, 60, 600, 3600, 86400})
                out.push_back({quoted(format_instant((kBase + seconds) * kSecond)), json::Value::of(kBase + seconds)});
            return out;
        case Kind::Enum:
            for (const std::string& member : policy_->enums[type.enumeration.value].members)
                out.push_back({member.find('-') == std::string::npos ? member : quoted(member),
                               json::Value::of(std::string_view(member))});
            return out;
        case Kind::String:
            if (type.names == check::Referent::Tools)
                return {{"t1", json::Value::of("wire-1")},
                        {"\"wire-1\"", json::Value::of("wire-1")},
                        {"t2", json::Value::of("t2")},
                        {"\"t3\"", json::Value::of("t3")}};
            if (type.names == check::Referent::Issuers)
                return {{"a", json::Value::of("https://a.example")},
                        {"\"https://b.example/t\"", json::Value::of("https://b.example/t")},
                        {"c", json::Value::of("https://c.example")}};
            return string_pool(about);
        case Kind::Path: return texts({"a/b", "a/c/d", "docs/x/y", "/", "/a/", "a/b%20c"});
        case Kind::Subject: return texts({"sys:acme:ann", "sys:ns2:bob", "repo:acme/app:ref:refs/heads/main", "odd"});
        case Kind::Dotted: return texts({"a.b", "a.b.c", "eu.west.1"});
        case Kind::Spiffe: return texts({"spiffe://acme.example/ns/a/sa/b", "spiffe://globex.example/x"});
        case Kind::Url: return texts({"https://api.example/a/b", "https://api.example:8443/", "http://evil.example/x"});
        case Kind::Host: return texts({"api.example", "evil.example", "db.acme.internal"});
        case Kind::Email: return texts({"ann@acme.example", "bob@globex.example"});
        case Kind::Arn: return texts({"arn:aws:iam::123456789012:role/app", "arn:aws:s3:::bucket/key"});
        case Kind::Ip: return texts({"10.1.2.3", "192.168.0.9", "2001:db8::1"});
        case Kind::Cidr: return texts({"10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"});
        case Kind::Record:
        case Kind::List:
        case Kind::Map: return {};
    }
    return out;
}

const Universe& universe() {
    static const Universe one;
    return one;
}

}  // namespace writ::property
