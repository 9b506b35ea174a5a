// The refund example through the C interface: its files, its bundle and handles that free themselves.
#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "source_root.h"
#include "writ/writ.h"

namespace writ::testing::c {

inline const std::string kRefund = source_root() + "/examples/refund/";

inline std::string file(const std::string& name) {
    std::ifstream in(kRefund + name, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline writ_text text(std::string_view view) {
    return {view.data(), view.size()};
}
inline std::string_view view(writ_text text) {
    REQUIRE(text.data != nullptr);
    return {text.data, text.length};
}

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* handle) const {
        Free(handle);
    }
};
using Bundle = std::unique_ptr<writ_bundle, Freed<writ_bundle_free>>;
using Request = std::unique_ptr<writ_request, Freed<writ_request_free>>;
using Evaluator = std::unique_ptr<writ_evaluator, Freed<writ_evaluator_free>>;
using Decision = std::unique_ptr<writ_decision, Freed<writ_decision_free>>;
using Errors = std::unique_ptr<writ_errors, Freed<writ_errors_free>>;

/// Counts its calls, and returns the file with that name in the refund example.
struct Reader {
    int calls = 0;
    bool answers = true;
    bool throws = false;
    std::string from, path;
};
inline bool read_refund(void* context, writ_text from, writ_text path, writ_data* data) {
    Reader& reader = *static_cast<Reader*>(context);
    ++reader.calls;
    reader.from = view(from);
    reader.path = view(path);
    if (reader.throws) throw 7;
    const std::string bytes = file(reader.path);
    // In two pieces: appended bytes are concatenated.
    CHECK(writ_data_append(data, bytes.data(), 10) == WRIT_OK);
    CHECK(writ_data_append(data, bytes.data() + 10, bytes.size() - 10) == WRIT_OK);
    CHECK(writ_data_append(data, nullptr, 0) == WRIT_OK);
    CHECK(writ_data_append(data, nullptr, 1) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_data_append(nullptr, "x", 1) == WRIT_ERROR_ARGUMENT);
    return reader.answers;
}

inline writ_compile_options options_with(Reader& reader) {
    writ_compile_options options{};
    options.struct_size = sizeof options;
    options.read_file = read_refund;
    options.read_context = &reader;
    return options;
}

inline Bundle compile(const std::string& policy) {
    Reader reader;
    const auto options = options_with(reader);
    const writ_source source{text("policy.writ"), text(policy)};
    writ_bundle* bundle = nullptr;
    REQUIRE(writ_compile(&source, 1, &options, &bundle, nullptr) == WRIT_OK);
    return Bundle(bundle);
}

/// The refund example, compiled once, because a bundle may be shared.
inline writ_bundle* refund() {
    static const Bundle bundle = compile(file("policy.writ"));
    return bundle.get();
}

inline Request request_for(writ_bundle* bundle) {
    writ_request* request = nullptr;
    REQUIRE(writ_request_new(&bundle, 1, &request, nullptr) == WRIT_OK);
    return Request(request);
}
inline Request parsed(writ_bundle* bundle, const std::string& json) {
    Request request = request_for(bundle);
    REQUIRE(writ_request_parse(request.get(), text(json), nullptr, nullptr) == WRIT_OK);
    return request;
}
inline Evaluator evaluator_for(writ_bundle* bundle) {
    writ_evaluator* evaluator = nullptr;
    REQUIRE(writ_evaluator_new(&bundle, 1, &evaluator, nullptr) == WRIT_OK);
    return Evaluator(evaluator);
}

inline bool has_reason(const writ_decision* decision, std::string_view code) {
    for (std::size_t i = 0; i < writ_decision_reason_count(decision); ++i) {
        writ_reason reason{};
        reason.struct_size = sizeof reason;
        REQUIRE(writ_decision_reason(decision, i, &reason) == WRIT_OK);
        if (view(reason.code) == code) return true;
    }
    return false;
}

}  // namespace writ::testing::c
