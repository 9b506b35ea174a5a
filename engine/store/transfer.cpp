// Versions as bytes that another store can import. Format: docs/store.md, "Exports".
#include "base/digest.h"
#include "store/fields.h"
#include "store/impl.h"
#include "writ/errors.h"

namespace writ {

using namespace store;

namespace {

constexpr std::string_view kExportDomain = "writ.export.v1";
constexpr std::size_t kDigest = 64;

struct Carried {
    Version version;
    std::string_view bytes;
};

void add(std::string& out, const Version& version, const Bundle& bundle) {
    add_field(out, version.digest);
    add_field(out, version.parent);
    add_field(out, version.origin.author);
    add_field(out, version.origin.message);
    add_number(out, static_cast<std::uint64_t>(version.created_at));
    add_field(out, version.engine);
    add_field(out, {reinterpret_cast<const char*>(bundle.bytes().data()), bundle.bytes().size()});
}

Result<std::vector<Carried>> read(std::string_view text) {
    const auto malformed = [] { return fail(Code::MalformedExport, "not an export, or an incomplete one"); };
    if (text.size() < kDigest) return malformed();
    const std::string_view body = text.substr(0, text.size() - kDigest);
    if (sha256_hex(body) != text.substr(body.size())) return malformed();
    Fields fields(body);
    if (fields.field() != kExportDomain) return malformed();
    std::vector<Carried> out;
    for (std::uint64_t left = fields.number(); left > 0 && fields.sound(); --left) {
        Carried& each = out.emplace_back();
        each.version.digest = fields.field();
        each.version.parent = fields.field();
        each.version.origin.author = fields.field();
        each.version.origin.message = fields.field();
        each.version.created_at = static_cast<std::int64_t>(fields.number());
        each.version.engine = fields.field();
        each.bytes = fields.field();
    }
    if (!fields.finished()) return malformed();
    return out;
}

}  // namespace

Result<std::string> Store::export_versions(const std::vector<std::string>& names) const {
    auto transaction = Transaction::begin(*impl_->db, false);
    if (!transaction) return error_of(transaction);
    std::vector<Version> chosen;
    if (names.empty()) {
        auto all = versions();
        if (!all) return error_of(all);
        for (auto each = all->rbegin(); each != all->rend(); ++each)  // parents first
            if (!each->collected) chosen.push_back(std::move(*each));
    }
    for (const std::string& name : names) {
        auto version = resolve(name);
        if (!version) return error_of(version);
        chosen.push_back(std::move(*version));
    }
    std::string out;
    add_field(out, kExportDomain);
    add_number(out, chosen.size());
    for (const Version& each : chosen) {
        auto content = bundle(each.digest);
        if (!content) return error_of(content);
        add(out, each, *content);
    }
    out += sha256_hex(out);
    return out;
}

Result<std::vector<Version>> Store::import_versions(std::string_view text, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    auto carried = read(text);
    if (!carried) return error_of(carried);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    std::vector<Version> out;
    for (const Carried& each : *carried) {
        auto bundle = Bundle::load(std::as_bytes(std::span(each.bytes)));
        if (!bundle || bundle->digest() != each.version.digest)
            return fail(Code::MalformedExport, "a bundle in the export does not match its digest", each.version.digest);
        if (auto fits = check_origin(each.version.origin); !fits)
            return fail(Code::MalformedExport, fits.error().message, each.version.digest);
        auto there = impl_->select_versions("v.digest = $2", each.version.digest);
        if (!there) return error_of(there);
        if (!there->empty() && !there->front().collected) continue;
        auto added = impl_->insert(*bundle, each.version);
        if (!added) return error_of(added);
        out.push_back(std::move(*added));
    }
    const std::string detail =
        std::to_string(out.size()) + " of " + std::to_string(carried->size()) + " versions are new";
    if (auto told = impl_->record("import", "", detail, origin.author); !told) return error_of(told);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return out;
}

}  // namespace writ
