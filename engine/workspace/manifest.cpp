// Reads one manifest.
#include <array>

#include "base/json.h"
#include "base/report.h"
#include "writ/manifest.h"

namespace writ {

namespace {

struct MemberName {
    std::string_view name;
    std::vector<Manifest::Path> Manifest::* to;
};
constexpr std::array kPaths = {MemberName{"sources", &Manifest::sources}, MemberName{"layers", &Manifest::layers},
                               MemberName{"requests", &Manifest::requests}};
constexpr std::string_view kMaxSteps = "max_steps";

std::string list_of_members() {
    std::string out;
    for (const MemberName& each : kPaths) out += (out.empty() ? "`" : ", `") + std::string(each.name) + "`";
    return out + " and `" + std::string(kMaxSteps) + "`";
}

/// The places of the members of an object, and of the elements of their arrays. Requires: the text is JSON.
class MemberPlaces {
public:
    explicit MemberPlaces(std::string_view text) : text_(text) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            const char c = text[at];
            if (c == '{' || c == '[') ++depth_;
            if (c == '}' || c == ']') --depth_;
            if (c == ':' && depth_ == 1) value_ = true;
            if (c == ',' && depth_ == 1) value_ = false;
            if (c == '"') at = string(at);
        }
    }
    /// The key of a member.
    [[nodiscard]] Span key(std::size_t member) const { return keys_[member]; }
    /// An element of a member's array; the key, if it is not text.
    [[nodiscard]] Span element(std::size_t member, std::size_t index) const {
        return index < elements_[member].size() ? elements_[member][index] : keys_[member];
    }

private:
    /// Takes a string; returns its last byte.
    std::size_t string(std::size_t begin) {
        std::size_t end = begin + 1;
        while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
        const Span span{0, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end + 1)};
        if (depth_ == 1 && !value_) {
            keys_.push_back(span);
            elements_.emplace_back();
        } else if (depth_ == 2 && !elements_.empty()) {
            elements_.back().push_back(span);
        }
        return end;
    }

    std::string_view text_;
    int depth_ = 0;
    bool value_ = false;
    std::vector<Span> keys_;
    std::vector<std::vector<Span>> elements_;
};

bool is_relative(std::string_view path) {
    return !path.empty() && path.front() != '/' && path.find('\\') == std::string_view::npos &&
           path.find('\0') == std::string_view::npos;
}

class ManifestReader {
public:
    ManifestReader(const json::Value& document, std::string_view text, Report& report)
        : document_(document), places_(text), report_(report) {}

    Manifest read() {
        for (std::size_t i = 0; i < document_.members.size(); ++i) member(i);
        return std::move(manifest_);
    }

private:
    void member(std::size_t index) {
        const auto& [name, value] = document_.members[index];
        for (const MemberName& known : kPaths)
            if (known.name == name) return paths(index, known, value);
        if (name == kMaxSteps) return max_steps(index, value);
        std::vector<std::string_view> names{kMaxSteps};
        for (const MemberName& known : kPaths) names.push_back(known.name);
        const std::string_view near = nearest(name, names);
        report_.add(Code::ManifestNotValid, places_.key(index), "a manifest has no member `" + name + "`", {},
                    (near.empty() ? "" : "did you mean `" + std::string(near) + "`? ") + "its members are " +
                        list_of_members());
    }

    void max_steps(std::size_t index, const json::Value& value) {
        if (value.type != json::Type::Int || value.integer < 1) {
            report_.add(Code::ManifestNotValid, places_.key(index), "`max_steps` is not a number of steps", {},
                        "write an integer above 0, as in `\"max_steps\": 1000000`; without it, " +
                            std::to_string(CompileOptions{}.max_steps) + " are allowed");
            return;
        }
        manifest_.max_steps = static_cast<std::uint64_t>(value.integer);
    }

    void paths(std::size_t index, const MemberName& known, const json::Value& value) {
        const auto wrong = [&](Span span, std::string message) {
            report_.add(Code::ManifestNotValid, span, std::move(message), {},
                        "write paths relative to this folder, as in `\"" + std::string(known.name) +
                            "\": [\"rules\", \"../shared\"]`");
        };
        if (value.type != json::Type::Array)
            return wrong(places_.key(index), "`" + std::string(known.name) + "` is not a list of paths");
        if (value.items.empty() && known.to == &Manifest::sources)
            return wrong(places_.key(index), "`sources` is empty, so there is no policy");
        auto& to = manifest_.*known.to;
        to.clear();
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            const json::Value& item = value.items[i];
            const Span span = places_.element(index, i);
            if (item.type != json::Type::String || !is_relative(item.text))
                wrong(span, "`" + std::string(known.name) + "` has an element that is not a relative path");
            else
                to.push_back({item.text, span});
        }
    }

    const json::Value& document_;
    const MemberPlaces places_;
    Report& report_;
    Manifest manifest_;
};

}  // namespace

Checked<Manifest> read_manifest(const Source& source) {
    Report report;
    Manifest manifest;
    const auto document = json::parse(source.text);
    if (!document)
        report.add(Code::ManifestNotValid, {}, document.error().message, {},
                   "a manifest is one JSON object; its members are " + list_of_members());
    else if (document->type != json::Type::Object)
        report.add(Code::ManifestNotValid, {}, "a manifest is a JSON object", {},
                   "`{}` makes the folder a policy; its members are " + list_of_members());
    else
        manifest = ManifestReader(*document, source.text, report).read();
    if (report.error_count() > 0) return tl::unexpected(Diagnostics{{source}, report.take()});
    return manifest;
}

}  // namespace writ
