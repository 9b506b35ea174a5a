// A store in a folder that is removed at the end of the test, and policies to publish: version i permits for i + 1
// minutes, so that a decision shows which version made it.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "folder.h"
#include "writ/evaluator.h"
#include "writ/store.h"

namespace writ::testing {

inline Bundle policy_text(const std::string& rules) {
    SourceSet sources;
    sources.sources.push_back({"policy.writ", R"(
tier read < write
claims k8s { sub: string }
issuer prod: k8s "https://issuer.example" { audience "broker" }
tool lookup { tier read  audience "https://data.example"  scopes { "data:read", "data:list" }  params { } }
)" + rules});
    auto bundle = compile(sources);
    REQUIRE(bundle);
    return *bundle;
}
inline Bundle policy(int minutes) {
    return policy_text("permit p for tool lookup when token.issuer is prod grant { \"data:read\" } for " +
                       std::to_string(minutes) + "m\n");
}

/// The permit of such a policy.
inline std::string lookup_request(const std::string& agent = "a-1") {
    return R"({"provenance": "verified", "now": 1717408800,
      "token": {"issuer": "https://issuer.example", "aud": "broker", "exp": 1717499999, "nbf": null, "iat": null,
                "claims": {"iss": "https://issuer.example", "sub": "x"}},
      "agent": {"id": ")" +
           agent + R"("}, "run": {"id": "r-1", "parent_id": null, "exp": null}, "tenant": "acme",
      "user": null, "delegation": null, "tool": {"name": "lookup", "params": {}}, "want": {"scopes": ["data:read"]}})";
}

inline const Origin kAda{"Ada <ada@acme.example>", "because"};
inline const Origin kBob{"Bob <bob@acme.example>", "because"};

/// A store with versions v1, v2, … of policy(1), policy(2), … and a channel `prod`.
struct Made {
    Folder folder;
    std::string path = folder.at("store");
    std::vector<Bundle> bundles;
    Store store;

    explicit Made(int versions = 3) : store(make()) {
        for (int i = 1; i <= versions; ++i) {
            bundles.push_back(policy(i));
            REQUIRE(store.publish(bundles.back(), kAda));
        }
        REQUIRE(store.protect("prod", false, 0, kAda));
    }
    Store make() {
        auto made = Store::init(path);
        REQUIRE(made);
        return std::move(*made);
    }
    Move to(const std::string& version, const SecretKey* key = nullptr) const {
        Move move;
        move.channel = "prod";
        move.version = version;
        move.origin = kAda;
        move.key = key;
        return move;
    }
    Activation activate(const std::string& version, const SecretKey* key = nullptr) {
        auto done = store.activate(to(version, key));
        const std::string refused = done ? "" : done.error().code + " " + done.error().message;
        REQUIRE(refused == "");
        return *done;
    }
    /// Runs SQL directly on the store's file.
    void tamper(const std::string& sql) const;
};

template <class T>
std::string code_of(const Result<T>& result) {
    return result ? std::string() : result.error().code;
}

}  // namespace writ::testing
