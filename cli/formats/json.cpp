#include "cli/formats/json.h"

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"

namespace writ::cli {

std::string one_line(const Json& document) {
    return safe_json(document.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string json_line(const Json& members) {
    Json out{{"schema_version", 1}};
    out.update(members);
    return one_line(out);
}

Exit refuse(const Error& error, const std::string& subject, Format format, const Terminal& terminal) {
    if (format == Format::Json)
        print_result(
            json_line({{"error", {{"code", error.code}, {"path", error.context}, {"message", error.message}}}}));
    return report_error(error, subject, terminal);
}

}  // namespace writ::cli
