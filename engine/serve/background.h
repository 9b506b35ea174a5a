// A thread for what takes longer than an answer may wait, such as a change of the store.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace writ::serve {

/// Runs tasks one after the other. Any thread may add one.
class Background {
public:
    explicit Background(std::size_t most) : most_(most), thread_([this] { run(); }) {}
    /// Waits for the task that runs. The others are dropped.
    ~Background() {
        {
            const std::lock_guard hold(lock_);
            ending_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    /// Input: a task that does not throw. Output: false if too many tasks wait; then it is not run.
    [[nodiscard]] bool add(std::function<void()> task) {
        {
            const std::lock_guard hold(lock_);
            if (waiting_.size() >= most_) return false;
            waiting_.push_back(std::move(task));
        }
        changed_.notify_one();
        return true;
    }

private:
    void run() {
        for (;;) {
            std::function<void()> task;
            {
                std::unique_lock hold(lock_);
                changed_.wait(hold, [this] { return ending_ || !waiting_.empty(); });
                if (ending_) return;
                task = std::move(waiting_.front());
                waiting_.pop_front();
            }
            task();
        }
    }

    const std::size_t most_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace writ::serve
