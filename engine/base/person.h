// Who is the same person, for all who ask: the engine of approvers, the store of authors.
// Names come from systems that write them differently, and a name that is taken for another person's
// lets somebody approve the own request. Two names are told apart only where that is safe.
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
///   - is empty, longer than 256 bytes or not UTF-8;
///   - has a blank at an end, two in a row, a control character or one of `< > ( ) " %`, as
///     `Name <address>`, comments, quotes and escapes have;
///   - has a character that is neither ASCII nor a letter of person_letters.def: an invisible one, a
///     combining mark, or one that Unicode's normal forms write in another way (so it is in NFC);
///   - mixes scripts within a label, or has a label that begins with `xn--`. Labels are what
///     punctuation and blanks separate: `ann` and `acme` and `example` of `ann@acme.example`.
/// Allocates nothing.
[[nodiscard]] bool comparable_name(std::string_view name);

/// A name in small letters, into `out`: two names that compare as the same have one. Requires: comparable_name(name).
void fold_name(std::string_view name, std::string& out);

/// Whether two names are one person's: the same letters, capitals aside. For ß it takes ss, for the
/// dotless ı it takes i, because their capitals are the same. Allocates nothing.
[[nodiscard]] Likeness compare_names(std::string_view a, std::string_view b);

/// A name that is compared with many: looked at once. Allocates nothing once its memory has grown.
class PersonName {
public:
    void set(std::string_view name) {
        comparable_ = comparable_name(name);
        if (comparable_) fold_name(name, folded_);
    }
    [[nodiscard]] bool comparable() const { return comparable_; }
    /// As compare_names() of the two.
    [[nodiscard]] Likeness compare(const PersonName& other) const {
        if (!comparable_ || !other.comparable_) return Likeness::Unclear;
        return folded_ == other.folded_ ? Likeness::Same : Likeness::Different;
    }

private:
    std::string folded_;
    bool comparable_ = false;
};

}  // namespace writ
