// Single values: numbers, moments, names and text, and the captures of claims.
#include <algorithm>
#include <optional>

#include "base/values.h"
#include "vm/binder.h"
#include "vm/capture.h"
#include "vm/values.h"

namespace writ::vm {

using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

std::optional<std::int64_t> decimal_of(std::int64_t integer) {
    constexpr std::int64_t kMost = INT64_MAX / kDecimalUnit;
    if (integer > kMost || integer < -kMost) return {};
    return integer * kDecimalUnit;
}

}  // namespace

bool Binder::enumeration(const ShapeNode& node, const json::Node& value, Value* out) {
    if (value.type != json::Type::String) return fail_type(node, value);
    const std::uint32_t member =
        facts_.member_of(static_cast<std::uint32_t>(&node - program_.shape.data()), value.text());
    if (member != kNotFound) {
        store(out, std::int64_t{member});
        return true;
    }
    const bytecode::EnumRef& members = program_.enums[node.enumeration];
    const auto ids = program_.ids.subspan(members.first_member, members.member_count);
    std::string names;
    for (const std::uint32_t each : ids) {
        if (!names.empty()) names += ", ";
        names += '`' + std::string(program_.text(each)) + '`';
    }
    return fail(Code::EnumMemberUnknown, "`" + std::string(value.text()) + "` is not a member of enum `" +
                                             std::string(program_.text(members.name)) + "`, which has " + names);
}

bool Binder::micros(const ShapeNode& node, const json::Node& value, Value* out) {
    const bool instant = static_cast<Kind>(node.kind) == Kind::Instant;
    if (value.type == json::Type::Int) {
        constexpr std::int64_t kMost = INT64_MAX / kSecond;
        if (value.integer > kMost || value.integer < -kMost)
            return fail(Code::MalformedTime, "seconds are out of range");
        store(out, value.integer * kSecond);
        return true;
    }
    if (value.type != json::Type::String && !(instant && value.type == json::Type::Number))
        return fail_type(node, value);
    const Rounding rounding = node.name != kNone ? rounding_of(program_.text(node.name)) : Rounding::Down;
    const auto parsed = !instant                           ? parse_duration(value.text())
                        : value.type == json::Type::String ? parse_instant(value.text(), rounding)
                                                           : parse_numeric_date(value.text(), rounding);
    if (!parsed && value.type == json::Type::Number) return fail(Code::MalformedTime, "seconds are out of range");
    if (!parsed)
        return fail(Code::MalformedTime, instant
                                             ? "not an RFC 3339 instant with a zone, such as \"2026-09-21T12:14:20Z\""
                                             : "not a duration such as \"15m\" or \"1h30m\"");
    store(out, *parsed);
    return true;
}

bool Binder::decimal(const ShapeNode& node, const json::Node& value, Value* out) {
    if (value.type != json::Type::Int && value.type != json::Type::Number) return fail_type(node, value);
    const auto exact = value.type == json::Type::Int ? decimal_of(value.integer) : parse_decimal(value.text());
    if (!exact) return fail(Code::DecimalInexact, "not a decimal in range with at most six fraction digits");
    store(out, *exact);
    return true;
}

bool Binder::text(std::uint32_t index, std::string_view text, Value* out) {
    const bool wanted = trust_ >= floor_ && captured(index);
    if (out == nullptr && !wanted) return true;
    const ShapeNode& node = program_.shape[index];
    if (text.size() > node.max)
        return fail(Code::StringTooLong,
                    "text of " + std::to_string(text.size()) + " bytes, at most " + std::to_string(node.max) +
                        " are allowed; a field can declare more, up to `max " + std::to_string(kMaxText) + "`");
    const Kind kind = static_cast<Kind>(node.kind);
    if (has_canonical_form(kind) && !(kind == Kind::Spiffe && usual_spiffe(text))) {
        const auto canonical = canonical_text(kind, text, facts_.room_);
        if (!canonical) return true;  // ambiguous or malformed: unknown, so it never helps
        text = *canonical;
        if (text.data() == facts_.room_.data()) text = {facts_.scratch_.copy(text), text.size()};
    }
    if (out != nullptr) *out = held(index, text);
    if (wanted) capture(index, text);
    return true;
}

/// Stores a text as a fact. If rules compare it with constants, it is looked up once.
Value Binder::held(std::uint32_t index, std::string_view text) {
    if (index == facts_.places_.issuer) return Value::of(text, facts_.issuer_name_.id);
    if (index == facts_.places_.tool) return Value::of(text, facts_.tool_name_.id);
    const bool compared = (program_.shape[index].flags & bytecode::kCompared) != 0;
    return Value::of(text, compared ? program_.find_text(text) : Value::kUnbound);
}

void Binder::capture(std::uint32_t index, std::string_view text) {
    const bytecode::IssuerRef& issuer = program_.issuers[facts_.issuer_name_.index];
    std::uint32_t matched = kNone;  // the spec whose captures are in captured_
    for (std::uint32_t i = 0; i < issuer.capture_count; ++i) {
        const bytecode::CaptureRef& ref = program_.captures[issuer.first_capture + i];
        const bytecode::CaptureSpecRef& spec = program_.capture_specs[ref.spec];
        if (spec.claim != index) continue;
        if (matched != ref.spec) {
            matched = ref.spec;
            facts_.captured_.clear();
            for (std::uint32_t p = 0; p < spec.pattern_count; ++p)
                if (match_pattern(program_, program_.patterns[spec.first_pattern + p], text, facts_.feasible_,
                                  facts_.captured_))
                    break;
        }
        for (const auto& [name, part] : facts_.captured_) {
            if (name != ref.capture) continue;
            facts_.slots_[ref.slot] = Value::of(part, program_.find_text(part));
            break;
        }
    }
}

}  // namespace writ::vm
