// A broker whose one thread never waits for the disk: it begins a decision for each request, and gives the answers as
// they come. Many records share one flush.
// Build: c++ -std=c++20 event_loop.cpp $(pkg-config --cflags --libs writ-pdp) -o event_loop
// usage: event_loop STORE CHANNEL LEDGER < requests, a JSON document a line
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iostream>
#include <mutex>
#include <string>
#include <utility>

#include <writ/decision_point.h>

namespace {

/// Hands answers from the ledger's thread to the loop's. In place of the condition, a loop that polls has an eventfd.
class Inbox {
public:
    void put(writ::Decided decided) {
        const std::lock_guard hold(lock_);
        ready_.push_back(std::move(decided));
        wake_.notify_one();
    }
    writ::Decided take() {
        std::unique_lock hold(lock_);
        wake_.wait(hold, [this] { return !ready_.empty(); });
        writ::Decided out = std::move(ready_.front());
        ready_.pop_front();
        return out;
    }

private:
    std::mutex lock_;
    std::condition_variable wake_;
    std::deque<writ::Decided> ready_;
};

void give(const writ::Decided& decided) {
    std::cout << (decided.decision->effect == writ::Effect::Permit ? "permit" : "no permit");
    if (decided.record) std::cout << ", record " << *decided.record;
    std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: event_loop STORE CHANNEL LEDGER < requests, a JSON document a line\n";
        return 2;
    }
    constexpr std::size_t kMost = 64;  // requests in progress
    Inbox inbox;                       // outlives the point, which gives what is pending when it is destroyed
    writ::DecisionPointOptions options;
    options.follow.store = argv[1];
    options.follow.channel = argv[2];
    options.ledger = argv[3];
    auto point = writ::DecisionPoint::open(options);
    if (!point) {
        std::cerr << point.error().code << ": " << point.error().message << '\n';
        return 4;
    }
    std::size_t pending = 0;
    for (std::string json; std::getline(std::cin, json);) {
        auto at_once = point->decide_async(json, [&](writ::Decided decided) { inbox.put(std::move(decided)); });
        if (at_once)
            give(*at_once);  // a deny: the queue is full
        else
            ++pending;
        for (; pending == kMost; --pending) give(inbox.take());
    }
    for (; pending > 0; --pending) give(inbox.take());
}
