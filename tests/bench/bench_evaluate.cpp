// Benchmarks of evaluate(): the refund example, and the neutral workload where WRIT_WORKLOAD names a
// folder that gen_workload.py and render_workload.py have filled. Agreement with the workload's
// expected answers is checked before anything is timed.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "writ/evaluator.h"
#include "writ/tools.h"

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const fs::path& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

writ::Bundle compiled(const fs::path& path) {
    auto sources = writ::read_sources({path.string()});
    if (!sources) std::abort();
    auto bundle = writ::compile(*sources);
    if (!bundle) {
        for (const auto& d : bundle.error().items) std::fprintf(stderr, "%s: %s\n", d.code.c_str(), d.message.c_str());
        std::abort();
    }
    return *bundle;
}

/// A policy and requests for it, as text and bound.
struct Load {
    explicit Load(writ::Bundle of, std::vector<std::string> texts) : bundle(std::move(of)), json(std::move(texts)) {
        for (const std::string& text : json) {
            auto request = std::make_unique<writ::Request>(bundle);
            if (!request->parse(text)) std::abort();
            bound.push_back(std::move(request));
        }
    }
    writ::Bundle bundle;
    std::vector<std::string> json;
    std::vector<std::unique_ptr<writ::Request>> bound;
};

/// Facts already bound: rules, grant, reasons and attribution.
void evaluate_bound(benchmark::State& state, const std::shared_ptr<Load>& load) {
    writ::Evaluator evaluator(load->bundle);
    writ::Decision decision;
    std::size_t next = 0;
    for (auto _ : state) {
        evaluator.evaluate(*load->bound[next], decision);
        benchmark::DoNotOptimize(decision.effect);
        if (++next == load->bound.size()) next = 0;
    }
}

/// JSON text in, decision out.
void evaluate_json(benchmark::State& state, const std::shared_ptr<Load>& load) {
    writ::Evaluator evaluator(load->bundle);
    writ::Request request(load->bundle);
    writ::Decision decision;
    std::size_t next = 0;
    for (auto _ : state) {
        if (!request.parse(load->json[next])) std::abort();
        evaluator.evaluate(request, decision);
        benchmark::DoNotOptimize(decision.effect);
        if (++next == load->json.size()) next = 0;
    }
}

void add(const std::string& name, const std::shared_ptr<Load>& load) {
    benchmark::RegisterBenchmark((name + "/bound").c_str(), evaluate_bound, load);
    benchmark::RegisterBenchmark((name + "/json").c_str(), evaluate_json, load);
}

bool add_workload(const fs::path& folder) {
    auto load = std::make_shared<Load>(compiled(folder / "policy.writ"), lines_of(folder / "requests.writ.jsonl"));
    const auto expected = lines_of(folder / "expected.jsonl");
    writ::Evaluator evaluator(load->bundle);
    for (std::size_t i = 0; i < load->bound.size(); ++i) {
        const bool permit = evaluator.evaluate(*load->bound[i]).effect == writ::Effect::Permit;
        if (permit == (expected.at(i).find("true") != std::string::npos)) continue;
        std::fprintf(stderr, "%s: request %zu disagrees with expected.jsonl\n", folder.c_str(), i);
        return false;
    }
    std::fprintf(stderr, "%s: all %zu requests agree with expected.jsonl\n", folder.c_str(), load->bound.size());
    add("workload/" + folder.filename().string(), load);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    const fs::path refund = fs::path(WRIT_SOURCE_ROOT) / "examples" / "refund";
    for (const char* name : {"permit", "needs_approval", "deny"})
        add(std::string("refund/") + name,
            std::make_shared<Load>(compiled(refund), std::vector{slurp(refund / "requests" / (std::string(name) + ".json"))}));
    if (const char* workload = std::getenv("WRIT_WORKLOAD")) {
        for (const auto& entry : fs::directory_iterator(workload))
            if (fs::exists(entry.path() / "policy.writ") && !add_workload(entry.path())) return 1;
    }
    benchmark::RunSpecifiedBenchmarks();
}
