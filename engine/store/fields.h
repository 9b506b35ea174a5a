// Unambiguous encoding: each field has its length before it. Used for signed bytes and for stored state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace writ::store {

/// Appends a field: its length as 32 bits, little-endian, then its bytes.
/// Requires: field.size() < 2^32.
inline void add_field(std::string& bytes, std::string_view field) {
    for (unsigned shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<char>(static_cast<unsigned char>(field.size() >> shift)));
    bytes.append(field);
}

/// A number as a field of 8 bytes, little-endian.
inline void add_number(std::string& bytes, std::uint64_t number) {
    char field[8];
    for (unsigned i = 0; i < 8; ++i) field[i] = static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
    add_field(bytes, {field, sizeof field});
}

/// Reads fields; returns empty values after the first error.
class Fields {
public:
    explicit Fields(std::string_view bytes) : left_(bytes) {}

    [[nodiscard]] std::string_view field() {
        if (left_.size() < 4) return lost();
        std::size_t length = 0;
        for (unsigned i = 0; i < 4; ++i)
            length |= static_cast<std::size_t>(static_cast<unsigned char>(left_[i])) << (8 * i);
        if (left_.size() - 4 < length) return lost();
        const std::string_view out = left_.substr(4, length);
        left_.remove_prefix(4 + length);
        return out;
    }
    [[nodiscard]] std::uint64_t number() {
        const std::string_view bytes = field();
        if (bytes.size() != 8) {
            (void)lost();
            return 0;
        }
        std::uint64_t out = 0;
        for (unsigned i = 0; i < 8; ++i)
            out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
        return out;
    }
    [[nodiscard]] bool sound() const { return sound_; }
    /// Whether everything was read without an error, and nothing is left.
    [[nodiscard]] bool finished() const { return sound_ && left_.empty(); }

private:
    std::string_view lost() {
        sound_ = false;
        left_ = {};
        return {};
    }
    std::string_view left_;
    bool sound_ = true;
};

}  // namespace writ::store
