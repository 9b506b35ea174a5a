#include "cli/terminal/io.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "cli/terminal/text.h"
#include "os/files.h"
#include "writ/errors.h"

namespace writ::cli {

namespace {

struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

tl::unexpected<Error> failed(const std::string& path) {
    const int reason = errno;
    return fail(Code::FileUnusable, reason != 0 ? os::reason_of({reason, std::generic_category()}) : "cannot be used",
                path == "-" ? "standard input" : path);
}

/// Writes to an existing path that is not a file to replace: a device or a pipe.
Result<void> write_into(const std::string& path, std::string_view bytes) {
    errno = 0;
    std::FILE* out = std::fopen(path.c_str(), "wb");
    if (out == nullptr) return failed(path);
    const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size() && std::fflush(out) == 0;
    const int reason = errno;
    const bool closed = std::fclose(out) == 0;
    if (whole && closed) return {};
    if (!whole) errno = reason;
    return failed(path);
}

/// Exit code of an error.
Exit exit_of(std::string_view code) {
    const auto known = find_code(code);
    return known ? static_cast<Exit>(exit_code(*known)) : Exit::Invalid;
}

}  // namespace

std::string input_name(const std::string& path) {
    return path == "-" ? "standard input" : path;
}

Result<std::string> read_input(const std::string& path, std::size_t limit) {
    errno = 0;
    std::unique_ptr<std::FILE, Closer> opened;
    std::FILE* in = stdin;
    if (path != "-") {
        opened.reset(std::fopen(path.c_str(), "rb"));
        in = opened.get();
        if (in == nullptr) return failed(path);
    }
    std::string text;
    char block[16 * 1024];
    while (text.size() <= limit) {
        const std::size_t got = std::fread(block, 1, sizeof block, in);
        text.append(block, got);
        if (got < sizeof block) break;
    }
    if (std::ferror(in) != 0) return failed(path);
    if (text.size() > limit) text.resize(limit + 1);
    return text;
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
    if (path == "-") {
        print_result(bytes);
        return {};
    }
    const auto before = os::status_of(path);
    if (before && !before->regular) return write_into(path, bytes);
    // If the path is a link, its target is replaced.
    std::error_code unresolved;
    const std::string target = before ? std::filesystem::canonical(path, unresolved).string() : path;
    if (unresolved) return fail(Code::FileUnusable, os::reason_of(unresolved), path);
    auto written = before ? os::rewrite_file(target, bytes) : os::replace_file(target, bytes, 0666);
    if (!written) return fail(Code::FileUnusable, std::move(written.error().reason), path);
    return {};
}

void print_result(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);  // its failure stays in ferror(stdout)
}

void print_note(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

void print_remark(std::string_view text, const Terminal& terminal) {
    if (!terminal.quiet) print_note(text);
}

Exit report_error(const Error& error, const std::string& subject, const Terminal& terminal) {
    const Palette colours = palette(terminal.colour_err);
    std::string out = fmt::format("{}error[{}]{}: {}\n", colours.error, error.code, colours.reset, safe(error.message));
    std::string place = safe(subject);
    if (!error.context.empty()) place += (place.empty() ? "" : " at ") + safe(error.context);
    if (!place.empty()) out += fmt::format(" {}-->{} {}\n", colours.frame, colours.reset, place);
    print_note(out);
    return exit_of(error.code);
}

Exit finish(Exit wanted) {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return wanted;
    print_note(fmt::format("error: cannot write to standard output{}{}\n", errno != 0 ? ": " : "",
                           errno != 0 ? os::reason_of({errno, std::generic_category()}) : ""));
    return Exit::Io;
}

}  // namespace writ::cli
