// writ store decide: decides one request with a channel's active version and records it, as a broker would.
#include <fmt/format.h>

#include "cli/formats/decision.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/recording.h"
#include "cli/verbs/store.h"
#include "writ/policy_handle.h"

namespace writ::cli {

namespace {

struct StoreDecideArgs {
    std::string channel, candidate, request, state;
    RecordingArgs recording;
    std::vector<std::string> keys, on_call;
    View reader = View::Operator;
};

Exit decide(const StoreArgs& args, const StoreDecideArgs& options) {
    const auto request = read_input(options.request, RequestLimits{}.max_bytes);
    if (!request) return report_error(request.error(), "", args.terminal);
    FollowOptions follow;
    follow.store = args.path;
    follow.space = args.space;
    follow.channel = options.channel;
    follow.candidate = options.candidate;
    follow.state = options.state;
    for (const auto& [files, into] : {std::pair{&options.keys, &follow.keys}, {&options.on_call, &follow.on_call}}) {
        auto keys = read_public_keys(args, *files);
        if (const Exit* failed = std::get_if<Exit>(&keys)) return *failed;
        *into = std::move(std::get<0>(keys));
    }
    // The deciding policy is not known yet: the recorder checks its mask at the first record.
    std::optional<Recording> recording;
    if (!options.recording.ledger.empty()) {
        auto opened = open_recording(options.recording, Layers(std::vector<Bundle>{}));
        if (!opened) return report_error(opened.error(), "", args.terminal);
        recording.emplace(std::move(*opened));
    }
    std::string diverged;
    follow.diverged = [&](const Divergence& each) {
        if (recording && each.kind != DivergenceKind::Unreadable)
            recording->recorder.shadow(each.request, each.candidate, each.candidate_policy,
                                       options.recording.traceparent);
        diverged = args.format == Format::Json
                       ? divergence_json(each) + "\n"
                       : fmt::format("\nshadow: {} is {}\n", options.candidate, divergence_name(each.kind)) +
                             (each.kind == DivergenceKind::Unreadable
                                  ? std::string()
                                  : render_decision(each.candidate, each.candidate_policy, options.reader,
                                                    args.terminal.colour_out));
    };
    const auto handle = PolicyHandle::follow(std::move(follow));
    if (!handle) return report_error(handle.error(), "", args.terminal);
    const HandleStatus status = handle->status();
    Exit warned = Exit::Ok;
    if (!status.problem.code.empty()) warned = report_error(status.problem, "", args.terminal);
    if (!status.ready) return warned == Exit::Ok ? Exit::Io : warned;

    LiveEvaluator evaluator(*handle);
    Decision decision;
    if (const auto decided = evaluator.evaluate(*request, decision); !decided) {
        if (recording) (void)recording->recorder.refuse(*request, decided.error(), options.recording.traceparent);
        return report_error(decided.error(), input_name(options.request), args.terminal);
    }
    const Layers policy(evaluator.bundle());
    if (!recording) {
        print_result(args.format == Format::Json
                         ? safe_json(to_json(decision, policy, options.reader)) + "\n"
                         : render_decision(decision, policy, options.reader, args.terminal.colour_out));
        print_result(diverged);
        return decision.effect == Effect::Permit ? Exit::Ok : Exit::Negative;
    }
    const ledger::Answer answer = recording->recorder.record(*request, decision, policy, options.recording.traceparent);
    print_note(record_line(answer));
    print_result(render_answer(answer, policy, options.reader, args.format, args.terminal.colour_out));
    print_result(diverged);
    if (answer.error) return report_error(*answer.error, "", args.terminal);
    return answer.decision.effect == Effect::Permit ? Exit::Ok : Exit::Negative;
}

}  // namespace

void add_store_decide(const StoreApp& store) {
    Command& verb = store.add("decide", "Decide one request with the active version of a channel");
    auto& options = verb.make_values<StoreDecideArgs>();
    verb.text("CHANNEL", "", "Which", options.channel).required();
    verb.text("--request", "FILE|-", "The request document; - for standard input", options.request).required();
    verb.text("--shadow", "CHANNEL", "A candidate's channel; its decision is shown and never enforced",
              options.candidate);
    add_key_files(verb, "--key", options.keys,
                  "A channel key, which may sign everything; without one, signatures are not required");
    add_key_files(verb, "--on-call", options.on_call, "An on-call key, which may sign revocations");
    verb.text("--state", "FILE", "The file that keeps the last good policy", options.state);
    add_recording_options(verb, options.recording);
    add_reader(verb, options.reader);
    verb.run = store.runs([&options](const StoreArgs& args) { return decide(args, options); });
}

}  // namespace writ::cli
