// Programs written by hand, for tests of the evaluator without the compiler: a short form of the schema in
// stdlib/request.writ, every field in a slot, one issuer, two tools, rules as code.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/values.h"
#include "bytecode/builder.h"
#include "bytecode/program.h"
#include "json_nodes.h"
#include "pattern/matcher.h"
#include "vm/decide.h"
#include "vm/facts.h"
#include "vm/interpreter.h"
#include "writ/decision.h"

namespace writ::testing {

using bytecode::Instr;
using bytecode::Opcode;
using bytecode::OperandKind;

/// A field of a shape. `enumeration` names one of the enums below.
struct Field {
    std::string name;
    Kind kind = Kind::String;
    std::vector<Field> children;  ///< Record: fields. List, Map: one, the element
    std::string enumeration;
    bool or_none = false;
    bool one_or_many = false;
    bool compared = true;  ///< only for text
    std::uint32_t max = 8;
    Provenance weakest = Provenance::Model;
    std::vector<std::string> keys;  ///< Map: the keys that are read

    Field& none() { return or_none = true, *this; }
    Field& from(Provenance provenance) {
        weakest = provenance;
        for (Field& child : children) child.from(provenance);
        return *this;
    }
    Field& most(std::uint32_t count) { return max = count, *this; }
};

inline Field field(std::string name, Kind kind = Kind::String) {
    return {.name = std::move(name), .kind = kind};
}
inline Field not_compared(std::string name) {
    return {.name = std::move(name), .compared = false};
}
inline Field record(std::string name, std::vector<Field> children) {
    return {.name = std::move(name), .kind = Kind::Record, .children = std::move(children)};
}
inline Field list(std::string name, Field element) {
    element.name.clear();
    return {.name = std::move(name), .kind = Kind::List, .children = {std::move(element)}};
}
inline Field one_of(std::string name, std::string enumeration) {
    return {.name = std::move(name), .kind = Kind::Enum, .enumeration = std::move(enumeration)};
}

inline Field request_schema() {
    const auto instant = [](std::string name) { return field(std::move(name), Kind::Instant).none(); };
    const auto texts = [](std::string name) { return list(std::move(name), field("")); };
    Field aud = texts("aud");
    aud.one_or_many = true;
    Field gates{.name = "gates", .kind = Kind::Map};
    gates.children = {record("", {one_of("result", "result"), field("at", Kind::Instant)})};
    gates.keys = {"eval"};
    Field tags{.name = "tags", .kind = Kind::Map};
    tags.children = {field("")};
    tags.keys = {"team"};
    return record(
        "",
        {field("now", Kind::Instant),
         not_compared("request_id"),
         record("token", {field("issuer"), aud, instant("exp"), instant("nbf"), instant("iat"), field("jti").none(),
                          field("key_id").none(), field("typ").none(), one_of("proof", "proof"), record("claims", {})})
             .from(Provenance::Verified),
         record("workload", {field("spiffe_id", Kind::Spiffe).none(), field("instance_id").none()})
             .from(Provenance::Broker),
         record("agent", {field("id"), field("class"), field("owner").none(), field("deployment_id"),
                          field("shared_count", Kind::Int), field("revoked", Kind::Bool)})
             .from(Provenance::Broker),
         record("run", {field("id"), field("parent_id").none(), field("initiator").none(), instant("exp")})
             .from(Provenance::Broker),
         field("tenant").from(Provenance::Broker),
         record("user", {field("id"), field("tenant"), texts("roles"), field("email", Kind::Email).none(),
                         instant("session_exp")})
             .from(Provenance::Broker)
             .none(),
         record("delegation",
                {field("originator"), field("actor"), field("depth", Kind::Int),
                 list("chain", record("", {field("actor"), field("run"), field("issuer"), field("initiator").none(),
                                           field("tenant"), texts("granted_scopes"), instant("exp"),
                                           record("where", {field("region"), field("zone").none()}).none()}))
                     .most(3)})
             .from(Provenance::Broker)
             .none(),
         record("tool", {field("name"), field("operation").none(), record("params", {})}).from(Provenance::Asserted),
         record("resource", {field("type"), field("id"), field("tenant").none(), field("path", Kind::Path), tags})
             .from(Provenance::Broker),
         record("want", {texts("scopes"), texts("audience"), field("ttl", Kind::Duration),
                         field("all_or_nothing", Kind::Bool)}),
         list("approvals",
              record("", {field("id"), one_of("state", "state"), field("approver"), texts("groups"),
                          field("requester").none(), field("at", Kind::Instant), instant("exp"),
                          field("approver_id").none(), field("binding_digest"), field("uses", Kind::Int).none()}))
             .from(Provenance::Broker)
             .none(),
         gates.from(Provenance::Broker),
         list("egress", field("", Kind::Host)).from(Provenance::Broker),
         list("blocks", field("", Kind::Cidr)),
         field("address", Kind::Ip),
         field("spent", Kind::Decimal),
         field("window", Kind::Duration),
         list("numbers", field("", Kind::Int)).most(2000),
         list("words", field("")).most(2000)});
}

constexpr std::string_view kIssuer = "https://issuer.example";
constexpr std::string_view kBroker = "https://broker.example";

/// If `seal` fails, the test is wrong.
class TestProgram {
public:
    bytecode::Builder build;

    TestProgram() {
        enums_["proof"] = add_enum("proof", {"bearer", "mtls", "dpop"});
        enums_["state"] = add_enum("approval_state", {"pending", "approved", "rejected"});
        enums_["result"] = add_enum("gate_result", {"passed", "failed"});
        enums_["tier"] = add_enum("tier", {"read", "write", "privileged"});
        for (const char* path : {
#define FACT(name, path, ...) path,
#include "base/builtin_facts.def"
             })
            slots_.emplace(path, static_cast<std::uint32_t>(slots_.size()));
        manifest_.request_shape = add_root(request_schema(), "");
        manifest_.tier_enum = enums_["tier"];
        manifest_.tier_slot = catalog("tool.tier", Kind::Enum, Kind::Bool);
        manifest_.tool_scopes_slot = catalog("tool.scopes", Kind::List, Kind::String);
        manifest_.tool_audience_slot = catalog("tool.audience", Kind::List, Kind::String);

        bytecode::IssuerRef issuer;
        issuer.name = text("prod");
        issuer.url = text(kIssuer);
        issuer.audiences = set({std::string(kBroker), "https://second.example"});
        issuer.max_age = 600 * kSecond;
        issuer.leeway = 5 * kSecond;
        issuer.claims = add_root(record("", {field("iss"), field("sub", Kind::Subject), field("namespace"),
                                             field("exp", Kind::Instant), record("kubernetes.io", {field("pod")})}),
                                 "prod.");
        issuers.push_back(issuer);
        add_tool(
            "refund", "write-refund", {"https://pay.example", "https://pay2.example"}, {"refund:create", "refund:read"},
            1,
            record("", {field("amount", Kind::Decimal), field("currency"), record("extra", {field("note").none()})}));
        add_tool("lookup", "lookup", {"https://data.example"}, {"data:read"}, 0, record("", {}));
        add_tool("mute", "mute", {}, {"data:read"}, 0, record("", {}));
    }

    std::vector<bytecode::IssuerRef> issuers;

    std::uint32_t text(std::string_view bytes) { return build.text(bytes); }
    std::uint32_t set(const std::vector<std::string>& texts) {
        std::vector<std::uint32_t> ids;
        for (const std::string& each : texts) ids.push_back(text(each));
        return build.text_set(Kind::String, ids);
    }

    // ---- operands ----
    std::uint32_t slot(const std::string& path) { return operand(OperandKind::Slot, slots_.at(path)); }
    std::uint32_t lit(std::string_view bytes) { return operand(OperandKind::Text, text(bytes)); }
    std::uint32_t num(std::int64_t value) { return operand(OperandKind::Int, build.integer(value)); }
    std::uint32_t texts(const std::vector<std::string>& of) { return operand(OperandKind::Set, set(of)); }
    std::uint32_t ints(const std::vector<std::int64_t>& of) {
        return operand(OperandKind::Set, build.int_set(Kind::Int, of));
    }
    static std::uint32_t temp(std::uint32_t index) { return bytecode::operand(OperandKind::Temp, index); }
    static std::uint32_t self(std::uint32_t depth) {
        return bytecode::operand(OperandKind::Elem, depth, bytecode::kElemSelf);
    }
    /// A column of the elements of a list of records: `delegation.chain`, `where.zone`.
    std::uint32_t elem(const std::string& list_path, const std::string& name, std::uint32_t depth = 0) {
        return bytecode::operand(OperandKind::Elem, depth, columns_.at(list_path + "/" + name));
    }
    std::uint32_t slot_index(const std::string& path) const { return slots_.at(path); }
    std::uint32_t column(const std::string& list_path, const std::string& name) const {
        return columns_.at(list_path + "/" + name);
    }

    // ---- code ----
    /// Each instruction is a conjunct: a false one ends the rule with false.
    static std::vector<Instr> all_of(std::vector<Instr> tests) {
        for (std::size_t i = 0; i < tests.size(); ++i)
            if (is_test(tests[i].op) && tests[i].jump == 0) tests[i].jump = jump_to(tests, i, tests.size() + 1);
        tests.push_back({Opcode::RetTrue});
        tests.push_back({Opcode::RetFalse});
        return tests;
    }
    static Instr test(Opcode op, std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0, std::uint8_t flags = 0) {
        return {op, flags, 0, a, b, c};
    }
    static Instr no(Instr instr) {
        instr.flags |= bytecode::kNegate;
        return instr;
    }
    static Instr cmp(Opcode op, std::uint32_t a, std::uint32_t b, Cmp code) {
        return {op, 0, 0, a, b, static_cast<std::uint32_t>(code)};
    }
    /// A quantifier with its bound and its body, which is also a conjunction.
    static std::vector<Instr> quantify(bytecode::Quant quant, std::uint32_t over, std::vector<Instr> body,
                                       std::uint32_t bound = 0, std::uint32_t depth = 0) {
        body = all_of(std::move(body));
        std::vector<Instr> out{
            {Opcode::Quantify, 0, 0, over, static_cast<std::uint32_t>(body.size()), bytecode::quant_code(quant, depth)},
            {Opcode::Bound, 0, 0, bound, 0, 0}};
        out.insert(out.end(), body.begin(), body.end());
        return out;
    }

    // ---- rules ----
    std::uint32_t permit(std::string_view name, std::vector<Instr> code, const std::vector<std::string>& scopes,
                         std::int64_t ttl_seconds = 120) {
        build.out.grants.push_back({set(scopes), 0, ttl_seconds * kSecond});
        return rule(RuleKind::Permit, name, std::move(code), build.out.grants.size() - 1);
    }
    std::uint32_t deny(std::string_view name, std::vector<Instr> code) {
        return rule(RuleKind::Deny, name, std::move(code), build.text(name));
    }
    std::uint32_t require(std::string_view name, std::vector<Instr> code, const std::vector<std::string>& groups,
                          std::uint32_t count = 1, std::int64_t within_seconds = 900) {
        build.out.requirements.push_back({set(groups), count, within_seconds * kSecond});
        return rule(RuleKind::Require, name, std::move(code), build.out.requirements.size() - 1);
    }
    std::uint32_t limit(std::string_view name, std::vector<Instr> code, bytecode::LimitRef limit) {
        build.out.limits.push_back(limit);
        return rule(RuleKind::Limit, name, std::move(code), build.out.limits.size() - 1);
    }
    std::uint32_t oblige(std::string_view name, std::vector<Instr> code,
                         const std::vector<std::pair<std::string, std::string>>& obligations) {
        std::vector<std::uint32_t> words;
        for (const auto& [obligation, args] : obligations) {
            words.push_back(text(obligation));
            words.push_back(text(args));
        }
        build.out.obligations.push_back({build.ids(words), static_cast<std::uint32_t>(obligations.size())});
        return rule(RuleKind::Oblige, name, std::move(code), build.out.obligations.size() - 1);
    }
    [[nodiscard]] std::uint32_t tools(std::vector<std::uint32_t> indices) {
        return bytecode::operand(OperandKind::Set, build.tool_set(std::move(indices)));
    }
    /// Binds the rules added from now on to a row of a table.
    void at_row(std::uint32_t table, std::uint32_t row) {
        table_ = static_cast<std::uint16_t>(table);
        row_ = row;
    }
    std::uint32_t add_window(Window window, std::vector<Transition> zone) {
        const auto first = static_cast<std::uint32_t>(build.out.transitions.size());
        build.out.transitions.insert(build.out.transitions.end(), zone.begin(), zone.end());
        build.out.windows.push_back(
            {window.start, window.end, window.days, first, static_cast<std::uint32_t>(zone.size())});
        return static_cast<std::uint32_t>(build.out.windows.size() - 1);
    }
    /// Matchers, made like the compiler's.
    std::uint32_t add_regex(std::string_view pattern) { return add(pattern::make_regex(pattern).value()); }
    std::uint32_t add_glob(std::string_view pattern, std::string_view separators) {
        return add(pattern::make_glob(pattern, separators).value());
    }
    std::uint32_t add(const pattern::Matcher& matcher) {
        return build.matcher(matcher.text, matcher.prefix, matcher.suffix, matcher.between.view(), matcher.glob);
    }
    /// Parses a claim of the only issuer. A piece is literal text, `{name}` or `{name**}`.
    void parse(const std::string& claim, const std::vector<std::vector<std::string>>& patterns,
               const std::vector<std::string>& captures) {
        bytecode::CaptureSpecRef spec;
        spec.claim = nodes_.at("prod." + claim);
        spec.first_pattern = static_cast<std::uint32_t>(build.out.patterns.size());
        spec.pattern_count = static_cast<std::uint32_t>(patterns.size());
        for (const auto& pieces : patterns) {
            std::vector<std::uint32_t> words;
            for (const std::string& piece : pieces) {
                if (piece.front() != '{') {
                    words.insert(words.end(), {text(piece), bytecode::kNone, 0});
                    continue;
                }
                const bool rest = piece.find("**") != std::string::npos;
                words.insert(words.end(),
                             {bytecode::kNone, text(piece.substr(1, piece.size() - (rest ? 4 : 2))), rest ? 1u : 0u});
            }
            build.out.patterns.push_back({build.ids(words), static_cast<std::uint32_t>(pieces.size())});
        }
        build.out.capture_specs.push_back(spec);
        const auto spec_index = static_cast<std::uint32_t>(build.out.capture_specs.size() - 1);
        for (const std::string& name : captures) {
            slots_.emplace("prod." + name, static_cast<std::uint32_t>(slots_.size()));
            build.out.captures.push_back({slots_.at("prod." + name), spec_index, text(name)});
            kinds_["prod." + name] = {Kind::String, Kind::Bool};
        }
        issuers[0].first_capture = 0;
        issuers[0].capture_count = static_cast<std::uint32_t>(build.out.captures.size());
    }

    std::shared_ptr<const bytecode::Program> seal() {
        bytecode::Sections out = build.out;
        bytecode::ManifestRef manifest = manifest_;
        manifest.engine_version = build.text("test");
        out = build.out;
        out.issuers = issuers;
        out.slots.assign(slots_.size(), {});
        for (const auto& [path, index] : slots_) {
            const auto [kind, elem] = kinds_.at(path);
            out.slots[index] = {build.text(path), static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(elem)};
        }
        out.texts = build.out.texts;
        out.chars = build.out.chars;
        manifest.slot_count = static_cast<std::uint32_t>(slots_.size());
        manifest.temp_count = temps_;
        manifest.max_binders = binders_;
        manifest.step_bound = std::uint64_t{1} << 40;
        out.manifest = {manifest};
        auto program = bytecode::Program::open(bytecode::Program::seal(out));
        if (!program)
            throw std::runtime_error(program.error().code + " " + program.error().message + " " +
                                     program.error().context);
        return *program;
    }

private:
    static std::uint32_t operand(OperandKind kind, std::uint32_t index) { return bytecode::operand(kind, index); }
    static bool is_test(Opcode op) {
        switch (op) {
#define TEST(name, ...) \
    case Opcode::name: return true;
#define TIME(name, ...) \
    case Opcode::name: return true;
#define OP(name, ...) \
    case Opcode::name: return false;
#include "bytecode/opcodes.def"
        }
        return false;
    }
    static std::uint16_t jump_to(const std::vector<Instr>& code, std::size_t at, std::size_t target) {
        const std::size_t next = at + 1 + (code[at].op == Opcode::Quantify ? 1 + code[at].b : 0);
        return static_cast<std::uint16_t>(target - next);
    }

    std::uint32_t add_enum(std::string_view name, const std::vector<std::string>& members) {
        std::vector<std::uint32_t> ids;
        for (const std::string& member : members) ids.push_back(text(member));
        build.out.enums.push_back({text(name), build.ids(ids), static_cast<std::uint32_t>(ids.size())});
        return static_cast<std::uint32_t>(build.out.enums.size() - 1);
    }
    std::uint32_t catalog(const std::string& path, Kind kind, Kind elem) {
        slots_.emplace(path, static_cast<std::uint32_t>(slots_.size()));
        kinds_[path] = {kind, elem};
        return slots_.at(path);
    }
    void add_tool(std::string_view name, std::string_view wire, const std::vector<std::string>& audience,
                  const std::vector<std::string>& scopes, std::int64_t tier, const Field& params) {
        bytecode::ToolRef tool;
        tool.name = text(name);
        tool.wire_name = text(wire);
        std::vector<std::uint32_t> ids;
        for (const std::string& each : audience) ids.push_back(text(each));
        tool.audience = build.ids(ids);
        tool.audience_count = static_cast<std::uint32_t>(ids.size());
        tool.audience_set = set(audience);
        tool.scopes = set(scopes);
        tool.tier = tier;
        tool.params = add_root(params, std::string(name) + ".params.");
        build.out.tools.push_back(tool);
    }

    std::uint32_t add_root(const Field& root, const std::string& prefix) {
        const auto index = static_cast<std::uint32_t>(build.out.shape.size());
        build.out.shape.emplace_back();
        fill(index, root, prefix, "", bytecode::kNone, false);
        return index;
    }
    /// `path` names slots; inside a list of records `below` names columns.
    void fill(std::uint32_t index, const Field& from, const std::string& prefix, const std::string& path,
              std::uint32_t in_list, bool dropped, const std::string& list_path = {}, const std::string& below = {}) {
        bytecode::ShapeNode node;
        node.kind = static_cast<std::uint8_t>(from.kind);
        node.weakest = static_cast<std::uint8_t>(from.weakest);
        node.flags = static_cast<std::uint8_t>(
            (from.or_none ? bytecode::kOrNone : 0) | (from.one_or_many ? bytecode::kOneOrMany : 0) |
            (from.compared && rep_of(from.kind) == Rep::Text ? bytecode::kCompared : 0));
        if (!from.name.empty()) node.name = text(from.name);
        if (from.kind == Kind::List || from.kind == Kind::Map) node.max = from.max;
        if (rep_of(from.kind) == Rep::Text) node.max = kDefaultText;
        if (from.kind == Kind::Enum) node.enumeration = enums_.at(from.enumeration);
        const std::string full = prefix + path;
        nodes_[full] = index;
        if (!from.name.empty() && !dropped) {
            if (in_list != bytecode::kNone) {
                node.column = build.out.shape[in_list].columns++;
                columns_[list_path + "/" + below] = node.column;
            } else {
                node.slot = slots_.emplace(full, static_cast<std::uint32_t>(slots_.size())).first->second;
                kinds_[full] = {from.kind, from.kind == Kind::List ? from.children[0].kind : Kind::Bool};
            }
        }
        node.first_child = from.children.empty() ? 0 : static_cast<std::uint32_t>(build.out.shape.size());
        node.child_count = static_cast<std::uint32_t>(from.children.size());
        build.out.shape.resize(build.out.shape.size() + from.children.size());
        node.first_key = from.keys.empty() ? 0 : static_cast<std::uint32_t>(build.out.shape.size());
        node.key_count = static_cast<std::uint32_t>(from.keys.size());
        build.out.shape.resize(build.out.shape.size() + from.keys.size());
        build.out.shape[index] = node;

        const auto joined = [](const std::string& a, const std::string& b) { return a.empty() ? b : a + "." + b; };
        const bool records = from.kind == Kind::List && from.children[0].kind == Kind::Record;
        for (std::uint32_t i = 0; i < node.child_count; ++i) {
            const Field& child = from.children[i];
            const bool drop = dropped || from.kind == Kind::Map;
            if (records && !drop)
                fill(node.first_child + i, child, prefix, path, index, false, full, "");
            else
                fill(node.first_child + i, child, prefix, joined(path, child.name), in_list, drop, list_path,
                     joined(below, child.name));
        }
        for (std::uint32_t i = 0; i < node.key_count; ++i) {
            Field entry = from.children[0];
            entry.name = from.keys[i];
            fill(node.first_key + i, entry, prefix, joined(path, entry.name), in_list, dropped, list_path, below);
        }
    }

    std::uint32_t rule(RuleKind kind, std::string_view name, std::vector<Instr> code, std::size_t effect) {
        bytecode::RuleRef rule;
        rule.name = text(name);
        rule.origin = build.origin({text("main"), text("policy.writ")});
        rule.line = static_cast<std::uint32_t>(build.out.rules.size() + 1);
        rule.kind = static_cast<std::uint8_t>(kind);
        rule.effect = static_cast<std::uint32_t>(effect);
        rule.table = table_;
        rule.row = row_;
        rule.code_length = static_cast<std::uint32_t>(code.size());
        for (const Instr& instr : code) {
            if (instr.op == Opcode::InWindow || instr.op == Opcode::NowCmp || instr.op == Opcode::AgeCmp)
                rule.flags = bytecode::kTimed;
            if (instr.op == Opcode::Quantify) binders_ = std::max(binders_, bytecode::quant_depth(instr.c) + 1);
            if (instr.op >= Opcode::Add) temps_ = std::max(temps_, instr.c + 1);
        }
        rule.code = build.code(code, static_cast<std::uint32_t>(build.out.rules.size()));
        build.out.rules.push_back(rule);
        return static_cast<std::uint32_t>(build.out.rules.size() - 1);
    }

    bytecode::ManifestRef manifest_;
    std::unordered_map<std::string, std::uint32_t> slots_, columns_, nodes_, enums_;
    std::unordered_map<std::string, std::pair<Kind, Kind>> kinds_;
    std::uint16_t table_ = bytecode::kNoTable;
    std::uint32_t row_ = 0;
    std::uint32_t temps_ = 0, binders_ = 0;
};

constexpr std::int64_t kNowSeconds = 1'717'408'800;  // Monday 2024-06-03T10:00:00Z

/// A complete request for `write-refund`, verified throughout.
inline json::Value base_request() {
    auto parsed = json::parse(R"({
      "provenance": "verified",
      "now": 1717408800,
      "token": {"issuer": "https://issuer.example", "aud": ["https://broker.example"], "exp": 1717412400,
                "nbf": null, "iat": 1717408700, "jti": "t-1", "typ": null, "proof": "mtls",
                "claims": {"iss": "https://issuer.example", "sub": "system:serviceaccount:support:bot",
                           "namespace": "support", "new_claim": {"any": [1, 2.5, null]}}},
      "workload": {"spiffe_id": "spiffe://acme.example/support/bot"},
      "agent": {"id": "a-1", "class": "support", "owner": "olive", "deployment_id": "d-1", "shared_count": 1},
      "run": {"id": "r-1", "parent_id": null, "initiator": "ines", "exp": null},
      "tenant": "acme",
      "user": {"id": "ursula", "tenant": "acme", "roles": ["refunds", "support", "refunds"], "session_exp": null},
      "delegation": null,
      "tool": {"name": "write-refund", "operation": "create",
               "params": {"amount": 12.50, "currency": "EUR", "extra": {"note": null}}},
      "resource": {"type": "order", "id": "o-1", "tenant": "acme"},
      "want": {"scopes": ["refund:create"]}
    })");
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return *parsed;
}

/// Sets the value at a dotted path and makes objects on the way; `remove` removes it.
inline json::Value* walk(json::Value& document, std::string_view path, bool make) {
    json::Value* at = &document;
    while (!path.empty()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        const std::string_view step = path.substr(0, dot);
        json::Value* next = at->find(step);
        if (next == nullptr && make) next = &at->set(step, json::Value::object());
        if (next == nullptr) return nullptr;
        at = next;
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return at;
}
inline void set(json::Value& document, std::string_view path, std::string_view json_text) {
    auto value = json::parse(json_text);
    if (!value) throw std::runtime_error(value.error().message);
    *walk(document, path, true) = *value;
}
inline void remove(json::Value& document, std::string_view path) {
    const std::size_t dot = path.rfind('.');
    json::Value* parent = dot == std::string_view::npos ? &document : walk(document, path.substr(0, dot), false);
    if (parent != nullptr) parent->remove(dot == std::string_view::npos ? path : path.substr(dot + 1));
}

/// One program with facts and an interpreter for it.
struct Machine {
    explicit Machine(TestProgram& from) : program(from.seal()), facts(*program), interpreter(*program) {}

    /// Binds a document. Output: the code and place of the error, or empty.
    std::string bind(const json::Value& document) {
        const auto bound = facts.bind(nodes.of(document));
        return bound ? std::string() : bound.error().code + " " + bound.error().context;
    }
    const Decision& decide(const json::Value& document, const Revocations* revocations = nullptr) {
        if (const std::string error = bind(document); !error.empty()) throw std::runtime_error(error);
        vm::decide(*program, facts, interpreter, decision, revocations);
        return decision;
    }

    std::shared_ptr<const bytecode::Program> program;
    Nodes nodes;
    vm::Facts facts;
    vm::Interpreter interpreter;
    Decision decision;
};

/// Codes of a decision's reasons in order, with the rule or the fact, if any: `no_permit`, `fact_missing#2`,
/// `fact_missing:now`.
inline std::vector<std::string> codes(const Decision& decision) {
    std::vector<std::string> out;
    for (const Reason& each : decision.reasons) {
        std::string code(each.code);
        if (each.rule != kNoRule) code += "#" + std::to_string(each.rule);
        if (!each.detail.empty()) code += ":" + std::string(each.detail);
        out.push_back(std::move(code));
    }
    return out;
}

}  // namespace writ::testing
