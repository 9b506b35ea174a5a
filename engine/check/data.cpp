// Tables: columns, and rows from CSV or JSON files.
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/source.h"
#include "base/values.h"
#include "check/passes.h"

namespace writ::check {
namespace {

constexpr std::size_t kMaxReports = 10;  ///< in one table; further errors are likely the same mistake

std::optional<std::int64_t> parse_int(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

std::optional<std::int64_t> find_member(const EnumType& type, std::string_view name) {
    const auto found = std::find(type.members.begin(), type.members.end(), name);
    if (found == type.members.end()) return {};
    return found - type.members.begin();
}

std::optional<std::int64_t> parse_scalar(const Policy& policy, const Type& type, std::string_view text) {
    switch (type.kind) {
        case Kind::Bool:
            if (text == "true") return 1;
            if (text == "false") return 0;
            return {};
        case Kind::Int: return parse_int(text);
        case Kind::Decimal: return parse_decimal(text);
        case Kind::Duration: return parse_duration(text);
        case Kind::Instant: return parse_instant(text);
        case Kind::Enum: return find_member(policy.enums[type.enumeration.value], text);
#define NUMBER_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            return {};
    }
    return {};
}

/// The canonical form of a text in a cell. None: it is not a value of the type, or names nothing that is declared.
std::optional<std::string> text_value(const Context& c, std::uint32_t module, const Type& type, std::string_view text) {
    if (type.names == Referent::Nothing) return canonical_text(type.kind, text);
    const auto value = named_value(c, module, type.names, text);
    return value.empty() ? std::optional<std::string>{} : std::string(value);
}

bool add_element(const Context& c, std::uint32_t module, const Type& list, std::string_view text, Cell& cell) {
    auto canonical = text_value(c, module, element_of(list), text);
    if (!canonical) return false;
    if (std::find(cell.set.begin(), cell.set.end(), *canonical) == cell.set.end())
        cell.set.push_back(std::move(*canonical));
    return true;
}

bool has_blank_ends(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    return !text.empty() && (blank(text.front()) || blank(text.back()));
}

/// A member of a set in a CSV file. An empty member, or blanks around one, is an error.
bool add_member(const Context& c, std::uint32_t module, const Type& list, std::string_view text, Cell& cell) {
    return !text.empty() && !has_blank_ends(text) && add_element(c, module, list, text, cell);
}

/// Reads a cell of a CSV file. Output: false if the text is not a value of the type.
bool read_cell(const Context& c, std::uint32_t module, const Type& type, std::string_view text, Cell& cell) {
    if (type.kind == Kind::List) {
        if (text.empty()) return true;
        for (const char separator = ';';;) {
            const auto end = std::min(text.find(separator), text.size());
            if (!add_member(c, module, type, text.substr(0, end), cell)) return false;
            if (end == text.size()) return true;
            text.remove_prefix(end + 1);
        }
    }
    if (rep_of(type.kind) == Rep::Text) {
        auto canonical = text_value(c, module, type, text);
        if (!canonical) return false;
        cell.text = std::move(*canonical);
        return true;
    }
    const auto value = parse_scalar(c.policy, type, text);
    if (value) cell.integer = *value;
    return value.has_value();
}

/// Reads a cell of a JSON file, with the spellings of requests.
bool read_cell(const Context& c, std::uint32_t module, const Type& type, const json::Value& value, Cell& cell) {
    switch (value.type) {
        case json::Type::Null:
        case json::Type::Object: return false;
        case json::Type::Bool: cell.integer = value.boolean ? 1 : 0; return type.kind == Kind::Bool;
        case json::Type::Int:
            if (type.kind == Kind::Duration || type.kind == Kind::Instant) {
                cell.integer = sat_mul(value.integer, kSecond);
                return true;
            }
            [[fallthrough]];
        case json::Type::Number:
            if (type.kind == Kind::Instant) {
                const auto moment = parse_numeric_date(value.text);
                if (moment) cell.integer = *moment;
                return moment.has_value();
            }
            return (type.kind == Kind::Int || type.kind == Kind::Decimal) &&
                   read_cell(c, module, type, value.text, cell);
        case json::Type::String:
            if (type.kind == Kind::Bool || type.kind == Kind::Int || type.kind == Kind::Decimal ||
                type.kind == Kind::List)
                return false;
            return read_cell(c, module, type, value.text, cell);
        case json::Type::Array:
            if (type.kind != Kind::List) return false;
            return std::all_of(value.items.begin(), value.items.end(), [&](const json::Value& item) {
                return item.type == json::Type::String && add_element(c, module, type, item.text, cell);
            });
    }
    return false;
}

/// Splits CSV as in RFC 4180, one record at a time.
class CsvReader {
public:
    explicit CsvReader(std::string_view text) : text_(text) {}

    /// Output: false if there are no more records, or the next one is malformed (then `problem` is set).
    bool next(std::vector<std::string>& fields) {
        fields.clear();
        places.clear();
        while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) end_line();
        if (at_ >= text_.size()) return false;
        start = line_;
        while (true) {
            std::string field;
            places.push_back(":" + std::to_string(line_) + ":" + std::to_string(at_ - line_start_ + 1));
            if (at_ < text_.size() && text_[at_] == '"' ? !quoted_field(field) : !plain_field(field)) return false;
            fields.push_back(std::move(field));
            if (at_ < text_.size() && text_[at_] == ',') {
                ++at_;
                continue;
            }
            if (at_ < text_.size()) end_line();
            return true;
        }
    }

    std::size_t start = 1;            ///< line on which the record starts
    std::vector<std::string> places;  ///< `:line:column` of each field
    std::string problem;

private:
    void end_line() {
        if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
        ++at_;
        ++line_;
        line_start_ = at_;
    }

    bool plain_field(std::string& field) {
        const auto end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
        field = text_.substr(at_, end - at_);
        at_ = end;
        if (field.find('"') != std::string::npos)
            problem = "a quote inside a field without quotes";
        else if (has_blank_ends(field))
            problem = "blanks around a field; put it in quotes if they are intended";
        return problem.empty();
    }

    bool quoted_field(std::string& field) {
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') {
                ++line_;
                line_start_ = at_ + 1;
            }
            if (text_[at_] != '"') {
                field += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                field += '"';
                ++at_;
            } else {
                ++at_;
                if (at_ == text_.size() || text_[at_] == ',' || text_[at_] == '\n' || text_[at_] == '\r') return true;
                problem = "text after a closing quote";
                return false;
            }
        }
        problem = "a quote that is not closed";
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t line_start_ = 0;
};

class TableReader {
public:
    TableReader(Context& c, std::uint32_t module, const ast::TableDecl& decl, Table& table)
        : c_(c), module_(module), decl_(decl), table_(table) {}

    /// Output: false after an error, which has been reported.
    bool read(const std::string& text) {
        if (!valid_utf8(text))
            fail("it is not UTF-8");
        else if (decl_.format == "csv")
            read_csv(text);
        else
            read_json(text);
        return reports_ == 0 && !silent_;
    }

private:
    /// `place`: `:line:column` in the file, if known.
    void fail(std::string what, std::string_view place = {}, std::string help = {}) {
        if (++reports_ > kMaxReports) return;
        c_.report.add(Code::DataDoesNotFit, decl_.path_span,
                      quoted(decl_.path + std::string(place)) + " does not fit table " + quoted(table_.name) + ": " +
                          std::move(what),
                      {}, std::move(help));
    }

    /// `value`: the cell, or the part of it with the error; empty if it is not text.
    void fail_cell(std::string where, const Column& column, std::string_view value, std::string_view place = {}) {
        const bool set = column.type.kind == Kind::List;
        const Type type = set ? element_of(column.type) : column.type;
        where += (where.empty() ? "column " : ", column ") + quoted(column.name) + ": ";
        if (type.names == Referent::Nothing || value.empty() || has_blank_ends(value))
            return fail(where + (value.empty() ? "" : quoted(value) + " is ") + "not a value of type " +
                            quoted(describe(c_.policy, column.type)) +
                            (set && decl_.format == "csv"
                                 ? "; members are separated by `;`, not empty, and without blanks around them"
                                 : ""),
                        place);
        if (type.names == Referent::Tools && c_.broken_tool) {
            silent_ = true;
            return;
        }
        const auto near = nearest(value, named_values(c_, module_, type.names));
        fail(where + "there is no " + std::string(noun_of(type.names)) + " " + quoted(value), place,
             near.empty() ? "write a name that the policy declares, or its name in requests"
                          : "did you mean " + quoted(near) + "?");
    }

    std::string_view wrong_item(const Type& type, const json::Value& value) const {
        for (const auto& item : value.items) {
            Cell cell;
            if (item.type == json::Type::String && !add_element(c_, module_, type, item.text, cell)) return item.text;
        }
        return value.text;
    }

    /// The first element of a cell that is not a value of the column's type.
    std::string_view wrong_part(const Type& type, std::string_view text) const {
        if (type.kind != Kind::List) return text;
        while (true) {
            const auto end = std::min(text.find(';'), text.size());
            Cell cell;
            if (!add_member(c_, module_, type, text.substr(0, end), cell) || end == text.size())
                return text.substr(0, end);
            text.remove_prefix(end + 1);
        }
    }

    void read_csv(const std::string& text) {
        CsvReader reader(text);
        std::vector<std::string> fields;
        if (!reader.next(fields)) return fail(reader.problem.empty() ? "there is no header line" : reader.problem);
        const auto width = fields.size();
        std::vector<std::size_t> places;
        for (const auto& column : table_.columns) {
            const auto found = std::find(fields.begin(), fields.end(), column.name);
            if (found == fields.end()) {
                const auto near = nearest(column.name, {fields.begin(), fields.end()});
                fail("its header has no column " + quoted(column.name) +
                     (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
            } else if (std::find(found + 1, fields.end(), column.name) != fields.end()) {
                fail("its header has column " + quoted(column.name) + " twice");
            }
            places.push_back(static_cast<std::size_t>(found - fields.begin()));
        }
        if (reports_ > 0) return;
        while (reader.next(fields)) {
            const auto where = "line " + std::to_string(reader.start);
            if (fields.size() != width) {
                fail(where + " has " + std::to_string(fields.size()) + " fields, the header " + std::to_string(width));
                continue;
            }
            std::vector<Cell> row(table_.columns.size());
            for (std::size_t i = 0; i < row.size(); ++i)
                if (!read_cell(c_, module_, table_.columns[i].type, fields[places[i]], row[i]))
                    fail_cell({}, table_.columns[i], wrong_part(table_.columns[i].type, fields[places[i]]),
                              reader.places[places[i]]);
            table_.rows.push_back(std::move(row));
        }
        if (!reader.problem.empty()) fail("line " + std::to_string(reader.start) + ": " + reader.problem);
    }

    void read_json(const std::string& text) {
        RequestLimits limits;
        limits.max_bytes = limits.max_string = c_.options.max_source_bytes;
        limits.max_members = 0x7FFFFFFF;
        const auto document = json::parse(text, limits);
        if (!document) return fail(document.error().message + " at " + document.error().context);
        if (document->type != json::Type::Array) return fail("it is not an array of objects");
        for (std::size_t r = 0; r < document->items.size(); ++r) {
            const auto where = "item " + std::to_string(r + 1);
            const auto& item = document->items[r];
            if (item.type != json::Type::Object) {
                fail(where + " is not an object");
                continue;
            }
            std::vector<Cell> row(table_.columns.size());
            for (std::size_t i = 0; i < row.size(); ++i) {
                const auto& column = table_.columns[i];
                const auto* value = item.find(column.name);
                if (value == nullptr)
                    fail(where + " has no member " + quoted(column.name));
                else if (!read_cell(c_, module_, column.type, *value, row[i]))
                    fail_cell(where, column, wrong_item(column.type, *value));
            }
            table_.rows.push_back(std::move(row));
        }
    }

    Context& c_;
    std::uint32_t module_;
    const ast::TableDecl& decl_;
    Table& table_;
    std::size_t reports_ = 0;
    bool silent_ = false;  ///< a cell may name a tool whose declaration could not be read
};

/// Output: false after an error, which has been reported.
bool check_columns(Context& c, std::uint32_t module, const ast::TableDecl& decl, Table& table) {
    bool right = true;
    for (const auto& declared : decl.columns) {
        for (const auto& other : table.columns) {
            if (other.name != declared.name.text) continue;
            c.report.add(Code::DeclaredTwice, declared.name.span,
                         "column " + quoted(other.name) + " is declared twice");
            right = false;
        }
        if (declared.or_none || declared.from || declared.max) {
            c.report.add(Code::MalformedDeclaration, declared.name.span, "a column has only a name and a type");
            right = false;
        }
        Column column{std::string(declared.name.text), {}};
        const auto& type = declared.type;
        if (type.name == "set" && type.args.size() == 1 && type.args[0].name != "record") {
            Type element;
            if (!resolve_type(c, module, type.args[0], element)) {
                right = false;
                continue;
            }
            if (rep_of(element.kind) != Rep::Text) {
                c.report.add(Code::MalformedDeclaration, type.args[0].span, "sets in a table contain only text");
                right = false;
            }
            column.type = list_of(element, 1);
        } else if (type.name == "record" || type.name == "list" || type.name == "set" || type.name == "map" ||
                   type.name == "one_or_many") {
            c.report.add(Code::MalformedDeclaration, type.span, "a column cannot hold a " + quoted(type.name), {},
                         "use a single value or `set<string>`");
            right = false;
        } else if (!resolve_type(c, module, type, column.type)) {
            right = false;
        }
        table.columns.push_back(std::move(column));
    }
    if (decl.columns.empty()) c.report.add(Code::MalformedDeclaration, decl.name.span, "a table without columns");
    return right && !decl.columns.empty();
}

}  // namespace

const std::string* read_data(Context& c, Span span, std::string_view path) {
    if (!c.sources.read) {
        c.report.add(Code::DataUnreadable, span, quoted(path) + " cannot be read: data files are not allowed here");
        return nullptr;
    }
    auto text = c.sources.read(c.policy.sources[span.source].name, path);
    if (!text) {
        c.report.add(Code::DataUnreadable, span, quoted(path) + " cannot be read: " + text.error().message);
        return nullptr;
    }
    c.data_bytes += text->size();
    if (c.data_bytes > c.options.max_source_bytes) {
        c.report.add(
            Code::SourcesTooLarge, span,
            "sources and data have more than " + std::to_string(c.options.max_source_bytes) + " bytes together", {},
            "remove columns and rows that no rule reads, or split the policy into layers");
        return nullptr;
    }
    c.policy.data.push_back({span.source, std::string(path), plain_text(*text)});
    return &c.policy.data.back().text;
}

void check_tables(Context& c) {
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::TableDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        Table table;
        table.name = decl->name.text;
        table.path = decl->path;
        table.span = decl->name.span;
        if (!check_columns(c, entry.module, *decl, table)) continue;
        if (decl->format != "csv" && decl->format != "json") {
            c.report.add(Code::MalformedDeclaration, decl->path_span,
                         "there is no table format " + quoted(decl->format), {}, "use `csv` or `json`");
            continue;
        }
        const std::string* text = read_data(c, decl->path_span, decl->path);
        if (text == nullptr || !TableReader(c, entry.module, *decl, table).read(*text)) continue;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            for (const auto& row : table.rows)
                if (table.columns[i].type.kind == Kind::List)
                    table.columns[i].type.max =
                        std::max(table.columns[i].type.max, static_cast<std::uint32_t>(row[i].set.size()));
        // An invalid table gets no index, so that its uses are not reported.
        entry.index = static_cast<std::uint32_t>(c.policy.tables.size());
        c.policy.tables.push_back(std::move(table));
    }
}

}  // namespace writ::check
