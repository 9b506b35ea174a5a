// Binding digests of approvals: the digest of a request, and whether the digest in an approval covers a request.
// docs/decision-format.md#binding-digest has the grammar and its reasons. Private to vm.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vm/facts.h"

namespace writ::vm {

/// Appends a step to a field's name in a digest: `tags`, then `[team]`.
void append_binding_step(std::string& name, std::string_view step);

/// Adds the scopes and the audience of another digest, which a lower layer made for the same request.
void join_bindings(std::string& above, std::string_view below);

/// The digest of one request. Kept between decisions, so that it does not allocate.
class Binding {
public:
    void clear() { made_ = false; }
    [[nodiscard]] bool made() const { return made_; }
    /// Requires: the checks before any rule have passed.
    void make(const Facts& facts);

    [[nodiscard]] const std::string& digest() const { return digest_; }
    /// The first fact that must be stated and is not; then no approval counts. Empty if there
    /// is none. Points into the program.
    [[nodiscard]] std::string_view unstated() const { return unstated_; }
    /// How long a credential may live with an approval that has this digest, in microseconds: INT64_MAX if the digest
    /// sets no limit, -1 if it does not cover this request.
    [[nodiscard]] std::int64_t covers(std::string_view digest);

private:
    /// A range of text_.
    struct Piece {
        std::size_t begin = 0, size = 0;
    };
    struct Field {
        Piece name, value;
    };

    [[nodiscard]] std::string_view at(Piece piece) const {
        return std::string_view(text_).substr(piece.begin, piece.size);
    }
    [[nodiscard]] Piece escaped(std::string_view text);
    void sort(std::vector<Piece>& pieces);
    void state(std::string_view path, const Value& value);
    void resolve(const Facts& facts);
    void collect(const Facts& facts);
    void show(Piece name, const json::Node& value);
    [[nodiscard]] bool lacks(const bytecode::Program& program, std::uint32_t shape, const json::Node* stated);
    [[nodiscard]] std::string_view first_unstated(const Facts& facts);
    [[nodiscard]] bool add_fields(std::string_view names);

    std::string text_;                      ///< text of the pieces
    std::vector<Piece> scopes_, audience_;  ///< requested scopes and audience, ascending
    std::vector<Field> fields_;             ///< fields of the resource, ascending by name
    std::string digest_, names_, core_;     ///< the lines that every approval covers
    std::string bytes_, hex_, path_;        ///< working memory
    std::vector<const json::Node*> order_;
    std::string_view unstated_;
    bool made_ = false;
};

}  // namespace writ::vm
