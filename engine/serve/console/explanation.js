// An explanation, as docs/explain-format.md describes it, for people.
import { capital, code, el, mark, moment, pairs, span, told } from "./dom.js";

const kRoles = {
  denies: "denies", suspected: "may deny: a fact is missing", asks: "asks for an approval", permits: "permits", met: "its approvals are there",
  limits: "limits", obliges: "adds an obligation", nearest: "nearly permits", named: "did not decide",
};

function place(file, line) {
  return el("span", { class: "place" }, el("bdi", {}, `${String(file).replace(/^\.\//, "")}:${line}`));
}

function ruleName(rule) {
  return [el("span", { class: "kind" }, rule.kind), " ", el("bdi", {}, rule.name)];
}

/** What sets a bound: a rule, a fact, or a cause. */
function cause(rule, other) {
  return rule ? ruleName(rule) : told(other);
}

/** The facts that a condition read; those that its own text shows are left out. */
function facts(condition) {
  const telling = condition.facts.filter((each) => each.lack !== null || (each.value !== "stated" && !condition.text.includes(each.value)));
  if (telling.length === 0) return null;
  return el("ul", { class: "facts" }, telling.map((each) =>
    el("li", {}, code(each.path), each.lack === null ? " is " : ": ", each.lack === null ? code(each.value) : el("b", {}, each.lack))));
}

function conditions(list) {
  if (list.length === 0) return null;
  return el("ul", { class: "conditions" }, list.map((each) => {
    const parts = each.parts.filter((part) => part.truth === each.truth || each.parts.length === 1);
    return el("li", {}, mark(each.truth), el("div", {}, code(each.text), facts(each), conditions(parts)));
  }));
}

function ruleBox(each, more = null) {
  return el("article", { class: `rule ${each.role}` },
    el("h3", {}, ruleName(each.rule), " ", el("span", { class: "role" }, kRoles[each.role] ?? each.role)),
    el("p", { class: "about" }, each.rule.because ? [el("bdi", {}, each.rule.because), " · "] : null,
      each.rule.module, " · ", place(each.rule.file, each.rule.line)),
    each.row ? el("p", {}, "For ", el("bdi", {}, each.row)) : null,
    each.does ? el("p", {}, each.role === "permits" || each.role === "nearest" ? "Grants " : "", code(each.does)) : null,
    conditions(each.conditions), more);
}

function checks(list) {
  return list.map((each) => el("article", { class: "rule denies" },
    el("h3", {}, el("bdi", {}, each.code), " ", el("span", { class: "role" }, "a check of the engine")),
    el("p", {}, capital(each.what), "."),
    each.facts.length ? pairs(each.facts.map((fact) => [code(fact.path), fact.lack === null ? code(fact.value) : el("b", {}, fact.lack)])) : null,
    each.note ? el("p", {}, el("bdi", {}, capital(each.note))) : null));
}

function approvalNotes(explanation, rule) {
  const found = explanation.approvals.filter((each) => each.rule.name === rule.rule.name && each.rule.module === rule.rule.module);
  return found.map((each) => el("div", {},
    el("p", {}, `${each.counted} of ${each.needed} given, by somebody of `, each.groups.map((group, i) => [i ? " or " : "", code(group)]),
      `, within ${span(each.within)}.`),
    each.against.length ? el("p", {}, "Of the approvals in the request: ", each.against.join(", ")) : null,
    each.unstated ? el("p", {}, "No approval counts while ", code(each.unstated), " is not stated.") : null,
    each.unbound.map((one) => el("p", {}, `Approval ${one.approval} is bound to another request: ${one.differences.join("; ")}`))));
}

function changes(each) {
  if (each.changes.length === 0)
    return each.open.length ? el("p", {}, "No value can be named that would permit it: ", each.open.map((text, i) => [i ? ", " : "", code(text)])) : null;
  return el("div", { class: "changes" },
    el("p", {}, mark(each.effect), " if the request had stated"),
    el("ul", {}, each.changes.map((change) =>
      el("li", {}, code(change.path), " ", change.from === null ? "not stated" : code(JSON.stringify(change.from)), " → ", code(JSON.stringify(change.to))))));
}

function section(title, ...content) {
  return el("section", {}, el("h2", {}, title), content);
}

/** The whole explanation. */
export function explanationOf(explanation) {
  const out = [];
  const decided = [...checks(explanation.checks),
    ...explanation.rules.map((each) => ruleBox(each, each.role === "asks" || each.role === "met" ? approvalNotes(explanation, each) : null))];
  out.push(section("Why", decided.length ? decided : el("p", { class: "hint" }, "No rule applies to this request.")));
  if (explanation.nearest.length)
    out.push(section("What nearly permitted it", explanation.nearest.map((each) => {
      const all = each.holding + each.conditions.length;
      return ruleBox({ ...each, role: "nearest" }, [el("p", { class: "hint" }, `${each.holding} of ${all} conditions hold.`), changes(each)]);
    })));
  if (explanation.once_approved) {
    const then = explanation.once_approved;
    out.push(section("Once approved", then.effect === "permit"
      ? el("p", {}, mark("permit"), " ", then.scopes.map((scope, i) => [i ? ", " : "", code(scope)]), ` for ${span(then.ttl)}`)
      : el("p", {}, "Still no permit: ", then.against.join(", "))));
  }
  if (explanation.dropped.length)
    out.push(section("Not granted", pairs(explanation.dropped.map((each) => [code(each.scope ?? each.audience), cause(each.rule, each.by)]))));
  if (explanation.decision.effect === "permit" && explanation.lifetimes.length)
    out.push(section("What ends the grant",
      pairs([...explanation.lifetimes.slice(0, 4).map((each) => [span(each.seconds), cause(each.rule, each.fact)]),
        ...explanation.horizons.slice(0, 1).map((each) => [moment(each.at), ["the decision may change: ", cause(each.rule, each.fact)]])])));
  return out;
}
