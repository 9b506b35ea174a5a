// Lists as the interpreter sees them, wherever they are held: in the request, in a temporary, as a
// constant set, as the rows of a table.
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
    /// An element. Requires: scalars.
    [[nodiscard]] Value at(const bytecode::Program& program, std::size_t index) const {
        if (form == Form::Values) return items[index * stride];
        if (form == Form::Texts) return Value::of(program.text(ids[index]), ids[index]);
        return Value::of(program.ints[ids[index]]);
    }
};

/// Where one of `most` values of an array is, by its hash. Short arrays are scanned.
class Seen {
public:
    Seen(std::size_t most, Scratch& scratch, const Hasher& hasher);

    /// Notes items[index * stride]. False: one that was noted before is the same.
    bool add(const Value* items, std::size_t index, std::size_t stride = 1);
    [[nodiscard]] bool has(const Value* items, const Value& value, std::size_t stride = 1) const;

private:
    [[nodiscard]] std::size_t home(const Value& value) const;

    const Hasher& hasher_;
    std::uint32_t* places_ = nullptr;  ///< index + 1, or 0
    std::size_t mask_ = 0;             ///< of the table; 0: there is none, and `count_` places are scanned
    std::size_t count_ = 0;
};

/// Answers which values a list of scalars holds. Searches constant sets; of a list of the request it notes the elements
/// when it will be asked often, so that two long lists never cost their product.
class Members {
public:
    /// `questions`: about how many there will be.
    Members(const bytecode::Program& program, const List& list, std::size_t questions, Scratch& scratch,
            const Hasher& hasher);

    [[nodiscard]] bool has(const Value& value) const;

private:
    const bytecode::Program& program_;
    const List& list_;
    Seen seen_;
    bool noted_ = false;
};

/// Lists made of two. The result is in `scratch`, without repetitions.
[[nodiscard]] Value union_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch,
                             const Hasher& hasher);
/// Elements of a that b has (`keep`), or has not.
[[nodiscard]] Value filtered(const bytecode::Program& program, const List& a, const List& b, bool keep,
                             Scratch& scratch, const Hasher& hasher);
/// Words between spaces.
[[nodiscard]] Value words_of(const bytecode::Program& program, std::string_view text, Scratch& scratch,
                             const Hasher& hasher);

[[nodiscard]] bool subset_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch,
                             const Hasher& hasher);
[[nodiscard]] bool overlap(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch,
                           const Hasher& hasher);

}  // namespace writ::vm
