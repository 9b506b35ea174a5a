// A policy with every name resolved and every expression typed. `define`s are inlined, aliases are followed, and
// literals have the type of their context. The compiler and the reference evaluator read it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/held.h"
#include "base/json.h"
#include "base/kind.h"
#include "base/source.h"
#include "base/window.h"
#include "check/operators.h"
#include "pattern/matcher.h"
#include "syntax/ast.h"

namespace writ::check {

using EnumId = Id<struct EnumTag>;
using FieldId = Id<struct FieldTag>;
using FactId = Id<struct FactTag>;
using IssuerId = Id<struct IssuerTag>;
using ToolId = Id<struct ToolTag>;
using TableId = Id<struct TableTag>;
using ZoneId = Id<struct ZoneTag>;

/// The kind of declaration that a text names, if any. A text can be compared only with texts of the same kind.
enum class Referent : std::uint8_t {
    Nothing,
    Tools,    ///< written `tool`; the value is the tool's name in requests
    Issuers,  ///< written `issuer`; the value is the issuer's URL
};

/// A type. A list has one element type, and is never a list of lists. A record is named by the field that declares it.
struct Type {
    Kind kind = Kind::Bool;
    Kind elem = Kind::String;            ///< List, Map: kind of the elements
    EnumId enumeration;                  ///< Enum, or List/Map of Enum
    FieldId record;                      ///< Record, or List/Map of Record: the field whose children are meant
    std::uint32_t max = 0;               ///< List: greatest length
    Referent names = Referent::Nothing;  ///< String, or List/Map of String
};

/// One field of a schema. Policy::fields contains the fields of the request, of each kind of claims, and of each tool's
/// parameters.
struct Field {
    std::string name;
    FieldId parent;  ///< none at a root
    Type type;
    bool or_none = false;
    bool one_or_many = false;                ///< claims: a single string means a set of one
    bool made = false;                       ///< by the engine, out of other facts: a request cannot state it
    Provenance weakest = Provenance::Model;  ///< the strongest that a field on the path requires
    std::vector<FieldId> children;           ///< Record, or List/Map of Record
    Span span;
    std::string doc;
};

/// `parse FIELD { … }`: one pattern is literals and captures in turn.
struct CapturePiece {
    std::string literal;  ///< empty: a capture
    std::string capture;
    bool rest = false;  ///< `{x**}`
};
struct CaptureSpec {
    FieldId field;  ///< the parsed claim
    std::vector<std::vector<CapturePiece>> patterns;
};

/// What a claim says about the holder of a token. Used by lints, not by decisions.
enum class ClaimRole : std::uint8_t {
    Owner,      ///< identifies the owner, by a value that is never reused
    OwnerName,  ///< identifies the owner, by a name that another party can take over
    Workflow,   ///< the shared workflow that runs, independent of its caller
    Workload,   ///< which of an owner's workloads it is
    Actor,      ///< the person that started the job, independent of what runs in it
    Runner,     ///< on what kind of machine it runs
    Trigger,    ///< what started the job
    Phase,      ///< whether what runs was approved before
    Login,      ///< whether somebody is logged in to the job
    Code,       ///< what runs, or that somebody approved it
};
/// The roles as an author writes them.
inline constexpr std::string_view kClaimRoles[] = {"owner",  "owner_name", "workflow", "workload", "actor",
                                                   "runner", "trigger",    "phase",    "login",    "code"};

/// `role ROLE first N of CLAIM is GOOD not BAD`
struct RoleClaim {
    ClaimRole role = ClaimRole::Owner;
    std::string claim;           ///< its path from the root of the claims (`kubernetes.io.namespace`), or a capture
    std::string written;         ///< as a policy writes it after the issuer's name
    std::uint32_t segments = 0;  ///< how many segments of its text have the role; 0: the whole text
    std::uint32_t item = 0;      ///< which `role` of the kind names it
    /// Trigger, Phase, Login: the values to require, and those with which others decide what the job does. Of a bool,
    /// `true` or `false`.
    std::vector<std::string> good, bad;
    bool of_bool = false;
};

struct IssuerKind {
    std::string name;
    FieldId root;
    bool shared = false;                 ///< its issuers give tokens to anyone, not only to one owner
    std::vector<std::string> shared_at;  ///< URLs of the shared issuers; empty: all are shared
    std::vector<RoleClaim> roles;
    std::vector<CaptureSpec> captures;
    std::vector<std::string> types;
    bool proof_required = false;
    std::string never;  ///< why no token of the kind can be accepted; empty: some can
    Span span;
};

struct Issuer {
    std::string name, url;
    std::uint32_t kind = 0;  ///< index into Policy::kinds
    std::vector<std::string> audiences, types;
    std::optional<std::int64_t> max_age;  ///< microseconds
    std::int64_t leeway = 0;
    bool proof_required = false;
    Span span;
};

/// `issuer group NAME = …`. An IssuerId names an issuer, or a group: the ids of groups follow those of the issuers.
struct IssuerGroup {
    std::string name;
    std::vector<std::uint32_t> members;  ///< of Policy::issuers, ascending
    std::optional<std::uint32_t> kind;   ///< of Policy::kinds; none: the members differ in it
    Span span;
};

/// What the tiers of a policy mean for rules that are written for any policy.
enum class TierRole : std::uint8_t {
    Read,        ///< the highest tier whose tools only read
    Privileged,  ///< the lowest tier whose tools can do great harm
};
/// The roles as an author writes them.
inline constexpr std::string_view kTierRoles[] = {"read", "privileged"};

struct EnumType {
    std::string name;
    bool ordered = false;
    std::vector<std::string> members;
    Span span;  ///< of the name; empty for `tier` if no tier is declared
    /// The tiers: the member with each role, if there is one. A tier with the name of a role has it, unless another
    /// does.
    std::array<std::optional<std::uint32_t>, std::size(kTierRoles)> roles = {};
};

struct Tool {
    std::string name, wire_name;
    std::int64_t tier = 0;
    std::vector<std::string> audiences, scopes;
    FieldId params;  ///< root of a record; always valid
    Span span;
};

/// A cell is an i64, a text or a set of texts, by its column's type.
struct Cell {
    std::int64_t integer = 0;
    std::string text;
    std::vector<std::string> set;
};
struct Column {
    std::string name;
    Type type;
};
struct Table {
    std::string name, path;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
    Span span;
};

struct Zone {
    std::string name;
    std::vector<Transition> transitions;
};

/// The origin of a fact.
enum class FactRoot : std::uint8_t {
    Request,  ///< field of the request schema
    Claim,    ///< field of an issuer's claims
    Capture,  ///< captured out of a claim's text
    Param,    ///< a tool parameter
    Catalog,  ///< `tool.tier`, `tool.scopes`, `tool.audience`: from the catalogue, not the request
};
enum class CatalogFact : std::uint8_t { Tier, Scopes, Audience };

/// A fact that some expression reads, or that the engine itself reads; each fact once. Those of builtin_facts.def come
/// first, in its order. Tools that declare a parameter in the same way share its fact: then `field` is the first
/// tool's, and path, type, `or none` and provenance are the same for all. Fields of a list's elements are not facts:
/// see Expr::field.
struct Fact {
    FactRoot root = FactRoot::Request;
    std::string path;  ///< as an author writes it: `user.tenant`, `prod.namespace`, `gates["eval"].at`
    Type type;
    FieldId field;                   ///< Request, Claim, Param: the field; Capture: the parsed claim's field
    std::vector<std::string> keys;   ///< map keys, in the order the maps occur on the way to `field`
    IssuerId issuer;                 ///< Claim, Capture: the issuer or the group that it is read through
    std::uint32_t capture_spec = 0;  ///< Capture: index into the kind's captures
    std::string capture;
    CatalogFact catalog = CatalogFact::Tier;
    std::vector<FactId> optionals;  ///< the `or none` groups read through, outermost first
};

// ---- expressions ----------------------------------------------------------------------------

/// The operator determines which members are used, and the kids: base/operators.def.
struct Expr {
    Op op = Op::Constant;
    Cmp cmp = Cmp::Eq;
    writ::TextTest test{};
    std::uint8_t binder_depth = 0;  ///< Any, All, Count: how many binders enclose this one
    Type type;
    Span span;
    std::uint32_t id = 0;
    std::uint32_t index = 0;
    FieldId field;
    std::int64_t integer = 0;
    std::string_view text;
    const pattern::Matcher* matcher = nullptr;
    Window window{};
    std::span<const Expr* const> kids;
};
// Binder ids are depths: the outermost quantifier of a rule binds 0, one inside it 1, …

// ---- rules ----------------------------------------------------------------------------------

/// Argument of an obligation: constant, or a column of the rule's row.
struct ObligationArg {
    std::string name;
    const Expr* value = nullptr;  ///< Integer, Text, Set or Column
};
struct Obligation {
    std::string name;
    std::vector<ObligationArg> args;  ///< sorted by name
};

/// A rule, or a template. A template stands for one rule for each row of the table `each`.
/// Sets and durations in the effect consist only of Integer, Text, Set, Column, Union, Intersect and Minus.
struct Rule {
    RuleKind kind = RuleKind::Permit;
    std::string name;  ///< simple name
    /// Deny: the code of its reason, which is its name; with the module before it if another deny has that name.
    std::string code;
    std::string module;
    Span span;  ///< of the name
    TableId each;
    std::vector<ToolId> tools;   ///< empty: any tool
    const Expr* when = nullptr;  ///< null: always
    std::string because;

    const Expr* scopes = nullptr;     ///< Permit; Limit: null = not limited
    const Expr* ttl = nullptr;        ///< Permit; Limit: null = not limited; Require: within
    const Expr* audience = nullptr;   ///< Limit
    bool single_use = false;          ///< Limit
    std::uint32_t approvals = 0;      ///< Require
    std::vector<std::string> groups;  ///< Require
    std::vector<Obligation> obligations;
};

struct Invariant {
    std::string name, module;
    Span span;
    bool never_needs_approval = false;
    const Expr* when = nullptr;
};

struct Fixture {
    std::string name, module;
    Span span;
    json::Value document;  ///< changes applied
    bool binds = false;    ///< some approval's digest has kBindingMarker
};

/// Stands for the digest of an approval until it is computed: alone for the request that the approval is part of, with
/// the index of a fixture after it for that one's. No other text starts so, because it is not UTF-8.
inline constexpr std::string_view kBindingMarker = "\xFF";

/// One row of a test: the fixture's document with every change applied, and the expected decision.
struct TestRow {
    std::string name;  ///< test name, and the row's values
    json::Value document;
    const ast::Expectation* expect = nullptr;
    bool binds = false;  ///< some approval's digest has kBindingMarker
};

/// A file that a source names, as it was read.
struct DataFile {
    std::uint32_t source = 0;  ///< the source that names it
    std::string path, text;
};

// ---- the whole ------------------------------------------------------------------------------

struct Policy {
    std::vector<Field> fields;
    FieldId request;  ///< root of the request schema
    std::vector<EnumType> enums;
    EnumId tier;  ///< none if no tier is declared
    std::vector<IssuerKind> kinds;
    std::vector<Issuer> issuers;
    std::vector<IssuerGroup> groups;
    std::vector<Tool> tools;
    std::vector<Table> tables;
    std::vector<Zone> zones;
    std::deque<pattern::Matcher> matchers;  ///< of tests of a text, each once
    std::vector<Fact> facts;
    std::vector<Rule> rules;  ///< by source, then position
    std::vector<Invariant> invariants;
    std::vector<Fixture> fixtures;
    std::vector<TestRow> tests;
    std::deque<ast::Expectation> expectations;  ///< those of the tests that name definitions, with their values
    std::vector<Source> sources;                ///< given files, then the standard modules they import
    std::size_t given_sources = 0;
    std::deque<DataFile> data;           ///< the content of the sources' tables and fixtures
    std::vector<ast::SourceFile> files;  ///< parallel to sources
    std::unique_ptr<Arena> arena = std::make_unique<Arena>();

    /// The issuers that an id stands for: one, or the members of a group.
    [[nodiscard]] std::vector<std::uint32_t> members_of(IssuerId id) const {
        return id.value < issuers.size() ? std::vector{id.value} : group_at(id).members;
    }
    [[nodiscard]] bool is_among(std::uint32_t issuer, IssuerId id) const {
        if (!id.valid() || id.value < issuers.size()) return id.valid() && id.value == issuer;
        return std::ranges::binary_search(group_at(id).members, issuer);
    }
    /// The kind of the claims that can be read through an issuer or a group; a group needs one.
    [[nodiscard]] std::uint32_t kind_of(IssuerId id) const {
        return id.value < issuers.size() ? issuers[id.value].kind : held(group_at(id).kind);
    }
    [[nodiscard]] const std::string& name_of(IssuerId id) const {
        return id.value < issuers.size() ? issuers[id.value].name : group_at(id).name;
    }
    [[nodiscard]] Span span_of(IssuerId id) const {
        return id.value < issuers.size() ? issuers[id.value].span : group_at(id).span;
    }
    [[nodiscard]] const IssuerGroup& group_at(IssuerId id) const { return groups[id.value - issuers.size()]; }

    /// Whether a tool does more than read: without a tier of that role, whether it is above the lowest tier.
    [[nodiscard]] bool acts(const Tool& tool) const {
        if (!tier.valid()) return false;
        return tool.tier > enums[tier.value].roles[static_cast<std::size_t>(TierRole::Read)].value_or(0);
    }

    [[nodiscard]] const Field& at(FieldId id) const { return fields[id.value]; }
    [[nodiscard]] const Fact& at(FactId id) const { return facts[id.value]; }
};

}  // namespace writ::check
