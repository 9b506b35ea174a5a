// Deciding recorded requests again: with the policies that their records name, or with others.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/access.h"
#include "base/words.h"
#include "ledger/pointer.h"
#include "ledger/repetition.h"
#include "ledger/segment.h"
#include "writ/audit.h"
#include "writ/compare.h"
#include "writ/diagnostic.h"

namespace writ::ledger {

namespace {

constexpr std::size_t kExamples = 10;

/// Layers, with what is needed to decide with them.
struct Judge {
    explicit Judge(const Layers& all) : layers(all), evaluator(all), decidable(all) {}
    Layers layers;
    Evaluator evaluator;
    Decidable decidable;
    Record record;  ///< the answer
};

std::string change_of(const Decision& was, const Decision& is, Direction direction) {
    if (was.effect != is.effect) return std::string(spoken(was.effect)) + " → " + std::string(spoken(is.effect));
    const std::string both = "wider and narrower";
    return std::string(spoken(is.effect)) + ", " +
           (direction == Direction::Other ? both : std::string(direction_name(direction)));
}

/// The first rule behind a decision, as `kind name`; if there is none, the reason's code.
std::string rule_behind(const Decision& decision, const Layers& layers) {
    for (const Reason& reason : decision.reasons)
        if (reason.layer < layers.bundles().size() && reason.rule < layers.bundles()[reason.layer].rule_count()) {
            const RuleInfo info = layers.bundles()[reason.layer].rule(reason.rule);
            return std::string(info.kind) + " " + std::string(info.name);
        }
    return decision.reasons.empty() ? std::string() : std::string(decision.reasons.front().code);
}

/// How often each change occurred, by group.
class Groups {
public:
    void add(std::string change, std::string of, std::uint64_t sequence) {
        auto [at, fresh] = groups_.try_emplace({std::move(change), std::move(of)}, Group{0, sequence});
        ++at->second.count;
    }
    InquiryTable table(std::string name, std::string title, std::string of) const {
        InquiryTable out{std::move(name), std::move(title), {"change", std::move(of), "decisions", "example"}, {}, {}};
        std::vector<std::pair<std::pair<std::string, std::string>, Group>> sorted(groups_.begin(), groups_.end());
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
        for (const auto& [key, group] : sorted)
            out.rows.push_back({key.first, key.second, static_cast<std::int64_t>(group.count),
                                static_cast<std::int64_t>(group.example)});
        return out;
    }

private:
    struct Group {
        std::uint64_t count, example;
    };
    std::map<std::pair<std::string, std::string>, Group> groups_;
};

/// The number of records, as far as it is known without reading all.
std::uint64_t count_records(const std::string& folder) {
    auto reader = Reader::open(folder);
    if (!reader || !reader->seek(UINT64_MAX)) return 0;
    return reader->sequence();
}

/// The answer's bytes, with `binding` in place of its binding digest.
std::string answer_of(Record& record, const std::string* binding) {
    if (binding != nullptr) record.decision.binding_digest = *binding;
    std::string out;
    encode_answer(record, out);
    return out;
}

}  // namespace

struct Decidable::Impl {
    FactsRead facts;
    Request request;
    std::optional<Error> refusal;
};

Decidable::Decidable(const Layers& layers) : impl_(new Impl{FactsRead(layers), Request(layers), {}}) {}
Decidable::~Decidable() = default;

const Request& Decidable::request() const {
    return impl_->request;
}
const std::optional<Error>& Decidable::refusal() const {
    return impl_->refusal;
}

Undecidable Decidable::why_not(const Record& record) {
    if (record.request.empty()) return Undecidable::NoRequest;
    if (record.overruled) return Undecidable::Overruled;
    impl_->refusal.reset();
    if (auto parsed = impl_->request.parse(record.request); !parsed) impl_->refusal = std::move(parsed.error());
    // It may be refused because a number was replaced by its digest.
    if (!record.masked.empty() &&
        (impl_->refusal || impl_->facts.reads(record.masked, *Access::document(impl_->request))))
        return Undecidable::Masked;
    return record.repeats ? Undecidable::Repeated : Undecidable::No;
}

Result<Redecided> redecide(const std::string& folder, const FindBundle& find, const ProgressTeller& progress) {
    auto reader = Reader::open(folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    const std::uint64_t all = progress ? count_records(folder) : 0;
    std::unordered_map<std::string, std::unique_ptr<Judge>> judges;  // by digests; null: a bundle is missing
    const auto judge_of = [&](const Record& record) -> Judge* {
        std::string name;
        for (const std::string_view digest : record.bundles) name += digest;
        const auto known = judges.find(name);
        if (known != judges.end()) return known->second.get();
        std::vector<Bundle> bundles;
        for (const std::string_view digest : record.bundles)
            if (auto bundle = find(digest); bundle && bundle->digest() == digest) bundles.push_back(std::move(*bundle));
        const bool whole = bundles.size() == record.bundles.size() && !bundles.empty();
        return judges.emplace(name, whole ? std::make_unique<Judge>(Layers(std::move(bundles))) : nullptr)
            .first->second.get();
    };
    // The answer to a repetition is part of an earlier grant.
    std::string earlier_bytes;
    Record earlier;
    const auto narrow_to_earlier = [&](std::uint64_t sequence, Decision& decision) -> Result<void> {
        auto before = Reader::open(folder);
        if (!before) return tl::unexpected(std::move(before.error()));
        if (auto found = before->seek(sequence); !found) return found;
        auto there = before->next();
        if (!there) return tl::unexpected(std::move(there.error()));
        earlier_bytes = *there ? before->bytes() : std::string_view{};
        if (auto read = decode(earlier_bytes, earlier); !read) return read;
        const Meeting meeting = meet(earlier.decision, decision);
        if (meeting.nothing.empty()) narrow(decision.grant, meeting);
        return {};
    };
    Redecided out;
    Record record;
    for (;;) {
        auto more = reader->next();
        if (!more) return tl::unexpected(std::move(more.error()));
        if (!*more) return out;
        if (progress && reader->sequence() % kTellEvery == 0) progress(reader->sequence(), all);
        if (auto read = decode(reader->bytes(), record); !read) return tl::unexpected(std::move(read.error()));
        if (record.kind != RecordKind::Decision) continue;
        ++out.decisions;
        if (record.request.empty()) {
            ++out.no_request;
            continue;
        }
        if (record.overruled) {
            ++out.overruled;
            continue;
        }
        Judge* judge = judge_of(record);
        if (judge == nullptr) {
            ++out.no_bundle;
            continue;
        }
        if (judge->decidable.why_not(record) == Undecidable::Masked) {
            ++out.undecided;
            continue;
        }
        bool same = !judge->decidable.refusal();
        if (same) {
            Decision& decision = judge->record.decision;
            judge->evaluator.evaluate(judge->decidable.request(), decision);
            if (record.repeats && decision.effect == Effect::Permit) {
                if (auto narrowed = narrow_to_earlier(*record.repeats, decision); !narrowed)
                    return tl::unexpected(std::move(narrowed.error()));
            }
            describe_rules(judge->record, judge->layers);
            const bool bound = !record.masked.empty() && !decision.binding_digest.empty();
            same = answer_of(judge->record, bound ? &record.decision.binding_digest : nullptr) ==
                   answer_in(reader->bytes());
        }
        if (same) {
            ++out.same;
        } else {
            ++out.differ;
            if (out.examples.size() < kExamples) out.examples.push_back(reader->sequence());
        }
    }
}

Result<Comparison> replay(const std::string& folder, const Layers& against, const ProgressTeller& progress) {
    auto reader = Reader::open(folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    const std::uint64_t all = progress ? count_records(folder) : 0;
    Judge judge(against);
    Comparison out;
    Groups by_rule, by_agent;
    Record record;
    Decision decision;
    for (;;) {
        auto more = reader->next();
        if (!more) return tl::unexpected(std::move(more.error()));
        if (!*more) break;
        if (progress && reader->sequence() % kTellEvery == 0) progress(reader->sequence(), all);
        if (auto read = decode(reader->bytes(), record); !read) return tl::unexpected(std::move(read.error()));
        if (record.kind != RecordKind::Decision || record.shadow) continue;
        switch (judge.decidable.why_not(record)) {
            case Undecidable::No: break;
            case Undecidable::NoRequest: ++out.no_request; continue;
            case Undecidable::Overruled: ++out.overruled; continue;
            case Undecidable::Repeated: ++out.repeated; continue;
            case Undecidable::Masked: ++out.undecided; continue;
        }
        ++out.decisions;
        const std::optional<Error>& refusal = judge.decidable.refusal();
        if (refusal) ++out.refused;
        judge.evaluator.evaluate(judge.decidable.request(), decision);
        const Direction direction = compare(record.decision, decision).direction();
        if (direction == Direction::Same) {
            ++out.same;
            continue;
        }
        ++(direction == Direction::Wider ? out.wider : direction == Direction::Narrower ? out.narrower : out.other);
        const std::string change = change_of(record.decision, decision, direction);
        std::string rule = refusal ? refusal->code + " " + refusal->context : rule_behind(decision, judge.layers);
        // If no new rule denies, the cause is the rule that permitted before and is now missing.
        if (!refusal && decision.effect == Effect::Deny && !decision.reasons.empty() &&
            decision.reasons.front().rule == kNoRule && !record.rules.empty())
            rule = "no longer " + std::string(record.rules.front().kind) + " " + std::string(record.rules.front().name);
        by_rule.add(change, std::move(rule), reader->sequence());
        by_agent.add(change, std::string(record.decision.attribution.agent), reader->sequence());
    }
    out.by_rule = by_rule.table("by_rule", "What would change, by rule", "rule");
    out.by_agent = by_agent.table("by_agent", "What would change, by agent", "agent");
    return out;
}

}  // namespace writ::ledger
