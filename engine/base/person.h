// Decides whether two names are the same person's; used for approvers by the engine and for authors by the store.
// Systems spell names differently, and whoever passes for two people can approve their own request. So two names count
// as different people only if that is safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace writ {

enum class Likeness : std::uint8_t {
    Same,
    Different,
    Unclear,  ///< at least one of the two cannot be compared safely
};

/// Whether a name can be compared safely. It cannot if it
/// - is empty, longer than 256 bytes or not UTF-8;
/// - starts or ends with a blank, has two blanks in a row, a control character, or one of `< > ( ) " %`, which
/// `Name <address>`, comments, quotes and escapes contain;
/// - has a character that is neither ASCII nor a letter in person_letters.def: an invisible character, a
/// combining mark, or one that Unicode normalization changes (so a valid name is in NFC);
/// - mixes scripts within a label, or has a label that starts with `xn--`. Labels are separated by
/// punctuation and blanks: `ann`, `acme` and `example` in `ann@acme.example`.
/// Does not allocate.
[[nodiscard]] bool comparable_name(std::string_view name);

/// Writes a name in small letters to `out`: names that compare as the same give the same text.
/// Requires: comparable_name(name).
void fold_name(std::string_view name, std::string& out);

/// Compares two names, ignoring case. ß equals ss, and dotless ı equals i, because their capitals
/// are the same. Does not allocate.
[[nodiscard]] Likeness compare_names(std::string_view a, std::string_view b);

/// A name prepared for many comparisons. Does not allocate once its memory is large enough.
class PersonName {
public:
    void set(std::string_view name) {
        comparable_ = comparable_name(name);
        if (comparable_) fold_name(name, folded_);
    }
    [[nodiscard]] bool comparable() const { return comparable_; }
    /// The result of compare_names() for the two names.
    [[nodiscard]] Likeness compare(const PersonName& other) const {
        if (!comparable_ || !other.comparable_) return Likeness::Unclear;
        return folded_ == other.folded_ ? Likeness::Same : Likeness::Different;
    }

private:
    std::string folded_;
    bool comparable_ = false;
};

}  // namespace writ
