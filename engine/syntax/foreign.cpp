#include "syntax/foreign.h"

#include <algorithm>
#include <iterator>

namespace writ::syntax {
namespace {

constexpr std::string_view kPermit = "a rule that grants something starts with `permit`";
constexpr std::string_view kDeny = "a rule that refuses something starts with `deny`";
constexpr std::string_view kRule =
    "a rule starts with its kind and its name: `permit NAME when …`, or `deny`, `require`, `limit`, `oblige`";
constexpr std::string_view kDefine = "name a value or a condition with `define NAME = …`";
constexpr std::string_view kImport = "import the exported names of a module with `import NAME` at the top of the file";
constexpr std::string_view kNoDefault = "remove this: whatever no `permit` grants is denied";
constexpr std::string_view kUnless = "`unless X` is written `when not (X)`, or `and not (X)` after a condition";
constexpr std::string_view kWhen = "a condition starts with `when`";
constexpr std::string_view kThen = "remove it: the effect of the rule follows its condition";
constexpr std::string_view kElse =
    "there is no `else`: write a second rule for the other case; whatever no `permit` grants is denied";
constexpr std::string_view kNoPriority = "rules have no priority: any deny that applies wins";
constexpr std::string_view kPresence =
    "remove it: a permit does not apply if a fact is missing. `x is some` is only for facts declared `or none`; "
    "`xs contains x` searches a set";
constexpr std::string_view kEqual = "compare with `==`";
constexpr std::string_view kUnequal = "compare with `!=`";

constexpr Foreign kDeclarations[] = {
    {"allow", kPermit, "permit"},
    {"accept", kPermit, "permit"},
    {"authorize", kPermit, "permit"},
    {"forbid", kDeny, "deny"},
    {"reject", kDeny, "deny"},
    {"block", kDeny, "deny"},
    {"refuse", kDeny, "deny"},
    {"prohibit", kDeny, "deny"},
    {"disallow", kDeny, "deny"},
    {"policy", kRule, {}},
    {"rule", kRule, {}},
    {"if", kRule, {}},
    {"when", kRule, {}},
    {"unless", kRule, {}},
    {"default", kNoDefault, {}},
    {"let", kDefine, "define"},
    {"const", kDefine, "define"},
    {"var", kDefine, "define"},
    {"def", kDefine, "define"},
    {"fn", kDefine, "define"},
    {"func", kDefine, "define"},
    {"function", kDefine, "define"},
    {"package", "name the module of a file with `module NAME` at the top", "module"},
    {"namespace", "name the module of a file with `module NAME` at the top", "module"},
    {"use", kImport, "import"},
    {"using", kImport, "import"},
    {"include", kImport, "import"},
    {"from", kImport, {}},
    {"type", "list the names of values with `enum NAME = a | b`", {}},
    {"struct", "a record is a type: `params { where: record { … } }`", {}},
    {"obligation", "add an obligation to a grant with `oblige NAME when … with OBLIGATION`", {}},
};

constexpr Foreign kWords[] = {
    {"unless", kUnless, {}},
    {"if", kWhen, "when"},
    {"where", kWhen, "when"},
    {"provided", kWhen, "when"},
    {"then", kThen, {}},
    {"do", kThen, {}},
    {"message", "write the text for the operator after `because`", "because"},
    {"reason", "write the text for the operator after `because`", "because"},
    {"optional", "declare a field that may be none as `T or none`", "or none"},
    {"nullable", "declare a field that may be none as `T or none`", "or none"},
    {"else", kElse, {}},
    {"elif", kElse, {}},
    {"elseif", kElse, {}},
    {"otherwise", kElse, {}},
    {"eq", kEqual, "=="},
    {"equals", kEqual, "=="},
    {"ne", kUnequal, "!="},
    {"neq", kUnequal, "!="},
    {"two", "write a number in digits: `2 approvals`", "2"},
    {"three", "write a number in digits: `3 approvals`", "3"},
    {"xor", "write both cases: `a and not b or not a and b`", {}},
    {"between", "write both bounds: `a <= x and x <= b`", {}},
    {"has", kPresence, {}},
    {"priority", kNoPriority, {}},
    {"precedence", kNoPriority, {}},
    {"includes", "write `xs contains x`", "contains"},
    {"startswith", "write `x like \"beginning**\"`", {}},
    {"endswith", "write `x like \"**end\"`", {}},
    {"containing", "write `xs contains x`", "contains"},
    {"exists", "write `any x in xs: …`", {}},
    {"forall", "write `all x in xs: …`", {}},
    {"every", "write `all x in xs: …`", "all"},
};

const Foreign* find(const Foreign* first, const Foreign* last, std::string_view word) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const auto* found = std::find_if(first, last, [&](const Foreign& each) {
        return each.word.size() == word.size() &&
               std::equal(word.begin(), word.end(), each.word.begin(), [&](char a, char b) { return lower(a) == b; });
    });
    return found == last ? nullptr : found;
}

}  // namespace

const Foreign* foreign_declaration(std::string_view word) {
    return find(std::begin(kDeclarations), std::end(kDeclarations), word);
}

const Foreign* foreign_word(std::string_view word) {
    return find(std::begin(kWords), std::end(kWords), word);
}

bool is_null_word(std::string_view word) {
    return word == "null" || word == "nil" || word == "undefined" || word == "None" || word == "NULL";
}

std::string_view foreign_sign(std::string_view sign) {
    if (sign.starts_with("\xE2\x80\x9C") || sign.starts_with("\xE2\x80\x9D") || sign == "'" || sign == "`")
        return "write text in plain double quotes";
    if (sign == "#") return "a comment starts with `//`";
    if (sign == "/")
        return "there is no division: multiply the other side, as in `a <= b * 2`; a comment starts with `//`";
    if (sign == "%") return "there is no remainder, and no division";
    if (sign == ";") return "remove it: lines and declarations have no mark at their end";
    if (sign == "?")
        return "there is no choice between values: write both cases with `and` and `or`; declare a field that may be "
               "none "
               "as `T or none`";
    if (sign == "$" || sign == "@") return "write names without a mark";
    if (sign == "~") return "write a pattern after `like` or `matches`";
    if (sign == "\\") return "remove it: a condition can have several lines without a mark between them";
    return {};
}

}  // namespace writ::syntax
