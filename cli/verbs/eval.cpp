// writ eval: one request, one decision.
#include <fmt/format.h>

#include "cli/formats/decision.h"
#include "cli/formats/json.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/recording.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/evaluator.h"

namespace writ::cli {

namespace {

struct EvalArgs {
    std::vector<std::string> paths, layers;
    std::string request;
    RecordingArgs recording;
    Format format = Format::Human;
    View reader = View::Operator;
    bool reference = false;
};

Exit decide_by_reference(const Workspace& workspace, const std::string& json, const EvalArgs& options,
                         const Terminal& terminal) {
    const auto decision = workspace.reference(json);
    if (!decision) return refuse(decision.error(), input_name(options.request), Format::Json, terminal);
    print_result(*decision + "\n");
    const Json read = Json::parse(*decision);
    return read.at("effect") == "permit" ? Exit::Ok : Exit::Negative;
}

Exit print(const Decision& decision, const Layers& layers, const EvalArgs& options, const Terminal& terminal) {
    print_result(options.format == Format::Json
                     ? safe_json(to_json(decision, layers, options.reader)) + "\n"
                     : render_decision(decision, layers, options.reader, terminal.colour_out));
    return decision.effect == Effect::Permit ? Exit::Ok : Exit::Negative;
}

/// Decides as a broker does: a permit is recorded before it is given.
Exit decide_and_record(const std::string& json, const Layers& layers, const EvalArgs& options,
                       const Terminal& terminal) {
    auto recording = open_recording(options.recording, layers);
    if (!recording) return report_error(recording.error(), "", terminal);
    const ledger::Answer answer = recording->recorder.decide(json, options.recording.traceparent);
    if (answer.error && answer.sequence)
        return refuse(*answer.error, input_name(options.request), options.format, terminal);
    print_remark(record_line(answer), terminal);
    print_result(render_answer(answer, layers, options.reader, options.format, terminal.colour_out));
    if (answer.error) return report_error(*answer.error, "", terminal);
    return answer.decision.effect == Effect::Permit ? Exit::Ok : Exit::Negative;
}

Exit run(const EvalArgs& options, const Terminal& terminal) {
    const auto json = read_input(options.request, RequestLimits{}.max_bytes);
    if (!json) return report_error(json.error(), "", terminal);
    if (options.reference) {
        const auto opened = open_valid(options.paths, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        return decide_by_reference(std::get<Workspace>(opened), *json, options, terminal);
    }
    const auto opened = open_layers(options.layers, options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Layers& layers = std::get<Layers>(opened);
    if (!options.recording.ledger.empty()) return decide_and_record(*json, layers, options, terminal);
    Request request(layers);
    if (const auto parsed = request.parse(*json); !parsed)
        return refuse(parsed.error(), input_name(options.request), options.format, terminal);
    Evaluator evaluator(layers);
    return print(evaluator.evaluate(request), layers, options, terminal);
}

}  // namespace

void add_eval(Command& program) {
    Command& verb = program.verb("eval", "Decide one request");
    auto& options = verb.make_values<EvalArgs>();
    add_paths(verb, options.paths);
    verb.text("--request", "FILE|-", "The request document; - for standard input", options.request).required();
    Option& layer = add_layers(verb, options.layers);
    Option& format = add_format(verb, options.format);
    Option& reader = add_reader(verb, options.reader);
    verb.flag("--reference", "Decide with the reference evaluator; prints JSON for the operator", options.reference);
    Option& ledger = add_recording_options(verb, options.recording);
    verb.check = [&options, &layer, &format, &reader, &ledger]() -> std::string {
        const bool human = format.given && options.format == Format::Human;
        const bool caller = reader.given && options.reader == View::Caller;
        return options.reference && (layer.given || ledger.given || human || caller)
                   ? "--reference: decides by one policy and prints JSON for the operator"
                   : "";
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli
