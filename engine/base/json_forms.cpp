#include "base/json_forms.h"

#include <array>
#include <atomic>
#include <cstring>
#include <string_view>

namespace writ::json {

namespace {

/// More than these would cost more to look through than they save.
constexpr std::size_t kMostForms = 16;
/// Nodes of what is remembered: room is for requests as brokers send them.
constexpr std::size_t kMostNodes = 1024;

constexpr std::array<char, 256> kOutline = [] {
    std::array<char, 256> out{};
    for (char& each : out) each = '0';
    for (const char c : std::string_view("{}[]:,\"")) out[static_cast<unsigned char>(c)] = c;
    return out;
}();

/// A number that no form has had; 0 once there are no more.
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

/// Whether two runs of bytes are the same; most keys are short.
bool same_bytes(const char* a, const char* b, std::size_t size) {
    if (size < 8) {
        for (std::size_t i = 0; i < size; ++i)
            if (a[i] != b[i]) return false;
        return true;
    }
    if (size > 16) return std::memcmp(a, b, size) == 0;
    return word_at(a) == word_at(b) && word_at(a + size - 8) == word_at(b + size - 8);
}

}  // namespace

void Forms::draw_outline(Tokens tokens) {  // a copy, so that it is known not to change meanwhile
    outline_.resize(tokens.count);
    char* const out = outline_.data();
    for (std::uint32_t i = 0; i < tokens.count; ++i) out[i] = kOutline[static_cast<unsigned char>(tokens.first(i))];
}

const Node* Forms::fill(const Tokens& tokens, const RequestLimits& limits) {
    if (forms_.empty() || !same_limits(limits_, limits)) return nullptr;
    draw_outline(tokens);
    for (std::size_t i = 0; i < forms_.size(); ++i) {
        const std::size_t index = (latest_ + i) % forms_.size();
        Form& form = forms_[index];
        if (form.outline != outline_ || !fill(form, tokens, limits.max_string)) continue;
        latest_ = index;
        return form.nodes.data();
    }
    return nullptr;
}

/// The outline is that of JSON: what is left to see to is that keys and scalars are what they should be.
bool Forms::fill(Form& form, Tokens tokens, std::size_t max_string) {
    const char* key = form.keys.data();
    const std::uint32_t* at = form.at.data();
    for (Node& node : form.nodes) {
        const std::uint32_t token = *at++;
        if (node.key_begin != nullptr) {
            const std::uint32_t begin = tokens.begins[token - 2];
            const char* const quote = tokens.text + begin;
            // The quote that ends the key is before the colon: what is compared is in the text.
            if (tokens.begins[token - 1] - begin < node.key_size + 2 || quote[node.key_size + 1] != '"' ||
                !same_bytes(quote + 1, key, node.key_size))
                return false;
            node.key_begin = quote + 1;
            key += node.key_size;
        }
        if (node.type == Type::Object || node.type == Type::Array) continue;
        const std::string_view word = tokens.scalar(token);
        if (word.front() == '"') {
            if (word.size() < 2 || word.back() != '"' || word.size() - 2 > max_string) return false;
            put_text(node, Type::String, word.substr(1, word.size() - 2));
            continue;
        }
        node.type = Type::Null;
        node.integer = 0;
        node.text_size = 0;
        if (read_scalar(word, max_string, node) != Scalar::Read) return false;
    }
    return true;
}

const Node* Forms::keep(const Tokens& tokens, const std::vector<Node>& nodes, const std::vector<std::uint32_t>& at,
                        const RequestLimits& limits) {
    if (nodes.front().size > kMostNodes) return nodes.data();
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
    draw_outline(tokens);
    form.outline = outline_;
    form.nodes.assign(nodes.begin(), nodes.begin() + nodes.front().size);
    form.at.assign(at.begin(), at.begin() + nodes.front().size);
    form.keys.clear();
    for (const Node& node : form.nodes) form.keys.append(node.key());
    form.nodes.front().form = new_number();
    return form.nodes.data();
}

}  // namespace writ::json
