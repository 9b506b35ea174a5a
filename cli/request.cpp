// writ request: a request document from a token's claims, ready to edit.
#include <ctime>
#include <memory>
#include <optional>

#include "cli/io.h"
#include "cli/options.h"
#include "writ/tools.h"

namespace writ::cli {

namespace {

struct Options {
    std::string claims, kind;
    std::optional<std::int64_t> now;
};

Exit run(const Options& options, const Terminal& terminal) {
    const auto claims = read_input(options.claims, RequestLimits{}.max_bytes);
    if (!claims) return report_error(claims.error(), "", terminal);
    const std::int64_t now = options.now ? *options.now : static_cast<std::int64_t>(std::time(nullptr));
    const auto document = request_from_claims(*claims, options.kind, now);
    if (!document) {
        const bool of_claims = document.error().code.front() == 'Q';
        const std::string subject = options.claims == "-" ? "standard input" : options.claims;
        return report_error(document.error(), of_claims ? subject : "", terminal);
    }
    print_result(*document);
    return Exit::Ok;
}

}  // namespace

void add_request(CLI::App& app, Verb& chosen) {
    auto options = std::make_shared<Options>();
    CLI::App* verb = app.add_subcommand("request", "Make a request document from a token's claims");
    verb->add_option("--claims", options->claims, "The claims, a JSON object; - for standard input")->required()->option_text("FILE|-");
    verb->add_option("--issuer-kind", options->kind, "A claims schema of the standard library, as github or kubernetes")
        ->required()
        ->option_text("KIND");
    verb->add_option_function<std::int64_t>("--now", [options](const std::int64_t& now) { options->now = now; },
                                            "Seconds since 1970; else the clock's")
        ->check(whole_number(0, 253'402'300'799))  // the year 9999
        
        ->option_text("SECONDS");
    verb->callback([options, &chosen] {
        chosen = [options](const Terminal& terminal) { return run(*options, terminal); };
    });
}

}  // namespace writ::cli
