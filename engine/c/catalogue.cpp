// The C interface: the catalogue of a bundle.
#include "writ/catalogue.h"

#include "c/handles.h"

using namespace writ::c;

static_assert(static_cast<int>(writ::Provenance::Model) == WRIT_PROVENANCE_MODEL);
static_assert(static_cast<int>(writ::Provenance::Verified) == WRIT_PROVENANCE_VERIFIED);

namespace {

using Texts = std::vector<writ_text>;

Texts texts_of(const std::vector<std::string_view>& views) {
    Texts out;
    for (const std::string_view each : views) out.push_back(text(each));
    return out;
}

/// The lists of a tool, an issuer or a field in the form of C.
struct Lists {
    Texts first, second;
    std::vector<Texts> members;  ///< of each parameter or claim

    Lists(const std::vector<std::string_view>& one, const std::vector<std::string_view>& other,
          const std::vector<writ::CatalogueField>& fields)
        : first(texts_of(one)), second(texts_of(other)) {
        for (const writ::CatalogueField& each : fields) members.push_back(texts_of(each.members));
    }
};

}  // namespace

struct writ_catalogue {
    writ::Bundle bundle;  ///< what the catalogue views
    writ::Catalogue catalogue;
    std::vector<Lists> tools, issuers;
    std::string json;
};

namespace {

writ_status fill_field(const std::vector<writ::CatalogueField>& fields, const Lists& lists, std::size_t index,
                       writ_catalogue_field* out) {
    if (index >= fields.size()) return WRIT_ERROR_ARGUMENT;
    const writ::CatalogueField& each = fields[index];
    const Texts& members = lists.members[index];
    return fill_struct(out, {0, text(each.path), text(each.type), members.data(), members.size(), each.most,
                             static_cast<int>(each.from), each.required, each.read})
               ? WRIT_OK
               : WRIT_ERROR_ARGUMENT;
}

}  // namespace

writ_status writ_catalogue_new(const writ_bundle* bundle, writ_catalogue** catalogue, writ_errors* errors) {
    if (catalogue != nullptr) *catalogue = nullptr;
    return guarded(errors, [&] {
        if (bundle == nullptr) return null_argument(errors, "bundle");
        if (catalogue == nullptr) return null_argument(errors, "catalogue");
        auto made = std::make_unique<writ_catalogue>(
            writ_catalogue{bundle->bundle, writ::catalogue_of(bundle->bundle), {}, {}, {}});
        for (const writ::CatalogueTool& each : made->catalogue.tools)
            made->tools.emplace_back(each.scopes, each.audience, each.params);
        for (const writ::CatalogueIssuer& each : made->catalogue.issuers)
            made->issuers.emplace_back(each.audiences, each.types, each.claims);
        made->json = writ::to_json(made->catalogue);
        *catalogue = made.release();
        return WRIT_OK;
    });
}

void writ_catalogue_free(writ_catalogue* catalogue) {
    delete catalogue;
}

std::size_t writ_catalogue_tool_count(const writ_catalogue* catalogue) {
    return catalogue == nullptr ? 0 : catalogue->tools.size();
}

writ_status writ_catalogue_tool(const writ_catalogue* catalogue, std::size_t index, writ_tool* out) {
    if (index >= writ_catalogue_tool_count(catalogue)) return WRIT_ERROR_ARGUMENT;
    const writ::CatalogueTool& tool = catalogue->catalogue.tools[index];
    const Lists& lists = catalogue->tools[index];
    return fill_struct(
               out, {0, text(tool.name), text(tool.wire_name), text(tool.tier), lists.first.data(), lists.second.data(),
                     lists.first.size(), lists.second.size(), tool.params.size(), tool.tier_rank})
               ? WRIT_OK
               : WRIT_ERROR_ARGUMENT;
}

writ_status writ_catalogue_param(const writ_catalogue* catalogue, std::size_t tool, std::size_t index,
                                 writ_catalogue_field* out) {
    if (tool >= writ_catalogue_tool_count(catalogue)) return WRIT_ERROR_ARGUMENT;
    return fill_field(catalogue->catalogue.tools[tool].params, catalogue->tools[tool], index, out);
}

std::size_t writ_catalogue_issuer_count(const writ_catalogue* catalogue) {
    return catalogue == nullptr ? 0 : catalogue->issuers.size();
}

writ_status writ_catalogue_issuer(const writ_catalogue* catalogue, std::size_t index, writ_issuer* out) {
    if (index >= writ_catalogue_issuer_count(catalogue)) return WRIT_ERROR_ARGUMENT;
    const writ::CatalogueIssuer& issuer = catalogue->catalogue.issuers[index];
    const Lists& lists = catalogue->issuers[index];
    const std::int64_t max_age = issuer.max_age ? issuer.max_age->count() : -1;
    return fill_struct(out, {0, text(issuer.name), text(issuer.url), lists.first.data(), lists.second.data(),
                             lists.first.size(), lists.second.size(), issuer.claims.size(), max_age,
                             issuer.leeway.count(), issuer.proof_required})
               ? WRIT_OK
               : WRIT_ERROR_ARGUMENT;
}

writ_status writ_catalogue_claim(const writ_catalogue* catalogue, std::size_t issuer, std::size_t index,
                                 writ_catalogue_field* out) {
    if (issuer >= writ_catalogue_issuer_count(catalogue)) return WRIT_ERROR_ARGUMENT;
    return fill_field(catalogue->catalogue.issuers[issuer].claims, catalogue->issuers[issuer], index, out);
}

writ_text writ_catalogue_json(const writ_catalogue* catalogue) {
    return catalogue == nullptr ? text({}) : text(catalogue->json);
}
