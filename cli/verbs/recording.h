// Options for recording decisions, and output of the recorded answer. Shared by `writ eval` and `writ store decide`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/format.h"
#include "writ/ledger.h"

namespace writ::cli {

struct RecordingArgs {
    std::string ledger, traceparent, mask_key;
    std::vector<std::string> mask;
};

/// Adds `--ledger`, `--mask`, `--mask-key` and `--traceparent`. Output: the option `--ledger`.
Option& add_recording_options(Command& verb, RecordingArgs& args);

/// A ledger with its recorder, which refers to it.
struct Recording {
    std::unique_ptr<ledger::Ledger> kept;
    ledger::Recorder recorder;
};

/// Errors: those of Ledger::open and Recorder::make; G0042 the key file is not valid.
[[nodiscard]] Result<Recording> open_recording(const RecordingArgs& args, const Layers& layers);

/// `record 7`, `record 8, repeats record 7`, or empty if the number is not known.
[[nodiscard]] std::string record_line(const ledger::Answer& answer);
/// The answer, with the earlier decision under its key.
[[nodiscard]] std::string render_answer(const ledger::Answer& answer, const Layers& layers, View reader, Format format,
                                        bool colour);

}  // namespace writ::cli
