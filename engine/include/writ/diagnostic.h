// What the engine says about text: diagnostics with spans, and plain errors without.
// Not here: how they are drawn (cli/formats) or the list of codes (writ/errors.def).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace writ {

/// A half-open range of bytes in one source. `source` indexes the source list the diagnostics
/// came with.
struct Span {
    std::uint32_t source = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

enum class Severity : std::uint8_t { Error, Warning };

/// A span with a few words under its carets.
struct Label {
    Span span;
    std::string text;
};

/// One finding about policy text.
struct Diagnostic {
    std::string code;  ///< stable, for example "E0203"
    Severity severity = Severity::Error;
    std::string message;         ///< one lower-case sentence, user text in backticks
    Span span;                   ///< where it points
    std::string label;           ///< words under the main carets; may be empty
    std::vector<Label> related;  ///< further places that explain it
    std::string help;            ///< what to do; may be empty
    std::string replacement;     ///< text that, put in place of `span`, applies the help; may be empty
};

/// A policy source as the engine read it.
struct Source {
    std::string name;  ///< the path as given, which people are shown
    std::string text;
    /// What a bundle calls it: the path below the folder that was given, `/` between its parts, wherever that
    /// folder lies. Empty: `name`.
    std::string stored;

    [[nodiscard]] const std::string& stored_name() const { return stored.empty() ? name : stored; }
};

/// Findings together with the text they point into.
struct Diagnostics {
    std::vector<Source> sources;
    std::vector<Diagnostic> items;

    [[nodiscard]] bool has_errors() const {
        for (const auto& d : items)
            if (d.severity == Severity::Error) return true;
        return false;
    }
};

/// A failure that no span of policy text explains: a bad request, a file, a corrupt bundle.
struct Error {
    std::string code;     ///< stable, for example "Q0007"
    std::string message;  ///< one lower-case sentence
    std::string context;  ///< JSON path, file name or section; may be empty
};

/// Whether a text is a reason that somebody can read: whether it has a letter or a digit. Blanks, punctuation, symbols
/// and characters that are not seen say nothing. Asked of every reason that has to be given.
[[nodiscard]] bool is_reason(std::string_view text);

template <class T>
using Checked = tl::expected<T, Diagnostics>;

template <class T>
using Result = tl::expected<T, Error>;

}  // namespace writ
