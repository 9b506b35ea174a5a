#include "serve/worker.h"

#include <utility>

namespace writ::serve {

Worker::Worker(std::size_t most_waiting) : most_waiting_(most_waiting), thread_([this] { work(); }) {}

Worker::~Worker() {
    {
        const std::lock_guard hold(lock_);
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

bool Worker::run(std::function<void()> task) {
    {
        const std::lock_guard hold(lock_);
        if (waiting_.size() >= most_waiting_) return false;
        waiting_.push_back(std::move(task));
    }
    changed_.notify_one();
    return true;
}

void Worker::work() {
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

}  // namespace writ::serve
