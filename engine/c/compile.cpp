// The C interface for compiling policy text and explaining decisions; the only part that needs the compiler.
#include "base/source.h"
#include "c/handles.h"
#include "writ/tools.h"

using namespace writ::c;

struct writ_data {
    std::string bytes;
};

namespace {

/// file:line:column, or empty for a finding without a place.
std::string place_of(const writ::Diagnostics& all, const writ::Span& span) {
    if (span.source >= all.sources.size()) return {};
    const writ::Source& source = all.sources[span.source];
    const writ::Position at = writ::position_of(source.text, span.begin);
    return source.name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

void report(writ_errors* errors, const writ::Diagnostics& findings) {
    for (const writ::Diagnostic& each : findings.items)
        add(errors, each.code, each.message, place_of(findings, each.span));
}

/// A reader of data files that calls the caller's function.
auto reader(const writ_compile_options& options) {
    return [read = options.read_file, context = options.read_context](
               std::string_view from, std::string_view path) -> writ::Result<std::string> {
        writ_data data;
        if (!read(context, text(from), text(path), &data))
            return writ::fail(writ::Code::FileUnusable, "the file cannot be read", std::string(path));
        return std::move(data.bytes);
    };
}

/// The sources and options as given, or the error in them.
writ_status read_policy(const writ_source* sources, std::size_t count, const writ_compile_options* options,
                        writ_errors* errors, writ::SourceSet& set, writ::CompileOptions& chosen) {
    if (sources == nullptr) return null_argument(errors, "sources");
    // Bundles pass from this library to the other in memory.
    if (writ_version_number() != WRIT_VERSION_NUMBER) {
        add(errors, code_name(writ::Code::InternalFailure), "libwrit and libwrit-compiler have different versions",
            writ_version());
        return WRIT_ERROR_INTERNAL;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (!well_formed(sources[i].name) || !well_formed(sources[i].text) || !well_formed(sources[i].stored))
            return malformed_argument(errors, "text is NULL and has a length", "sources[" + std::to_string(i) + "]");
        set.sources.push_back({std::string(view(sources[i].name)), std::string(view(sources[i].text)),
                               std::string(view(sources[i].stored))});
    }
    if (options == nullptr) return WRIT_OK;
    writ_compile_options given{};
    if (!read_struct(options, given)) return malformed_argument(errors, "struct_size does not fit", "options");
    override_with(chosen.max_source_bytes, given.max_source_bytes);
    override_with(chosen.max_steps, given.max_steps);
    override_with(chosen.max_depth, given.max_depth);
    override_with(chosen.max_errors, given.max_errors);
    if (given.read_file != nullptr) set.read = reader(given);
    return WRIT_OK;
}

}  // namespace

struct writ_explanation {
    std::string json;
};

writ_status writ_data_append(writ_data* data, const void* bytes, std::size_t length) {
    const writ_text given{static_cast<const char*>(bytes), length};
    if (data == nullptr || !well_formed(given)) return WRIT_ERROR_ARGUMENT;
    return guarded(nullptr, [&] {
        data->bytes += view(given);
        return WRIT_OK;
    });
}

writ_status writ_compile(const writ_source* sources, std::size_t count, const writ_compile_options* options,
                         writ_bundle** bundle, writ_errors* errors) {
    if (bundle != nullptr) *bundle = nullptr;
    return guarded(errors, [&] {
        if (bundle == nullptr) return null_argument(errors, "bundle");
        writ::SourceSet set;
        writ::CompileOptions chosen;
        const writ_status read = read_policy(sources, count, options, errors, set, chosen);
        if (read != WRIT_OK) return read;
        writ::Diagnostics warnings;
        const auto compiled = writ::compile(set, chosen, &warnings);
        report(errors, compiled ? warnings : compiled.error());
        if (!compiled) return WRIT_ERROR_POLICY;
        *bundle = new writ_bundle{*compiled};
        return WRIT_OK;
    });
}

// ---- explaining -----------------------------------------------------------------------------------

writ_status writ_explain(const writ_source* sources, std::size_t count, const writ_compile_options* options,
                         writ_text request, writ_text rule, const writ_request_limits* limits,
                         writ_explanation** explanation, writ_errors* errors) {
    if (explanation != nullptr) *explanation = nullptr;
    return guarded(errors, [&] {
        if (explanation == nullptr) return null_argument(errors, "explanation");
        if (!well_formed(request)) return malformed_argument(errors, "text is NULL and has a length", "request");
        if (!well_formed(rule)) return malformed_argument(errors, "text is NULL and has a length", "rule");
        const auto request_limits = limits_of(limits);
        if (!request_limits) return malformed_argument(errors, "struct_size does not fit", "limits");
        writ::SourceSet set;
        writ::CompileOptions chosen;
        const writ_status read = read_policy(sources, count, options, errors, set, chosen);
        if (read != WRIT_OK) return read;
        const writ::Workspace workspace(std::move(set), chosen);
        if (!workspace.bundle()) {
            report(errors, workspace.diagnostics());
            return WRIT_ERROR_POLICY;
        }
        auto explained = workspace.explain(view(request), view(rule), *request_limits);
        if (!explained) {
            const bool refused = explained.error().code.starts_with("Q");
            const bool no_rule = explained.error().code == code_name(writ::Code::UnknownRule);
            if (errors != nullptr) errors->items.push_back(std::move(explained.error()));
            return refused ? WRIT_ERROR_REQUEST : no_rule ? WRIT_ERROR_ARGUMENT : WRIT_ERROR_INTERNAL;
        }
        *explanation = new writ_explanation{writ::to_json(*explained)};
        return WRIT_OK;
    });
}

writ_text writ_explanation_json(const writ_explanation* explanation) {
    return explanation == nullptr ? text({}) : text(explanation->json);
}

writ_status writ_explanation_json_into(const writ_explanation* explanation, writ_text* out) {
    return put(writ_explanation_json(explanation), out);
}

void writ_explanation_free(writ_explanation* explanation) {
    delete explanation;
}
