#include "serve/directory.h"

#include "base/digest.h"
#include "os/files.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

constexpr std::size_t kMaxDirectory = 64u << 20;

}  // namespace

Result<Directory> Directory::read(const std::string& path) {
    const auto content = os::read_file(path, kMaxDirectory);
    if (!content) return fail(Code::DirectoryNotValid, content.error().reason, path);
    return parse(*content, path);
}

Result<Directory> Directory::parse(std::string_view text, const std::string& name) {
    auto document = json::parse(text, {.max_bytes = kMaxDirectory, .max_members = 4'000'000});
    if (!document)
        return fail(Code::DirectoryNotValid, document.error().message, name + ": " + document.error().context);
    const auto wrong = [&](const std::string& place, const char* why) {
        return fail(Code::DirectoryNotValid, why, name + ": " + place);
    };
    if (document->type != json::Type::Object)
        return wrong("$", "a directory is an object of types; write {\"user\": {\"alice\": {\"role\": \"admin\"}}}");
    Directory out;
    for (json::Member& type : document->members) {
        std::string place = "$";
        json::append_step(place, type.first);
        if (type.second.type != json::Type::Object)
            return wrong(place, "a type is an object of ids; write {\"alice\": {\"role\": \"admin\"}}");
        auto& ids = out.types_[type.first];
        for (json::Member& entity : type.second.members) {
            if (entity.second.type != json::Type::Object) {
                json::append_step(place, entity.first);
                return wrong(place, "an entity is an object of attributes; write {} if it has none");
            }
            ids.emplace(std::move(entity.first), std::move(entity.second));
        }
    }
    out.version_ = sha256_hex(text);
    return out;
}

const json::Value* Directory::find(std::string_view type, std::string_view id) const {
    const auto ids = types_.find(type);
    if (ids == types_.end()) return nullptr;
    const auto entity = ids->second.find(id);
    return entity == ids->second.end() ? nullptr : &entity->second;
}

std::vector<std::string_view> Directory::ids(std::string_view type) const {
    std::vector<std::string_view> out;
    if (const auto found = types_.find(type); found != types_.end())
        for (const auto& each : found->second) out.push_back(each.first);
    return out;
}

}  // namespace writ::serve
