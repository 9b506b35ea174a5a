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
    Layers layers;
    RecordOptions options;
    Mask mask;
    Request request;
    Evaluator evaluator;

    Decision decision;  ///< what is answered
    Record record;      ///< the same as it is recorded
    json::Reader reader;
    json::Value tree;   ///< the document as it is recorded, where it is needed as a tree
    std::string text;   ///< the document as it is recorded
    std::string bytes;  ///< the record; or an earlier one, which `record` is then read from
    std::string key;
    Hash ask{}, digest{};
    std::vector<std::string> uses;
    Error refusal;

    Impl(Ledger& to, Layers all, RecordOptions how, Mask masking)
        : ledger(to),
          layers(all),
          options(std::move(how)),
          mask(std::move(masking)),
          request(all),
          evaluator(std::move(all)) {}

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

    /// Decides, and fills in all of the record that comes from the document.
    void decide(std::string_view given, std::string_view traceparent) {
        record.kind = RecordKind::Decision;
        record.time = now_micros();
        record.shadow = options.shadow;
        record.overruled = false;
        record.around = {};
        record.uses.clear();
        record.masked.clear();
        record.request = record.request_digest = {};
        uses.clear();
        key.clear();
        const auto parsed = request.parse(given);
        evaluator.evaluate(request, decision);
        // What was admitted is JSON within the limits.
        auto read = reader.read(parsed ? given : std::string_view{});
        if (!parsed) read = tl::unexpected(parsed.error());
        if (!read) {
            refusal = std::move(read.error());
            deny(refusal.code, refusal.context);
            record.decision = decision;
            digest = mask.digest(given);
            record.request_digest = bytes_of(digest);
        } else {
            refusal = {};
            surround(given, **read);
        }
        const Trace trace = read_traceparent(traceparent);
        record.around.trace_id = trace.trace_id;
        record.around.span_id = trace.span_id;
    }

    void surround(std::string_view given, const json::Node& document) {
        record.decision = decision;
        record.request = given;
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
    }

    Result<Appended> append() {
        describe_rules(record, layers);
        bytes.clear();
        encode(record, bytes);
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
        record.overruled = true;
        key.clear();
        record.uses.clear();
        record.around.ask = {};
        return append();
    }
};

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() = default;
Recorder::Recorder(Recorder&&) noexcept = default;
Recorder& Recorder::operator=(Recorder&&) noexcept = default;

Result<Recorder> Recorder::make(Ledger& ledger, Layers layers, RecordOptions options) {
    auto mask = Mask::make(options.mask, options.mask_key);
    if (!mask) return tl::unexpected(std::move(mask.error()));
    return Recorder(std::make_unique<Impl>(ledger, std::move(layers), std::move(options), std::move(*mask)));
}

Answer Recorder::decide(std::string_view request, std::string_view traceparent) {
    Impl& self = *impl_;
    self.decide(request, traceparent);
    Answer answer{self.decision, std::nullopt, false, std::nullopt};
    if (!self.refusal.code.empty()) answer.error = self.refusal;
    const bool conditional = !self.key.empty() || !self.record.uses.empty();
    if (self.options.durability == Durability::BestEffort && !conditional) {
        describe_rules(self.record, self.layers);
        self.bytes.clear();
        encode(self.record, self.bytes);
        self.ledger.offer(self.bytes);
        return answer;
    }
    auto appended = self.append();
    if (appended && appended->outcome == Appended::Outcome::Conflict)
        appended = self.append_denied(kConflict);
    if (appended && appended->outcome == Appended::Outcome::Used) appended = self.append_denied(kUsed);
    if (appended && appended->outcome == Appended::Outcome::Repeated) {
        auto earlier = self.ledger.read(appended->sequence);
        if (earlier) {
            self.bytes = std::move(*earlier);
            if (auto read = decode(self.bytes, self.record); !read)
                earlier = tl::unexpected(std::move(read.error()));
        }
        if (earlier)
            self.decision = self.record.decision;
        else
            appended = tl::unexpected(std::move(earlier.error()));
        answer.repeated = appended.has_value();
    }
    if (appended) {
        answer.sequence = appended->sequence;
    } else {
        self.deny(kUnavailable);
        answer.error = std::move(appended.error());
    }
    return answer;
}

}  // namespace writ::ledger
