// The rows of Writ and of the fair floors in the race; see docs/performance.md. Before anything is timed, the answers
// of every row are compared with the expected ones, and the floors' documents with Writ's. usage: bench_evaluate
// WORKLOAD FOLDER... [--benchmark_…] (WORKLOAD: filled by run.sh; FOLDER: in it)
#include <chrono>
#include <deque>
#include <memory>

#include <benchmark/benchmark.h>

#include "by_hand.h"
#include "fair_micro.h"
#include "fair_neutral.h"
#include "fair_refund.h"
#include "rows.h"
#include "text_in.h"
#include "workload.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

namespace {

using bench::ByHand;
using bench::Decider;
using bench::Lines;
using Expected = std::vector<bool>;

template <class T>
T valid(writ::Result<T> result, const bench::fs::path& path) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s: %s\n", path.c_str(), result.error().message.c_str());
    std::exit(3);
}

/// A bundle and request documents for it. Outlives the benchmarks.
struct Load {
    Load(writ::Bundle of, const bench::fs::path& folder)
        : bundle(std::move(of)), json(folder / "requests.writ.jsonl") {}
    writ::Bundle bundle;
    Lines json;
};

// ---- Writ ---------------------------------------------------------------------------------------

/// Binds requests before they are decided, one block at a time.
class Bound {
public:
    explicit Bound(const Load& load) : load_(load), decider_(load.bundle) {
        for (std::size_t i = 0; i < bench::kBlock; ++i) block_.emplace_back(load.bundle);
    }
    void prepare(std::size_t from, std::size_t count) {
        from_ = from;
        for (std::size_t i = 0; i < count; ++i)
            if (!block_[i].parse(load_.json[from + i])) std::abort();
    }
    bool operator()(std::size_t i) { return decider_.permits(block_[i - from_]); }

private:
    const Load& load_;
    Decider decider_;
    std::vector<writ::Request> block_;
    std::size_t from_ = 0;
};

/// The same, decided with one call.
class Batch {
public:
    explicit Batch(const Load& load) : load_(load), evaluator_(load.bundle), decisions_(bench::kBlock) {
        for (std::size_t i = 0; i < bench::kBlock; ++i) block_.emplace_back(load.bundle);
    }
    void prepare(std::size_t from, std::size_t count) {
        from_ = from;
        count_ = count;
        for (std::size_t i = 0; i < count; ++i)
            if (!block_[i].parse(load_.json[from + i])) std::abort();
    }
    void decide_block() {
        evaluator_.evaluate_batch(std::span(block_).first(count_), std::span(decisions_).first(count_));
    }
    bool operator()(std::size_t i) const { return decisions_[i - from_].effect == writ::Effect::Permit; }

private:
    const Load& load_;
    writ::Evaluator evaluator_;
    std::vector<writ::Request> block_;
    std::vector<writ::Decision> decisions_;
    std::size_t from_ = 0, count_ = 0;
};

/// Adds Writ's rows for a workload.
void add_writ(const std::string& name, const Load& load, const Expected& expected) {
    bench::add_row(name + "/writ_bound", expected, [&load] { return Bound(load); });
    bench::add_row(name + "/writ_batch", expected, [&load] { return Batch(load); });
    const auto json = [&load] {
        return [&load, decider = std::make_shared<Decider>(load.bundle)](std::size_t i) {
            return decider->permits(load.json[i]);
        };
    };
    bench::add_row(name + "/writ_json", expected, json);
    bench::add_row(name + "/writ_json_to_json", expected, [&load] {
        return [&load, decider = std::make_shared<Decider>(load.bundle)](std::size_t i) {
            const bool permits = decider->permits(load.json[i]);
            benchmark::DoNotOptimize(decider->document());
            return permits;
        };
    });
}

/// Reading a bundle from memory and from a file: digest and verification.
void add_load(const std::string& name, const bench::fs::path& path) {
    benchmark::RegisterBenchmark((name + "/writ_load").c_str(), [path](benchmark::State& state) {
        const std::string bytes = bench::slurp(path);
        for (auto _ : state) benchmark::DoNotOptimize(valid(writ::Bundle::load(std::as_bytes(std::span(bytes))), path));
    });
    benchmark::RegisterBenchmark((name + "/writ_open").c_str(), [path](benchmark::State& state) {
        for (auto _ : state) benchmark::DoNotOptimize(valid(writ::Bundle::open(path), path));
    });
}

// ---- the floors ---------------------------------------------------------------------------------

/// Reads requests before they are decided, one block at a time. Facts view the memory of the parser that read them.
template <class Floor>
class BoundByHand {
public:
    BoundByHand(const Floor& floor, const Lines& json)
        : floor_(floor), json_(json), decider_(floor), block_(bench::kBlock) {}
    void prepare(std::size_t from, std::size_t count) {
        from_ = from;
        for (std::size_t i = 0; i < count; ++i)
            if (!floor_.read(block_[i].parser, json_[from + i], block_[i].facts)) std::abort();
    }
    bool operator()(std::size_t i) { return decider_.permits(block_[i - from_].facts); }

private:
    struct Read {
        bench::fair::Parser parser;
        typename Floor::Facts facts;
    };
    const Floor& floor_;
    const Lines& json_;
    ByHand<Floor> decider_;
    std::vector<Read> block_;
    std::size_t from_ = 0;
};

/// Adds the rows of a floor that start from documents, after comparing its documents with Writ's.
template <class Floor>
void add_floor(const std::string& name, const Floor& floor, const Load& load, const Expected& expected) {
    bench::verify_documents(name, floor, load.bundle, load.json);
    bench::verify_blocks(load.json[0]);
    bench::add_row(name + "/fair_bound", expected, [&] { return BoundByHand<Floor>(floor, load.json); });
    bench::add_row(name + "/fair_json", expected, [&] {
        return [&load, decider = std::make_shared<ByHand<Floor>>(floor)](std::size_t i) {
            return decider->permits(load.json[i]);
        };
    });
    bench::add_row(name + "/fair_json_to_json", expected, [&] {
        return [&load, decider = std::make_shared<ByHand<Floor>>(floor)](std::size_t i) {
            const bool permits = decider->permits(load.json[i]);
            benchmark::DoNotOptimize(decider->document());
            return permits;
        };
    });
}

/// Adds the row with text in. `make()` returns a function that states request i and returns the facts.
template <class Floor, class Make>
void add_floor_text(const std::string& name, const Floor& floor, const Load& load, const Expected& expected,
                    Make make) {
    ByHand<Floor> by_hand(floor);
    Decider decider(load.bundle);
    auto stated = make();
    for (std::size_t i = 0; i < load.json.size(); ++i) {
        const std::string_view writ = decider.document(load.json[i]), made = by_hand.document(stated(i));
        if (writ != made) bench::differ(name + ", text in", load.json[i], writ, made);
    }
    bench::add_row(name + "/fair_text", expected, [&floor, make] {
        return [stated = make(), decider = std::make_shared<ByHand<Floor>>(floor)](std::size_t i) {
            return decider->permits(stated(i));
        };
    });
}

/// The neutral workload in its own form.
struct Neutral {
    explicit Neutral(const bench::fs::path& folder) : facts(text_facts(Lines(folder / "requests.jsonl"), texts)) {}
    std::vector<std::string> texts;
    std::vector<bench::TextFacts> facts;
};

void add_neutral_floor(const std::string& name, const Neutral& of, const bench::fair::Neutral& floor, const Load& load,
                       const Expected& expected) {
    add_floor(name, floor, load, expected);
    add_floor_text(name, floor, load, expected, [&of, &floor] {
        return [&of, &floor, facts = std::make_shared<bench::fair::NeutralFacts>()](std::size_t i) -> const auto& {
            if (!floor.state(of.facts[i], *facts)) std::abort();
            return *facts;
        };
    });
}

void add_neutral_text(const std::string& name, const Neutral& of, const Load& load, const Expected& expected) {
    const auto text = [&of, &load] {
        return [&of, decider = std::make_shared<Decider>(load.bundle),
                in = std::make_shared<bench::NeutralText>(load.bundle)](std::size_t i) {
            return decider->permits(in->state(of.facts[i]));
        };
    };
    bench::add_row(name + "/writ_text", expected, text);
    // Two threads compared with one, using one bundle.
    if (name == "1000") bench::add_row(name + "/writ_text_threads", expected, text, 2);
}

/// The twelve-condition case in its own form.
struct Micro {
    Micro(const bench::fs::path& folder, const Load& load)
        : facts(micro_facts(Lines(folder / "requests.jsonl"), texts)),
          json(bench::micro_json(load.json)),
          floor(load.bundle) {}
    std::vector<std::string> texts;
    std::vector<bench::MicroFacts> facts;
    std::vector<bench::MicroJson> json;
    bench::fair::Micro floor;
};

void add_micro(const std::string& name, const Micro& of, const Load& load, const Expected& expected) {
    struct Room {
        bench::fair::Parser claims, chain;
        bench::fair::MicroFacts facts;
    };
    add_floor(name, of.floor, load, expected);
    add_floor_text(name, of.floor, load, expected, [&of] {
        return [&of, room = std::make_shared<Room>()](std::size_t i) -> const auto& {
            if (!of.floor.state(room->claims, room->chain, of.facts[i], of.json[i], room->facts)) std::abort();
            return room->facts;
        };
    });
    bench::add_row(name + "/writ_text", expected, [&of, &load] {
        return [&of, decider = std::make_shared<Decider>(load.bundle),
                in = std::make_shared<bench::MicroText>(load.bundle)](std::size_t i) {
            return decider->permits(in->state(of.facts[i], of.json[i]));
        };
    });
}

// ---- the workloads ------------------------------------------------------------------------------

/// A policy whose step bound may be above the default limit: that of the mixed workload, some rules of which have a
/// window and a quantifier, or that of the template, each row of which has a set of tools.
writ::Workspace unlimited(const bench::fs::path& folder) {
    writ::CompileOptions options;
    options.max_steps = UINT64_MAX;
    writ::Workspace workspace(valid(writ::read_sources({folder.string()}), folder), options);
    if (workspace.bundle()) return workspace;
    std::fprintf(stderr, "%s: %s\n", folder.c_str(), workspace.diagnostics().items.front().message.c_str());
    std::exit(3);
}

/// Compares complete decisions with the reference evaluator's, for as many requests as the time allows.
void verify_mixed(const bench::fs::path& folder, const Load& load) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    const writ::Workspace workspace = unlimited(folder);
    Decider decider(load.bundle);
    std::size_t done = 0;
    for (; done < load.json.size() && (done < 20 || std::chrono::steady_clock::now() < until); ++done) {
        if (decider.document(load.json[done]) == valid(workspace.reference(load.json[done]), folder)) continue;
        std::fprintf(stderr, "%s: request %zu is not decided as by the reference\n", folder.c_str(), done);
        std::exit(1);
    }
    std::fprintf(stderr, "%s: %zu decisions equal the reference's, byte for byte\n", folder.c_str(), done);
}

Expected own_answers(const Load& load) {
    Decider decider(load.bundle);
    Expected answers;
    for (std::size_t i = 0; i < load.json.size(); ++i) answers.push_back(decider.permits(load.json[i]));
    return answers;
}

void add_workload(const bench::fs::path& root, const std::string& name) {
    // The benchmarks run after this function returns.
    static std::deque<Load> loads;
    static std::deque<Neutral> neutral;
    static std::deque<bench::fair::Neutral> neutral_floors;
    static std::deque<Micro> micro;
    static std::deque<bench::fair::Refund> refund;
    const bench::fs::path folder = root / name;
    const bool mixed = name.starts_with("mixed/"), derived = name.ends_with("/template");
    const bool sealed = !mixed && !derived;
    if (sealed) add_load(name, folder / "policy.bundle");
    const Load& of = loads.emplace_back(
        sealed ? valid(writ::Bundle::open(folder / "policy.bundle"), folder) : *unlimited(folder).bundle(), folder);
    if (mixed) {
        verify_mixed(folder, of);
        add_writ(name, of, own_answers(of));
        return;
    }
    const bench::fs::path own = derived ? folder.parent_path() : folder;
    const Expected expected = bench::expected_answers(own);
    if (name == "micro") {
        add_micro(name, micro.emplace_back(own, of), of, expected);
    } else if (name.starts_with("refund/")) {
        add_floor(name, refund.emplace_back(of.bundle), of, expected);
    } else {
        const Neutral& facts = neutral.emplace_back(own);
        if (!derived) {
            const auto& floor = neutral_floors.emplace_back(own, of.bundle, facts.facts);
            add_neutral_floor(name, facts, floor, of, expected);
        }
        add_neutral_text(name, facts, of, expected);
    }
    add_writ(name, of, expected);
    std::fprintf(stderr, "%s: all %zu requests of every row are decided as expected\n", name.c_str(), expected.size());
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (argc < 3) return 2;
    for (int i = 2; i < argc; ++i) add_workload(argv[1], argv[i]);
    benchmark::RunSpecifiedBenchmarks();
}
