#include "cli/verbs/revoked.h"

#include "writ/store.h"

namespace writ::cli {

Option& add_revoked(Command& verb, RevokedArgs& args) {
    Option& store = verb.text("--store", "FILE", "Deny what is revoked in this store", args.store);
    verb.text("--channel", "CHANNEL", "The channel whose revocation of all requests applies (default: every channel)",
              args.channel)
        .needs(store);
    verb.text("--namespace", "NAME", "The namespace of the revocations (default: `default`)", args.space).needs(store);
    return store;
}

Result<std::shared_ptr<const Revocations>> read_revoked(const RevokedArgs& args) {
    if (args.store.empty()) return nullptr;
    const auto store = Store::open(args.store, {.space = args.space, .read_only = true});
    if (!store) return tl::unexpected(store.error());
    auto revoked = store->revocations();
    if (!revoked) {
        Error error = std::move(revoked.error());
        if (error.context.empty()) error.context = args.store;
        return tl::unexpected(std::move(error));
    }
    if (!args.channel.empty()) revoked = revoked->for_channel(args.channel);
    return std::make_shared<const Revocations>(std::move(*revoked));
}

}  // namespace writ::cli
