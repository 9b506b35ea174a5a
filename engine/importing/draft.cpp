#include "importing/draft.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "writ/bundle.h"
#include "writ/errors.h"
#include "writ/format.h"

namespace writ::importing {

namespace {

constexpr std::size_t kLongestComment = 110, kMostParts = 10'000;

/// Names that a declaration may not have: hard words, and the groups of a request.
constexpr std::string_view kTaken[] = {"and",      "or",    "not",   "in",     "is",        "any",        "all",
                                       "count",    "true",  "false", "none",   "some",      "now",        "token",
                                       "workload", "agent", "run",   "tenant", "user",      "delegation", "tool",
                                       "resource", "want",  "gates", "budget", "approvals", "params",     "std"};

/// Lines of a document as comments. After the bar, none can be an instruction to `writ lint` or `writ test`.
std::string commented(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out += "// | " + in_one_line(text.substr(0, end)) + "\n";
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string comment_of(const DraftPart& piece) {
    std::string out;
    if (piece.text.empty())
        out += fmt::format("// Left out: {}: {}\n{}", in_one_line(piece.where), in_one_line(piece.reason),
                           commented(piece.source));
    for (const std::string& note : piece.notes) out += "// Not carried over: " + in_one_line(note) + "\n";
    return out;
}

std::string_view word_of(Sort sort) {
    switch (sort) {
        case Sort::Issuer: return "issuer";
        case Sort::Tool: return "tool";
        case Sort::Permit: return "permit";
        case Sort::Deny: return "deny";
    }
    return {};
}

}  // namespace

DraftPart& Draft::add(Sort sort, std::string where, std::string source) {
    DraftPart& piece = pieces_.emplace_back();
    piece.sort = sort;
    piece.where = std::move(where);
    piece.source = std::move(source);
    return piece;
}

std::string Draft::name_for(std::string_view text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool upper = is_upper(c);
        if (upper && i > 0 && is_lower(text[i - 1])) name += '_';
        if (is_alnum(c))
            name += upper ? static_cast<char>(c - 'A' + 'a') : c;
        else if (!name.empty() && name.back() != '_')
            name += '_';
    }
    while (!name.empty() && name.back() == '_') name.pop_back();
    if (name.size() > 60) name.resize(60);
    if (name.empty() || is_digit(name.front())) name.insert(0, "x_");
    if (std::find(std::begin(kTaken), std::end(kTaken), name) != std::end(kTaken)) name += "_it";
    std::string out = name;
    for (int& number = numbers_[name]; !names_.insert(out).second;) out = fmt::format("{}_{}", name, ++number + 1);
    return out;
}

std::string Draft::name_of(Tier tier) const {
    constexpr std::string_view kOwn[] = {"read", "write", "privileged"};
    const auto index = static_cast<std::size_t>(tier);
    return options_.tiers.empty() ? std::string(kOwn[index]) : options_.tiers[index];
}

/// The three tiers in their order, each once: two kinds of tools may have the same one.
std::string Draft::tier_declaration() const {
    std::vector<std::string> names;
    for (const Tier each : {Tier::Read, Tier::Write, Tier::Privileged})
        if (const std::string name = name_of(each); std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    return fmt::format("tier {}\n\n", fmt::join(names, " < "));
}

std::string Draft::tier_problem() const {
    SourceSet set;
    set.sources.push_back({"tiers.writ", tier_declaration(), {}});
    const auto compiled = compile(set);
    return compiled ? "" : compiled.error().items.front().message;
}

SourceSet Draft::sources(std::string policy) const {
    SourceSet set;
    set.sources.push_back({"imported.writ", std::move(policy), {}});
    if (!options_.tiers.empty())
        set.sources.push_back({"tiers.writ", "module " + options_.module + "\n\n" + tier_declaration(), {}});
    return set;
}

std::string Draft::text(std::vector<std::size_t>* begins) const {
    std::string out = "/// Imported. Read it, and complete what its comments say, before it decides.\n";
    out += "module " + options_.module + "\n\n";
    for (const std::string& name : imports_) out += "import " + name + "\n";
    if (!imports_.empty()) out += "\n";
    if (options_.tiers.empty()) out += tier_declaration();
    for (const DraftPart& piece : pieces_) {
        out += comment_of(piece);
        if (begins != nullptr) begins->push_back(out.size());
        out += piece.text + (piece.text.empty() ? "\n" : "\n\n");
    }
    return out;
}

/// Leaves out each declaration with an error. Output: whether there was one.
bool Draft::leave_out_broken() {
    std::vector<std::size_t> begins;
    const auto compiled = compile(sources(text(&begins)));
    if (compiled) return false;
    bool any = false;
    for (const Diagnostic& each : compiled.error().items) {
        if (each.severity != Severity::Error || each.span.source != 0) continue;
        const auto after = std::upper_bound(begins.begin(), begins.end(), each.span.begin);
        if (after == begins.begin()) continue;
        DraftPart& piece = pieces_[static_cast<std::size_t>(after - begins.begin()) - 1];
        if (piece.text.empty()) continue;
        piece.text.clear();
        piece.reason = each.message;
        any = true;
    }
    return any;
}

Result<Imported> Draft::finish() {
    if (pieces_.size() > kMostParts)
        return fail(Code::NotImportable, "the document has more than 10,000 tools and rules; import it in parts");
    std::stable_sort(pieces_.begin(), pieces_.end(), [](const DraftPart& a, const DraftPart& b) {
        return std::min(a.sort, Sort::Permit) < std::min(b.sort, Sort::Permit);
    });
    do {
        const bool no_deny = std::any_of(pieces_.begin(), pieces_.end(), [](const DraftPart& piece) {
            return piece.sort == Sort::Deny && piece.text.empty();
        });
        if (no_deny && blocked_.empty()) blocked_ = "a rule that denies could not be carried over";
        for (DraftPart& piece : pieces_) {
            if (piece.sort != Sort::Permit || piece.text.empty() || blocked_.empty()) continue;
            piece.text.clear();
            piece.reason = blocked_;
        }
    } while (leave_out_broken());
    const auto formatted = format({"imported.writ", text(nullptr), {}});
    if (!formatted || !compile(sources(*formatted)))
        return fail(Code::NotImportable, "the document gives no policy that compiles; check its names and addresses");
    Imported out;
    out.policy = *formatted;
    for (const DraftPart& piece : pieces_) {
        if (piece.text.empty())
            out.gaps.push_back({std::string(word_of(piece.sort)) + " " + piece.where, piece.reason, true});
        else if (piece.sort == Sort::Tool)
            ++out.tools;
        else if (piece.sort != Sort::Issuer)
            ++out.rules;
        for (const std::string& note : piece.notes)
            out.gaps.push_back({std::string(word_of(piece.sort)) + " " + piece.where, note, false});
    }
    return out;
}

std::string literal_of(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string field_name(std::string_view name) {
    const bool word = !name.empty() && !is_digit(name.front()) &&
                      std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
    return word ? std::string(name) : literal_of(name);
}

std::string in_one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte > '~')  // characters that a reader cannot see or may misread
            out += out.ends_with(' ') ? "" : " ";
        else
            out += c;
        if (out.size() > kLongestComment) return out + "...";
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

bool is_plain(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string literals_of(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& each : texts) out += (out.empty() ? "" : ", ") + literal_of(each);
    return out;
}

std::string like_star(const std::string& fact, std::string_view pattern) {
    std::string glob;
    for (const char c : pattern)
        if (c != '*')
            glob += c;
        else if (!glob.ends_with("**"))
            glob += "**";
    return fact + " like " + literal_of(glob);
}

std::string equals_any(const std::string& fact, const std::vector<std::string>& values) {
    if (values.size() == 1) return fact + " == " + literal_of(values.front());
    return fact + " in { " + literals_of(values) + " }";
}

}  // namespace writ::importing
