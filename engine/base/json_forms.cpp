#include "base/json_forms.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <string_view>

namespace writ::json {

namespace {

/// Limit of forms: searching more would cost more than they save.
constexpr std::size_t kMostForms = 32;
/// Number of documents with a known form that pay for storing another form.
constexpr int kPrice = 4;
/// Limit of nodes in stored forms; enough for typical requests.
constexpr std::size_t kMostNodes = 1024;

/// A form number that was not used before; 0 once there are no more.
std::uint32_t new_number() {
    static std::atomic<std::uint64_t> made{0};
    const std::uint64_t number = made.fetch_add(1, std::memory_order_relaxed) + 1;
    return number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
}

bool same_limits(const RequestLimits& a, const RequestLimits& b) {
    return a.max_bytes == b.max_bytes && a.max_depth == b.max_depth && a.max_members == b.max_members &&
           a.max_string == b.max_string;
}

std::uint64_t word_at(const char* at) {
    std::uint64_t out = 0;
    std::memcpy(&out, at, sizeof out);
    return out;
}

/// Whether the first `size` bytes, at most 8, are equal. Both can be read as whole words.
bool same_word(const char* a, const char* b, std::size_t size) {
    const std::size_t beyond = 8 * (8 - size);
    const std::uint64_t differ = word_at(a) ^ word_at(b);
    return (std::endian::native == std::endian::little ? differ << beyond : differ >> beyond) == 0;
}

/// Whether a token is this key in quotes. Most keys are short.
bool is_key(const Tokens& tokens, std::uint32_t token, const char* key, std::size_t size) {
    const char* const text = tokens.text + tokens.begins[token];
    if (size <= 8) return same_word(text, key, size);
    if (size <= 16) return word_at(text) == word_at(key) && word_at(text + size - 8) == word_at(key + size - 8);
    return tokens.begins[token] + size <= tokens.begins[tokens.count] && std::memcmp(text, key, size) == 0;
}

}  // namespace

const Node* Forms::fill(const Tokens& tokens, const RequestLimits& limits) {
    if (forms_.empty() || !same_limits(limits_, limits)) return nullptr;
    for (std::size_t i = 0; i < forms_.size(); ++i) {
        const std::size_t index = (latest_ + i) % forms_.size();
        Form& form = forms_[index];
        if (form.tokens != tokens.count || !fill(form, tokens, limits.max_string)) continue;
        latest_ = index;
        worth_ = std::min(worth_ + 1, kMostWorth);
        return form.nodes.data();
    }
    return nullptr;
}

/// Each token is a separator or closing bracket, or starts a key or a value. If all are as in the form, the document
/// is the same JSON apart from its values.
bool Forms::fill(Form& form, Tokens tokens, std::size_t max_string) {  // a copy, so that it cannot change meanwhile
    for (const Mark& mark : form.marks)
        if (tokens.first(mark.token) != mark.is) return false;
    const char* key = form.keys.data();
    const std::uint32_t* at = form.at.data();
    for (Node& node : form.nodes) {
        const std::uint32_t token = *at++;
        if (node.key_begin != nullptr) {
            // No string has an escape, so text that equals the key up to its quote ends there.
            const std::size_t size = std::size_t{node.key_size} + 2;
            if (!is_key(tokens, token - 2, key, size)) return false;
            node.key_begin = tokens.text + tokens.begins[token - 2] + 1;
            key += size;
        }
        switch (node.type) {
            case Type::Object:
                if (tokens.first(token) != '{') return false;
                break;
            case Type::Array:
                if (tokens.first(token) != '[') return false;
                break;
            case Type::String: {
                const std::string_view word = tokens.scalar(token);
                if (word.size() < 2 || word.front() != '"' || word.back() != '"' || word.size() - 2 > max_string)
                    return false;
                node.text_begin = word.data() + 1;
                node.text_size = static_cast<std::uint32_t>(word.size() - 2);
                break;
            }
            case Type::Null:
            case Type::Bool:
            case Type::Int:
            case Type::Number:
                node.type = Type::Null;
                node.integer = 0;
                node.text_size = 0;
                if (read_scalar(tokens.scalar(token), max_string, node) != Scalar::Read) return false;
                break;
        }
    }
    return true;
}

/// If few forms repeat, storing them costs more than it saves. Occasional samples show whether they do.
bool Forms::affords() {
    if (worth_ < kPrice && ++passed_ % kMostForms != 0) return false;
    worth_ = std::max(worth_ - kPrice, 0);
    return true;
}

const Node* Forms::keep(const Tokens& tokens, const std::vector<Node>& nodes, const std::vector<std::uint32_t>& at,
                        const RequestLimits& limits) {
    if (nodes.front().size > kMostNodes || !affords()) return nodes.data();
    if (!same_limits(limits_, limits)) forms_.clear();
    limits_ = limits;
    if (forms_.size() < kMostForms) {
        latest_ = forms_.size();
        forms_.emplace_back();
    } else {
        latest_ = replaced_;
        replaced_ = (replaced_ + 1) % kMostForms;
    }
    Form& form = forms_[latest_];
    form.tokens = tokens.count;
    form.marks.clear();
    for (std::uint32_t i = 0; i < tokens.count; ++i)
        if (const char c = tokens.first(i); c == ',' || c == ':' || c == '}' || c == ']') form.marks.push_back({i, c});
    form.nodes.assign(nodes.begin(), nodes.begin() + nodes.front().size);
    form.at.assign(at.begin(), at.begin() + nodes.front().size);
    form.keys.clear();
    for (const Node& node : form.nodes)
        if (node.key_begin != nullptr) form.keys.append("\"").append(node.key()).append("\"");
    form.keys.append(sizeof(std::uint64_t), '\0');
    form.nodes.front().form = new_number();
    return form.nodes.data();
}

}  // namespace writ::json
