// JSON for parts of a decision, for documents that contain such parts. For a whole decision: to_json().
#pragma once

#include <vector>

#include "base/json_writer.h"
#include "writ/bundle.h"
#include "writ/decision.h"

namespace writ::vm {

/// A rule as in docs/decision-format.md; null if there is no such rule. Inline, because the compiler's library links
/// only what include/writ exports.
inline void write_rule(json::Writer& to, const Layers& layers, std::uint32_t layer, std::uint32_t index) {
    if (layer >= layers.bundles().size() || index >= layers.bundles()[layer].rule_count()) return to.raw("null");
    const RuleInfo rule = layers.bundles()[layer].rule(index);
    to.open('{');
    to.key("layer"), to.number(layer);
    to.next_key("kind"), to.text(rule.kind);
    to.next_key("module"), to.text(rule.module);
    to.next_key("name"), to.text(rule.name);
    to.next_key("file"), to.text(rule.file);
    to.next_key("line"), to.number(rule.line);
    to.next_text("because", rule.because);
    to.close('}');
}

void write_reasons(json::Writer& to, const std::vector<Reason>& reasons, const Layers& layers);

}  // namespace writ::vm
