// The catalogue of a bundle, and its JSON. The shapes of parameters and claims are trees, as the verifier has checked.
#include "writ/catalogue.h"

#include <algorithm>
#include <unordered_set>

#include "base/access.h"
#include "base/json_writer.h"
#include "base/kind.h"
#include "base/values.h"
#include "base/words.h"
#include "bytecode/program.h"

namespace writ {

namespace {

using bytecode::kNone;
using bytecode::Program;
using bytecode::ShapeNode;

constexpr int kSchemaVersion = 1;
constexpr std::int64_t kMillisecond = kSecond / 1000;

std::vector<std::string_view> sorted_texts(const Program& program, std::uint32_t set) {
    std::vector<std::string_view> out;
    for (const std::uint32_t each : program.items(set)) out.push_back(program.text(each));
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<std::string_view> members_of(const Program& program, std::uint32_t enumeration) {
    std::vector<std::string_view> out;
    const bytecode::EnumRef& all = program.enums[enumeration];
    for (const std::uint32_t each : program.ids.subspan(all.first_member, all.member_count))
        out.push_back(program.text(each));
    return out;
}

/// Lists the fields of shapes.
class FieldLister {
public:
    explicit FieldLister(const Program& program) : program_(program) {
        for (const bytecode::CaptureSpecRef& spec : program.capture_specs) parsed_.insert(spec.claim);
    }

    /// The fields below a record.
    [[nodiscard]] std::vector<CatalogueField> below(std::uint32_t root) const {
        std::vector<CatalogueField> out;
        list(program_.shape[root], "", out);
        return out;
    }

private:
    /// The node of an element: of a list or a map, otherwise null.
    [[nodiscard]] const ShapeNode* element_of(const ShapeNode& node) const {
        const auto kind = static_cast<Kind>(node.kind);
        return (kind == Kind::List || kind == Kind::Map) ? &program_.shape[node.first_child] : nullptr;
    }
    [[nodiscard]] std::string type_of(const ShapeNode& node) const {
        const auto kind = static_cast<Kind>(node.kind);
        if (kind == Kind::Enum) return std::string(program_.text(program_.enums[node.enumeration].name));
        const ShapeNode* element = element_of(node);
        if (element == nullptr) return std::string(spelling_of(kind));
        if (kind == Kind::Map) return "map<string, " + type_of(*element) + ">";
        const bool records = static_cast<Kind>(element->kind) == Kind::Record;
        return (records                                    ? "list<"
                : (node.flags & bytecode::kOneOrMany) != 0 ? "one_or_many<"
                                                           : "set<") +
               type_of(*element) + ">";
    }
    [[nodiscard]] bool is_read(std::uint32_t index) const {
        const ShapeNode& node = program_.shape[index];
        if (node.slot != kNone || node.column != kNone || node.key_count > 0 || parsed_.contains(index)) return true;
        for (std::uint32_t i = 0; i < node.child_count; ++i)
            if (is_read(node.first_child + i)) return true;
        return false;
    }
    void list(const ShapeNode& record, const std::string& prefix, std::vector<CatalogueField>& out) const {
        for (std::uint32_t i = 0; i < record.child_count; ++i) {
            const std::uint32_t index = record.first_child + i;
            const ShapeNode& node = program_.shape[index];
            const ShapeNode* const element = element_of(node);
            const ShapeNode& value = element == nullptr ? node : *element;
            CatalogueField field;
            field.path = prefix + std::string(program_.text(node.name));
            field.type = type_of(node);
            if (static_cast<Kind>(value.kind) == Kind::Enum) field.members = members_of(program_, value.enumeration);
            field.required = (node.flags & bytecode::kOrNone) == 0;
            field.read = is_read(index);
            field.most = node.max;
            field.from = static_cast<Provenance>(node.weakest);
            const std::string inside = field.path + (element == nullptr ? "." : "[].");
            out.push_back(std::move(field));
            if (static_cast<Kind>(value.kind) == Kind::Record) list(value, inside, out);
        }
    }

    const Program& program_;
    std::unordered_set<std::uint32_t> parsed_;  ///< claims whose texts captures are taken from
};

}  // namespace

Catalogue catalogue_of(const Bundle& bundle) {
    const Program& program = Access::program(bundle);
    const FieldLister fields(program);
    Catalogue out;
    const std::uint32_t tiers = program.manifest[0].tier_enum;
    if (tiers != kNone) out.tiers = members_of(program, tiers);
    for (const bytecode::ToolRef& tool : program.tools) {
        CatalogueTool& to = out.tools.emplace_back();
        to.name = program.text(tool.name);
        to.wire_name = program.text(tool.wire_name);
        if (tiers != kNone) {
            to.tier = out.tiers[static_cast<std::size_t>(tool.tier)];
            to.tier_rank = static_cast<std::uint32_t>(tool.tier) + 1;
        }
        for (const std::uint32_t each : program.ids.subspan(tool.audience, tool.audience_count))
            to.audience.push_back(program.text(each));
        to.scopes = sorted_texts(program, tool.scopes);
        to.params = fields.below(tool.params);
    }
    for (const bytecode::IssuerRef& issuer : program.issuers) {
        CatalogueIssuer& to = out.issuers.emplace_back();
        to.name = program.text(issuer.name);
        to.url = program.text(issuer.url);
        to.audiences = sorted_texts(program, issuer.audiences);
        if (issuer.types != kNone) to.types = sorted_texts(program, issuer.types);
        if (issuer.max_age >= 0) to.max_age = std::chrono::milliseconds(issuer.max_age / kMillisecond);
        to.leeway = std::chrono::milliseconds(issuer.leeway / kMillisecond);
        to.proof_required = issuer.proof_required != 0;
        to.claims = fields.below(issuer.claims);
    }
    return out;
}

namespace {

void write_fields(json::Writer& to, const std::vector<CatalogueField>& fields) {
    to.open('[');
    for (const CatalogueField& field : fields) {
        to.open('{');
        to.key("path"), to.text(field.path);
        to.next_key("type"), to.text(field.type);
        to.next_key("members"), to.texts(field.members);
        to.next_key("required"), to.boolean(field.required);
        to.next_key("read"), to.boolean(field.read);
        to.next_key("most"), to.number(field.most);
        to.next_key("from"), to.text(spelling_of(field.from));
        to.close('}');
    }
    to.close(']');
}

}  // namespace

std::string to_json(const Catalogue& catalogue) {
    json::Writer to;
    to.open('{');
    to.key("schema_version"), to.number(kSchemaVersion);
    to.next_key("tiers"), to.texts(catalogue.tiers);
    to.next_key("tools");
    to.open('[');
    for (const CatalogueTool& tool : catalogue.tools) {
        to.open('{');
        to.key("name"), to.text(tool.name);
        to.next_key("wire_name"), to.text(tool.wire_name);
        to.next_text("tier", tool.tier);
        to.next_key("audience"), to.texts(tool.audience);
        to.next_key("scopes"), to.texts(tool.scopes);
        to.next_key("params"), write_fields(to, tool.params);
        to.close('}');
    }
    to.close(']');
    to.next_key("issuers");
    to.open('[');
    for (const CatalogueIssuer& issuer : catalogue.issuers) {
        to.open('{');
        to.key("name"), to.text(issuer.name);
        to.next_key("url"), to.text(issuer.url);
        to.next_key("audiences"), to.texts(issuer.audiences);
        to.next_key("types"), to.texts(issuer.types);
        to.next_key("max_age_ms");
        if (issuer.max_age)
            to.number(issuer.max_age->count());
        else
            to.raw("null");
        to.next_key("leeway_ms"), to.number(issuer.leeway.count());
        to.next_key("proof_required"), to.boolean(issuer.proof_required);
        to.next_key("claims"), write_fields(to, issuer.claims);
        to.close('}');
    }
    to.close(']');
    to.close('}');
    return to.take();
}

}  // namespace writ
