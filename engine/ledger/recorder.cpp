// Recorder: decides and records before it answers.
#include <fmt/format.h>

#include "base/access.h"
#include "base/json_reader.h"
#include "base/traceparent.h"
#include "ledger/checkpoint.h"
#include "ledger/hash.h"
#include "ledger/keyed.h"
#include "ledger/mask.h"
#include "ledger/record_json.h"
#include "ledger/repetition.h"
#include "ledger/surroundings.h"
#include "ledger/writer.h"
#include "os/clock.h"
#include "writ/errors.h"
#include "writ/ledger.h"

namespace writ::ledger {

namespace {

// Reasons of base/reasons.def that only the ledger gives.
constexpr std::string_view kUnavailable = "audit_unavailable";
constexpr std::string_view kConflict = "idempotency_conflict";
constexpr std::string_view kUsed = "approval_used";

/// An answer, and the decision that it repeats.
struct Given {
    Decision decision;
    std::optional<std::uint64_t> before;  ///< the number of the earlier record under the key
    Record earlier;                       ///< that record; views into earlier_bytes
    std::string earlier_bytes;

    [[nodiscard]] std::optional<Earlier> repeated() const {
        if (!before) return std::nullopt;
        return Earlier{*before, earlier};
    }
    /// The answer if there is no record.
    void cannot_record() {
        deny(decision, kUnavailable);
        before.reset();
    }
};

/// A decision's record, which changes with the answer if the decision repeats another one, or may not be given.
class Answering : public Waiting {
public:
    using Waiting::Waiting;

    Result<bool> revise(std::string_view repeats) final {
        Record record;
        if (auto read = decode(bytes(), record); !read) return tl::unexpected(std::move(read.error()));
        Given& answer = given();
        switch (appended.outcome) {
            case Appended::Outcome::Recorded: return false;
            case Appended::Outcome::Conflict: overrule(record, answer, kConflict); break;
            case Appended::Outcome::Used: overrule(record, answer, kUsed); break;
            case Appended::Outcome::Repeated:
                answer.earlier_bytes = repeats;
                if (auto read = decode(answer.earlier_bytes, answer.earlier); !read)
                    return tl::unexpected(std::move(read.error()));
                answer.before = record.repeats = appended.sequence;
                repeat(record, answer);
        }
        std::string revised;
        encode(record, revised);
        replace(std::move(revised));
        return true;
    }

protected:
    /// The answer, to be changed.
    virtual Given& given() = 0;

private:
    /// Denies, without spending keys or names.
    void overrule(Record& record, Given& answer, std::string_view code) {
        deny(answer.decision, code);
        deny(record.decision, code);
        record.rules.clear();
        record.overruled = true;
        record.uses.clear();
        unspent.clear();
        record.around.key = record.around.ask = {};
    }
    /// The answer to a used key: the current grant, without what was not granted then.
    void repeat(Record& record, Given& answer) {
        if (answer.decision.effect != Effect::Permit) return;
        const Meeting meeting = meet(answer.earlier.decision, record.decision);
        if (!meeting.nothing.empty()) return overrule(record, answer, meeting.nothing);
        narrow(answer.decision.grant, meeting);
        narrow(record.decision.grant, meeting);
    }
};

/// For a caller who waits.
class Awaited final : public Answering {
public:
    Awaited(Viewed record, const std::vector<std::string>& not_spent, Given& answer)
        : Answering(record, not_spent), answer_(answer) {}

private:
    Given& given() override { return answer_; }
    Given& answer_;
};

/// For a caller who is told.
class Deferred final : public Answering {
public:
    Deferred(std::string record, const std::vector<std::string>& not_spent, const Decision& answer,
             const Layers& layers, std::optional<Error> why, bool needs_record, OnDecided done)
        : Answering(std::move(record), not_spent), needs_record_(needs_record), done_(std::move(done)) {
        out_.decision = DetachedDecision(answer);
        out_.layers = layers;
        out_.json = writ::to_json(answer, layers, View::Operator);
        out_.error = std::move(why);
    }

    void tell() noexcept override { done_(answer()); }

    /// The answer, with what became of the record.
    Decided answer() {
        if (!error) out_.record = appended.sequence;
        if (error && needs_record_) {
            given().cannot_record();
            out_.error = std::move(error);
        }
        if (changed_)
            return detach({changed_->decision, out_.record, changed_->repeated(), std::move(out_.error)},
                          std::move(out_.layers));
        out_.json = with_record(std::move(out_.json), out_.record, std::nullopt);
        return std::move(out_);
    }

private:
    Given& given() override {
        if (!changed_) {
            changed_ = std::make_unique<Given>();
            changed_->decision = *out_.decision;
        }
        return *changed_;
    }

    Decided out_;                     ///< the answer if it is recorded as it is; without the members of the record
    std::unique_ptr<Given> changed_;  ///< the answer otherwise
    bool needs_record_;
    OnDecided done_;
};

/// A decision that is ready to be recorded.
struct Prepared {
    const Layers& layers;
    std::optional<Error> error;  ///< why the request is refused, or why nothing can be recorded
    bool recordable = true;
};

}  // namespace

struct Recorder::Impl {
    Writer& writer;
    RecordOptions options;
    Mask mask;
    Request request;
    Evaluator evaluator;

    Given given;          ///< the answer
    Record record;        ///< the same, as recorded
    json::Reader reader;  ///< for documents that were decided elsewhere
    std::string text;     ///< the document as recorded
    std::string bytes;    ///< the record; memory to encode it
    const Layers no_layers{std::vector<Bundle>{}};
    Hash key{}, ask{}, digest{};
    CountedApprovals approvals;
    Error refusal;  ///< why the document is not a request; the decision views it

    Impl(Writer& to, const Layers& layers, RecordOptions how, Mask masking)
        : writer(to), options(std::move(how)), mask(std::move(masking)), request(layers), evaluator(layers) {}

    void begin(std::string_view traceparent) {
        record.kind = RecordKind::Decision;
        record.time = os::now_micros();
        record.shadow = record.overruled = false;
        record.repeats.reset();
        record.around = {};
        const TraceContext trace = read_traceparent(traceparent);
        record.around.trace_id = trace.trace_id;
        record.around.span_id = trace.span_id;
        record.uses.clear();
        record.masked.clear();
        record.request = record.request_digest = {};
        approvals = {};
        given.before.reset();
    }

    /// Fills in the parts of the record that come from the document. Requires: the answer is set.
    void surround(std::string_view whole, const json::Node& document, const Layers& layers) {
        const Decision& decision = given.decision;
        record.decision = decision;
        approvals = counted_approvals(document, decision, writer.keyed());
        record.uses.assign(approvals.used.begin(), approvals.used.end());
        read_surroundings(document, layers, record);
        if (!record.around.idempotency_key.empty()) {
            key = key_of(decision.attribution, record.around.idempotency_key, writer.keyed());
            ask = ask_of(document, writer.keyed());
            record.around.key = bytes_of(key);
            record.around.ask = bytes_of(ask);
        }
        describe_rules(record, layers);
        mask.write(whole, document, layers, text);
        record.request = text;
        mask.hide(record);
        if (!options.whole_request) {
            digest = sha256({record.request});
            record.request = {};
            record.request_digest = bytes_of(digest);
        }
    }

    /// If the document is not a request, only its digest is recorded, because its content is unknown.
    Prepared prepare_refused(std::string_view whole, Error why, const Layers& layers) {
        refusal = std::move(why);
        deny(given.decision, refusal.code, refusal.context);
        record.decision = given.decision;
        describe_rules(record, layers);
        digest = mask.digest(whole);
        record.request_digest = bytes_of(digest);
        return {layers, refusal};
    }

    Prepared decide(std::string_view whole, std::string_view traceparent) {
        begin(traceparent);
        auto parsed = request.parse(whole);
        evaluator.evaluate(request, given.decision);
        const Layers& layers = request.layers();
        if (!parsed) return prepare_refused(whole, std::move(parsed.error()), layers);
        surround(whole, *Access::document(request), layers);
        return {layers, {}};
    }

    Prepared refuse(std::string_view whole, const Error& why, std::string_view traceparent) {
        begin(traceparent);
        given.decision.clear();
        return prepare_refused(whole, why, no_layers);
    }

    Prepared take(std::string_view whole, const Decision& decision, const Layers& layers,
                  std::string_view traceparent) {
        begin(traceparent);
        given.decision = decision;
        const auto document = reader.read(whole);
        if (!document) return refuse(whole, document.error(), traceparent);
        if (auto known = mask.check(layers); !known) {
            given.cannot_record();
            return {layers, std::move(known.error()), false};
        }
        surround(whole, **document, layers);
        return {layers, {}};
    }

    /// The record's bytes, valid until the next call.
    const std::string& encoded() {
        bytes.clear();
        encode(record, bytes);
        return bytes;
    }
    /// Whether there must be a record, and the answer depends on what was recorded before.
    [[nodiscard]] bool needs_record() const {
        // A single use is spent by the number of its record.
        return options.durability == Durability::Required || !record.around.key.empty() || !record.uses.empty() ||
               !approvals.unused.empty() || record.decision.grant.single_use;
    }

    /// Queues a record that nobody waits for, or drops it.
    void offer() {
        auto one = std::make_unique<Waiting>(encoded());
        (void)writer.offer(one);
    }

    /// Records what is prepared, and waits for it if it must be recorded.
    Answer finish(Prepared prepared) {
        std::optional<std::uint64_t> sequence;
        if (prepared.recordable && needs_record()) {
            Awaited one(Viewed{encoded()}, approvals.unused, given);
            writer.append(one);
            if (one.error) {
                given.cannot_record();
                prepared.error = std::move(one.error);
            } else {
                sequence = one.appended.sequence;
            }
        } else if (prepared.recordable) {
            offer();
        }
        return {given.decision, sequence, given.repeated(), std::move(prepared.error)};
    }

    /// Queues what is prepared. Output: the answer, if nothing is waited for.
    std::optional<Decided> finish_async(Prepared prepared, OnDecided done) {
        const bool waits = prepared.recordable && (needs_record() || options.await_number || writer.crowded());
        if (prepared.recordable && !waits) offer();
        if (!waits) return detach({given.decision, {}, {}, std::move(prepared.error)}, prepared.layers);
        auto deferred = std::make_unique<Deferred>(encoded(), approvals.unused, given.decision, prepared.layers,
                                                   std::move(prepared.error), needs_record(), std::move(done));
        Deferred& answering = *deferred;
        std::unique_ptr<Waiting> one = std::move(deferred);
        if (auto queued = needs_record() ? writer.queue(one) : writer.offer(one); !queued) {
            answering.error = std::move(queued.error());
            return answering.answer();
        }
        return std::nullopt;
    }
};

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() = default;
Recorder::Recorder(Recorder&&) noexcept = default;
Recorder& Recorder::operator=(Recorder&&) noexcept = default;

Result<Recorder> Recorder::make(Ledger& ledger, const Layers& layers, RecordOptions options) {
    if (!options.mask_key.empty() && options.mask_key.size() != Keyed::kKeyBytes)
        return fail(Code::MalformedMask,
                    fmt::format("a masking key must have {} bytes, not {}", Keyed::kKeyBytes, options.mask_key.size()));
    auto mask = Mask::make(options.mask, options.mask_key.empty() ? ledger.keyed() : Keyed(options.mask_key),
                           options.hide_unknown);
    if (!mask) return tl::unexpected(std::move(mask.error()));
    if (auto known = mask->check(layers); !known) return tl::unexpected(std::move(known.error()));
    return Recorder(std::make_unique<Impl>(*ledger.writer_, layers, std::move(options), std::move(*mask)));
}

Result<Recorder> Recorder::make(Ledger& ledger, RecordOptions options) {
    return make(ledger, Layers(std::vector<Bundle>{}), std::move(options));
}

void Recorder::revoke(std::shared_ptr<const Revocations> revocations) {
    impl_->evaluator.revoke(std::move(revocations));
}

Answer Recorder::decide(std::string_view request, std::string_view traceparent) {
    return impl_->finish(impl_->decide(request, traceparent));
}

Answer Recorder::record(std::string_view request, const Decision& decision, const Layers& layers,
                        std::string_view traceparent) {
    return impl_->finish(impl_->take(request, decision, layers, traceparent));
}

Answer Recorder::refuse(std::string_view request, const Error& why, std::string_view traceparent) {
    return impl_->finish(impl_->refuse(request, why, traceparent));
}

std::optional<Decided> Recorder::decide_async(std::string_view request, OnDecided done, std::string_view traceparent) {
    return impl_->finish_async(impl_->decide(request, traceparent), std::move(done));
}

std::optional<Decided> Recorder::record_async(std::string_view request, const Decision& decision, const Layers& layers,
                                              OnDecided done, std::string_view traceparent) {
    return impl_->finish_async(impl_->take(request, decision, layers, traceparent), std::move(done));
}

std::optional<Decided> Recorder::refuse_async(std::string_view request, const Error& why, OnDecided done,
                                              std::string_view traceparent) {
    return impl_->finish_async(impl_->refuse(request, why, traceparent), std::move(done));
}

bool Recorder::shadow(std::string_view request, const Decision& decision, const Layers& layers,
                      std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    self.given.decision = decision;
    const auto document = self.reader.read(request);
    if (!document || !self.mask.check(layers)) return false;
    self.surround(request, **document, layers);
    self.record.shadow = true;
    self.record.around.key = self.record.around.ask = {};
    self.record.uses.clear();
    auto one = std::make_unique<Waiting>(self.encoded());
    return self.writer.offer(one).has_value();
}

Decided detach(const Answer& answer, Layers layers) {
    Decided out;
    out.decision = DetachedDecision(answer.decision);
    out.json = to_json(answer, layers, View::Operator);
    out.layers = std::move(layers);
    out.record = answer.sequence;
    if (answer.earlier) out.earlier = answer.earlier->sequence;
    out.error = answer.error;
    return out;
}

}  // namespace writ::ledger
