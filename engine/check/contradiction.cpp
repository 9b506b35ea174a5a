#include "check/contradiction.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/values.h"
#include "check/expr.h"
#include "check/expr_same.h"

namespace writ::check {
namespace {

/// What a test is about.
struct Subject {
    enum class Sort : std::uint8_t {
        Nothing,  ///< several values, or none
        Issuer,   ///< the token's
        Scalar,
        List,
    } sort = Sort::Nothing;
    const Expr* value = nullptr;  ///< Scalar, List

    friend bool operator==(const Subject& a, const Subject& b) {
        return a.sort == b.sort && (a.value == nullptr || same(*a.value, *b.value));
    }
};

/// A demand about one subject.
struct Test {
    Demand demand;
    IssuerId reads{};  ///< valid: all that is asked is that the token is of this issuer or group, whose claim is read
};

/// A value that the subject may have.
struct Candidate {
    enum class Sort : std::uint8_t {
        Value,
        Other,  ///< a text that no test names
        None,
    } sort = Sort::Value;
    std::string_view text;
    std::int64_t integer = 0;
};

/// Neither: unknown.
struct CanBe {
    bool hold = false, fail = false;
};
constexpr CanBe decided(bool holds) {
    return {holds, !holds};
}
constexpr CanBe kEither{true, true};

bool is_issuer(const Policy& policy, const Expr& e) {
    return e.op == Op::Fact && policy.facts[e.id].root == FactRoot::Request &&
           policy.facts[e.id].path == "token.issuer";
}

Subject about(const Policy& policy, const Expr& value) {
    if (is_constant(value)) return {};
    if (is_issuer(policy, value)) return {Subject::Sort::Issuer, nullptr};
    return {value.type.kind == Kind::List ? Subject::Sort::List : Subject::Sort::Scalar, &value};
}

Subject subject_of(const Policy& policy, const Expr& e) {
    switch (e.op) {
        case Op::IssuerIs: return {Subject::Sort::Issuer, nullptr};
        case Op::Truth:
        case Op::TextTest:
        case Op::IsNone:
        case Op::IsSome: return about(policy, *e.kids[0]);
        case Op::Compare:
        case Op::In:
        case Op::SubsetOf:
        case Op::Overlaps:
            if (is_constant(*e.kids[1])) return about(policy, *e.kids[0]);
            return is_constant(*e.kids[0]) ? about(policy, *e.kids[1]) : Subject{};
        case Op::Not: return subject_of(policy, *e.kids[0]);
        case Op::And:
        case Op::Or: {
            const Subject first = subject_of(policy, *e.kids[0]);
            const bool one = first.sort != Subject::Sort::Nothing && first.sort != Subject::Sort::List &&
                             std::all_of(e.kids.begin() + 1, e.kids.end(),
                                         [&](const Expr* kid) { return subject_of(policy, *kid) == first; });
            return one ? first : Subject{};
        }
        case Op::InCidr:
        case Op::InWindow:
        case Op::Any:
        case Op::All:
        case Op::Constant:
#define VALUE(name, ...) case Op::name:
#include "base/operators.def"
            return {};
    }
    return {};
}

/// The constant of a test with one, and the operator as if it stood on the right.
const Expr& constant_of(const Expr& e) {
    return *e.kids[is_constant(*e.kids[1]) ? 1 : 0];
}
Cmp turned(const Expr& e) {
    return is_constant(*e.kids[1]) ? e.cmp : mirrored(e.cmp);
}

/// Whether the catalogue has all values that a subject can have: of the tools that the request can be for.
bool is_of_tools(const Policy& policy, const Premises& premises, const Subject& subject) {
    if (premises.tools.empty() || subject.sort != Subject::Sort::Scalar || subject.value->op != Op::Fact) return false;
    const Fact& fact = policy.facts[subject.value->id];
    if (fact.root == FactRoot::Catalog) return fact.catalog == CatalogFact::Tier;
    return fact.root == FactRoot::Request && fact.path == "tool.name";
}

// ---- one value --------------------------------------------------------------------------------

/// Tests of a scalar or of the issuer.
class Scalar {
public:
    Scalar(const Policy& policy, const Premises& premises, const Subject& subject)
        : policy_(policy), premises_(premises), subject_(subject) {}

    /// Whether a value passes all tests.
    bool possible(std::span<const Test> tests) {
        const std::vector<Candidate> candidates = candidates_of(tests);
        return std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& each) {
            return std::all_of(tests.begin(), tests.end(), [&](const Test& test) { return passes(test, each); }) &&
                   (each.sort != Candidate::Sort::Other || patterns_agree(tests));
        });
    }

private:
    bool passes(const Test& test, const Candidate& candidate) {
        if (test.reads.valid()) return candidate.sort == Candidate::Sort::Value && is_among(candidate.text, test.reads);
        const CanBe can = outcome(*test.demand.test, candidate);
        return test.demand.positive ? can.hold : can.fail;
    }

    CanBe outcome(const Expr& e, const Candidate& candidate) {
        const bool none = candidate.sort == Candidate::Sort::None, other = candidate.sort == Candidate::Sort::Other;
        switch (e.op) {
            case Op::And:
            case Op::Or: {
                const bool all = e.op == Op::And;
                CanBe out{all, !all};
                for (const Expr* kid : e.kids) {
                    const CanBe can = outcome(*kid, candidate);
                    out.hold = all ? out.hold && can.hold : out.hold || can.hold;
                    out.fail = all ? out.fail || can.fail : out.fail && can.fail;
                }
                return out;
            }
            case Op::Not: {
                const CanBe can = outcome(*e.kids[0], candidate);
                return {can.fail, can.hold};
            }
            case Op::IsNone:
            case Op::IsSome: return decided(none == (e.op == Op::IsNone));
            case Op::IssuerIs: return decided(!other && is_among(candidate.text, IssuerId{e.id}));
            case Op::Truth:
            case Op::Compare:
            case Op::In:
            case Op::TextTest:
                if (none) return premises_.surely ? CanBe{} : kEither;
                break;
            case Op::SubsetOf:
            case Op::Overlaps:
            case Op::InCidr:
            case Op::InWindow:
            case Op::Any:
            case Op::All:
            case Op::Constant:
#define VALUE(name, ...) case Op::name:
#include "base/operators.def"
                return kEither;
        }
        if (e.op == Op::Truth) return decided(candidate.integer != 0);
        if (e.op == Op::TextTest) {
            if (!other) return decided(e.matcher->matches(candidate.text));
            return e.matcher->is_one_text() ? decided(false) : kEither;
        }
        if (e.op == Op::In) return decided(!other && is_in(*e.kids[1], candidate));
        const Expr& constant = constant_of(e);
        if (constant.op == Op::Text) return decided((!other && candidate.text == constant.text) == (e.cmp == Cmp::Eq));
        return decided(compares(turned(e), candidate.integer, constant.integer));
    }

    /// Every value that can make a difference: the constants of the tests, between them, and any other.
    std::vector<Candidate> candidates_of(std::span<const Test> tests) {
        std::vector<Candidate> out;
        if (subject_.sort == Subject::Sort::Scalar) {
            if (is_of_tools(policy_, premises_, subject_)) {
                for (const ToolId id : premises_.tools) {
                    const Tool& tool = policy_.tools[id.value];
                    out.push_back({Candidate::Sort::Value, tool.wire_name, tool.tier});
                }
                return out;
            }
            const Type& type = subject_.value->type;
            // How many tiers there are is the policy's: rules about tiers are written for any.
            const bool fixed = type.kind == Kind::Enum && type.enumeration != policy_.tier;
            const std::size_t members = fixed                     ? policy_.enums[type.enumeration.value].members.size()
                                        : type.kind == Kind::Bool ? 2
                                                                  : 0;
            for (std::size_t i = 0; i < members; ++i)
                out.push_back({Candidate::Sort::Value, {}, static_cast<std::int64_t>(i)});
            if (members > 0) {
                add_none(out, tests);
                return out;
            }
        }
        const bool text = subject_.sort == Subject::Sort::Issuer || rep_of(subject_.value->type.kind) == Rep::Text;
        out.push_back({text ? Candidate::Sort::Other : Candidate::Sort::Value, {}, 0});
        for (const Test& test : tests) {
            if (test.reads.valid())
                add_issuers(out, test.reads);
            else
                add_constants(out, *test.demand.test);
        }
        add_none(out, tests);
        return out;
    }

    static bool asks_presence(const Expr& e) {
        return class_of(e.op) == OpClass::Presence ||
               (class_of(e.op) == OpClass::Connective &&
                std::any_of(e.kids.begin(), e.kids.end(), [](const Expr* kid) { return asks_presence(*kid); }));
    }
    static void add_none(std::vector<Candidate>& out, std::span<const Test> tests) {
        if (std::any_of(tests.begin(), tests.end(),
                        [](const Test& each) { return !each.reads.valid() && asks_presence(*each.demand.test); }))
            out.push_back({Candidate::Sort::None, {}, 0});
    }

    void add_issuers(std::vector<Candidate>& out, IssuerId id) const {
        for (const std::uint32_t member : policy_.members_of(id))
            out.push_back({Candidate::Sort::Value, policy_.issuers[member].url, 0});
    }

    void add_constants(std::vector<Candidate>& out, const Expr& e) const {
        if (class_of(e.op) == OpClass::Connective) {
            for (const Expr* kid : e.kids) add_constants(out, *kid);
        } else if (e.op == Op::IssuerIs) {
            add_issuers(out, IssuerId{e.id});
        } else if (e.op == Op::TextTest) {
            if (e.matcher->is_one_text()) out.push_back({Candidate::Sort::Value, e.matcher->text, 0});
        } else if (e.op == Op::Compare || e.op == Op::In) {
            const Expr& constant = constant_of(e);
            if (constant.op != Op::Set) return add_constant(out, constant);
            for (const Expr* each : constant.kids) add_constant(out, *each);
        }
    }

    static void add_constant(std::vector<Candidate>& out, const Expr& constant) {
        if (constant.op == Op::Text) return out.push_back({Candidate::Sort::Value, constant.text, 0});
        for (const std::int64_t by : {-1, 0, 1})
            out.push_back({Candidate::Sort::Value, {}, sat_add(constant.integer, by)});
    }

    bool is_among(std::string_view url, IssuerId id) const {
        const auto members = policy_.members_of(id);
        return std::any_of(members.begin(), members.end(),
                           [&](std::uint32_t member) { return policy_.issuers[member].url == url; });
    }

    /// Whether one text can have the beginnings and the ends of all patterns that it has to match.
    static bool patterns_agree(std::span<const Test> tests) {
        std::string_view beginning, end;
        for (const Test& test : tests) {
            if (test.reads.valid() || !test.demand.positive || test.demand.test->op != Op::TextTest) continue;
            const std::string_view prefix = test.demand.test->matcher->prefix,
                                   suffix = test.demand.test->matcher->suffix;
            if (!prefix.starts_with(beginning) && !beginning.starts_with(prefix)) return false;
            if (!suffix.ends_with(end) && !end.ends_with(suffix)) return false;
            if (prefix.size() > beginning.size()) beginning = prefix;
            if (suffix.size() > end.size()) end = suffix;
        }
        return true;
    }

    bool is_in(const Expr& set, const Candidate& candidate) {
        const auto& index = indexes_.try_emplace(&set, set).first->second;
        return index.has(candidate.text) || index.has(candidate.integer);
    }

    const Policy& policy_;
    const Premises& premises_;
    const Subject& subject_;
    std::unordered_map<const Expr*, ConstantIndex> indexes_;
};

// ---- lists ------------------------------------------------------------------------------------

/// Tests of a list, as clauses over its elements: of the constants that the tests name, each is in the list or not, and
/// the list has elements besides them or not. Contradictions are found by clauses that leave one choice.
class Elements {
public:
    explicit Elements(const Premises& premises) : premises_(premises) {}

    [[nodiscard]] bool possible(std::span<const Test> tests) {
        for (const Test& test : tests) name(*test.demand.test);
        bool none = false, some = false;
        for (const Test& test : tests) {
            const Expr* e = test.demand.test;
            bool positive = test.demand.positive;
            for (; e->op == Op::Not; e = e->kids[0]) positive = !positive;
            if (class_of(e->op) == OpClass::Presence)
                ((e->op == Op::IsNone) == positive ? none : some) = true;
            else
                add(*e, positive);
        }
        if (none && (some || premises_.surely)) return !some && clauses_.empty();
        return none || satisfiable();
    }

private:
    struct Choice {
        std::size_t atom;
        bool in;
    };
    using Clause = std::vector<Choice>;
    static constexpr std::size_t kOthers = 0;  ///< the atom for all other elements

    std::size_t atom_of(const Expr& constant) {
        std::size_t& atom = constant.op == Op::Text ? texts_[constant.text] : integers_[constant.integer];
        if (atom == kOthers) atom = ++atoms_;
        return atom;
    }
    /// The atoms of a constant, or of the elements of a constant set.
    std::vector<std::size_t> atoms_of(const Expr& constant) {
        if (constant.op != Op::Set) return {atom_of(constant)};
        std::vector<std::size_t> out;
        for (const Expr* each : constant.kids) out.push_back(atom_of(*each));
        return out;
    }
    void name(const Expr& e) {
        if (e.op == Op::Not) return name(*e.kids[0]);
        if (class_of(e.op) != OpClass::Presence) (void)atoms_of(constant_of(e));
    }

    void add(const Expr& e, bool positive) {
        std::vector<bool> inside(atoms_ + 1, false);
        for (const std::size_t atom : atoms_of(constant_of(e))) inside[atom] = true;
        const bool list_first = is_constant(*e.kids[1]);
        switch (e.op) {
            case Op::In: return all_or_any(inside, true, true, positive);
            case Op::Overlaps: return all_or_any(inside, true, false, positive);
            case Op::SubsetOf: return all_or_any(inside, !list_first, true, positive);
            default: break;
        }
        if ((e.cmp == Cmp::Eq) == positive) {
            all_or_any(inside, true, true, true);
            all_or_any(inside, false, true, true);
            return;
        }
        Clause differs;
        for (std::size_t atom = 0; atom <= atoms_; ++atom) differs.push_back({atom, !inside[atom]});
        clauses_.push_back(std::move(differs));
    }
    /// All or some of the atoms of a set are in the list; or of those outside of the set, all are not.
    void all_or_any(const std::vector<bool>& inside, bool of_set, bool all, bool positive) {
        Clause any;
        for (std::size_t atom = 0; atom <= atoms_; ++atom) {
            if (inside[atom] != of_set) continue;
            const Choice choice{atom, of_set == positive};
            if (all == positive)
                clauses_.push_back({choice});
            else
                any.push_back(choice);
        }
        if (all != positive) clauses_.push_back(std::move(any));
    }

    [[nodiscard]] bool satisfiable() const {
        std::vector<std::optional<bool>> known(atoms_ + 1);
        for (bool progress = true; progress;) {
            progress = false;
            for (const Clause& clause : clauses_) {
                const Choice* only = nullptr;
                std::size_t open = 0;
                bool met = false;
                for (const Choice& choice : clause) {
                    met = met || known[choice.atom] == choice.in;
                    if (known[choice.atom]) continue;
                    ++open;
                    only = &choice;
                }
                if (met) continue;
                if (open == 0) return false;
                if (open > 1) continue;
                known[only->atom] = only->in;
                progress = true;
            }
        }
        return true;
    }

    const Premises& premises_;
    std::size_t atoms_ = kOthers;
    std::unordered_map<std::string_view, std::size_t> texts_;
    std::unordered_map<std::int64_t, std::size_t> integers_;
    std::vector<Clause> clauses_;
};

// ---- all demands ------------------------------------------------------------------------------

/// The tests of one subject, in the order of the demands.
struct SubjectTests {
    Subject subject;
    std::vector<Test> tests;
};

class AllTests {
public:
    void add(const Subject& subject, const Test& test) {
        if (subject.sort == Subject::Sort::Nothing) return;
        std::vector<std::size_t>& places = by_hash_[subject.value == nullptr ? 0 : hash_of(*subject.value)];
        const auto at = std::find_if(places.begin(), places.end(),
                                     [&](std::size_t each) { return groups_[each].subject == subject; });
        if (at != places.end()) {
            groups_[*at].tests.push_back(test);
            return;
        }
        places.push_back(groups_.size());
        groups_.push_back({subject, {test}});
    }
    [[nodiscard]] const std::vector<SubjectTests>& all() const { return groups_; }

private:
    std::vector<SubjectTests> groups_;
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> by_hash_;
};

/// The issuer or group whose claim a value is computed from; not valid: none.
IssuerId claim_in(const Policy& policy, const Expr& value) {
    if (value.op == Op::Fact) return policy.facts[value.id].issuer;
    const OpClass sort = class_of(value.op);
    if (sort != OpClass::TextFunction && sort != OpClass::Arithmetic && value.op != Op::Age) return {};
    for (const Expr* kid : value.kids)
        if (const IssuerId found = claim_in(policy, *kid); found.valid()) return found;
    return {};
}

/// The issuer or group without whose token a condition is unknown; not valid: none.
IssuerId claim_asked(const Policy& policy, const Expr& e) {
    if (e.op == Op::Not) return claim_asked(policy, *e.kids[0]);
    if (class_of(e.op) == OpClass::Connective) return {};
    const bool body = class_of(e.op) == OpClass::Quantifier;
    for (const Expr* kid : e.kids.first(body ? 1 : e.kids.size()))
        if (const IssuerId found = claim_in(policy, *kid); found.valid()) return found;
    return {};
}

bool possible(const Policy& policy, const Premises& premises, const Subject& subject, std::span<const Test> tests) {
    if (subject.sort == Subject::Sort::List) return Elements(premises).possible(tests);
    return Scalar(policy, premises, subject).possible(tests);
}

/// The tests of a group that exclude each other: the shortest beginning that does, without what it does not need.
std::optional<Contradiction> contradiction_in(const Policy& policy, const Premises& premises,
                                              const SubjectTests& group) {
    if (possible(policy, premises, group.subject, group.tests)) return {};
    std::vector<Test> tests = group.tests;
    const auto without_last = [&] { return std::span(tests).first(tests.size() - 1); };
    while (tests.size() > 1 && !possible(policy, premises, group.subject, without_last())) tests.pop_back();
    for (std::size_t i = 0; i + 1 < tests.size();) {
        std::vector<Test> fewer = tests;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        if (possible(policy, premises, group.subject, fewer))
            ++i;
        else
            tests = std::move(fewer);
    }
    Contradiction out{{}, tests.back().demand.test};
    for (const Test& test : std::span(tests).first(tests.size() - 1)) out.before.push_back(test.demand.test);
    return out;
}

}  // namespace

std::optional<Contradiction> contradiction(const Policy& policy, std::span<const Demand> demands,
                                           const Premises& premises) {
    AllTests groups;
    std::unordered_map<std::uint64_t, std::vector<std::pair<const Expr*, Demand>>> conditions;
    for (const Demand& demand : demands) {
        groups.add(subject_of(policy, *demand.test), {demand});
        if (const IssuerId read = claim_asked(policy, *demand.test); premises.surely && read.valid())
            groups.add({Subject::Sort::Issuer, nullptr}, {demand, read});
        // A condition and its opposite.
        const Expr* bare = demand.test;
        bool positive = demand.positive;
        for (; bare->op == Op::Not; bare = bare->kids[0]) positive = !positive;
        auto& before = conditions[hash_of(*bare)];
        for (const auto& [other, other_demand] : before)
            if (other_demand.positive != positive && same(*other, *bare))
                return Contradiction{{other_demand.test}, demand.test};
        before.emplace_back(bare, Demand{demand.test, positive});
    }
    for (const SubjectTests& group : groups.all())
        if (group.tests.size() > 1 || is_of_tools(policy, premises, group.subject))
            if (auto found = contradiction_in(policy, premises, group)) return found;
    return {};
}

}  // namespace writ::check
