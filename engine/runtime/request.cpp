// Both ways to make a request, with one vm::Facts per layer.
#include "writ/request.h"

#include "base/json_reader.h"
#include "base/values.h"
#include "bytecode/program.h"
#include "runtime/request_facts.h"
#include "writ/errors.h"

namespace writ {

/// State while facts are stated, and the memory for documents.
struct Request::Reading {
    json::Reader document;
    std::vector<json::Reader> parts;  ///< for set_json: each lives as long as the facts
    std::size_t parts_used = 0;
    std::vector<json::Node> list;  ///< for set_texts
    Error error;
    bool failed = false, begun = false;

    static void set(Request& request, const Field& field, const json::Node& value);
    static const vm::Place& only_place(const Field& field) { return *static_cast<const vm::Place*>(field.place_); }
};

struct Field::Places {
    Layers layers;
    std::vector<vm::Place> each;  ///< one a layer
};

namespace {

/// The program of a request with several layers: one that no field has, not even a field for no layers.
const void* no_program() {
    static const char kNowhere = 0;
    return &kNowhere;
}

json::Node node_of(json::Type type, std::string_view text = {}) {
    json::Node node{};
    node.size = 1;
    node.type = type;
    if (type == json::Type::String || type == json::Type::Number) {
        node.text_begin = text.data();
        node.text_size = static_cast<std::uint32_t>(text.size());
    }
    return node;
}

json::Node node_of(json::Type type, std::int64_t integer) {
    json::Node node = node_of(type);
    node.integer = integer;
    return node;
}

}  // namespace

Request::Request(Layers layers)
    : layers_(std::move(layers)), program_(no_program()), reading_(std::make_unique<Reading>()) {
    for (const Bundle& bundle : layers_.bundles()) facts_.push_back(std::make_unique<Facts>(Access::program(bundle)));
    if (facts_.size() == 1) {
        only_ = facts_.front().get();
        program_ = &only_->program();
    }
}

Request::~Request() = default;
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;

void Request::clear() {
    document_ = nullptr;
    for (const auto& facts : facts_) facts->clear();
}

Result<void> Request::parse(std::string_view json, const RequestLimits& limits) {
    reading_->begun = false;
    const auto empty = [&](Error error) {
        clear();
        return tl::unexpected(std::move(error));
    };
    auto document = reading_->document.read(json, limits);
    if (!document) return empty(std::move(document.error()));
    for (const auto& facts : facts_)
        if (auto bound = facts->bind(**document); !bound) return empty(std::move(bound.error()));
    document_ = *document;
    return {};
}

// ---- stating facts one by one ------------------------------------------------------------------

Result<Field> Request::field(std::string_view path) const {
    auto places = std::make_shared<Field::Places>(Field::Places{layers_, {}});
    for (const auto& facts : facts_) {
        auto place = facts->find(path);
        if (!place) return tl::unexpected(std::move(place.error()));
        places->each.push_back(std::move(*place));
    }
    Field field;
    if (only_ != nullptr) {
        field.program_ = program_;
        field.place_ = &places->each.front();
    }
    field.places_ = std::move(places);
    return field;
}

void Request::begin(Provenance trust) {
    clear();
    trust_ = trust;
    reading_->parts_used = 0;
    reading_->failed = false;
    reading_->begun = true;
}

void Request::fail(Error error) {
    if (reading_->failed) return;
    reading_->failed = true;
    reading_->error = std::move(error);
}

void Request::Reading::set(Request& request, const Field& field, const json::Node& value) {
    const Field::Places* const places = field.places_.get();
    for (std::size_t i = 0; i < request.facts_.size(); ++i) {
        vm::Facts& facts = *request.facts_[i];
        if (places == nullptr || i >= places->each.size() ||
            &Access::program(places->layers.bundles()[i]) != &facts.program())
            return request.fail(
                failure(Code::FieldNotDeclared, "the field was looked up for other bundles than this request's", "$"));
        if (!facts.put(places->each[i], value, request.trust_)) request.fail(facts.take_error());
    }
}

void Request::set_text(const Field& field, std::string_view text) {
    if (field.program_ == program_ && only_->put_text(Reading::only_place(field), text, trust_)) [[likely]]
        return;
    set_slowly(field, text);
}

[[gnu::noinline, gnu::cold]] void Request::set_slowly(const Field& field, std::string_view text) {
    if (!valid_utf8(text)) return fail(failure(Code::TextNotUtf8, "text is not UTF-8", "$"));
    Reading::set(*this, field, node_of(json::Type::String, text));
}

void Request::set_int(const Field& field, std::int64_t integer) {
    if (field.program_ == program_ && only_->put_int(Reading::only_place(field), integer, trust_)) [[likely]]
        return;
    Reading::set(*this, field, node_of(json::Type::Int, integer));
}

void Request::set_none(const Field& field) {
    if (field.program_ == program_ && only_->put_none(Reading::only_place(field), trust_)) return;
    Reading::set(*this, field, node_of(json::Type::Null));
}

void Request::set_texts(const Field& field, std::span<const std::string_view> texts) {
    if (field.program_ == program_ && only_->put_texts(Reading::only_place(field), texts, trust_)) return;
    auto& list = reading_->list;
    list.assign(1, node_of(json::Type::Array));
    list[0].count = static_cast<std::uint32_t>(texts.size());
    list[0].size = static_cast<std::uint32_t>(texts.size() + 1);
    for (const std::string_view text : texts) {
        if (!valid_utf8(text)) return fail(failure(Code::TextNotUtf8, "text is not UTF-8", "$"));
        list.push_back(node_of(json::Type::String, text));
    }
    Reading::set(*this, field, list[0]);
}

void Request::set_bool(const Field& field, bool value) {
    Reading::set(*this, field, node_of(json::Type::Bool, value ? 1 : 0));
}
void Request::set_decimal(const Field& field, std::string_view number) {
    Reading::set(*this, field, node_of(json::Type::Number, number));
}

void Request::set_json(const Field& field, std::string_view json, const RequestLimits& limits) {
    if (reading_->parts_used == reading_->parts.size()) reading_->parts.emplace_back();
    const auto read = reading_->parts[reading_->parts_used++].read(json, limits);
    if (read)
        Reading::set(*this, field, **read);
    else
        fail(read.error());
}

Result<void> Request::finish() {
    if (!reading_->begun) {
        clear();
        return writ::fail(Code::StatedTooEarly, "finish() without begin()", "$");
    }
    for (const auto& facts : facts_)
        if (!reading_->failed && !facts->finish()) fail(facts->take_error());
    reading_->begun = false;
    if (!reading_->failed) return {};
    clear();
    return tl::unexpected(std::move(reading_->error));
}

}  // namespace writ
