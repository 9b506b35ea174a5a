// Diagnostics, which point into text, and plain errors, which do not.
// Not here: how they are displayed (cli/formats) and the list of codes (writ/errors.def).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace writ {

/// A half-open range of bytes in one source. `source` is an index into the sources of the Diagnostics.
struct Span {
    std::uint32_t source = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

enum class Severity : std::uint8_t { Error, Warning };

/// A span with a short text shown under its carets.
struct Label {
    Span span;
    std::string text;
};

/// One finding in policy text.
struct Diagnostic {
    std::string code;  ///< stable, for example "E0203"
    Severity severity = Severity::Error;
    std::string message;         ///< one lower-case sentence, user text in backticks
    Span span;                   ///< the place of the finding
    std::string label;           ///< text under the main carets; may be empty
    std::vector<Label> related;  ///< further places that explain the finding
    std::string help;            ///< advice; may be empty
    std::string replacement;     ///< text to put in place of `span` to follow the help; may be empty
};

/// A policy source as the engine read it.
struct Source {
    std::string name;  ///< the path as given; shown to users
    std::string text;
    /// The name stored in a bundle: the path below the given folder, with `/` between its parts, independent of where
    /// that folder is. Empty: `name`.
    std::string stored;

    [[nodiscard]] const std::string& stored_name() const { return stored.empty() ? name : stored; }
};

/// Findings together with the sources that they point into.
struct Diagnostics {
    std::vector<Source> sources;
    std::vector<Diagnostic> items;

    [[nodiscard]] bool has_errors() const {
        for (const auto& d : items)
            if (d.severity == Severity::Error) return true;
        return false;
    }
};

/// An error without a place in policy text: a bad request, a file, a corrupt bundle.
struct Error {
    std::string code;     ///< stable, for example "Q0007"
    std::string message;  ///< one lower-case sentence
    std::string context;  ///< JSON path, file name or section; may be empty
};

/// Whether a text can be read as a reason: it has a letter or a digit. Blanks, punctuation, symbols and invisible
/// characters do not count. Checked wherever a reason is required.
[[nodiscard]] bool is_reason(std::string_view text);

template <class T>
using Checked = tl::expected<T, Diagnostics>;

template <class T>
using Result = tl::expected<T, Error>;

}  // namespace writ
