// Writes JSON text member by member, in the order of the calls.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/json_scan.h"
#include "base/values.h"

namespace writ::json {

/// Writes members in the given order, into its own string or one whose memory is reused.
class Writer {
public:
    Writer() : out_(own_) {}
    explicit Writer(std::string& into) : out_(into) {
        out_.resize(out_.capacity());
        rebase(0);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// The written text. Must be the last call.
    [[nodiscard]] std::string take() {
        finish();
        return std::move(out_);
    }
    /// Cuts the string to the written text. Must be the last call.
    void finish() { out_.resize(size()); }

    void open(char bracket) {
        separate(1);
        *at_++ = bracket;
        fresh_ = true;
    }
    void close(char bracket) {
        room(1);
        *at_++ = bracket;
        fresh_ = false;
    }
    /// Writes a key that is a literal without characters to escape: takes a few stores.
    template <std::size_t N>
    void key(const char (&name)[N]) {
        separate(N + 2);
        *at_ = '"';
        std::memcpy(at_ + 1, name, N - 1);
        at_[N] = '"';
        at_[N + 1] = ':';
        at_ += N + 2;
        fresh_ = true;
    }
    /// The same, if it is not the first key of its object.
    template <std::size_t N>
    void next_key(const char (&name)[N]) {
        room(N + 3);
        at_[0] = ',';
        at_[1] = '"';
        std::memcpy(at_ + 2, name, N - 1);
        at_[N + 1] = '"';
        at_[N + 2] = ':';
        at_ += N + 3;
        fresh_ = true;
    }
    /// The same, and its value: a text, or null if the text is empty.
    template <std::size_t N>
    void next_text(const char (&name)[N], std::string_view value) {
        next_key(name);
        text_or_null(value);
    }
    void key(std::string_view name) {
        text(name);
        room(1);
        *at_++ = ':';
        fresh_ = true;
    }
    void raw(std::string_view text) {
        separate(text.size());
        at_ = std::copy_n(text.data(), text.size(), at_);
    }
    template <std::size_t N>
    void raw(const char (&text)[N]) {
        separate(N - 1);
        std::memcpy(at_, text, N - 1);
        at_ += N - 1;
    }
    [[gnu::noinline]] void text(std::string_view value) {
        separate(value.size() + 2 + sizeof(std::uint64_t));
        *at_++ = '"';
        if (copy_if_plain(at_, value)) [[likely]]
            at_ += value.size();
        else
            escaped(value);
        *at_++ = '"';
    }
    /// Writes null for empty text.
    void text_or_null(std::string_view value) {
        if (value.empty())
            raw("null");
        else
            text(value);
    }
    void number(std::int64_t value) {
        separate(20);
        auto left = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
        char digits[20];
        char* first = digits + sizeof digits;
        do *--first = static_cast<char>('0' + left % 10), left /= 10;
        while (left != 0);
        if (value < 0) *at_++ = '-';
        const auto count = static_cast<std::size_t>(digits + sizeof digits - first);
        std::memcpy(at_, first, count);
        at_ += count;
    }
    void instant(std::int64_t micros) {
        separate(2 + kInstantRoom);
        *at_++ = '"';
        at_ = write_instant(at_, micros);
        *at_++ = '"';
    }
    template <class Texts>
    void texts(const Texts& values) {
        open('[');
        for (const std::string_view value : values) text(value);
        close(']');
    }
    void boolean(bool value) { raw(value ? std::string_view("true") : std::string_view("false")); }

private:
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
    void rebase(std::size_t size) {
        begin_ = out_.data();
        at_ = begin_ + size;
        end_ = begin_ + out_.size();
    }
    void room(std::size_t more) {
        if (static_cast<std::size_t>(end_ - at_) < more) grow(more);
    }
    void separate(std::size_t more) {
        room(more + 1);
        *at_ = ',';
        at_ += fresh_ ? 0 : 1;
        fresh_ = false;
    }
    [[gnu::noinline]] void grow(std::size_t more) {
        constexpr std::size_t kFirst = 1536;  // enough for most decisions
        const std::size_t written = size();
        out_.resize(std::max({kFirst, 2 * out_.size(), written + more}));
        rebase(written);
    }
    [[gnu::noinline]] void escaped(std::string_view text) {
        room(6 * text.size() + 1);
        at_ = append_escaped(at_, text);
    }

    std::string own_;
    std::string& out_;
    char *begin_ = nullptr, *at_ = nullptr, *end_ = nullptr;
    bool fresh_ = true;
};

}  // namespace writ::json
