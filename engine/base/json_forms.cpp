#include "base/json_forms.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <string_view>

#include <simdjson.h>

#include "base/ascii.h"
#include "base/json_scan.h"

namespace writ::json {

namespace {

/// Limit of forms: searching more would cost more than they save.
constexpr std::size_t kMostForms = 32;
/// How many times the bytes of a document may be read in search of its form.
constexpr std::size_t kMostReadings = 4;
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

/// Whether `size` bytes are equal. Seven more can be read after both.
bool same_bytes(const char* a, const char* b, std::size_t size) {
    for (; size > 16; size -= 16, a += 16, b += 16)
        if (((word_at(a) ^ word_at(b)) | (word_at(a + 8) ^ word_at(b + 8))) != 0) return false;
    if (size > 8) {
        if (word_at(a) != word_at(b)) return false;
        size -= 8, a += 8, b += 8;
    }
    const std::size_t beyond = 8 * (8 - size);
    const std::uint64_t differ = word_at(a) ^ word_at(b);
    return size == 0 || (std::endian::native == std::endian::little ? differ << beyond : differ >> beyond) == 0;
}

/// Whether a byte can be part of a number, `true`, `false` or `null`.
bool in_scalar(char c) {
    return is_alnum(static_cast<unsigned char>(c)) || c == '-' || c == '+' || c == '.';
}

/// Reads a scalar that is not a string. Output: its end; its begin if it is none.
const char* fill_scalar(const char* begin, std::size_t max_size, Node& node) {
    node.type = Type::Null;
    node.integer = 0;
    node.text_size = 0;
    // The most frequent ones: null, and whole numbers that surely fit.
    if (std::memcmp(begin, "null", 4) == 0 && !in_scalar(begin[4])) return begin + 4;
    std::int64_t number = 0;
    const char* at = read_digits(begin, number);
    if (at > begin && !in_scalar(*at)) {
        node.type = Type::Int;
        node.integer = number;
        return at;
    }
    while (in_scalar(*at)) ++at;
    const std::string_view word(begin, static_cast<std::size_t>(at - begin));
    return !word.empty() && read_scalar(word, max_size, node) == Scalar::Read ? at : begin;
}

}  // namespace

const Node* Forms::fill(std::string_view text, const RequestLimits& limits) {
    if (forms_.empty() || !same_limits(limits_, limits)) return nullptr;
    // Forms with a long common beginning would otherwise make a document that fits none cost one reading for each.
    std::size_t budget = kMostReadings * text.size();
    for (std::size_t i = 0; i < forms_.size() && budget > 0; ++i) {
        const std::size_t index = latest_ + i < forms_.size() ? latest_ + i : latest_ + i - forms_.size();
        const char* read = text.data();
        if (!fill(forms_[index], text, limits.max_string, read)) {
            budget -= std::min(budget, static_cast<std::size_t>(read - text.data()));
            continue;
        }
        latest_ = index;
        worth_ = std::min(worth_ + 1, kMostWorth);
        return forms_[index].nodes.data();
    }
    return nullptr;
}

bool Forms::fill(Form& form, std::string_view text, std::size_t max_string, const char*& at) {
    const char* const end = text.data() + text.size();
    const char* known = form.text.data();
    const auto follows = [&](std::uint32_t size) {
        if (static_cast<std::size_t>(end - at) < size || !same_bytes(at, known, size)) return false;
        at += size;
        known += size;
        return true;
    };
    for (const Blank& blank : form.blanks) {
        if (!follows(blank.before)) return false;
        Node& node = form.nodes[blank.node];
        const char* const begin = at;
        if (blank.quoted) {
            const TextEnd found = text_end(begin);
            at = found.at;
            const auto size = static_cast<std::size_t>(at - begin);
            if (*at != '"' || size > max_string) return false;
            if (!found.ascii && !simdjson::validate_utf8(begin, size)) return false;
            node.text_begin = begin;
            node.text_size = static_cast<std::uint32_t>(size);
            continue;
        }
        at = fill_scalar(begin, max_string, node);
        if (at == begin) {
            at = end;  // the word may be as long as the rest
            return false;
        }
    }
    return static_cast<std::size_t>(end - at) == form.after && follows(form.after);
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
    form.text.clear();
    form.blanks.clear();
    // Capacities are rounded up and kept, so that a warm process needs no more memory from the system.
    const std::size_t count = nodes.front().size, bytes = tokens.begins[tokens.count] + sizeof(std::uint64_t);
    form.nodes.reserve(std::bit_ceil(count));
    form.blanks.reserve(std::bit_ceil(count));
    form.text.reserve(std::bit_ceil(bytes));
    keys_.reserve(kMostNodes);
    keys_.clear();
    form.nodes.assign(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(count));
    const char* from = tokens.text;  // what is before it is in the form
    const auto copy_until = [&](const char* to) {
        form.text.insert(form.text.end(), from, to);
        return static_cast<std::uint32_t>(to - from);
    };
    for (std::size_t i = 0; i < form.nodes.size(); ++i) {
        const Node& node = form.nodes[i];
        keys_.push_back(node.key_begin != nullptr ? form.text.size() + static_cast<std::size_t>(node.key_begin - from)
                                                  : 0);
        if (node.type == Type::Object || node.type == Type::Array) continue;
        const bool quoted = node.type == Type::String;
        const std::string_view value = quoted ? node.text() : tokens.scalar(at[i]);
        form.blanks.push_back({static_cast<std::uint32_t>(i), copy_until(value.data()), quoted});
        from = value.data() + value.size();
    }
    form.after = copy_until(tokens.text + tokens.begins[tokens.count]);
    form.text.resize(form.text.size() + sizeof(std::uint64_t));
    for (std::size_t i = 0; i < form.nodes.size(); ++i)
        if (form.nodes[i].key_begin != nullptr) form.nodes[i].key_begin = form.text.data() + keys_[i];
    form.nodes.front().form = new_number();
    return form.nodes.data();
}

}  // namespace writ::json
