// Values that must not reach the disk: each is replaced by its HMAC in the request document, and in
// whatever else of a record repeats it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "ledger/errors.h"
#include "writ/merkle.h"
#include "writ/record.h"

namespace writ::ledger {

class Mask {
public:
    /// Errors: G0023.
    [[nodiscard]] static Result<Mask> make(std::vector<std::string> pointers, std::string key);

    [[nodiscard]] bool empty() const { return pointers_.empty(); }
    /// Replaces in a document, which is a copy. Replacing in records is then possible.
    void hide(json::Value& request);
    /// Replaces what hide() replaced in the record's texts, and lists the pointers that were found.
    /// The record's new texts live until the next hide().
    void hide(Record& record);
    /// What stands for a document that is recorded by digest alone, and could not be read.
    [[nodiscard]] Hash digest(std::string_view document) const;

private:
    void hide_all(json::Value& value, const std::string& pointer);
    [[nodiscard]] std::string hmac(std::string_view context, std::string_view bytes) const;
    [[nodiscard]] std::string_view replaced(std::string_view text);

    std::vector<std::string> pointers_;
    std::vector<std::vector<std::string>> steps_;  ///< of each pointer
    std::string key_;
    std::vector<std::string_view> found_;
    std::vector<std::pair<std::string, std::string>> values_;  ///< what was there, and what is there now
    std::vector<std::unique_ptr<std::string>> texts_;          ///< changed texts of the record
};

}  // namespace writ::ledger
