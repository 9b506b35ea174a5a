// A thread for what takes too long for the threads that answer requests.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace writ::serve {

/// Runs tasks one after the other, in their order, on a thread of its own: however many wait, those that decide lose
/// the time of one thread. Any thread may call it.
class Worker {
public:
    explicit Worker(std::size_t most_waiting);
    /// Waits for the task that runs; those that wait are not run any more.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Output: false if too many tasks wait; then this one is not run.
    [[nodiscard]] bool run(std::function<void()> task);

private:
    void work();

    const std::size_t most_waiting_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;  ///< guarded by lock_
    bool ending_ = false;                        ///< guarded by lock_
    std::thread thread_;
};

}  // namespace writ::serve
