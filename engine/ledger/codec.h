// Encoding of records: numbers as the shortest LEB128, texts and lists with their length before them. A function
// template that names the fields once does both writing and reading.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace writ::ledger {

class Encoder {
public:
    explicit Encoder(std::string& out) : out_(out) {}

    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
        out_ += static_cast<char>(value);
    }
    /// Zigzag encoding: numbers near zero are short.
    void signed_number(std::int64_t value) {
        number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    }
    void small(std::uint32_t value) { number(value); }
    void flag(bool value) { out_ += value ? '\1' : '\0'; }
    void text(std::string_view value) {
        number(value.size());
        out_ += value;
    }
    template <class Enum>
    void choice(Enum value, Enum /*last*/) {
        out_ += static_cast<char>(value);
    }
    template <class List, class Each>
    void list(const List& values, Each each) {
        number(values.size());
        for (const auto& value : values) each(value);
    }
    template <class List>
    void texts(const List& values) {
        list(values, [this](std::string_view value) { text(value); });
    }

private:
    std::string& out_;
};

/// Reads what Encoder writes, and nothing else: after bytes that it would not write, ok() stays false.
class Decoder {
public:
    explicit Decoder(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return at_ == end_; }
    [[nodiscard]] const char* position() const { return at_; }

    void number(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (at_ == end_) return refuse();
            const auto byte = static_cast<std::uint8_t>(*at_++);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) != 0) continue;
            // A last byte of 0 is redundant, and the tenth byte has only one bit.
            if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) return refuse();
            return;
        }
        refuse();
    }
    void signed_number(std::int64_t& value) {
        std::uint64_t raw = 0;
        number(raw);
        value = static_cast<std::int64_t>(raw >> 1 ^ (~(raw & 1) + 1));
    }
    void small(std::uint32_t& value) {
        std::uint64_t raw = 0;
        number(raw);
        if (raw > UINT32_MAX) return refuse();
        value = static_cast<std::uint32_t>(raw);
    }
    void flag(bool& value) {
        std::uint8_t raw = 0;
        byte(raw, 1);
        value = raw == 1;
    }
    void text(std::string_view& value) {
        std::uint64_t size = 0;
        number(size);
        if (size > left()) return refuse();
        value = {at_, static_cast<std::size_t>(size)};
        at_ += size;
    }
    template <class Enum>
    void choice(Enum& value, Enum last) {
        std::uint8_t raw = 0;
        byte(raw, static_cast<std::uint8_t>(last));
        value = static_cast<Enum>(raw);
    }
    template <class List, class Each>
    void list(List& values, Each each) {
        std::uint64_t count = 0;
        number(count);
        if (count > left()) return refuse();  // every element takes at least one byte
        values.resize(static_cast<std::size_t>(count));
        for (auto& value : values) {
            if (!ok_) return;
            each(value);
        }
    }
    template <class List>
    void texts(List& values) {
        list(values, [this](std::string_view& value) { text(value); });
    }

private:
    [[nodiscard]] std::uint64_t left() const { return static_cast<std::uint64_t>(end_ - at_); }
    void byte(std::uint8_t& value, std::uint8_t most) {
        if (at_ == end_) return refuse();
        value = static_cast<std::uint8_t>(*at_++);
        if (value > most) {
            value = 0;
            refuse();
        }
    }
    void refuse() {
        ok_ = false;
        at_ = end_;
    }

    const char* at_;
    const char* end_;
    bool ok_ = true;
};

}  // namespace writ::ledger
