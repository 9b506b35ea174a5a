#include "base/base64.h"

#include <sodium.h>

namespace writ {

namespace {

constexpr int kStandard = sodium_base64_VARIANT_ORIGINAL, kForUrls = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string encoded(std::string_view bytes, int form) {
    std::string out(sodium_base64_encoded_len(bytes.size(), form), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), form);
    out.pop_back();  // the terminator
    return out;
}

std::optional<std::string> decoded(std::string_view text, int form) {
    std::string out(text.size(), '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                          &size, &end, form) != 0 ||
        end != text.data() + text.size())
        return std::nullopt;
    out.resize(size);
    return out;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    return encoded(bytes, kStandard);
}
std::string to_base64url(std::string_view bytes) {
    return encoded(bytes, kForUrls);
}
std::optional<std::string> from_base64(std::string_view text) {
    return decoded(text, kStandard);
}
std::optional<std::string> from_base64url(std::string_view text) {
    return decoded(text, kForUrls);
}

}  // namespace writ
