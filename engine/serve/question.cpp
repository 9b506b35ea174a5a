#include "serve/question.h"

#include <algorithm>

namespace writ::serve {

using json::Type;
using json::Value;

HttpAnswer answer_with(const Value& body) {
    HttpAnswer answer;
    answer.body = json::write(body) + "\n";
    return answer;
}

HttpAnswer api_error(unsigned status, std::string_view why) {
    HttpAnswer answer;
    answer.status = status;
    answer.type = "text/plain; charset=utf-8";
    answer.body.append(why).append("\n");
    if (status == 503) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

const Value* member(const Value& object, std::string_view key) {
    const Value* found = object.find(key);
    return found == nullptr || found->type == Type::Null ? nullptr : found;
}

std::string wrong_entity(const Value* entity, std::string_view name, std::initializer_list<std::string_view> required) {
    const std::string quoted = "`" + std::string(name);
    if (entity == nullptr || entity->type == Type::Null) return quoted + "` is missing";
    if (entity->type != Type::Object) return quoted + "` is not an object";
    for (const std::string_view each : required) {
        const Value* found = member(*entity, each);
        if (found == nullptr) return quoted + "." + std::string(each) + "` is missing";
        if (found->type != Type::String) return quoted + "." + std::string(each) + "` is not text";
    }
    const Value* properties = member(*entity, "properties");
    if (properties != nullptr && properties->type != Type::Object) return quoted + ".properties` is not an object";
    return {};
}

std::string wrong_object(const Value* value, std::string_view name) {
    if (value == nullptr || value->type == Type::Null || value->type == Type::Object) return {};
    return "`" + std::string(name) + "` is not an object";
}

QuestionParts::QuestionParts(const Value& request)
    : subject(request.find("subject")),
      action(request.find("action")),
      resource(request.find("resource")),
      context(request.find("context")) {}

QuestionParts::QuestionParts(const Value& element, const QuestionParts& defaults) : QuestionParts(element) {
    if (subject == nullptr) subject = defaults.subject;
    if (action == nullptr) action = defaults.action;
    if (resource == nullptr) resource = defaults.resource;
    if (context == nullptr) context = defaults.context;
}

std::string QuestionParts::wrong() const {
    std::string why = wrong_entity(subject, "subject", {"type", "id"});
    if (why.empty()) why = wrong_entity(action, "action", {"name"});
    if (why.empty()) why = wrong_entity(resource, "resource", {"type", "id"});
    if (why.empty()) why = wrong_object(context, "context");
    return why;
}

AccessQuestion QuestionParts::question() const {
    return {*subject, *action, *resource, context != nullptr && context->type == Type::Object ? context : nullptr};
}

std::variant<Value, HttpAnswer> object_of(std::string_view body, std::size_t most_members) {
    RequestLimits limits;
    limits.max_bytes = std::max(body.size(), std::size_t{1});
    limits.max_members = static_cast<std::uint32_t>(std::max<std::size_t>(limits.max_members, most_members));
    auto document = json::parse(body, limits);
    if (!document) return api_error(400, "the body is not valid JSON: " + document.error().message);
    if (document->type != Type::Object) return api_error(400, "the body is not a JSON object");
    return std::move(*document);
}

}  // namespace writ::serve
