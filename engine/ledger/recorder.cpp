// Recorder: decide, record, and only then answer.
#include "base/json.h"
#include "base/json_reader.h"
#include "base/request_errors.h"
#include "ledger/checkpoint.h"
#include "ledger/errors.h"
#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/mask.h"
#include "ledger/surroundings.h"
#include "writ/ledger.h"

namespace writ::ledger {

namespace {

// Reasons of base/reasons.def that only a ledger can have.
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

    Decision decision;  ///< what is answered
    Record record;      ///< the same as it is recorded
    json::Reader reader;  ///< of documents that were decided elsewhere
    json::Value tree;   ///< the document as it is recorded, where it is needed as a tree
    std::string text;   ///< the document as it is recorded
    std::string bytes;  ///< the record; or an earlier one, which `record` is then read from
    std::string key;
    Hash ask{}, digest{};
    std::vector<std::string> uses;
    Error refusal;      ///< why the document is none; the decision views it

    Impl(Ledger& to, const Layers& layers, RecordOptions how, Mask masking)
        : ledger(to), options(std::move(how)), mask(std::move(masking)), request(layers), evaluator(layers) {}

    void deny(std::string_view code, std::string_view detail = {}) {
        decision.effect = Effect::Deny;
        decision.grant.clear();
        decision.clear_requirements();
        decision.binding_digest.clear();
        decision.reasons.clear();
        Reason& reason = decision.reasons.emplace_back();
        reason.code = code;
        reason.detail = detail;
    }

    void begin(std::string_view traceparent) {
        record.kind = RecordKind::Decision;
        record.time = now_micros();
        record.shadow = record.overruled = false;
        record.around = {};
        const Trace trace = read_traceparent(traceparent);
        record.around.trace_id = trace.trace_id;
        record.around.span_id = trace.span_id;
        record.uses.clear();
        record.masked.clear();
        record.request = record.request_digest = {};
        uses.clear();
        key.clear();
    }

    /// Fills in all of the record that comes from the document. Requires: `decision` is made.
    void surround(std::string_view given, const json::Node& document, const Layers& layers) {
        record.decision = decision;
        uses = used_approvals(document, decision);
        record.uses.assign(uses.begin(), uses.end());
        read_surroundings(document, layers, record);
        const bool keyed = !record.around.idempotency_key.empty();
        if (keyed || !mask.empty())
            if (auto read = json::parse(given)) tree = std::move(*read);
        if (!mask.empty()) {
            mask.hide(tree);
            text = json::write(tree);
            record.request = text;
            mask.hide(record);
        } else {
            json::squeeze(given, text);
            record.request = text;
        }
        // Keys and digests are those of what is recorded: they are looked up by it.
        if (keyed) {
            const Attribution& who = record.decision.attribution;
            key = scoped_key(who.tenant, who.agent, record.around.idempotency_key);
            ask = ask_of(tree);
            record.around.ask = bytes_of(ask);
        }
        if (!options.whole_request) {
            digest = sha256({record.request});
            record.request = {};
            record.request_digest = bytes_of(digest);
        }
        describe_rules(record, layers);
    }

    /// Of what is no request there is a digest alone: nobody knows what is in it.
    void surround_refused(std::string_view given, Error why, const Layers& layers) {
        refusal = std::move(why);
        deny(refusal.code, refusal.context);
        record.decision = decision;
        describe_rules(record, layers);
        digest = mask.digest(given);
        record.request_digest = bytes_of(digest);
    }

    void write_down() {
        bytes.clear();
        encode(record, bytes);
    }

    Result<Appended> append() {
        write_down();
        Conditions conditions;
        conditions.key = key;
        conditions.ask = ask;
        conditions.uses.assign(record.uses.begin(), record.uses.end());
        return ledger.append(bytes, conditions);
    }

    /// A deny in place of what could not stand, recorded without taking a key or using anything up.
    Result<Appended> append_denied(std::string_view code) {
        deny(code);
        const Attribution recorded = record.decision.attribution;
        record.decision = decision;
        record.decision.attribution = recorded;
        record.rules.clear();
        record.overruled = true;
        key.clear();
        record.uses.clear();
        record.around.ask = {};
        return append();
    }

    /// The answer, now that the record is ready.
    Answer finish(std::optional<Error> why) {
        Answer answer{decision, std::nullopt, false, std::move(why)};
        const bool conditional = !key.empty() || !record.uses.empty();
        if (options.durability == Durability::BestEffort && !conditional) {
            write_down();
            ledger.offer(bytes);
            return answer;
        }
        auto appended = append();
        if (appended && appended->outcome == Appended::Outcome::Conflict) appended = append_denied(kConflict);
        if (appended && appended->outcome == Appended::Outcome::Used) appended = append_denied(kUsed);
        if (appended && appended->outcome == Appended::Outcome::Repeated) {
            if (auto repeated = recall(appended->sequence); !repeated) appended = tl::unexpected(std::move(repeated.error()));
            answer.repeated = appended.has_value();
        }
        if (appended) {
            answer.sequence = appended->sequence;
        } else {
            deny(kUnavailable);
            answer.error = std::move(appended.error());
        }
        return answer;
    }

    /// Makes the decision that of an earlier record.
    Result<void> recall(std::uint64_t sequence) {
        auto earlier = ledger.read(sequence);
        if (!earlier) return tl::unexpected(std::move(earlier.error()));
        bytes = std::move(*earlier);
        if (auto read = decode(bytes, record); !read) return read;
        decision = record.decision;
        return {};
    }
};

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() = default;
Recorder::Recorder(Recorder&&) noexcept = default;
Recorder& Recorder::operator=(Recorder&&) noexcept = default;

Result<Recorder> Recorder::make(Ledger& ledger, Layers layers, RecordOptions options) {
    auto mask = Mask::make(options.mask, options.mask_key);
    if (!mask) return tl::unexpected(std::move(mask.error()));
    return Recorder(std::make_unique<Impl>(ledger, layers, std::move(options), std::move(*mask)));
}

Result<Recorder> Recorder::make(Ledger& ledger, RecordOptions options) {
    return make(ledger, Layers(std::vector<Bundle>{}), std::move(options));
}

void Recorder::revoke(std::shared_ptr<const Revocations> revocations) { impl_->evaluator.revoke(std::move(revocations)); }

Answer Recorder::decide(std::string_view request, std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    auto parsed = self.request.parse(request);
    self.evaluator.evaluate(self.request, self.decision);
    const Layers& layers = self.request.layers();
    if (parsed) {
        self.surround(request, *self.request.document(), layers);
        return self.finish({});
    }
    self.surround_refused(request, std::move(parsed.error()), layers);
    return self.finish(self.refusal);
}

Answer Recorder::record(std::string_view request, const Decision& decision, const Layers& layers, std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    self.decision = decision;
    const auto document = self.reader.read(request);
    if (!document) return refuse(request, document.error(), traceparent);
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

bool Recorder::shadow(std::string_view request, const Decision& decision, const Layers& layers, std::string_view traceparent) {
    Impl& self = *impl_;
    self.begin(traceparent);
    self.decision = decision;
    const auto document = self.reader.read(request);
    if (!document) return false;
    self.surround(request, **document, layers);
    self.record.shadow = true;
    self.record.around.ask = {};
    self.record.uses.clear();
    self.write_down();
    return self.ledger.offer(self.bytes);
}

}  // namespace writ::ledger
