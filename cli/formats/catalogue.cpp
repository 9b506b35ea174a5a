#include "cli/formats/catalogue.h"

#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

using TextRows = std::vector<std::vector<std::string>>;

std::string titled(std::string_view title, const std::vector<std::string>& headings, const TextRows& rows,
                   bool colour) {
    if (rows.empty()) return "";
    const Palette colours = palette(colour);
    return fmt::format("\n{}{}{}\n{}", colours.bold, title, colours.reset, table(headings, rows));
}

std::string listed(const std::vector<std::string_view>& texts) {
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::string type_of(const CatalogueField& field) {
    std::string type = field.type;
    if (!field.members.empty()) type += fmt::format(" ({})", listed(field.members));
    return field.required ? type : type + " or none";
}

std::string age_of(std::chrono::milliseconds age) {
    return age.count() % 1000 == 0 ? span_of(age.count() / 1000) : fmt::format("{}ms", age.count());
}

}  // namespace

std::string human(const Catalogue& catalogue, bool colour) {
    TextRows tools, params, issuers, claims;
    for (const CatalogueTool& tool : catalogue.tools) {
        tools.push_back({std::string(tool.name), std::string(tool.wire_name), std::string(tool.tier),
                         listed(tool.scopes), listed(tool.audience)});
        for (const CatalogueField& each : tool.params)
            params.push_back({std::string(tool.name), each.path, type_of(each), each.read ? "yes" : "no"});
    }
    for (const CatalogueIssuer& issuer : catalogue.issuers) {
        issuers.push_back({std::string(issuer.name), std::string(issuer.url), listed(issuer.audiences),
                           issuer.max_age ? age_of(*issuer.max_age) : ""});
        for (const CatalogueField& each : issuer.claims)
            if (each.read) claims.push_back({std::string(issuer.name), each.path, type_of(each)});
    }
    return titled("Tools", {"tool", "in requests", "tier", "scopes", "audience"}, tools, colour) +
           titled("Parameters", {"tool", "parameter", "type", "read by rules"}, params, colour) +
           titled("Issuers", {"issuer", "in requests", "audiences", "max age"}, issuers, colour) +
           titled("Claims that rules read", {"issuer", "claim", "type"}, claims, colour);
}

}  // namespace writ::cli
