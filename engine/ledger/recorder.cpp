// Recorder: decides and records before it answers.
#include <fmt/format.h>

#include "base/access.h"
#include "base/json_reader.h"
#include "ledger/checkpoint.h"
#include "ledger/hash.h"
#include "ledger/keyed.h"
#include "ledger/mask.h"
#include "ledger/repetition.h"
#include "ledger/surroundings.h"
#include "os/clock.h"
#include "writ/errors.h"
#include "writ/ledger.h"

namespace writ::ledger {

namespace {

// Reasons of base/reasons.def that only the ledger gives.
constexpr std::string_view kUnavailable = "audit_unavailable";
constexpr std::string_view kConflict = "idempotency_conflict";
constexpr std::string_view kUsed = "approval_used";

}  // namespace

struct Recorder::Impl {
    Ledger& ledger;
    RecordOptions options;
    Mask mask;
    Request request;
    Evaluator evaluator;

    Decision decision;    ///< the answer
    Record record;        ///< the same, as recorded
    json::Reader reader;  ///< for documents that were decided elsewhere
    std::string text;     ///< the document as recorded
    std::string bytes;    ///< the record
    Hash key{}, ask{}, digest{};
    CountedApprovals approvals;
    Record earlier;  ///< the earlier record under the key; views into earlier_bytes
    std::string earlier_bytes;
    Error refusal;  ///< why the document is not a request; the decision views it

    Impl(Ledger& to, const Layers& layers, RecordOptions how, Mask masking)
        : ledger(to), options(std::move(how)), mask(std::move(masking)), request(layers), evaluator(layers) {}

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
    }

    /// Fills in the parts of the record that come from the document. Requires: `decision` is set.
    void surround(std::string_view given, const json::Node& document, const Layers& layers) {
        record.decision = decision;
        approvals = counted_approvals(document, decision, ledger.keyed());
        record.uses.assign(approvals.used.begin(), approvals.used.end());
        read_surroundings(document, layers, record);
        if (!record.around.idempotency_key.empty()) {
            key = key_of(decision.attribution, record.around.idempotency_key, ledger.keyed());
            ask = ask_of(document, ledger.keyed());
            record.around.key = bytes_of(key);
            record.around.ask = bytes_of(ask);
        }
        describe_rules(record, layers);
        mask.write(given, document, layers, text);
        record.request = text;
        mask.hide(record);
        if (!options.whole_request) {
            digest = sha256({record.request});
            record.request = {};
            record.request_digest = bytes_of(digest);
        }
    }

    /// If the document is not a request, only its digest is recorded, because its content is unknown.
    void surround_refused(std::string_view given, Error why, const Layers& layers) {
        refusal = std::move(why);
        deny(decision, refusal.code, refusal.context);
        record.decision = decision;
        describe_rules(record, layers);
        digest = mask.digest(given);
        record.request_digest = bytes_of(digest);
    }

    Result<Appended> append() {
        bytes.clear();
        encode(record, bytes);
        return ledger.append(bytes, approvals.unused);
    }

    /// Records a deny instead of the decision, without spending keys or names.
    Result<Appended> append_denied(std::string_view code) {
        deny(decision, code);
        deny(record.decision, code);
        record.rules.clear();
        record.overruled = true;
        record.uses.clear();
        approvals = {};
        record.around.key = record.around.ask = {};
        return append();
    }

    /// Makes the answer after the record is prepared.
    Answer finish(std::optional<Error> why) {
        Answer answer{decision, std::nullopt, std::nullopt, std::move(why)};
        const bool conditional = !record.around.key.empty() || !record.uses.empty() || !approvals.unused.empty();
        if (options.durability == Durability::BestEffort && !conditional) {
            bytes.clear();
            encode(record, bytes);
            ledger.offer(bytes);
            return answer;
        }
        auto appended = append();
        if (appended && appended->outcome == Appended::Outcome::Conflict) appended = append_denied(kConflict);
        if (appended && appended->outcome == Appended::Outcome::Repeated) {
            const std::uint64_t before = appended->sequence;
            appended = repeat(before);
            if (appended) answer.earlier.emplace(Earlier{before, earlier});
        }
        if (appended && appended->outcome == Appended::Outcome::Used) appended = append_denied(kUsed);
        if (appended) {
            answer.sequence = appended->sequence;
        } else {
            deny(decision, kUnavailable);
            answer.earlier.reset();
            answer.error = std::move(appended.error());
        }
        return answer;
    }

    /// Records the answer to a key for which record `before` was granted: the current grant,
    /// without what was not granted then.
    Result<Appended> repeat(std::uint64_t before) {
        auto read = ledger.read(before);
        if (!read) return tl::unexpected(std::move(read.error()));
        earlier_bytes = std::move(*read);
        if (auto done = decode(earlier_bytes, earlier); !done) return tl::unexpected(std::move(done.error()));
        record.repeats = before;
        if (decision.effect != Effect::Permit) return append();
        const Meeting meeting = meet(earlier.decision, record.decision);
        if (!meeting.nothing.empty()) return append_denied(meeting.nothing);
        narrow(decision.grant, meeting);
        narrow(record.decision.grant, meeting);
        return append();
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
    return Recorder(std::make_unique<Impl>(ledger, layers, std::move(options), std::move(*mask)));
}

Result<Recorder> Recorder::make(Ledger& ledger, RecordOptions options) {
    return make(ledger, Layers(std::vector<Bundle>{}), std::move(options));
}

void Recorder::revoke(std::shared_ptr<const Revocations> revocations) {
    impl_->evaluator.revoke(std::move(revocations));
}

Answer Recorder::decide(std::string_view request, std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    auto parsed = self.request.parse(request);
    self.evaluator.evaluate(self.request, self.decision);
    const Layers& layers = self.request.layers();
    if (parsed) {
        self.surround(request, *Access::document(self.request), layers);
        return self.finish({});
    }
    self.surround_refused(request, std::move(parsed.error()), layers);
    return self.finish(self.refusal);
}

Answer Recorder::record(std::string_view request, const Decision& decision, const Layers& layers,
                        std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    self.decision = decision;
    const auto document = self.reader.read(request);
    if (!document) return refuse(request, document.error(), traceparent);
    if (auto known = self.mask.check(layers); !known) {
        deny(self.decision, kUnavailable);
        return {self.decision, std::nullopt, std::nullopt, std::move(known.error())};
    }
    self.surround(request, **document, layers);
    return self.finish({});
}

Answer Recorder::refuse(std::string_view request, const Error& why, std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    self.decision.clear();
    self.surround_refused(request, why, Layers(std::vector<Bundle>{}));
    return self.finish(self.refusal);
}

bool Recorder::shadow(std::string_view request, const Decision& decision, const Layers& layers,
                      std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    self.decision = decision;
    const auto document = self.reader.read(request);
    if (!document || !self.mask.check(layers)) return false;
    self.surround(request, **document, layers);
    self.record.shadow = true;
    self.record.around.key = self.record.around.ask = {};
    self.record.uses.clear();
    self.bytes.clear();
    encode(self.record, self.bytes);
    return self.ledger.offer(self.bytes);
}

}  // namespace writ::ledger
