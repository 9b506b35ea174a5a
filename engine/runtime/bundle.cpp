#include "writ/bundle.h"

#include <algorithm>
#include <map>

#include "base/access.h"
#include "base/kind.h"
#include "bytecode/cost.h"
#include "bytecode/program.h"
#include "writ/errors.h"

namespace writ {

namespace {

/// The module of a file of the standard library: `std/github.writ` is `std.github`.
std::string module_of(std::string file) {
    constexpr std::string_view kEnd = ".writ";
    if (file.ends_with(kEnd)) file.resize(file.size() - kEnd.size());
    std::replace(file.begin(), file.end(), '/', '.');
    return file;
}

}  // namespace

Result<Bundle> Bundle::load(std::span<const std::byte> bytes) {
    auto image = bytecode::Image::copy(bytes);
    if (!image) return tl::unexpected(std::move(image.error()));
    auto program = bytecode::Program::open(std::move(*image));
    if (!program) return tl::unexpected(std::move(program.error()));
    return Access::bundle(std::move(*program));
}

Result<Bundle> Bundle::open(const std::string& path) {
    auto image = bytecode::Image::read(path);
    if (!image) return tl::unexpected(std::move(image.error()));
    auto program = bytecode::Program::open(std::move(*image));
    if (!program) return tl::unexpected(std::move(program.error()));
    return Access::bundle(std::move(*program));
}

Result<SourceSet> Bundle::sources() const {
    auto text = Access::program(*this).source_text();
    if (!text) return tl::unexpected(std::move(text.error()));
    SourceSet set;
    std::map<std::pair<std::string, std::string>, std::string> data;  // by the source that names it, and its path
    std::map<std::string, std::string, std::less<>> modules;
    std::size_t at = 0;
    for (const bytecode::SourceRef& source : Access::program(*this).sources) {
        std::string name(Access::program(*this).text(source.name)), content = text->substr(at, source.size);
        at += source.size;
        if (source.from == bytecode::SourceRef::kStandard)
            modules.emplace(module_of(std::move(name)), std::move(content));
        else if (source.from == bytecode::SourceRef::kGiven)
            set.sources.push_back({std::move(name), std::move(content)});
        else
            data.try_emplace(
                {std::string(Access::program(*this).text(Access::program(*this).sources[source.from].name)),
                 std::move(name)},
                std::move(content));
    }
    set.read = [data = std::move(data)](std::string_view from, std::string_view path) -> Result<std::string> {
        const auto found = data.find({std::string(from), std::string(path)});
        if (found == data.end()) return fail(Code::FileUnusable, "not in the bundle", std::string(path));
        return found->second;
    };
    set.standard = [modules = std::move(modules)](std::string_view name) {
        const auto found = modules.find(name);
        return found == modules.end() ? std::string_view() : std::string_view(found->second);
    };
    return set;
}

std::string_view Bundle::digest() const {
    return Access::program(*this).digest();
}
std::span<const std::byte> Bundle::bytes() const {
    return Access::program(*this).bytes();
}
std::uint64_t Bundle::step_bound() const {
    return Access::program(*this).manifest[0].step_bound;
}
std::uint64_t Bundle::reach() const {
    return bytecode::reach(Access::program(*this)).stated;
}
std::size_t Bundle::rule_count() const {
    return Access::program(*this).rules.size();
}

RuleInfo Bundle::rule(std::size_t index) const {
    const bytecode::RuleRef& rule = Access::program(*this).rules[index];
    RuleInfo info;
    info.kind = spelling_of(static_cast<RuleKind>(rule.kind));
    info.name = Access::program(*this).text(rule.name);
    const bytecode::OriginRef& origin = Access::program(*this).origins[rule.origin];
    info.module = Access::program(*this).text(origin.module);
    info.file = Access::program(*this).text(origin.file);
    info.line = rule.line;
    if (origin.because != bytecode::kNone) info.because = Access::program(*this).text(origin.because);
    return info;
}

}  // namespace writ
