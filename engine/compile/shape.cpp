#include <algorithm>
#include <deque>

#include "base/builtin_facts.h"
#include "check/types.h"
#include "compile/lowering.h"

namespace writ::compiler {

using bytecode::kNone;
using bytecode::ShapeNode;
using check::Fact;
using check::FactId;
using check::FactRoot;
using check::Field;
using check::FieldId;
using check::Type;

namespace {

/// Fields on the path from a root to a field, outermost first.
std::vector<FieldId> chain_to(const check::Policy& policy, FieldId field) {
    std::vector<FieldId> chain;
    for (; policy.at(field).parent.valid(); field = policy.at(field).parent) chain.push_back(field);
    std::reverse(chain.begin(), chain.end());
    return chain;
}

bool same_type(const Field& a, const Field& b) {
    return a.name == b.name && a.type.kind == b.type.kind && a.type.elem == b.type.elem &&
           a.type.enumeration == b.type.enumeration && a.type.max == b.type.max && a.or_none == b.or_none &&
           a.weakest == b.weakest;
}

}  // namespace

/// The facts that the program reads at a place in a shape: its slot, and places below it.
struct Slots::Want {
    std::uint32_t slot = kNone;
    std::vector<std::uint32_t> copies;  ///< further slots for the same value
    std::map<FieldId, Want> fields;
    std::map<std::string, Want> keys;

    void fill(std::uint32_t with) {
        if (slot == kNone)
            slot = with;
        else
            copies.push_back(with);
    }
    Want& at(const check::Policy& policy, const std::vector<FieldId>& chain, const std::vector<std::string>& names) {
        Want* want = this;
        std::size_t key = 0;
        for (const FieldId field : chain) {
            want = &want->fields[field];
            if (policy.at(field).type.kind == Kind::Map && key < names.size()) want = &want->keys[names[key++]];
        }
        return *want;
    }
};

/// Lays out trees of nodes breadth first: children are contiguous and come after their parents.
class Slots::Shape {
public:
    explicit Shape(Slots& slots) : slots_(slots), policy_(slots.policy_), out_(slots.builder_.out) {}

    /// Lays out the record below `root`; returns the index of its node.
    std::uint32_t lay_out(FieldId root, const Want& wants) {
        const std::uint32_t first = reserve(1);
        nodes_.clear();
        queue_.push_back({first, policy_.at(root).type, root, &wants, kNone, false, false, false});
        while (!queue_.empty()) {
            const Item item = queue_.front();
            queue_.pop_front();
            lay_out(item);
        }
        return first;
    }
    /// Node of a field in the tree laid out last. Requires: the field is in it, outside lists.
    [[nodiscard]] std::uint32_t node_of(FieldId field) const { return nodes_.at(field); }

private:
    struct Item {
        std::uint32_t node;
        Type type;
        FieldId field;     // the field that declares it
        const Want* want;  // null: nothing below it is read
        std::uint32_t name;
        bool value;     // an element of `field`, not `field` itself
        bool in_list;   // somewhere below a list of records
        bool compared;  // its elements are compared with constants
    };

    std::uint32_t reserve(std::size_t count) {
        const auto first = static_cast<std::uint32_t>(out_.shape.size());
        out_.shape.resize(out_.shape.size() + count);
        return first;
    }

    void lay_out(const Item& item) {
        const Field& field = policy_.at(item.field);
        ShapeNode node;
        node.name = item.name;
        node.kind = static_cast<std::uint8_t>(item.type.kind);
        node.weakest = static_cast<std::uint8_t>(field.weakest);
        bool compared = item.compared;
        if (item.want != nullptr && item.want->slot != kNone) {
            node.slot = item.want->slot;
            compared = compared || slots_.compared_[node.slot];
            for (const std::uint32_t slot : item.want->copies) {
                out_.copies.push_back({item.node, slot});
                compared = compared || slots_.compared_[slot];
            }
        }
        if (compared && rep_of(item.type.kind) == Rep::Text) node.flags |= bytecode::kCompared;
        if (!item.value) {
            nodes_.emplace(item.field, item.node);
            if (item.in_list) node.column = slots_.columns_[item.field.value];
            if (field.or_none) node.flags |= bytecode::kOrNone;
            if (field.one_or_many) node.flags |= bytecode::kOneOrMany;
        }
        switch (rep_of(item.type.kind)) {
            case Rep::I64:
                if (item.type.kind == Kind::Enum) node.enumeration = item.type.enumeration.value;
                break;
            case Rep::Text:
                // Elements declare no limit: the `max` of their field counts them.
                node.max = item.value ? kDefaultText : item.type.max;
                break;
            case Rep::Group: group(item, node, compared); break;
        }
        out_.shape[item.node] = node;
    }

    void group(const Item& item, ShapeNode& node, bool compared) {
        if (item.type.kind == Kind::Record) return record(item, node);
        node.max = item.type.max;
        if (item.type.kind == Kind::List) {
            node.columns = slots_.column_count_[item.field.value];
            return element(item, node, compared);
        }
        element(item, node, false);
        keys(item, node);
    }

    void record(const Item& item, ShapeNode& node) {
        const auto wanted = [&](FieldId child) { return item.want != nullptr && item.want->fields.contains(child); };
        std::vector<FieldId> children;
        for (const FieldId child : policy_.at(item.type.record).children)
            if (!policy_.at(child).made || item.in_list || policy_.at(item.field).made || wanted(child))
                children.push_back(child);
        if (children.empty()) return;
        node.first_child = reserve(children.size());
        node.child_count = static_cast<std::uint32_t>(children.size());
        for (std::uint32_t i = 0; i < children.size(); ++i) {
            const Field& child = policy_.at(children[i]);
            const Want* want = nullptr;
            if (item.want != nullptr)
                if (const auto found = item.want->fields.find(children[i]); found != item.want->fields.end())
                    want = &found->second;
            queue_.push_back({node.first_child + i, child.type, children[i], want, slots_.builder_.text(child.name),
                              false, item.in_list, false});
        }
    }

    void element(const Item& item, ShapeNode& node, bool compared) {
        node.first_child = reserve(1);
        node.child_count = 1;
        const bool records = item.type.kind == Kind::List && item.type.elem == Kind::Record;
        queue_.push_back(
            {node.first_child, check::element_of(item.type), item.field, nullptr, kNone, true, records, compared});
    }

    void keys(const Item& item, ShapeNode& node) {
        if (item.want == nullptr || item.want->keys.empty()) return;
        node.first_key = reserve(item.want->keys.size());
        node.key_count = static_cast<std::uint32_t>(item.want->keys.size());
        std::uint32_t at = node.first_key;
        for (const auto& [name, want] : item.want->keys)
            queue_.push_back({at++, check::element_of(item.type), item.field, &want, slots_.builder_.text(name), true,
                              false, false});
    }

    Slots& slots_;
    const check::Policy& policy_;
    bytecode::Sections& out_;
    std::deque<Item> queue_;
    std::map<FieldId, std::uint32_t> nodes_;
};

Slots::Slots(const check::Policy& policy, bytecode::Builder& builder)
    : policy_(policy),
      builder_(builder),
      slot_of_fact_(policy.facts.size(), kNone),
      facts_(static_cast<std::size_t>(bytecode::Builtin::Count)),
      compared_(facts_.size(), false),
      columns_(policy.fields.size(), kNone),
      column_count_(policy.fields.size(), 0) {
    std::unordered_map<std::string_view, std::uint32_t> builtins;
    for (std::uint32_t i = 0; i < std::size(builtin::kFacts); ++i) builtins.emplace(builtin::kFacts[i].path, i);
    for (std::uint32_t i = 0; i < policy.facts.size(); ++i) {
        const Fact& fact = policy.facts[i];
        if (fact.root != FactRoot::Request) continue;
        const auto builtin = builtins.find(fact.path);
        if (builtin == builtins.end()) continue;
        slot_of_fact_[i] = builtin->second;
        facts_[builtin->second] = FactId{i};
    }
    // The engine compares the requested scopes with those that permits offer.
    compared_[of(bytecode::Builtin::WantScopes)] = true;
    for (std::uint32_t i = 0; i < policy.fields.size(); ++i)
        if (policy.fields[i].type.kind == Kind::List && policy.fields[i].type.elem == Kind::Record)
            number_columns(FieldId{i});
}

/// Every leaf gets a column, and every group that may be none. Lists end the search, because their elements have
/// their own columns; maps have none.
void Slots::number_columns(FieldId list) {
    std::vector<FieldId> open(policy_.at(list).children.rbegin(), policy_.at(list).children.rend());
    while (!open.empty()) {
        const FieldId id = open.back();
        open.pop_back();
        const Field& field = policy_.at(id);
        const Kind kind = field.type.kind;
        if (kind == Kind::Map) continue;
        if (kind != Kind::Record || field.or_none) columns_[id.value] = column_count_[list.value]++;
        if (kind == Kind::Record) open.insert(open.end(), field.children.rbegin(), field.children.rend());
    }
}

/// Adds the path of every field below a record to the texts.
void Slots::name_fields(FieldId record, const std::string& path) {
    for (const FieldId id : policy_.at(record).children) {
        const std::string below = path + "." + policy_.at(id).name;
        builder_.text(below);
        if (const FieldId inner = policy_.at(id).type.record; inner.valid()) name_fields(inner, below);
    }
}

std::uint32_t Slots::of(FactId fact) {
    std::uint32_t& slot = slot_of_fact_[fact.value];
    if (slot == kNone) {
        slot = static_cast<std::uint32_t>(facts_.size());
        facts_.push_back(fact);
        compared_.push_back(false);
    }
    compared_[slot] = true;
    return slot;
}

void Slots::finish() {
    bytecode::Sections& out = builder_.out;
    bytecode::ManifestRef& manifest = out.manifest[0];
    Want request;
    std::vector<Want> claims(policy_.issuers.size()), params(policy_.tools.size());
    std::vector<std::vector<std::uint32_t>> captures(policy_.issuers.size());

    for (std::uint32_t slot = 0; slot < facts_.size(); ++slot) {
        bytecode::SlotRef ref;
        if (!facts_[slot].valid()) {
            ref.path = builder_.text(builtin::kFacts[slot].path);
            out.slots.push_back(ref);
            continue;
        }
        const Fact& fact = policy_.at(facts_[slot]);
        ref.path = builder_.text(fact.path);
        ref.kind = static_cast<std::uint32_t>(fact.type.kind);
        if (fact.type.kind == Kind::List) ref.elem = static_cast<std::uint32_t>(fact.type.elem);
        out.slots.push_back(ref);
        switch (fact.root) {
            case FactRoot::Request: request.at(policy_, chain_to(policy_, fact.field), fact.keys).slot = slot; break;
            case FactRoot::Claim:
                for (const std::uint32_t issuer : policy_.members_of(fact.issuer))
                    claims[issuer].at(policy_, chain_to(policy_, fact.field), fact.keys).fill(slot);
                break;
            case FactRoot::Capture:
                for (const std::uint32_t issuer : policy_.members_of(fact.issuer)) captures[issuer].push_back(slot);
                break;
            case FactRoot::Param: {
                // Tools with the same parameter share the fact.
                const auto wanted = chain_to(policy_, fact.field);
                for (std::size_t tool = 0; tool < policy_.tools.size(); ++tool) {
                    std::vector<FieldId> chain;
                    FieldId at = policy_.tools[tool].params;
                    for (const FieldId step : wanted) {
                        const auto& children = policy_.at(at).children;
                        const auto found = std::find_if(children.begin(), children.end(), [&](FieldId child) {
                            if (child == step) return true;
                            const Type& type = policy_.at(child).type;
                            // Records in lists and maps are the same only if they are the same field.
                            return !(type.kind != Kind::Record && type.record.valid()) &&
                                   same_type(policy_.at(child), policy_.at(step));
                        });
                        if (found == children.end()) break;
                        chain.push_back(at = *found);
                    }
                    if (chain.size() == wanted.size()) params[tool].at(policy_, chain, fact.keys).slot = slot;
                }
                break;
            }
            case FactRoot::Catalog:
                switch (fact.catalog) {
                    case check::CatalogFact::Tier: manifest.tier_slot = slot; break;
                    case check::CatalogFact::Scopes: manifest.tool_scopes_slot = slot; break;
                    case check::CatalogFact::Audience: manifest.tool_audience_slot = slot; break;
                }
                break;
        }
    }
    manifest.slot_count = static_cast<std::uint32_t>(facts_.size());

    for (const check::EnumType& type : policy_.enums) {
        std::vector<std::uint32_t> members;
        for (const std::string& member : type.members) members.push_back(builder_.text(member));
        out.enums.push_back(
            {builder_.text(type.name), builder_.ids(members), static_cast<std::uint32_t>(members.size())});
    }

    // A decision can name the parameter because of which no approval counts.
    for (const check::Tool& tool : policy_.tools) name_fields(tool.params, "tool.params");

    Shape shape(*this);
    manifest.request_shape = shape.lay_out(policy_.request, request);
    for (std::uint32_t i = 0; i < policy_.tools.size(); ++i)
        out.tools[i].params = shape.lay_out(policy_.tools[i].params, params[i]);
    for (std::uint32_t i = 0; i < policy_.issuers.size(); ++i) {
        const check::IssuerKind& kind = policy_.kinds[policy_.issuers[i].kind];
        bytecode::IssuerRef& issuer = out.issuers[i];
        issuer.first_copy = static_cast<std::uint32_t>(out.copies.size());
        issuer.claims = shape.lay_out(kind.root, claims[i]);
        issuer.copy_count = static_cast<std::uint32_t>(out.copies.size()) - issuer.first_copy;
        issuer.first_capture = static_cast<std::uint32_t>(out.captures.size());
        issuer.capture_count = static_cast<std::uint32_t>(captures[i].size());
        // Captures of one spec are adjacent, so that its text is matched once.
        std::sort(captures[i].begin(), captures[i].end(), [&](std::uint32_t a, std::uint32_t b) {
            const std::uint32_t spec_a = policy_.at(facts_[a]).capture_spec,
                                spec_b = policy_.at(facts_[b]).capture_spec;
            return spec_a != spec_b ? spec_a < spec_b : a < b;
        });
        std::uint32_t last = kNone;
        for (const std::uint32_t slot : captures[i]) {
            const Fact& fact = policy_.at(facts_[slot]);
            const check::CaptureSpec& spec = kind.captures[fact.capture_spec];
            if (fact.capture_spec != last) {
                last = fact.capture_spec;
                out.capture_specs.push_back({shape.node_of(spec.field), static_cast<std::uint32_t>(out.patterns.size()),
                                             static_cast<std::uint32_t>(spec.patterns.size())});
                for (const auto& pattern : spec.patterns) {
                    std::vector<std::uint32_t> pieces;
                    for (const check::CapturePiece& piece : pattern) {
                        const bool literal = !piece.literal.empty();
                        pieces.push_back(literal ? builder_.text(piece.literal) : kNone);
                        pieces.push_back(literal ? kNone : builder_.text(piece.capture));
                        pieces.push_back(!literal && piece.rest ? 1 : 0);
                    }
                    out.patterns.push_back({builder_.ids(pieces), static_cast<std::uint32_t>(pattern.size())});
                }
            }
            out.captures.push_back(
                {slot, static_cast<std::uint32_t>(out.capture_specs.size() - 1), builder_.text(fact.capture)});
        }
    }
}

}  // namespace writ::compiler
