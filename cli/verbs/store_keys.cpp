// writ store add-key, remove-key, keys: the keys whose signatures the store requires.
#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/store.h"

namespace writ::cli {

namespace {

struct Given {
    std::string role, file;
};

Json entry_of(const StoreKey& each) {
    return Json{
        {"id", each.key.id()},          {"role", key_role_name(each.role)}, {"public", each.key.text()},
        {"author", each.origin.author}, {"message", each.origin.message},   {"created_at", json_of(each.created_at)}};
}

Exit add(const StoreArgs& args, const Given& given) {
    const auto key = read_public_key(given.file);
    if (!key) return report_error(key.error(), "", args.terminal);
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        const auto added = store.add_key(*key_role(given.role), *key, origin_of(args));
        if (!added) return tl::unexpected(added.error());
        if (args.format == Format::Json)
            print_json(entry_of(*added));
        else
            print_result(fmt::format("{} is {}\n", added->key.id(),
                                     added->role == KeyRole::Channel ? "a channel key" : "an on-call key"));
        return Exit::Ok;
    });
}

Result<Exit> remove(const StoreArgs& args, Store& store, const std::string& id) {
    const auto removed = store.remove_key(id, origin_of(args));
    if (!removed) return tl::unexpected(removed.error());
    if (args.format == Format::Json)
        print_json({{"removed", id}});
    else
        print_result(fmt::format("{} is no longer a key of the store\n", safe(id)));
    return Exit::Ok;
}

Result<Exit> list_keys(const StoreArgs& args, Store& store) {
    const auto keys = store.keys();
    if (!keys) return tl::unexpected(keys.error());
    Json entries = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const StoreKey& each : *keys) {
        entries.push_back(entry_of(each));
        rows.push_back({each.key.id(), std::string(key_role_name(each.role)), moment(each.created_at),
                        each.origin.author, each.origin.message});
    }
    if (args.format == Format::Json)
        print_json({{"keys", entries}});
    else
        print_result(table({"ID", "ROLE", "SINCE", "AUTHOR", "MESSAGE"}, rows));
    return Exit::Ok;
}

}  // namespace

void add_store_keys(const StoreApp& store) {
    {
        Command& verb = store.add("add-key", "Add a key, and require signatures from now on");
        auto& given = verb.make_values<Given>();
        verb.word("ROLE", "What it may sign: everything, or only revocations", given.role, {"channel", "on-call"})
            .required();
        verb.text("FILE", "", "The key file; a public key is enough", given.file).required();
        verb.run = store.runs([&given](const StoreArgs& args) { return add(args, given); });
    }
    {
        Command& verb = store.add("remove-key", "Remove a key");
        auto& id = verb.make_values<std::string>();
        verb.text("ID", "", "The id, as shown by `writ store keys`", id).required();
        verb.run = store.opens(false, [&id](const StoreArgs& args, Store& opened) { return remove(args, opened, id); });
    }
    store.add("keys", "List the store's keys").run = store.opens(true, list_keys);
}

}  // namespace writ::cli
