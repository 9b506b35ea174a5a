// Verifies constants and the catalogue, and runs all parts in order. Patterns are in verify_patterns.cpp, shapes in
// verify_shape.cpp, rules in verify_rules.cpp, code in code_check.cpp.
#include <algorithm>
#include <bit>
#include <vector>

#include "base/values.h"
#include "bytecode/index.h"
#include "bytecode/verify_parts.h"

namespace writ::bytecode {

bool text_fits(const Program& program, Kind kind, std::uint32_t id) {
    if (!is_text(program, id)) return false;
    const std::string_view text = program.text(id);
    if (kind == Kind::Ip) return text.size() == 16;
    if (kind == Kind::Cidr) return text.size() == 17 && static_cast<unsigned char>(text[16]) <= 128;
    return rep_of(kind) == Rep::Text && (!is_typed_text(kind) || canonical_text(kind, text) == text);
}

Result<void> verify_texts(const Program& program) {
    const auto& texts = program.texts;
    if (texts.empty() || texts[0].offset != 0 || texts[0].length != 0)
        return refuse(Code::BadTexts, "text 0 is not empty", "texts", 0);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (texts[i].offset != at) return refuse(Code::BadTexts, "texts are not contiguous", "texts", i);
        at += texts[i].length;
        if (at > program.chars.size()) return refuse(Code::BadTexts, "text is out of bounds", "texts", i);
    }
    if (at != program.chars.size())
        return refuse(Code::BadTexts, "chars do not belong to a text", "texts", texts.size());
    return {};
}

Result<void> verify_constants(const Program& program) {
    Runs items(program.set_items.size());
    for (std::size_t i = 0; i < program.sets.size(); ++i) {
        const SetRef& set = program.sets[i];
        const bool tools = set.elem == static_cast<std::uint32_t>(Kind::Record);
        if (!items.take(set.first, set.count) || (!tools && !is_scalar(set.elem)))
            return refuse(Code::BadConstants, "set is out of bounds or has an unknown kind", "sets", i);
        const auto kind = static_cast<Kind>(set.elem);
        const bool ints = !tools && rep_of(kind) == Rep::I64;
        std::uint32_t before = 0;
        for (std::uint32_t k = 0; k < set.count; ++k) {
            const std::uint32_t item = program.set_items[set.first + k];
            const bool good = tools  ? item < program.tools.size()
                              : ints ? item < program.ints.size()
                                     : text_fits(program, kind, item);
            if (!good) return refuse(Code::BadConstants, "element is out of range or not of the set's kind", "sets", i);
            if (k > 0 && (ints ? program.ints[before] >= program.ints[item] : before >= item))
                return refuse(Code::BadConstants, "set is not sorted", "sets", i);
            before = item;
        }
    }
    if (auto done = verify_patterns(program); !done) return done;

    // Start of the ascending run that contains a transition, because zones may share transitions.
    std::vector<std::uint32_t> run(program.transitions.size(), 0);
    constexpr std::int64_t kMaxOffset = 2 * kDay;
    for (std::uint32_t i = 0; i < run.size(); ++i) {
        const Transition& at = program.transitions[i];
        if (at.offset < -kMaxOffset || at.offset > kMaxOffset)
            return refuse(Code::BadConstants, "offset from UTC is too large", "transitions", i);
        run[i] = i > 0 && program.transitions[i - 1].at < at.at ? run[i - 1] : i;
    }
    for (std::size_t i = 0; i < program.windows.size(); ++i) {
        const WindowRef& window = program.windows[i];
        if (window.start >= kDay || window.end > kDay || window.days > 0x7F)
            return refuse(Code::BadConstants, "window is out of range", "windows", i);
        if (window.zone_count == 0 || window.zone_first >= run.size() ||
            window.zone_count > run.size() - window.zone_first ||
            run[window.zone_first + window.zone_count - 1] > window.zone_first)
            return refuse(Code::BadConstants, "zone is out of bounds or not sorted", "windows", i);
    }

    Runs members(program.ids.size());
    for (std::size_t i = 0; i < program.enums.size(); ++i) {
        const EnumRef& ref = program.enums[i];
        if (!is_text(program, ref.name) || !members.take(ref.first_member, ref.member_count))
            return refuse(Code::BadConstants, "enum is out of bounds", "enums", i);
        for (std::uint32_t k = 0; k < ref.member_count; ++k)
            if (!is_text(program, program.ids[ref.first_member + k]))
                return refuse(Code::BadConstants, "no such text", "enums", i);
    }
    std::uint64_t left = program.source_size;
    for (std::size_t i = 0; i < program.sources.size(); ++i) {
        const SourceRef& source = program.sources[i];
        const bool data = source.from != SourceRef::kGiven && source.from != SourceRef::kStandard;
        if (!is_text(program, source.name) || source.size > left || (data && source.from >= i))
            return refuse(Code::BadConstants, "source is out of range", "sources", i);
        left -= source.size;
    }
    if (left != 0)
        return refuse(Code::BadConstants, "text does not belong to a source", "sources", program.sources.size());
    return {};
}

namespace {

/// What the cells of a column may be: a range of indices, and further requirements.
struct Cells {
    std::uint32_t first = 0, count = 0;
    Kind kind = Kind::Bool;  ///< text that must be canonical, or List
    std::uint32_t elem = 0;

    [[nodiscard]] bool fits(const Program& program, std::uint32_t index) const {
        if (kind == Kind::Bool) return true;
        return kind == Kind::List ? program.sets[index].elem == elem : text_fits(program, kind, index);
    }
};

Cells column_cells(const Program& program, std::uint32_t word, std::uint32_t elem) {
    const auto kind = static_cast<Kind>(word);
    const auto size = [](const auto& section) { return static_cast<std::uint32_t>(section.size()); };
    switch (rep_of(kind)) {
        case Rep::I64: return {0, size(program.ints), Kind::Bool, 0};
        case Rep::Text: return {1, size(program.texts) - 1, is_typed_text(kind) ? kind : Kind::Bool, 0};
        case Rep::Group: break;
    }
    return {0, size(program.sets), Kind::List, elem};
}

Result<void> verify_table(const Program& program, std::size_t i, Runs& cells, Runs& kinds, Runs& sets) {
    const TableRef& table = program.tables[i];
    const std::uint64_t count = std::uint64_t{table.rows} * table.columns;
    if (table.name >= program.texts.size() || table.columns == 0 || table.columns > 0x1000 ||
        !cells.take(table.first_cell, count) || !kinds.take(table.first_kind, 2 * std::uint64_t{table.columns}) ||
        !sets.take(table.first_set, table.columns))
        return refuse(Code::BadCatalogue, "table is out of bounds", "tables", i);
    std::vector<Cells> columns(table.columns);
    for (std::uint32_t column = 0; column < table.columns; ++column) {
        const std::uint32_t word = program.ids[table.first_kind + column];
        const std::uint32_t elem = program.ids[table.first_kind + table.columns + column];
        const bool list = word == static_cast<std::uint32_t>(Kind::List);
        // Columns of tools are made by the compiler only; no policy can have one.
        const bool tools = elem == static_cast<std::uint32_t>(Kind::Record) && table.name == 0;
        if (!(list ? tools || is_scalar(elem) : is_scalar(word)))
            return refuse(Code::BadCatalogue, "column has an unknown kind", "tables", i);
        const std::uint32_t set = program.ids[table.first_set + column];
        if (set != kNone && (list || set >= program.sets.size() || program.sets[set].elem != word))
            return refuse(Code::BadCatalogue, "set of a column has another kind", "tables", i);
        columns[column] = column_cells(program, word, elem);
    }
    const std::uint32_t* cell = program.cells.data() + table.first_cell;
    for (std::uint32_t row = 0; row < table.rows; ++row)
        for (const Cells& each : columns)
            if (const std::uint32_t index = *cell++; index - each.first >= each.count || !each.fits(program, index))
                return refuse(Code::BadCatalogue, "cell has another kind than its column", "tables", i);
    return {};
}

}  // namespace

Result<void> verify_catalog(const Program& program) {
    const ManifestRef& manifest = program.manifest[0];
    const std::size_t shape = program.shape.size();
    for (std::size_t i = 0; i < program.issuers.size(); ++i) {
        const IssuerRef& issuer = program.issuers[i];
        if (!is_text(program, issuer.name) || !is_text(program, issuer.url) ||
            !is_text_set(program, issuer.audiences) || (issuer.types != kNone && !is_text_set(program, issuer.types)) ||
            issuer.max_age < -1 || issuer.leeway < 0 || issuer.claims >= shape || issuer.proof_required > 1)
            return refuse(Code::BadCatalogue, "issuer is out of range", "issuers", i);
    }
    Runs audiences(program.ids.size());
    for (std::size_t i = 0; i < program.tools.size(); ++i) {
        const ToolRef& tool = program.tools[i];
        if (!is_text(program, tool.name) || !is_text(program, tool.wire_name) ||
            !audiences.take(tool.audience, tool.audience_count) || !is_text_set(program, tool.audience_set) ||
            !is_text_set(program, tool.scopes) || tool.params >= shape || tool.reserved != 0)
            return refuse(Code::BadCatalogue, "tool is out of range", "tools", i);
        for (std::uint32_t k = 0; k < tool.audience_count; ++k)
            if (!is_text(program, program.ids[tool.audience + k]))
                return refuse(Code::BadCatalogue, "no such text", "tools", i);
        if (manifest.tier_enum == kNone ? tool.tier != 0
                                        : tool.tier < 0 || tool.tier >= program.enums[manifest.tier_enum].member_count)
            return refuse(Code::BadCatalogue, "no such tier", "tools", i);
    }
    if (program.tables.size() > kNoTable)
        return refuse(Code::BadCatalogue, "too many tables", "tables", program.tables.size());
    Runs cells(program.cells.size()), kinds(program.ids.size()), sets(program.ids.size());
    for (std::size_t i = 0; i < program.tables.size(); ++i)
        if (auto done = verify_table(program, i, cells, kinds, sets); !done) return done;
    return {};
}

Result<Measures> verify_but_measures(const Program& program) {
    if (auto done = verify_texts(program); !done) return tl::unexpected(std::move(done.error()));
    if (program.manifest.size() != 1) return refuse(Code::BadManifest, "there must be one manifest", "manifest", 0);
    const ManifestRef& manifest = program.manifest[0];
    if (manifest.slot_count != program.slots.size() ||
        (manifest.tier_enum != kNone && manifest.tier_enum >= program.enums.size()) ||
        !is_text(program, manifest.engine_version))
        return refuse(Code::BadManifest, "manifest is out of range", "manifest", 0);
    for (const auto part : {verify_constants, verify_shape, verify_catalog})
        if (auto done = part(program); !done) return tl::unexpected(std::move(done.error()));
    auto layout = Layout::make(program);
    if (!layout) return tl::unexpected(std::move(layout.error()));
    if (auto done = verify_slots(program, *layout); !done) return tl::unexpected(std::move(done.error()));
    return verify_rules(program, *layout);
}

Result<void> verify(const Program& program) {
    const auto measures = verify_but_measures(program);
    if (!measures) return tl::unexpected(measures.error());
    const ManifestRef& manifest = program.manifest[0];
    if (measures->step_bound == UINT64_MAX)
        return refuse(Code::StepBoundTooLow, "step bound does not fit in 64 bits", "rules", measures->costliest);
    if (manifest.step_bound < measures->step_bound)
        return refuse(Code::StepBoundTooLow, "declared step bound is too low", "manifest", 0);
    if (manifest.temp_count != measures->temps || manifest.max_binders != measures->binders ||
        manifest.memo_count != measures->memos)
        return refuse(Code::BadManifest, "manifest does not match the code", "manifest", 0);
    return verify_index(program);
}

Result<Measures> measure(const Sections& sections) {
    return verify_but_measures(Program(sections));
}

}  // namespace writ::bytecode
