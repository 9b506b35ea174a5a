// Following a channel: the thread, what it accepts, and what evaluators fetch. Private.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "os/files.h"
#include "store/impl.h"
#include "store/state.h"
#include "writ/policy_handle.h"

namespace writ::store {

/// The policy and revocations used for decisions: immutable, replaced as a whole.
struct Snapshot {
    std::uint64_t generation = 0;
    std::optional<Bundle> policy, candidate;
    std::shared_ptr<const Revocations> revocations;
};

/// The state accepted from one channel.
struct Accepted {
    Activation activation;  ///< `serial` zero: nothing yet
    std::optional<Bundle> policy;
    [[nodiscard]] Serial serial() const { return activation.serial; }
};

class Following {
public:
    explicit Following(FollowOptions options) : options_(std::move(options)) {}
    ~Following() { stop(); }

    /// Reads the state and the store once, then starts the thread.
    [[nodiscard]] Result<void> start();
    void stop();

    [[nodiscard]] const FollowOptions& options() const { return options_; }
    /// Changes whenever snapshot() does. A decision shares only this number with other threads.
    [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
    [[nodiscard]] bool fresh() const;
    [[nodiscard]] HandleStatus status() const;
    [[nodiscard]] bool wait(Serial serial, std::chrono::milliseconds most) const;

    std::array<std::atomic<std::uint64_t>, kDivergenceKinds> divergences{};
    std::atomic<std::uint64_t> compared{0};

private:
    void run();
    void step();
    [[nodiscard]] Result<void> load_state();
    [[nodiscard]] Result<void> look();
    [[nodiscard]] Result<bool> read_channel(const std::string& channel, Accepted& seen, bool enforced);
    [[nodiscard]] Result<void> check(const Activation& activation, const Accepted& seen) const;
    [[nodiscard]] Result<void> read_revocations();
    [[nodiscard]] Result<void> check_log(const Activation& activation) const;
    void revoke(const InForce& in_force);
    [[nodiscard]] Result<void> keep(const Accepted& accepted) const;
    [[nodiscard]] bool replaced() const;
    void publish();
    void reached();
    /// Sets the problem in status(), and sends a notice if it is a new one. No code: there is no problem.
    void tell(Error refused);

    FollowOptions options_;

    // Used only by the thread, once it runs.
    std::unique_ptr<Connection> connection_;
    os::FileId file_;
    std::optional<std::uint64_t> change_;  ///< the store's counter at the last look
    std::optional<Error> failed_;          ///< why the state seen then was not accepted
    std::chrono::steady_clock::time_point retry_, touched_;
    Accepted active_, candidate_;
    InForce in_force_;
    LogHead log_;  ///< the end of the log included in in_force_
    std::shared_ptr<const Revocations> revocations_;

    // Shared.
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<std::int64_t> fresh_until_{0};  ///< by a clock that also runs during suspend
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();
    Activation current_;
    Error problem_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace writ::store
