#include "cli/formats/sarif.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "cli/formats/json.h"
#include "cli/terminal/lines.h"
#include "cli/terminal/text.h"
#include "writ/mutation.h"

namespace writ::cli {

namespace {

constexpr std::string_view kSchema = "https://json.schemastore.org/sarif-2.1.0.json";

/// A path as a URI reference, relative to the current folder if the file is in it.
std::string uri_of(const std::string& name) {
    std::error_code error;
    const std::filesystem::path given(name);
    std::string path = given.lexically_normal().generic_string();
    if (given.is_absolute()) {
        const std::filesystem::path here = std::filesystem::current_path(error);
        const std::filesystem::path relative = error ? std::filesystem::path() : given.lexically_proximate(here);
        if (!relative.empty() && *relative.begin() != "..") path = relative.generic_string();
    }
    std::string out = path.starts_with('/') ? "file://" : "";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~/").find(c) != std::string_view::npos;
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string_view page_of(const std::string& code) {
    const std::string_view page = lint_page(code);
    return page.empty() ? error_page(code) : page;
}

/// What a code without a page is about: a change that no test notices, or what its first finding says.
std::string described(const Diagnostic& d) {
    constexpr std::string_view kChange = "mutate-";
    if (d.code.starts_with(kChange))
        for (const Mutator& each : mutators())
            if (each.name == std::string_view(d.code).substr(kChange.size()))
                return fmt::format("no test notices this change of the policy: {}", each.what);
    return safe(d.message);
}

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

/// FNV-1a.
std::uint64_t hash(std::string_view text, std::uint64_t h = 0xCBF29CE484222325) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    return h;
}

class Sarif {
public:
    explicit Sarif(const Diagnostics& all) {
        for (const Source& source : all.sources) {
            lines_.emplace_back(source.text);
            uris_.push_back(uri_of(source.name));
        }
        results_ = Json::array();
        rules_ = Json::array();
    }

    void add(const Diagnostic& d, const std::string* reason) {
        Json result;
        result["ruleId"] = d.code;
        result["ruleIndex"] = rule(d);
        result["level"] = severity_name(d.severity);
        result["message"]["text"] = d.help.empty() ? safe(d.message) : safe(d.message) + "\n" + safe(d.help);
        result["locations"] = Json::array({location(d.span, d.label)});
        if (!d.related.empty()) {
            result["relatedLocations"] = Json::array();
            for (const Label& label : d.related) result["relatedLocations"].push_back(location(label.span, label.text));
        }
        result["partialFingerprints"]["writLine/v1"] = fingerprint(d);
        if (reason != nullptr)
            result["suppressions"] =
                Json::array({Json{{"kind", "inSource"}, {"status", "accepted"}, {"justification", safe(*reason)}}});
        if (!d.replacement.empty()) result["fixes"] = Json::array({fix(d)});
        results_.push_back(std::move(result));
    }

    std::string document() {
        Json driver{{"name", "writ"}, {"rules", std::move(rules_)}};
        Json run;
        run["tool"]["driver"] = std::move(driver);
        run["columnKind"] = "unicodeCodePoints";
        run["results"] = std::move(results_);
        Json out;
        out["$schema"] = kSchema;
        out["version"] = "2.1.0";
        out["runs"] = Json::array({std::move(run)});
        return one_line(out);
    }

private:
    std::size_t rule(const Diagnostic& d) {
        const auto [at, added] = rule_at_.emplace(d.code, rules_.size());
        if (!added) return at->second;
        const std::string_view page = page_of(d.code);
        const std::string_view heading = first_line(page);
        const std::size_t colon = heading.find(": ");
        Json rule;
        rule["id"] = d.code;
        rule["shortDescription"]["text"] =
            colon == std::string_view::npos ? described(d) : std::string(heading.substr(colon + 2));
        rule["defaultConfiguration"]["level"] = severity_name(d.severity);
        const std::string help = !page.empty() ? std::string(page) : !d.help.empty() ? safe(d.help) : described(d);
        rule["help"] = Json{{"text", help}, {"markdown", help}};
        rules_.push_back(std::move(rule));
        return at->second;
    }

    [[nodiscard]] Json artifact(std::uint32_t source) const { return Json{{"uri", uris_[source]}}; }

    [[nodiscard]] Json region(const Span& span) const {
        const Region at = region_of(lines_[span.source], span);
        return Json{
            {"startLine", at.line}, {"startColumn", at.column}, {"endLine", at.end_line}, {"endColumn", at.end_column}};
    }

    [[nodiscard]] Json location(const Span& span, const std::string& text) const {
        Json out;
        if (span.source < lines_.size())
            out["physicalLocation"] = Json{{"artifactLocation", artifact(span.source)}, {"region", region(span)}};
        if (!text.empty()) out["message"]["text"] = safe(text);
        return out;
    }

    [[nodiscard]] Json fix(const Diagnostic& d) const {
        Json replacement{{"deletedRegion", region(d.span)}, {"insertedContent", Json{{"text", d.replacement}}}};
        Json change{{"artifactLocation", artifact(d.span.source)},
                    {"replacements", Json::array({std::move(replacement)})}};
        return Json{{"description", Json{{"text", safe(d.help.empty() ? d.message : d.help)}}},
                    {"artifactChanges", Json::array({std::move(change)})}};
    }

    std::string fingerprint(const Diagnostic& d) {
        std::uint64_t h = hash(d.code);
        if (d.span.source < lines_.size()) {
            const Lines& lines = lines_[d.span.source];
            std::string_view line = lines.text(lines.line_at(d.span.begin));
            const std::size_t first = line.find_first_not_of(" \t");
            line = first == std::string_view::npos ? std::string_view()
                                                   : line.substr(first, line.find_last_not_of(" \t") + 1 - first);
            h = hash(line, hash(uris_[d.span.source], h));
        }
        return fmt::format("{:016x}:{}", h, ++seen_[h]);
    }

    std::vector<Lines> lines_;
    std::vector<std::string> uris_;
    std::map<std::string, std::size_t> rule_at_;
    std::map<std::uint64_t, std::size_t> seen_;
    Json results_, rules_;
};

}  // namespace

std::string render_sarif(const Diagnostics& diagnostics, const std::vector<SuppressedFinding>& suppressed) {
    Sarif sarif(diagnostics);
    for (const Diagnostic& d : diagnostics.items) sarif.add(d, nullptr);
    for (const SuppressedFinding& each : suppressed) sarif.add(each.finding, &each.reason);
    return sarif.document();
}

}  // namespace writ::cli
