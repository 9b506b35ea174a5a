// Sources, standard modules and imports; adds every declaration to its module.
#include <algorithm>
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

/// Whether a name belongs to the standard library: `std`, or anything below it, in any letter case. A module with a
/// similar name would be mistaken for the library's.
bool is_reserved(std::string_view name) {
    const auto root = name.substr(0, name.find('.'));
    return root.size() == 3 && std::equal(root.begin(), root.end(), "std", [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
           });
}

/// Rejects a given source that uses a name of the standard library: it would replace the library's module, and
/// `import std.baseline` would no longer mean the library's rules. The source is dropped.
void refuse_reserved(Context& c, ast::SourceFile& file) {
    if (!file.module) return;
    const auto name = joined(*file.module);
    if (!is_reserved(name)) return;
    std::string help = "give the module a name of your own, such as ";
    const auto dot = name.find('.');
    help += quoted("acme" + (dot == std::string::npos ? std::string() : name.substr(dot)));
    if (c.standard && !c.standard(name).empty())
        help += "; the library's module is built in: " + quoted("import " + name) + " is enough";
    c.report.add(Code::ReservedModuleName, file.module->span,
                 "module " + quoted(name) + " has a name of the standard library",
                 "`std` and all names below it are reserved", std::move(help));
    file.module.reset();
    file.imports.clear();
    file.decls.clear();
}

/// Parses a source into the module `forced`, or the one that it names.
void add_source(Context& c, Source source, std::string_view forced) {
    source.text = plain_text(source.text);
    // Trees point into the text, so it must stay on the heap when the vector grows.
    source.text.reserve(64);
    const auto index = static_cast<std::uint32_t>(c.policy.sources.size());
    c.policy.sources.push_back(std::move(source));
    c.policy.files.push_back(syntax::parse(index, c.policy.sources[index].text, c.options.max_depth, c.report));
    auto& file = c.policy.files.back();
    if (forced.empty()) refuse_reserved(c, file);
    const std::string name = !forced.empty() ? std::string(forced)
                             : file.module   ? joined(*file.module)
                                             : std::string(kDefaultModule);
    const auto module = module_named(c, name);
    c.modules[module].files.push_back(index);
    c.file_modules.push_back(module);
}

/// Loads a standard module, unless it is loaded. Output: false if there is none.
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
    auto& diagnostic = c.report.add(Code::UnknownModule, name.span, "there is no module " + quoted(wanted),
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
            if (import.alias && is_reserved(import.alias->text)) {
                c.report.add(Code::ReservedModuleName, import.alias->span,
                             "alias " + quoted(import.alias->text) + " is the name of the standard library", {},
                             "take another alias");
                continue;
            }
            const auto found = c.module_ids.find(joined(import.module));
            if (found == c.module_ids.end()) {
                module.incomplete = true;
                report_no_module(c, import.module);
                continue;
            }
            const ImportedModule link{found->second, import.alias ? import.alias->text : std::string_view{}};
            bool repeated = false;
            for (const auto& other : module.imports) {
                if (other.module == link.module && other.alias == link.alias) {
                    repeated = true;
                } else if (import.alias && other.alias == link.alias) {
                    c.report.add(Code::DeclaredTwice, import.alias->span,
                                 "two imports with the alias " + quoted(link.alias));
                    repeated = true;
                }
            }
            if (!repeated) module.imports.push_back(link);
        }
    }
    for (std::uint32_t f = 0; f < c.policy.files.size(); ++f) {
        const auto& module = c.modules[c.file_modules[f]];
        for (const auto& import : c.policy.files[f].imports) {
            if (!import.alias) continue;
            const auto taken = c.module_ids.find(std::string(import.alias->text));
            if (taken == c.module_ids.end()) continue;
            const bool in_sight = taken->second == c.file_modules[f] ||
                                  std::any_of(module.imports.begin(), module.imports.end(), [&](const auto& other) {
                                      return other.alias.empty() && other.module == taken->second;
                                  });
            if (in_sight)
                c.report.add(
                    Code::DeclaredTwice, import.alias->span,
                    "alias " + quoted(import.alias->text) + " is also the name of a module that is in use here", {},
                    "take another alias");
        }
    }
}

/// Reports cyclic imports. Iterative, because chains may be long.
void report_cycles(Context& c) {
    std::vector<VisitState> states(c.modules.size(), VisitState::Untouched);
    struct Frame {
        std::uint32_t module;
        std::size_t next = 0;
    };
    for (std::uint32_t root = 0; root < c.modules.size(); ++root) {
        if (states[root] != VisitState::Untouched) continue;
        std::vector<Frame> stack{{root}};
        states[root] = VisitState::Busy;
        while (!stack.empty()) {
            auto& frame = stack.back();
            const auto from = frame.module;
            const auto& imports = c.modules[from].imports;
            if (frame.next == imports.size()) {
                states[from] = VisitState::Done;
                stack.pop_back();
                continue;
            }
            const auto to = imports[frame.next++].module;
            if (states[to] == VisitState::Untouched) {
                states[to] = VisitState::Busy;
                stack.push_back({to});
            } else if (states[to] == VisitState::Busy) {
                for (const auto f : c.modules[from].files)
                    for (const auto& import : c.policy.files[f].imports)
                        if (joined(import.module) == c.modules[to].name)
                            c.report.add(Code::CircularDefinition, import.module.span,
                                         "module " + quoted(c.modules[from].name) + " and module " +
                                             quoted(c.modules[to].name) + " import each other",
                                         "completes the cycle", "move the parts that both need to a third module");
            }
        }
    }
}

/// What a declaration declares: a name of a sort. Null: it has no name of its own.
struct NamedAs {
    NameSort sort = NameSort::Value;
    std::string_view noun;
    const ast::Name* name = nullptr;
};

NamedAs named_as(const ast::Decl& decl) {
    return std::visit(
        [](const auto& node) -> NamedAs {
            using T = std::decay_t<decltype(node)>;
            if constexpr (std::is_same_v<T, ast::TestDecl>)
                return {NameSort::Test, "test", nullptr};
            else if constexpr (std::is_same_v<T, ast::ClaimsDecl>)
                return {NameSort::Kind, "issuer kind", &node.name};
            else if constexpr (std::is_same_v<T, ast::IssuerDecl>)
                return {NameSort::Value, "issuer", &node.name};
            else if constexpr (std::is_same_v<T, ast::IssuerGroupDecl>)
                return {NameSort::Value, "issuer group", &node.name};
            else if constexpr (std::is_same_v<T, ast::EnumDecl>)
                return {NameSort::Type, "enum", &node.name};
            else if constexpr (std::is_same_v<T, ast::ToolDecl>)
                return {NameSort::Tool, "tool", &node.name};
            else if constexpr (std::is_same_v<T, ast::TableDecl>)
                return {NameSort::Value, "table", &node.name};
            else if constexpr (std::is_same_v<T, ast::DefineDecl>)
                return {NameSort::Value, "definition", &node.name};
            else if constexpr (std::is_same_v<T, ast::RuleDecl>)
                return {NameSort::Rule, "rule", &node.name};
            else if constexpr (std::is_same_v<T, ast::InvariantDecl>)
                return {NameSort::Rule, "invariant", &node.name};
            else if constexpr (std::is_same_v<T, ast::FixtureDecl>)
                return {NameSort::Fixture, "fixture", &node.name};
            else
                return {NameSort::Type, "schema", nullptr};
        },
        decl.node);
}

/// Reports a name that another declaration of the module has.
void report_taken(Context& c, const NamedAs& named, const NamedDecl& first) {
    const auto noun = named_as(*first.decl).noun;
    if (noun == named.noun) return report_twice(c, noun, named.name->text, named.name->span, first.name.span);
    auto& diagnostic = c.report.add(
        Code::DeclaredTwice, named.name->span,
        quoted(named.name->text) + " is already the name of " + std::string(article_of(noun)) + ' ' + std::string(noun),
        {}, "take another name");
    diagnostic.related.push_back({first.name.span, "declared here"});
}

/// Rejects a declared name that an import declares too, because every use would look like the imported one.
void refuse_hiding(Context& c, const NamedAs& named, std::uint32_t module) {
    if (named.sort == NameSort::Test) return;  // nothing refers to a test
    const auto at = static_cast<std::size_t>(named.sort);
    for (const auto& import : c.modules[module].imports) {
        if (!import.alias.empty()) continue;
        const auto& names = c.modules[import.module].names[at];
        const auto found = names.find(named.name->text);
        if (found == names.end() || !c.entries[found->second].decl->exported) continue;
        const auto& other = c.modules[import.module].name;
        const bool always = other == kRequestModule;
        auto& diagnostic = c.report.add(
            Code::HidesImport, named.name->span,
            std::string(named.noun) + " " + quoted(named.name->text) + " has a name that " +
                quoted(always ? other : "import " + other) + " declares too",
            "would hide the other",
            always ? "take another name" : "take another name, or write " + quoted("import " + other + " as x"));
        diagnostic.related.push_back({c.entries[found->second].name.span, "the other is declared here"});
        return;
    }
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
        c.report.add(Code::SourcesTooLarge, {},
                     "the sources have " + std::to_string(bytes) + " bytes together; the limit is " +
                         std::to_string(c.options.max_source_bytes),
                     {}, "split the policy into layers, each a bundle of its own");
        return false;
    }
    c.data_bytes = bytes;
    for (const auto& source : c.sources.sources) add_source(c, source, {});
    c.policy.given_sources = c.policy.sources.size();
    // Following imports adds sources.
    const bool request = load_standard(c, std::string(kRequestModule));
    for (std::size_t f = 0; f < c.policy.files.size(); ++f) {
        std::vector<std::string> names;
        for (const auto& import : c.policy.files[f].imports) names.push_back(joined(import.module));
        for (const auto& name : names) (void)load_standard(c, name);
    }
    if (!request) {
        c.report.add(Code::UnknownModule, {}, "there is no module " + quoted(kRequestModule), {},
                     "the standard library must provide it");
        return false;
    }
    for (const auto& file : c.policy.files) {
        for (const auto& broken : file.broken) {
            c.broken_names.insert(broken.name);
            c.broken_tool = c.broken_tool || broken.tool;
        }
        if (file.unread)
            for (auto& module : c.modules) module.incomplete = true;
    }
    link_imports(c);
    const auto request_module = c.module_ids.at(std::string(kRequestModule));
    report_cycles(c);
    c.misread = c.report.error_count() > 0;
    for (std::uint32_t m = 0; m < c.modules.size(); ++m)
        if (m != request_module) c.modules[m].imports.push_back({request_module, {}});
    return true;
}

const std::vector<Exported>& library_exports(Context& c) {
    if (c.library) return *c.library;
    auto& out = c.library.emplace();
    for (auto names = c.standard ? c.standard({}) : std::string_view{}; !names.empty();) {
        const auto end = std::min(names.find('\n'), names.size());
        const std::string module(names.substr(0, end));
        Report ignored;
        const auto file = syntax::parse(0, c.standard(module), c.options.max_depth, ignored);
        for (const auto& decl : file.decls) {
            const auto named = named_as(decl);
            if (decl.exported && named.name != nullptr)
                out.push_back({named.sort, std::string(named.name->text), module});
        }
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    return out;
}

void declare_names(Context& c) {
    for (std::uint32_t f = 0; f < c.policy.files.size(); ++f) {
        const auto module = c.file_modules[f];
        for (const auto& decl : c.policy.files[f].decls) {
            auto named = named_as(decl);
            ast::Name test_name;
            if (const auto* test = std::get_if<ast::TestDecl>(&decl.node)) {
                test_name = {test->name, test->name_span};
                named.name = &test_name;
            }
            if (named.name == nullptr) continue;
            auto& names = c.modules[module].names[static_cast<std::size_t>(named.sort)];
            const auto [at, added] = names.try_emplace(named.name->text, static_cast<std::uint32_t>(c.entries.size()));
            if (!added) report_taken(c, named, c.entries[at->second]);
            c.entries.push_back({&decl, *named.name, module, kNoIndex});
        }
    }
    for (const auto& entry : c.entries) {
        auto named = named_as(*entry.decl);
        named.name = &entry.name;
        refuse_hiding(c, named, entry.module);
    }
}

}  // namespace writ::check
