// The views of the console. It asks for what is new every two seconds while somebody looks.
import { ask, capital, code, el, mark, moment, pairs, recent, sentence, shown, span, table, told } from "./dom.js";
import { explanationOf } from "./explanation.js";
import { reportOf } from "./report.js";

const kEvery = 2000;  // milliseconds
const kPage = 50;
const byId = (id) => document.getElementById(id);

let view = { name: "decisions", id: "" };
let limit = kPage;
let paused = false;
let asked = 0;  // the number of the last question about decisions: a late answer to an earlier one is not shown

function tell(message) {
  const place = byId("problem");
  if (place.textContent !== (message ?? "")) place.textContent = message ?? "";
  place.hidden = !message;
}

/** Shows what work() resolves to at a place, or why it fails. */
async function fill(place, work) {
  const turn = (place.turn = (place.turn ?? 0) + 1);
  place.setAttribute("aria-busy", "true");
  let content;
  try {
    content = await work();
  } catch (error) {
    content = el("p", { class: "notice" }, error.message);
  }
  if (place.turn !== turn) return;
  place.removeAttribute("aria-busy");
  place.replaceChildren(...[content].flat(Infinity).filter((each) => each));
}

// ---- the live policy -----------------------------------------------------------------------------

let active = "", shownState = "";

/** Draws only what has changed, so that a selected text stays selected. */
function showPolicy(state) {
  if (JSON.stringify(state) === shownState) return;
  shownState = JSON.stringify(state);
  const policy = state.policy;
  active = policy.digest;
  const counts = state.decisions;
  byId("policy").replaceChildren(
    pairs([
      ["Policy", policy.digest ? mark(policy.fresh ? "fresh" : "stale") : mark("stale", "None is active")],
      ["Digest", policy.digest ? el("code", { title: policy.digest }, policy.digest.slice(0, 12)) : told("")],
      ["Serial", policy.serial],
      ["Permitted", String(counts.permit)],
      ["Needed approval", String(counts.needs_approval)],
      ["Denied", String(counts.deny)],
      ["Running since", moment(new Date(state.started * 1000).toISOString())],
      ["Version", state.version],
    ]),
    policy.problem ? el("p", { class: "notice" }, sentence(policy.problem)) : "");
}

// ---- decisions -----------------------------------------------------------------------------------

const kColumns = ["Record", "Time", "Decision", "Agent", "Tool", "Resource", "Tenant", "Reason"];

function rowOf(each, fresh) {
  const cells = [
    el("a", { href: `#decision/${each.seq}`, "aria-label": `Decision ${each.seq}` }, String(each.seq)), recent(each.time), mark(each.effect), told(each.agent),
    told(each.tool), told(each.resource), told(each.tenant), told(each.reason)];
  return el("tr", { class: fresh ? "new" : null, "data-seq": String(each.seq) },
    cells.map((cell, i) => el("td", { "data-label": kColumns[i] }, cell)));
}

/** Keeps the rows that are there, so that the focus stays where it is. */
function showRows(rows) {
  const body = byId("decisions");
  const old = new Map([...body.children].map((row) => [row.dataset.seq, row]));
  const next = rows.map((each) => old.get(String(each.seq)) ?? rowOf(each, old.size > 0));
  const kept = new Set(next);
  for (const row of [...body.children]) if (!kept.has(row)) row.remove();
  next.forEach((row, i) => {
    if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
  });
}

function suggest(list, values) {
  const place = byId(list);
  const known = new Set([...place.children].map((each) => each.value));
  for (const value of values) if (value && !known.has(value) && known.add(value)) place.append(el("option", { value }));
}

function filters() {
  return Object.fromEntries([...new FormData(byId("filters"))].filter(([, value]) => value !== ""));
}

async function showDecisions() {
  const chosen = filters();
  const turn = ++asked;
  const { columns, rows } = await ask(`/console/decisions?${new URLSearchParams({ ...chosen, limit: String(limit) })}`);
  if (turn !== asked) return;
  const all = rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  showRows(all);
  suggest("agents", all.map((each) => each.agent));
  suggest("tools", all.map((each) => each.tool));
  byId("no-decisions").hidden = all.length > 0;
  byId("no-decisions").textContent = Object.keys(chosen).length ? "No decision matches these filters." : "Nothing has been decided yet.";
  byId("more").hidden = all.length < limit || limit >= 500;
  if (!paused) byId("live").textContent = `Live · ${new Date().toISOString().slice(11, 19)} UTC`;
}

function filtersToAddress() {
  history.replaceState(null, "", `#decisions${Object.keys(filters()).length ? `?${new URLSearchParams(filters())}` : ""}`);
}

// ---- one decision --------------------------------------------------------------------------------

function grantOf(decision) {
  const grant = decision.grant;
  if (!grant) return null;
  return el("section", {}, el("h2", {}, "What was granted"), pairs([
    ["Scopes", grant.scopes.map((each, i) => [i ? ", " : "", code(each)])],
    ["Audience", grant.audience.map((each, i) => [i ? ", " : "", code(each)])],
    ["For", span(grant.ttl) + (grant.single_use ? ", once" : "")],
    grant.obligations.length ? ["Obligations", grant.obligations.map((each, i) => [i ? ", " : "", code(`${each.name} ${JSON.stringify(each.args)}`)])] : null,
  ].filter((each) => each)));
}

function notesOn(record) {
  const notes = [];
  if (record.mode === "shadow") notes.push("A candidate decided this. It was not enforced.");
  if (record.overruled) notes.push("The ledger denied this, whatever the policy decided.");
  if (record.repeats !== null) notes.push(`This repeats decision ${record.repeats}, and grants no more.`);
  if (record.bundles.length && record.bundles[0] !== active) notes.push("An earlier version of the policy decided this. It is explained with that version.");
  if (record.masked.length) notes.push(`Masked in the record: ${record.masked.join(", ")}`);
  return notes.map((each) => el("p", { class: "notice quiet" }, each));
}

async function decisionOf(id) {
  const { why, record } = await ask(`/console/decision?${new URLSearchParams({ id })}`);
  const decision = record.decision;
  byId("decision-title").replaceChildren(`Decision ${record.sequence} `, mark(decision.effect));
  document.title = `Decision ${record.sequence} – Writ console`;
  const explained = el("div", { id: "explanation" });
  void fill(explained, async () => {
    const explanation = await ask(`/console/explanation?id=${record.sequence}`);
    const now = explanation.decision.effect;
    return [
      now === decision.effect ? null
        : el("p", { class: "notice" }, "Decided again, this request gets ", mark(now), ", because of what the ledger knows, or what has been revoked or used since."),
      ...explanationOf(explanation)];
  });
  return [
    ...notesOn(record),
    el("div", { class: "columns" },
      el("div", {}, grantOf(decision), explained),
      el("div", {},
        el("section", {}, el("h2", {}, "Who, what and for whom"), pairs(why.rows.map(([question, answer]) => [capital(question), told(answer)]))),
        el("section", {}, el("h2", {}, "The request"),
          record.request === null ? el("p", { class: "hint" }, "The record has only its digest.") : [
            el("p", {}, el("a", { href: `#agents/${record.sequence}` }, "What else may this agent call?")),
            el("details", {}, el("summary", {}, "The document, as recorded"), el("pre", { tabindex: "0" }, JSON.stringify(record.request, null, 2)))]))),
  ];
}

// ---- approvals -----------------------------------------------------------------------------------

let shownApprovals = "";

/** Draws only what has changed, so that the focus stays where it is. */
async function showApprovals() {
  const { approvals } = await ask("/console/approvals");
  if (JSON.stringify(approvals) === shownApprovals) return;
  shownApprovals = JSON.stringify(approvals);
  byId("approvals").replaceChildren(approvalsOf(approvals));
}

function approvalsOf(approvals) {
  const groups = new Map();
  for (const each of approvals) {
    const key = each.binding_digest ?? `record ${each.record}`;
    if (groups.has(key)) groups.get(key).asked += 1;
    else groups.set(key, { ...each, asked: 1 });
  }
  if (groups.size === 0) return el("p", { class: "empty" }, "Nothing has waited for an approval in the last day.");
  return table("Requests that wait for an approval", ["Record", "Last asked (UTC)", { name: "Asked", number: true }, "Agent", "Tool", "Resource", "For", "Needs", "Approval counts until"],
    [...groups.values()].map((each) => [
      el("a", { href: `#decision/${each.record}`, "aria-label": `Decision ${each.record}` }, String(each.record)), recent(each.time), `${each.asked} ×`, told(each.agent), told(each.tool),
      told(each.resource), told(each.user ?? each.tenant),
      each.requirements.map((one, i) => [i ? "; " : "", `${one.needed - one.counted} from `, one.groups.map((group, k) => [k ? " or " : "", el("bdi", {}, group)])]),
      each.requirements.length ? moment(each.requirements.map((one) => one.expires).sort()[0]) : told("")]));
}

// ---- agents --------------------------------------------------------------------------------------

function toolTable(result) {
  const rank = { always: 0, if_approved: 1, never: 2 };
  const items = [...result.items].sort((a, b) => rank[a.answer] - rank[b.answer]);
  if (items.length === 0) return el("p", { class: "empty" }, "The policy has no tools.");
  return table("Tools of the policy, and whether the request would be permitted", ["Tool", "Answer", "Scopes", "Why"], items.map((each) => [
      told(each.name), mark(each.answer), each.scopes.length ? each.scopes.map((scope, i) => [i ? ", " : "", code(scope)]) : told(""),
      [...new Set((each.reasons ?? []).map((reason) => reason.code))].map((reason, i) => [i ? ", " : "", el("bdi", {}, reason)])
        .concat(each.wants_facts ? [el("span", { class: "hint" }, " · more facts could change this")] : [],
          each.refused?.message ? [el("span", { class: "hint" }, each.refused.message)] : [])]));
}

async function toolsOf(id) {
  const query = new URLSearchParams({ id });
  const [result, { record }] = await Promise.all([ask(`/console/tools?${query}`), ask(`/console/decision?${query}`)]);
  const who = record.decision.attribution;
  return [
    el("h2", {}, "Tools for ", told(who.agent, "an agent without id")),
    el("p", { class: "hint" }, "With the request of ", el("a", { href: `#decision/${record.sequence}` }, `decision ${record.sequence}`), ": run ", told(who.run),
      ", user ", told(who.user), ", tenant ", told(who.tenant), ", as of ", moment(record.decision.now), " UTC."),
    toolTable(result)];
}

// ---- views ---------------------------------------------------------------------------------------

/** Reads `#decision/12` and `#decisions?effect=deny`. */
function addressed() {
  const [path, query] = location.hash.slice(1).split("?");
  const [name, id] = path.split("/");
  let decoded = id ?? "";
  try {
    decoded = decodeURIComponent(decoded);
  } catch {
    // shown as it is, and then not found
  }
  const known = document.querySelector(`[data-view="${CSS.escape(name)}"]`) !== null;
  return { name: known ? name : "decisions", id: decoded, query: new URLSearchParams(query ?? "") };
}

const kShow = {
  decisions: ({ query }) => {
    for (const input of byId("filters").elements) if (input.name) input.value = query.get(input.name) ?? "";
    return refresh();
  },
  decision: ({ id }) => {
    byId("decision-title").replaceChildren(`Decision ${shown(id)}`);
    return fill(byId("decision"), () => decisionOf(id));
  },
  approvals: () => refresh(),
  agents: ({ id }) => {
    if (!id) return;
    byId("from-record").elements.id.value = id;
    return fill(byId("found"), () => toolsOf(id));
  },
  report: () => fill(byId("report"), async () => reportOf(await ask(`/console/report?${new URLSearchParams({ since: byId("since").value })}`))),
};

function go(focus) {
  const there = addressed();
  view = there;
  for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== there.name;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.hash === `#${there.name}` || (there.name === "decision" && link.hash === "#decisions");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = byId(`${there.name}-title`);
  document.title = `${title.textContent} – Writ console`;
  if (focus) {
    title.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  void kShow[there.name](there);
}

async function refresh() {
  try {
    showPolicy(await ask("/v1/status"));
    if (view.name === "decisions") await showDecisions();
    if (view.name === "approvals") await showApprovals();
    tell(null);
  } catch (error) {
    tell(error.message);
    byId("live").textContent = "Not live";
  }
}

/** One question at a time, and none while nobody looks. */
async function follow() {
  if (!paused && !document.hidden) await refresh();
  setTimeout(follow, kEvery);
}

async function begin() {
  byId("skip").addEventListener("click", () => byId(`${view.name}-title`).focus());
  byId("open").addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#decision/${encodeURIComponent(event.target.elements.id.value.trim())}`;
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("input", () => {
    limit = kPage;
    filtersToAddress();
    void refresh();
  });
  byId("clear").addEventListener("click", () => {
    byId("filters").reset();
    byId("filters").dispatchEvent(new Event("input"));
  });
  byId("pause").addEventListener("click", () => {
    paused = !paused;
    byId("pause").setAttribute("aria-pressed", String(paused));
    byId("live").textContent = paused ? "Paused" : "Live";
    if (!paused) void refresh();
  });
  byId("more").addEventListener("click", () => {
    limit = Math.min(500, limit + 150);
    void refresh();
  });
  byId("from-record").addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = `#agents/${encodeURIComponent(event.target.elements.id.value.trim())}`;
    if (location.hash === wanted) go(false);
    else location.hash = wanted;
  });
  byId("from-text").addEventListener("submit", (event) => {
    event.preventDefault();
    void fill(byId("found"), async () => {
      // The document is sent as it was written: the service reads it more strictly than a browser.
      const written = event.target.elements.request.value;
      return [el("h2", {}, "Tools for your request"), toolTable(await ask("/console/search", `{"open":"tool","request":${written}}`))];
    });
  });
  byId("since").addEventListener("change", () => go(false));
  window.addEventListener("hashchange", () => go(true));
  view = { name: "", id: "" };
  await refresh();  // what is active, before anything is compared with it
  go(false);
  setTimeout(follow, kEvery);
}

void begin();
