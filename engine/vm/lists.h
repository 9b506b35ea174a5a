// A uniform view of lists, wherever they are stored: in the request, in a temporary, in a constant
// set, or as the rows of a table.
#pragma once

#include <cstdint>
#include <span>

#include "bytecode/program.h"
#include "vm/facts.h"
#include "vm/hasher.h"
#include "vm/scratch.h"
#include "vm/values.h"

namespace writ::vm {

struct List {
    enum class Form : std::uint8_t { Values, Texts, Ints, Rows };
    Form form = Form::Values;
    std::uint32_t stride = 1;            ///< Values: per element
    const Value* items = nullptr;        ///< Values
    std::span<const std::uint32_t> ids;  ///< Texts: text ids. Ints: indices into ints
    std::uint32_t table = 0;             ///< Rows
    std::size_t count = 0;

    [[nodiscard]] static List of(const Value& list) {
        List out;
        out.items = list.items;
        out.stride = list.id;
        out.count = list.length;
        return out;
    }
    [[nodiscard]] static List of_set(const bytecode::Program& program, std::uint32_t set) {
        List out;
        out.form = rep_of(static_cast<Kind>(program.sets[set].elem)) == Rep::Text ? Form::Texts : Form::Ints;
        out.ids = program.items(set);
        out.count = out.ids.size();
        return out;
    }
    [[nodiscard]] static List of_rows(const bytecode::Program& program, std::uint32_t table) {
        List out;
        out.form = Form::Rows;
        out.table = table;
        out.count = program.tables[table].rows;
        return out;
    }
    /// An element. Requires: a list of scalars.
    [[nodiscard]] Value at(const bytecode::Program& program, std::size_t index) const {
        if (form == Form::Values) return items[index * stride];
        if (form == Form::Texts) return Value::of(program.text(ids[index]), ids[index]);
        return Value::of(program.ints[ids[index]]);
    }
};

/// Finds values of an array by hash; the array has at most `most` values. Short arrays are scanned.
class Seen {
public:
    Seen(std::size_t most, Scratch& scratch, const Hasher& hasher);

    /// Adds items[index * stride]. Output: false if an equal value was added before.
    bool add(const Value* items, std::size_t index, std::size_t stride = 1);
    [[nodiscard]] bool has(const Value* items, const Value& value, std::size_t stride = 1) const;

private:
    [[nodiscard]] std::size_t home(const Value& value) const;

    const Hasher& hasher_;
    std::uint32_t* places_ = nullptr;  ///< index + 1, or 0
    std::size_t mask_ = 0;             ///< of the table; 0: there is no table, and `count_` places are scanned
    std::size_t count_ = 0;
};

/// Finds out which values a list of scalars contains. Constant sets are searched. The elements of a request's list
/// are hashed if many questions are expected, so that two long lists never cost their product.
class Members {
public:
    /// `questions`: the expected number of calls.
    Members(const bytecode::Program& program, const List& list, std::size_t questions, Scratch& scratch,
            const Hasher& hasher);

    [[nodiscard]] bool has(const Value& value) const;

private:
    const bytecode::Program& program_;
    const List& list_;
    Seen seen_;
    bool noted_ = false;
};

/// Combines two lists. The result is in `scratch`, without repetitions.
[[nodiscard]] Value union_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch,
                             const Hasher& hasher);
/// The elements of a that are in b (`keep`), or that are not.
[[nodiscard]] Value filtered(const bytecode::Program& program, const List& a, const List& b, bool keep,
                             Scratch& scratch, const Hasher& hasher);
/// The words of a text, separated by spaces.
[[nodiscard]] Value words_of(const bytecode::Program& program, std::string_view text, Scratch& scratch,
                             const Hasher& hasher);

[[nodiscard]] bool subset_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch,
                             const Hasher& hasher);
[[nodiscard]] bool overlap(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch,
                           const Hasher& hasher);

}  // namespace writ::vm
