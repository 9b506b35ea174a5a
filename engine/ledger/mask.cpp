#include "ledger/mask.h"

#include <charconv>

#include <fmt/format.h>
#include <sodium.h>

#include "ledger/fields.h"
#include "ledger/hash.h"

namespace writ::ledger {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kMark = "hmac-sha256:";

/// RFC 6901. Empty if the text is no pointer, or points to the whole document.
std::vector<std::string> steps_of(std::string_view pointer) {
    std::vector<std::string> out;
    if (pointer.empty() || pointer[0] != '/') return out;
    out.emplace_back();
    for (std::size_t i = 1; i < pointer.size(); ++i) {
        if (pointer[i] == '/') {
            out.emplace_back();
        } else if (pointer[i] != '~') {
            out.back() += pointer[i];
        } else {
            ++i;
            if (i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) return {};
            out.back() += pointer[i] == '0' ? '~' : '/';
        }
    }
    return out;
}

json::Value* child(json::Value& value, const std::string& step) {
    if (value.type == json::Type::Object) return value.find(step);
    std::size_t index = 0;
    const auto [end, wrong] = std::from_chars(step.data(), step.data() + step.size(), index);
    const bool whole = wrong == std::errc() && end == step.data() + step.size();
    return value.type == json::Type::Array && whole && index < value.items.size() ? &value.items[index]
                                                                                  : nullptr;
}

/// Goes through a record's texts as the encoder does, and changes them.
template <class Change>
class Editor {
public:
    explicit Editor(Change change) : change_(change) {}
    void number(std::uint64_t) {}
    void signed_number(std::int64_t) {}
    void small(std::uint32_t) {}
    void flag(bool) {}
    template <class Enum>
    void choice(Enum, Enum) {}
    void text(std::string_view& value) { value = change_(value); }
    template <class List, class Each>
    void list(List& values, Each each) {
        for (auto& value : values) each(value);
    }
    template <class List>
    void texts(List& values) {
        for (std::string_view& value : values) text(value);
    }

private:
    Change change_;
};

}  // namespace

Result<Mask> Mask::make(std::vector<std::string> pointers, std::string key) {
    Mask out;
    for (const std::string& pointer : pointers) {
        out.steps_.push_back(steps_of(pointer));
        if (out.steps_.back().empty())
            return fail(LedgerCode::G0023, "a path to mask is a JSON Pointer such as `/token/claims/email`",
                        pointer);
    }
    if (!key.empty() ? key.size() != kKeyBytes : !pointers.empty())
        return fail(LedgerCode::G0023,
                    fmt::format("masking needs a key of {} bytes, not of {}", kKeyBytes, key.size()));
    out.pointers_ = std::move(pointers);
    out.key_ = std::move(key);
    return out;
}

std::string Mask::hmac(std::string_view context, std::string_view bytes) const {
    crypto_auth_hmacsha256_state state;
    Hash out{};
    crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key_.data()), key_.size());
    for (const std::string_view part : {context, std::string_view("\0", 1), bytes})
        crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                                      part.size());
    crypto_auth_hmacsha256_final(&state, out.data());
    return std::string(kMark) + to_hex(out);
}

Hash Mask::digest(std::string_view document) const {
    if (key_.empty()) return sha256({document});
    return *hash_from_hex(std::string_view(hmac("document", document)).substr(kMark.size()));
}

void Mask::hide(json::Value& request) {
    found_.clear();
    values_.clear();
    texts_.clear();
    for (std::size_t i = 0; i < pointers_.size(); ++i) {
        json::Value* value = &request;
        for (const std::string& step : steps_[i])
            if (value != nullptr) value = child(*value, step);
        if (value == nullptr) continue;
        found_.push_back(pointers_[i]);
        hide_all(*value, pointers_[i]);
    }
}

/// None stays none: it is a fact, and there is nothing in it to hide.
void Mask::hide_all(json::Value& value, const std::string& pointer) {
    for (json::Value& item : value.items) hide_all(item, pointer);
    for (json::Member& member : value.members) hide_all(member.second, pointer);
    if (value.type == json::Type::Null || value.type == json::Type::Array || value.type == json::Type::Object)
        return;
    const bool done = value.type == json::Type::String && value.text.starts_with(kMark);
    if (done) return;  // two pointers, one below the other
    json::Value hidden = json::Value::of(std::string_view(hmac(pointer, json::canonical(value))));
    if (value.type == json::Type::String && !value.text.empty())
        values_.emplace_back(value.text, hidden.text);
    value = std::move(hidden);
}

/// The text itself, or a string in it where it is JSON.
std::string_view Mask::replaced(std::string_view text) {
    std::string changed;
    for (const auto& [was, is] : values_) {
        if (text == was) return is;
        std::string quoted, hidden;
        json::append_quoted(quoted, was);
        json::append_quoted(hidden, is);
        const std::string_view now = changed.empty() ? text : std::string_view(changed);
        std::string next;
        std::size_t from = 0;
        for (std::size_t at = now.find(quoted); at != now.npos; at = now.find(quoted, from)) {
            next += now.substr(from, at - from);
            next += hidden;
            from = at + quoted.size();
        }
        if (from > 0) changed = next + std::string(now.substr(from));
    }
    if (changed.empty()) return text;
    return *texts_.emplace_back(std::make_unique<std::string>(std::move(changed)));
}

void Mask::hide(Record& record) {
    record.masked = found_;
    if (values_.empty()) return;
    Editor editor([this](std::string_view text) { return replaced(text); });
    const std::string_view request = record.request;
    answer_fields(editor, record);
    other_fields(editor, record);
    record.request = request;  // is hidden already
    record.masked = found_;
}

}  // namespace writ::ledger
