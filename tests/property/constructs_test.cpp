// What the random policies are made of: every operator of the language's tables, every kind of scalar, every construct
// of the syntax in every_construct.writ, and every fact that a request can state.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include "harness.h"
#include "mangle.h"
#include "source_root.h"
#include "syntax/parse.h"
#include "universe.h"

namespace writ::property {
namespace {

using check::Expr;
using check::Op;

constexpr Op kOperators[] = {
#define VALUE(name, ...) Op::name,
#define CONDITION(name, ...) Op::name,
#include "base/operators.def"
};
constexpr TextTest kTextTests[] = {
#define TEXT_TEST(name, ...) TextTest::name,
#include "base/operators.def"
};

constexpr Kind kScalars[] = {
#define GROUP_KIND(...)
#define KIND(name, ...) Kind::name,
#include "base/kinds.def"
};

/// The name of a field below its root: `delegation.first.class`.
std::string path_of(const check::Policy& policy, check::FieldId id) {
    std::string out;
    for (; policy.at(id).parent.valid(); id = policy.at(id).parent)
        out = policy.at(id).name + (out.empty() ? "" : "." + out);
    return out;
}

/// The fields below one that rules can read, down to the smallest; of those that are made from a chain, the records.
void list_fields(const check::Policy& policy, check::FieldId of, bool made, std::vector<std::string>& out) {
    for (const check::FieldId id : policy.at(of).children) {
        const check::Field& field = policy.at(id);
        if (field.name == "position") continue;  // orders the chain; rules cannot read it
        const bool holds_records = std::any_of(field.children.begin(), field.children.end(), [&](check::FieldId child) {
            return policy.at(child).type.kind == Kind::Record;
        });
        if ((made || field.made) && !holds_records)
            out.push_back(path_of(policy, id));
        else if (field.children.empty() && field.type.kind != Kind::Record)
            out.push_back(path_of(policy, id));
        else
            list_fields(policy, id, made || field.made, out);
    }
}

/// The constructs in a tree (dump_ast). Of declarations, each part with what it is a part of, and with the words that
/// say which form it has: `claims/role`, `claim … first`. Of expressions, each sort. Fixtures, tests, invariants and
/// schemas are no part of what decides.
std::set<std::string> constructs_in(const std::string& tree) {
    static const std::set<std::string> kForms = {"as",  "record", "list", "set",   "map", "one_or_many", "or",
                                                 "max", "csv",    "json", "first", "on",  "bool"};
    static const std::set<std::string> kUndecided = {"fixture", "test", "invariant", "schema"};
    static const std::set<std::string> kHoldExpressions = {"when", "body", "scopes", "ttl", "within", "audience"};
    std::set<std::string> out;
    std::vector<std::string> above;  // the first words of the lines that the line is inside of
    std::istringstream in(tree);
    for (std::string line; std::getline(in, line);) {
        std::string bare;  // without quoted text and the brackets of types
        for (std::size_t at = 0; at < line.size(); ++at) {
            const bool in_type = at > 0 && line[at - 1] != ' ';
            if (line[at] == '"')
                for (++at; at < line.size() && line[at] != '"'; ++at) at += line[at] == '\\' ? 1 : 0;
            else
                bare += in_type && std::string_view("<>,").find(line[at]) != std::string_view::npos ? ' ' : line[at];
        }
        const std::size_t depth = line.find_first_not_of(' ') / 2;
        std::istringstream words(bare);
        std::string first;
        words >> first;
        if (depth == 0 && first == "export") {
            out.insert(first);
            words >> first;
        }
        above.resize(depth);
        const bool expression =
            std::any_of(above.begin(), above.end(), [](const auto& each) { return kHoldExpressions.contains(each); }) ||
            (depth > 1 && above[depth - 2] == "with");
        const bool argument = depth > 0 && above.back() == "with";
        const bool skipped = kUndecided.contains(depth == 0 ? first : above.front()) || first == "doc" || argument;
        if (!skipped) out.insert(expression || depth == 0 ? first : above.back() + "/" + first);
        above.push_back(first);
        // What follows these is a name.
        if (skipped || first == "path" || first == "param" || first == "alias") continue;
        std::string word;
        if (first == "claim") words >> word;
        while (words >> word)
            if (kForms.contains(word)) out.insert(first + " … " + word);
    }
    return out;
}

/// The parts of a policy that occur in it.
struct Seen {
    std::set<Op> operators;
    std::set<TextTest> tests;
    std::set<Cmp> comparisons;
    std::set<Kind> kinds;
    std::set<check::FactRoot> roots;
    std::set<check::CatalogFact> catalog;
    std::set<std::string> fields;                    ///< of requests, as paths
    std::set<std::string> claims_of, tested;         ///< issuers and groups whose claims are read, or that are tested
    std::set<std::string> constructs;                ///< of the syntax
    std::set<std::string> names;                     ///< at the end of a path or a call: `any_policy.acts`
    bool shared_params = false, all_scopes = false;  ///< read and granted by rules for several tools

    /// With those that contain it.
    void add_field(const check::Policy& policy, check::FieldId id) {
        for (; policy.at(id).parent.valid(); id = policy.at(id).parent) fields.insert(path_of(policy, id));
    }
    void add(const check::Policy& policy, const Expr* e) {
        if (e == nullptr) return;
        operators.insert(e->op);
        kinds.insert(e->type.kind);
        if (e->op == Op::TextTest) tests.insert(e->test);
        if (e->op == Op::Compare) comparisons.insert(e->cmp);
        if (e->op == Op::IssuerIs) tested.insert(policy.name_of(check::IssuerId{e->id}));
        if (e->op == Op::Elem && e->field.valid()) add_field(policy, e->field);
        if (e->op == Op::Fact) {
            const check::Fact& fact = policy.facts[e->id];
            roots.insert(fact.root);
            if (fact.root == check::FactRoot::Catalog) catalog.insert(fact.catalog);
            if (fact.root == check::FactRoot::Request) add_field(policy, fact.field);
            if (fact.issuer.valid()) claims_of.insert(policy.name_of(fact.issuer));
        }
        for (const Expr* kid : e->kids) add(policy, kid);
    }
    void add(const Generated& made) {
        const check::Policy& policy = made.subject->policy();
        for (const check::Rule& rule : policy.rules) {
            if (rule.span.source >= policy.given_sources) continue;
            for (const Expr* e : {rule.when, rule.scopes, rule.ttl, rule.audience}) add(policy, e);
            for (const check::Obligation& obligation : rule.obligations)
                for (const check::ObligationArg& arg : obligation.args) add(policy, arg.value);
        }
        for (const RuleText& rule : made.text.rules) {
            if (rule.head.find(", t") == std::string::npos) continue;
            const std::string text = rule.render();
            shared_params = shared_params || text.find("params.") != std::string::npos;
            all_scopes = all_scopes || text.find("grant tool.scopes") != std::string::npos;
        }
        for (std::size_t i = 0; i < policy.given_sources; ++i) {
            const std::string tree = syntax::dump_ast(policy.files[i]);
            constructs.merge(constructs_in(tree));
            std::istringstream in(tree);
            for (std::string line; std::getline(in, line);) names.insert(line.substr(line.find_last_of(" .") + 1));
        }
    }
};

std::string text_of(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(source_root() + path).rdbuf();
    return out.str();
}

/// What every random policy could have.
struct Wanted {
    std::set<std::string> constructs;
    std::vector<std::string> fields, issuers, claims, definitions;

    Wanted() {
        const std::string text = text_of("/tests/property/every_construct.writ");  // the tree refers to it
        Report report;
        const ast::SourceFile every = syntax::parse(0, text, 200, report);
        REQUIRE(report.error_count() == 0);
        constructs = constructs_in(syntax::dump_ast(every));
        constructs.erase("param/field");  // a record as the type of a parameter, which the checker refuses
        const check::Policy& policy = universe().policy();
        list_fields(policy, policy.request, false, fields);
        std::erase(fields, "now");  // an operator
        for (std::uint32_t i = 0; i < policy.issuers.size() + policy.groups.size(); ++i) {
            const check::IssuerId id{i};
            issuers.push_back(policy.name_of(id));
            if (i < policy.issuers.size() || policy.group_at(id).kind) claims.push_back(policy.name_of(id));
        }
        for (const ast::SourceFile& file : policy.files)
            for (const ast::Decl& decl : file.decls)
                if (const auto* define = std::get_if<ast::DefineDecl>(&decl.node); define != nullptr && decl.exported)
                    definitions.emplace_back(define->name.text);
    }

    /// What was not seen, a line each.
    [[nodiscard]] std::string missing(const Seen& seen) const {
        std::string out;
        const auto want = [&](bool is_there, std::string_view sort, std::string_view what) {
            if (!is_there) out.append(sort).append(" ").append(what).append("\n");
        };
        for (const Op op : kOperators)
            // The checker folds a constant away or refuses the condition.
            want(op == Op::Constant || seen.operators.contains(op), "operator", check::info(op).listing);
        for (const TextTest test : kTextTests) want(seen.tests.contains(test), "test", spelling_of(test));
        want(seen.comparisons.size() == 6, "comparison", "");
        for (const Kind kind : kScalars) want(seen.kinds.contains(kind), "kind", spelling_of(kind));
        for (const std::string& each : constructs) want(seen.constructs.contains(each), "construct", each);
        for (const std::string& each : fields) want(seen.fields.contains(each), "fact", each);
        want(seen.roots.size() == 5 && seen.catalog.size() == 3, "fact", "of another origin");
        for (const std::string& each : issuers) want(seen.tested.contains(each), "test of issuer", each);
        for (const std::string& each : claims) want(seen.claims_of.contains(each), "claim of", each);
        for (const std::string& each : definitions) want(seen.names.contains(each), "definition", each);
        want(seen.shared_params, "rule", "for several tools that reads a parameter");
        want(seen.all_scopes, "rule", "for several tools that grants their scopes");
        return out;
    }
};

TEST_CASE("property: the random policies have every operator, kind, construct, fact, issuer and definition") {
    const Wanted wanted;
    CHECK(wanted.constructs.size() > 100);
    CHECK(wanted.fields.size() > 100);
    CHECK(wanted.definitions.size() == 5);
    Seen seen;
    std::string missing;
    // A few hundred policies have everything.
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        Rng rng(seed);
        const Generated made = random_subject(rng, random_shape(rng));
        if (made.subject != nullptr) seen.add(made);
        if (seed % 100 == 0 && (missing = wanted.missing(seen)).empty()) break;
    }
    CHECK(missing == "");
}

TEST_CASE("property: every_construct.writ has every word of the grammar") {
    const std::vector<std::string> tokens = cut(text_of("/tests/property/every_construct.writ")).tokens;
    std::istringstream grammar(text_of("/grammar/Writ.g4"));
    std::size_t words = 0;
    // `MODULE : 'module' ; IMPORT : 'import' ;`
    for (std::string line; std::getline(grammar, line);) {
        if (line.empty() || std::isupper(static_cast<unsigned char>(line.front())) == 0) continue;
        for (std::size_t at = line.find('\''); at != std::string::npos; at = line.find('\'', at + 1)) {
            const std::size_t end = line.find('\'', at + 1);
            if (end == std::string::npos) break;
            const std::string word = line.substr(at + 1, end - at - 1);
            const bool whole = at > 3 && line.substr(at - 3, 3) == " : " && line.substr(end + 1, 2) == " ;";
            at = end;
            if (!whole || std::islower(static_cast<unsigned char>(word.front())) == 0) continue;
            ++words;
            INFO(word);
            CHECK(std::find(tokens.begin(), tokens.end(), word) != tokens.end());
        }
    }
    CHECK(words > 80);
}

}  // namespace
}  // namespace writ::property
