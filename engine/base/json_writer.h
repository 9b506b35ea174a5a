// JSON text, written member by member in the order that a format states.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/values.h"

namespace writ::json {

/// Writes members in the order they are given.
class Writer {
public:
    std::string out;

    void open(char bracket) {
        separate();
        out += bracket;
        fresh_ = true;
    }
    void close(char bracket) {
        out += bracket;
        fresh_ = false;
    }
    void key(std::string_view name) {
        separate();
        append_quoted(out, name);
        out += ':';
        fresh_ = true;
    }
    void raw(std::string_view text) {
        separate();
        out += text;
    }
    void text(std::string_view value) {
        separate();
        append_quoted(out, value);
    }
    /// Empty text stands for what there is none of.
    void text_or_null(std::string_view value) {
        if (value.empty())
            raw("null");
        else
            text(value);
    }
    void number(std::int64_t value) { raw(std::to_string(value)); }
    void instant(std::int64_t micros) { text(format_instant(micros)); }
    template <class Texts>
    void texts(const Texts& values) {
        open('[');
        for (const std::string_view value : values) text(value);
        close(']');
    }
    void boolean(bool value) { raw(value ? "true" : "false"); }

private:
    void separate() {
        if (!fresh_) out += ',';
        fresh_ = false;
    }
    bool fresh_ = true;
};

}  // namespace writ::json
