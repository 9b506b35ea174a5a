// Sources, standard modules and imports; every declaration under its name.
#include <type_traits>

#include "base/source.h"
#include "check/context.h"
#include "syntax/parse.h"

namespace writ::check {
namespace {

constexpr std::string_view kRequestModule = "std.request";

std::string joined(const ast::QualifiedName& name) {
    std::string out;
    for (const auto& part : name.parts) {
        if (!out.empty()) out += '.';
        out += part.text;
    }
    return out;
}

std::uint32_t module_named(Context& c, const std::string& name) {
    const auto [at, added] = c.module_ids.try_emplace(name, static_cast<std::uint32_t>(c.modules.size()));
    if (added) {
        c.modules.emplace_back();
        c.modules.back().name = name;
    }
    return at->second;
}

/// Parses one source into the module `forced`, or the one it names itself.
void add_source(Context& c, Source source, std::string_view forced) {
    source.text = plain_text(source.text);
    // Trees point into the text. A string on the heap keeps its bytes when the vector grows.
    source.text.reserve(64);
    const auto index = static_cast<std::uint32_t>(c.policy.sources.size());
    c.policy.sources.push_back(std::move(source));
    c.policy.files.push_back(
        syntax::parse(index, c.policy.sources[index].text, c.options.max_depth, c.report));
    const auto& file = c.policy.files.back();
    const std::string name = !forced.empty() ? std::string(forced)
                             : file.module   ? joined(*file.module)
                                             : std::string(kDefaultModule);
    const auto module = module_named(c, name);
    c.modules[module].files.push_back(index);
    c.file_modules.push_back(module);
}

/// Loads a standard module unless there is a module of that name. False: there is none.
bool load_standard(Context& c, const std::string& name) {
    if (c.module_ids.contains(name)) return true;
    const std::string_view text = c.standard ? c.standard(name) : std::string_view{};
    if (name.empty() || text.empty()) return false;
    std::string path = name;
    for (auto& letter : path)
        if (letter == '.') letter = '/';
    add_source(c, {path + ".writ", std::string(text)}, name);
    return true;
}

void report_no_module(Context& c, const ast::QualifiedName& name) {
    const auto wanted = joined(name);
    auto& diagnostic = c.report.add(Code::E0204, name.span, "there is no module " + quoted(wanted),
                                    "not among the sources, and not in the standard library");
    std::vector<std::string_view> candidates;
    for (const auto& module : c.modules) candidates.push_back(module.name);
    for (auto names = c.standard ? c.standard({}) : std::string_view{}; !names.empty();) {
        const auto end = std::min(names.find('\n'), names.size());
        if (end > 0) candidates.push_back(names.substr(0, end));
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    suggest(c, diagnostic, wanted, candidates);
}

void link_imports(Context& c) {
    for (std::uint32_t f = 0; f < c.policy.files.size(); ++f) {
        auto& module = c.modules[c.file_modules[f]];
        for (const auto& import : c.policy.files[f].imports) {
            const auto found = c.module_ids.find(joined(import.module));
            if (found == c.module_ids.end()) {
                report_no_module(c, import.module);
                continue;
            }
            const ImportedModule link{found->second, import.alias ? import.alias->text : std::string_view{}};
            bool repeated = false;
            for (const auto& other : module.imports) {
                if (other.module == link.module && other.alias == link.alias) {
                    repeated = true;
                } else if (import.alias && other.alias == link.alias) {
                    c.report.add(Code::E0205, import.alias->span,
                                 "two imports with the alias " + quoted(link.alias));
                    repeated = true;
                }
            }
            if (!repeated) module.imports.push_back(link);
        }
    }
}

/// Reports imports that lead back to their module. Iterative: chains may be long.
void report_cycles(Context& c) {
    std::vector<State> states(c.modules.size(), State::Untouched);
    struct Frame {
        std::uint32_t module;
        std::size_t next = 0;
    };
    for (std::uint32_t root = 0; root < c.modules.size(); ++root) {
        if (states[root] != State::Untouched) continue;
        std::vector<Frame> stack{{root}};
        states[root] = State::Busy;
        while (!stack.empty()) {
            auto& frame = stack.back();
            const auto from = frame.module;
            const auto& imports = c.modules[from].imports;
            if (frame.next == imports.size()) {
                states[from] = State::Done;
                stack.pop_back();
                continue;
            }
            const auto to = imports[frame.next++].module;
            if (states[to] == State::Untouched) {
                states[to] = State::Busy;
                stack.push_back({to});
            } else if (states[to] == State::Busy) {
                for (const auto f : c.modules[from].files)
                    for (const auto& import : c.policy.files[f].imports)
                        if (joined(import.module) == c.modules[to].name)
                            c.report.add(Code::E0208, import.module.span,
                                         "module " + quoted(c.modules[from].name) + " and module " +
                                             quoted(c.modules[to].name) + " import each other",
                                         "closes the circle", "move what both need to a module of its own");
            }
        }
    }
}

struct Place {
    Space space = Space::Value;
    std::string_view noun;
    const ast::Name* name = nullptr;
};

Place place_of(const ast::Decl& decl) {
    return std::visit(
        [](const auto& node) -> Place {
            using T = std::decay_t<decltype(node)>;
            if constexpr (std::is_same_v<T, ast::TestDecl>)
                return {Space::Test, "test", nullptr};
            else if constexpr (std::is_same_v<T, ast::ClaimsDecl>)
                return {Space::Kind, "issuer kind", &node.name};
            else if constexpr (std::is_same_v<T, ast::IssuerDecl>)
                return {Space::Value, "issuer", &node.name};
            else if constexpr (std::is_same_v<T, ast::EnumDecl>)
                return {Space::Type, "enum", &node.name};
            else if constexpr (std::is_same_v<T, ast::ToolDecl>)
                return {Space::Tool, "tool", &node.name};
            else if constexpr (std::is_same_v<T, ast::TableDecl>)
                return {Space::Value, "table", &node.name};
            else if constexpr (std::is_same_v<T, ast::DefineDecl>)
                return {Space::Value, "definition", &node.name};
            else if constexpr (std::is_same_v<T, ast::RuleDecl>)
                return {Space::Rule, "rule", &node.name};
            else if constexpr (std::is_same_v<T, ast::InvariantDecl>)
                return {Space::Rule, "invariant", &node.name};
            else if constexpr (std::is_same_v<T, ast::FixtureDecl>)
                return {Space::Fixture, "fixture", &node.name};
            else
                return {Space::Type, "schema", nullptr};
        },
        decl.node);
}

}  // namespace

bool load_modules(Context& c) {
    std::size_t bytes = 0;
    for (const auto& source : c.sources.sources) bytes += source.text.size();
    if (bytes > c.options.max_source_bytes) {
        for (const auto& source : c.sources.sources) {
            c.policy.sources.push_back({source.name, {}});
            c.policy.files.emplace_back();
        }
        c.report.add(Code::E0110, {},
                     "the sources have " + std::to_string(bytes) + " bytes together; the limit is " +
                         std::to_string(c.options.max_source_bytes),
                     {}, "split the policy into layers, each a bundle of its own");
        return false;
    }
    c.data_bytes = bytes;
    for (const auto& source : c.sources.sources) add_source(c, source, {});
    c.policy.given_sources = c.policy.sources.size();
    // Sources grow while their imports are followed.
    const bool request = load_standard(c, std::string(kRequestModule));
    for (std::size_t f = 0; f < c.policy.files.size(); ++f) {
        std::vector<std::string> names;
        for (const auto& import : c.policy.files[f].imports) names.push_back(joined(import.module));
        for (const auto& name : names) (void)load_standard(c, name);
    }
    if (!request) {
        c.report.add(Code::E0204, {}, "there is no module " + quoted(kRequestModule), {},
                     "the standard library has to provide it");
        return false;
    }
    link_imports(c);
    const auto request_module = c.module_ids.at(std::string(kRequestModule));
    report_cycles(c);
    for (std::uint32_t m = 0; m < c.modules.size(); ++m)
        if (m != request_module) c.modules[m].imports.push_back({request_module, {}});
    return true;
}

void declare_names(Context& c) {
    for (std::uint32_t f = 0; f < c.policy.files.size(); ++f) {
        const auto module = c.file_modules[f];
        for (const auto& decl : c.policy.files[f].decls) {
            auto place = place_of(decl);
            ast::Name test_name;
            if (const auto* test = std::get_if<ast::TestDecl>(&decl.node)) {
                test_name = {test->name, test->name_span};
                place.name = &test_name;
            }
            if (place.name == nullptr) continue;
            auto& names = c.modules[module].names[static_cast<std::size_t>(place.space)];
            const auto [at, added] =
                names.try_emplace(place.name->text, static_cast<std::uint32_t>(c.entries.size()));
            if (!added)
                report_twice(c, place.noun, place.name->text, place.name->span,
                             c.entries[at->second].name.span);
            c.entries.push_back({&decl, *place.name, module, kNoIndex});
        }
    }
}

}  // namespace writ::check
