// The rows of Writ and of the lower bounds in the race; see docs/performance.md. The answers of every row are compared
// with the expected ones before anything is timed.
// usage: bench_evaluate WORKLOAD FOLDER... [--benchmark_…] (WORKLOAD: filled by run.sh; FOLDER: in it)
#include <chrono>
#include <deque>
#include <memory>

#include <benchmark/benchmark.h>

#include "floor.h"
#include "rows.h"
#include "text_in.h"
#include "workload.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

namespace {

using bench::Lines;
using Expected = std::vector<bool>;

template <class T>
T valid(writ::Result<T> result, const bench::fs::path& path) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s: %s\n", path.c_str(), result.error().message.c_str());
    std::exit(3);
}

writ::Bundle load(const bench::fs::path& path) {
    const std::string bytes = bench::slurp(path);
    return valid(writ::Bundle::load(std::as_bytes(std::span(bytes))), path);
}

/// A bundle and request documents for it. Outlives the benchmarks.
struct Load {
    Load(writ::Bundle of, const bench::fs::path& requests) : bundle(std::move(of)), json(requests) {}
    writ::Bundle bundle;
    Lines json;
};

/// The objects that one thread needs to decide.
struct Decider {
    explicit Decider(const writ::Bundle& bundle) : evaluator(bundle), request(bundle) {}

    bool permits(const writ::Request& of) {
        evaluator.evaluate(of, decision);
        return decision.effect == writ::Effect::Permit;
    }
    bool permits(std::string_view json) {
        if (!request.parse(json)) std::abort();
        return permits(request);
    }

    writ::Evaluator evaluator;
    writ::Request request;
    writ::Decision decision;
};

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

/// Adds Writ's rows for a workload: NAME, and a function that makes the decider of each thread.
void add_writ(const std::string& name, const Load& load, const Expected& expected) {
    bench::add_row(name + "/writ_bound", expected, [&load] { return Bound(load); });
    bench::add_row(name + "/writ_json", expected, [&load] {
        return [&load, decider = std::make_shared<Decider>(load.bundle)](std::size_t i) {
            return decider->permits(load.json[i]);
        };
    });
    bench::add_row(name + "/writ_json_to_json", expected, [&load] {
        return [&load, decider = std::make_shared<Decider>(load.bundle)](std::size_t i) {
            const bool permits = decider->permits(load.json[i]);
            benchmark::DoNotOptimize(to_json(decider->decision, load.bundle, writ::View::Operator));
            return permits;
        };
    });
}

/// Opening a bundle: digest and verification.
void add_load(const std::string& name, const bench::fs::path& path) {
    benchmark::RegisterBenchmark((name + "/writ_load").c_str(), [path](benchmark::State& state) {
        const std::string bytes = bench::slurp(path);
        for (auto _ : state) benchmark::DoNotOptimize(valid(writ::Bundle::load(std::as_bytes(std::span(bytes))), path));
    });
}

/// The neutral workload in its own form.
struct Neutral {
    explicit Neutral(const bench::fs::path& folder)
        : flat(folder / "requests.jsonl"), facts(text_facts(flat, texts)), floor(folder), straight(folder) {
        floor.learn_tiers(facts);
        for (const auto& f : facts) interned.push_back(floor.intern(f));
    }
    Lines flat;
    std::vector<std::string> texts;
    std::vector<bench::TextFacts> facts;
    bench::Floor floor;
    bench::Straight straight;
    std::vector<bench::Interned> interned;
};

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

void add_neutral_floors(const std::string& name, const Neutral& of, const Load& load, const Expected& expected) {
    if (of.straight)
        bench::add_row(name + "/straight_interned", expected,
                       [&of] { return [&of](std::size_t i) { return of.straight.decide(of.interned[i]); }; });
    bench::add_row(name + "/floor_interned", expected,
                   [&of] { return [&of](std::size_t i) { return of.floor.decide(of.interned[i]); }; });
    bench::add_row(name + "/floor_text", expected,
                   [&of] { return [&of](std::size_t i) { return of.floor.decide(of.facts[i]); }; });
    const auto json = [&](const char* row, bool (bench::JsonFloor::*decide)(std::string_view), const Lines& lines) {
        bench::add_row(name + row, expected, [&of, &lines, decide] {
            return [&lines, decide, floor = std::make_shared<bench::JsonFloor>(of.floor)](std::size_t i) {
                return (*floor.*decide)(lines[i]);
            };
        });
    };
    json("/floor_flat_simdjson", &bench::JsonFloor::flat_simdjson, of.flat);
    json("/floor_flat_nlohmann", &bench::JsonFloor::flat_nlohmann, of.flat);
    json("/floor_writ_simdjson", &bench::JsonFloor::writ_simdjson, load.json);
}

/// The twelve-condition case in its own form.
struct Micro {
    Micro(const bench::fs::path& folder, const Lines& documents)
        : flat(folder / "requests.jsonl"), facts(micro_facts(flat, texts)), json(bench::micro_json(documents)) {}
    Lines flat;
    std::vector<std::string> texts;
    std::vector<bench::MicroFacts> facts;
    std::vector<bench::MicroJson> json;
};

void add_micro(const std::string& name, const Micro& of, const Load& load, const Expected& expected) {
    bench::add_row(name + "/floor_text", expected,
                   [&of] { return [&of](std::size_t i) { return bench::micro_floor(of.facts[i]); }; });
    bench::add_row(name + "/floor_writ_simdjson", expected, [&load] {
        return [&load, floor = std::make_shared<bench::MicroJsonFloor>()](std::size_t i) {
            return floor->decide(load.json[i]);
        };
    });
    bench::add_row(name + "/writ_text", expected, [&of, &load] {
        return [&of, decider = std::make_shared<Decider>(load.bundle),
                in = std::make_shared<bench::MicroText>(load.bundle)](std::size_t i) {
            return decider->permits(in->state(of.facts[i], of.json[i]));
        };
    });
}

/// Compares complete decisions with the reference evaluator's, for as many requests as the time allows.
void verify_mixed(const bench::fs::path& folder, const Load& load) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    const writ::Workspace workspace(valid(writ::read_sources({folder.string()}), folder));
    Decider decider(load.bundle);
    std::size_t done = 0;
    for (; done < load.json.size() && (done < 20 || std::chrono::steady_clock::now() < until); ++done) {
        (void)decider.permits(load.json[done]);
        const std::string decided = to_json(decider.decision, load.bundle, writ::View::Operator);
        if (decided == valid(workspace.reference(load.json[done]), folder)) continue;
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
    static std::deque<Micro> micro;
    const bench::fs::path folder = root / name, bundle = folder / "policy.bundle";
    add_load(name, bundle);
    const Load& of = loads.emplace_back(load(bundle), folder / "requests.writ.jsonl");
    if (name.starts_with("mixed/")) {
        verify_mixed(folder, of);
        add_writ(name, of, own_answers(of));
        return;
    }
    const bool derived = name.ends_with("/template");
    const bench::fs::path own = derived ? folder.parent_path() : folder;
    const Expected expected = bench::expected_answers(own);
    if (name == "micro") {
        add_micro(name, micro.emplace_back(own, of.json), of, expected);
    } else {
        const Neutral& facts = neutral.emplace_back(own);
        if (!derived) add_neutral_floors(name, facts, of, expected);
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
