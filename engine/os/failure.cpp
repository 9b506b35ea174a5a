#include "os/failure.h"

#include <cerrno>

namespace writ::os {

namespace {

What what_of(int number) {
    switch (number) {
        case ENOENT: return What::Missing;
        case EEXIST: return What::Exists;
        case EACCES:
        case EPERM:
        case EROFS: return What::Denied;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return What::NoSpace;
        default: return What::Io;
    }
}

}  // namespace

std::string reason_of(const std::error_code& error) {
    std::string text = error.message();
    // A word in capitals is kept.
    if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z')
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

tl::unexpected<Failure> failed(int number, const std::string& path) {
    return tl::unexpected(Failure{what_of(number), reason_of({number, std::generic_category()}), path});
}

}  // namespace writ::os
