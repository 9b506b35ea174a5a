#include "vm/capture.h"

namespace writ::vm {

namespace {

struct Piece {
    bool literal;
    std::string_view text;  ///< of a literal
    std::uint32_t name;     ///< of a capture
    bool rest;

    [[nodiscard]] bool admits(char c) const { return rest || (c != ':' && c != '/' && c != '@'); }
};

Piece piece_of(const bytecode::Program& program, const bytecode::PatternRef& pattern, std::size_t index) {
    const auto words = program.ids.subspan(pattern.first + 3 * index, 3);
    const bool literal = words[0] != bytecode::kNone;
    return {literal, literal ? program.text(words[0]) : std::string_view{}, words[1], words[2] != 0};
}

}  // namespace

bool match_pattern(const bytecode::Program& program, const bytecode::PatternRef& pattern, std::string_view text,
                   std::vector<unsigned char>& feasible,
                   std::vector<std::pair<std::uint32_t, std::string_view>>& captured) {
    captured.clear();
    const std::size_t pieces = pattern.pieces;
    const std::size_t width = text.size() + 1;
    if (pieces > 0) {
        const Piece first = piece_of(program, pattern, 0);
        if (first.literal && !text.starts_with(first.text)) return false;
    }

    // feasible[i * width + p]: pieces i.. match the text from p on. Filled from the back, so that no pattern can cost
    // more than pieces × text.
    feasible.assign((pieces + 1) * width, 0);
    feasible[pieces * width + text.size()] = 1;
    for (std::size_t i = pieces; i-- > 0;) {
        const Piece piece = piece_of(program, pattern, i);
        unsigned char* row = feasible.data() + i * width;
        const unsigned char* next = row + width;
        if (piece.literal) {
            for (std::size_t p = 0; p + piece.text.size() <= text.size(); ++p)
                row[p] = next[p + piece.text.size()] != 0 && text.substr(p, piece.text.size()) == piece.text;
        } else {
            for (std::size_t p = text.size(); p-- > 0;)
                row[p] = piece.admits(text[p]) && (next[p + 1] != 0 || row[p + 1] != 0);
        }
    }
    if (feasible[0] == 0) return false;

    std::size_t at = 0;
    for (std::size_t i = 0; i < pieces; ++i) {
        const Piece piece = piece_of(program, pattern, i);
        if (piece.literal) {
            at += piece.text.size();
            continue;
        }
        const std::size_t start = at;
        std::size_t end = start;  // the last place from which the rest matches
        for (std::size_t p = start; p < text.size() && piece.admits(text[p]); ++p)
            if (feasible[(i + 1) * width + p + 1] != 0) end = p + 1;
        captured.emplace_back(piece.name, text.substr(start, end - start));
        at = end;
    }
    return true;
}

}  // namespace writ::vm
