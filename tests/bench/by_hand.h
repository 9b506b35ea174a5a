// A fair floor as a decider of the race, and the comparison of its decisions with Writ's.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "fair_read.h"
#include "writ/evaluator.h"

namespace bench {

/// What one thread needs to decide with a floor.
template <class Floor>
class ByHand {
public:
    using Facts = typename Floor::Facts;

    explicit ByHand(const Floor& floor) : floor_(floor) {}

    bool permits(const Facts& facts) {
        floor_.decide(facts, decision_);
        return decision_.effect == writ::Effect::Permit;
    }
    bool permits(std::string_view json) {
        if (!floor_.read(parser_, json, facts_)) std::abort();
        return permits(facts_);
    }
    /// The document of a request; empty if it is refused.
    std::string_view document(std::string_view json) {
        return floor_.read(parser_, json, facts_) ? document(facts_) : std::string_view();
    }
    std::string_view document(const Facts& facts) {
        floor_.decide(facts, decision_);
        return document();
    }
    /// The document of the last decision.
    std::string_view document() { return fair::write(decision_, floor_.rules(), room_); }

private:
    const Floor& floor_;
    fair::Parser parser_;
    Facts facts_;
    fair::Decision decision_;
    std::string room_;
};

/// What one thread needs to decide with Writ.
class Decider {
public:
    explicit Decider(const writ::Bundle& bundle) : layers_(bundle), evaluator_(layers_), request_(layers_) {}

    bool permits(const writ::Request& request) {
        evaluator_.evaluate(request, decision_);
        return permitted();
    }
    bool permits(std::string_view json) {
        if (!request_.parse(json)) std::abort();
        return permits(request_);
    }
    std::string_view document(std::string_view json) {
        if (!request_.parse(json)) return {};
        (void)permits(request_);
        return document();
    }
    std::string_view document() {
        to_json(decision_, layers_, writ::View::Operator, room_);
        return room_;
    }
    [[nodiscard]] bool permitted() const { return decision_.effect == writ::Effect::Permit; }

private:
    writ::Layers layers_;
    writ::Evaluator evaluator_;
    writ::Request request_;
    writ::Decision decision_;
    std::string room_;
};

/// Variants of a document: each member left out, repeated, or with another value, and text that is not JSON.
[[nodiscard]] std::vector<std::string> variants(std::string_view document);

/// How the variants of a document are decided.
struct Variety {
    std::size_t alike = 0, refused = 0, unknown = 0;  ///< unknown: refused only by the floor
};
void tell(const std::string& name, std::size_t documents, const Variety& variety);
/// Ends the program: a request is decided by Writ and by the floor with these documents.
[[noreturn]] void differ(const std::string& name, std::string_view request, std::string_view writ,
                         std::string_view floor);

/// Ends the program unless the floor writes the same documents as Writ for all requests, and for all variants of one
/// that it does not refuse. It may refuse more than Writ, and nothing that Writ refuses may pass.
template <class Floor, class Documents>
void verify_documents(const std::string& name, const Floor& floor, const writ::Bundle& bundle,
                      const Documents& documents) {
    ByHand<Floor> by_hand(floor);
    Decider decider(bundle);
    std::size_t permitted = 0;  // one request that is permitted, if there is one
    for (std::size_t i = documents.size(); i-- > 0;) {
        const std::string_view writ = decider.document(documents[i]), made = by_hand.document(documents[i]);
        if (writ.empty() || writ != made) differ(name, documents[i], writ, made);
        if (decider.permitted()) permitted = i;
    }
    Variety variety;
    for (std::string& variant : variants(documents[permitted])) {
        variant.reserve(variant.size() + kReadable);
        const std::string_view writ = decider.document(variant), made = by_hand.document(variant);
        if (!made.empty() && writ != made) differ(name, variant, writ, made);
        ++(writ.empty() ? variety.refused : made.empty() ? variety.unknown : variety.alike);
    }
    tell(name, documents.size(), variety);
}

/// Ends the program unless both kinds of blocks give the same answers for texts of a document, also if bytes change.
void verify_blocks(std::string_view document);

}  // namespace bench
