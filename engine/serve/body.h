// The strict reading of the body of an HTTP/1.1 request, of a known length or in chunks: RFC 9112, sections 6 and 7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "serve/head.h"

namespace writ::serve {

/// Reads one body after the other, in the pieces in which they arrive.
class BodyReader {
public:
    enum class Step : std::uint8_t { More, Done, TooLong, Malformed };

    /// Begins the body of a request. Input: most: bytes of a body in chunks; the caller has checked a declared length.
    void begin(const HttpHead& head, std::size_t most, const HeadLimits& limits);
    /// Reads on, and removes what it has read from the front of `text`. After Done, the rest belongs to the next
    /// request. Malformed: a line around a chunk that does not end in CRLF, a size that is no hexadecimal number,
    /// extensions of a chunk, which nobody needs, a trailer that would be refused as a header, and more of them than a
    /// head may have. Trailers have no meaning here and are dropped.
    [[nodiscard]] Step read(std::string_view& text);

    [[nodiscard]] const std::string& body() const { return body_; }
    /// Gives memory back, if a body was longer than this.
    void shrink(std::size_t kept) {
        if (body_.capacity() > kept) std::string().swap(body_);
    }

private:
    enum class Part : std::uint8_t { Whole, Size, Chunk, AfterChunk, Trailers };
    void take(std::string_view& text);
    Step line(std::string_view text);

    std::string body_, line_;
    Part part_ = Part::Whole;
    std::size_t left_ = 0;  ///< bytes of the whole body, or of the chunk
    std::size_t most_ = 0;
    HeadLimits limits_;  ///< of the trailers that may still come
};

}  // namespace writ::serve
