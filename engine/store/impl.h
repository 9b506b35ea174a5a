// What the parts of Store share: the connection, the namespace, and how rows become records. Private.
#pragma once

#include "store/database.h"
#include "store/errors.h"
#include "writ/store.h"

namespace writ::store {

struct Connection {
    std::unique_ptr<Database> db;
    std::string path, space;

    /// The next number of a table that counts by namespace. Within a transaction that writes.
    [[nodiscard]] Result<std::int64_t> next(std::string_view table) const;
    [[nodiscard]] Result<void> record(std::string_view kind, std::string_view subject, std::string_view detail,
                                      std::string_view author) const;
    /// The same, in a transaction of its own: refusals stay when what was refused is undone.
    [[nodiscard]] Result<void> record_alone(std::string_view kind, std::string_view subject, std::string_view detail,
                                            std::string_view author) const;
    [[nodiscard]] Result<std::vector<Version>> select_versions(std::string_view where, std::string_view value) const;
    [[nodiscard]] Result<Version> version_of(std::string_view digest) const;
    [[nodiscard]] Result<bool> exists(std::string_view sql, std::initializer_list<Param> params) const;
    /// Adds a version, and its content if that is not there. Within a transaction that writes.
    [[nodiscard]] Result<Version> insert(const Bundle& bundle, const Version& version) const;
    [[nodiscard]] Result<void> log(const RevocationEntry& entry) const;
    [[nodiscard]] Result<std::vector<Activation>> activations(std::string_view channel) const;
};

/// By the wall clock.
[[nodiscard]] std::int64_t now_micros();
/// Errors: S0020.
[[nodiscard]] Result<void> check_name(std::string_view what, std::string_view name);
/// One line of at most 4 KiB. Errors: S0026.
[[nodiscard]] Result<void> check_text(std::string_view what, std::string_view text, bool may_be_empty);
[[nodiscard]] Result<void> check_origin(const Origin& origin);
/// `v12` gives 12.
[[nodiscard]] std::optional<std::int64_t> version_number(std::string_view name);
/// Whether a name could be the first digits of a digest.
[[nodiscard]] bool looks_like_digest(std::string_view name);
/// Whether two authors are one person: by what stands between `<` and `>`, else by the whole, case aside.
[[nodiscard]] bool same_person(std::string_view a, std::string_view b);
/// `1.7`
[[nodiscard]] std::string text_of(Place place);
/// `v5 (6f1d9f3a)`
[[nodiscard]] std::string text_of(const Version& version);

/// For a function that returns Result<T>: the error of a step that failed.
template <class T>
[[nodiscard]] tl::unexpected<Error> error_of(Result<T>& step) {
    return tl::unexpected(std::move(step.error()));
}

}  // namespace writ::store
