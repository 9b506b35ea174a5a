// Elements and values. A value always becomes a text node, so markup in it stays text. Characters that hide or reorder
// text are shown by their numbers.

const kHidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const kSvg = "http://www.w3.org/2000/svg";

/** Text as it can be shown. */
export function shown(value) {
  return String(value).replace(kHidden, (hidden) => `\\u{${hidden.codePointAt(0).toString(16)}}`);
}

/** An element with attributes and children: nodes, values, or lists of them; null is left out. */
export function el(name, attributes = {}, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== null && value !== false) out.setAttribute(key, value === true ? "" : shown(value));
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== "") out.append(child instanceof Node ? child : shown(child));
  return out;
}

/** A text that strangers chose: it cannot change the direction of what is around it. */
export function told(value, missing = "–") {
  return value === null || value === undefined || value === "" ? el("span", { class: "none" }, missing) : el("bdi", {}, value);
}

export function code(value) {
  return el("code", {}, value);
}

/** A small drawing beside a word, for people who do not see colours; it says nothing that the word does not. */
function icon(path) {
  const out = document.createElementNS(kSvg, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true", focusable: "false" }))
    out.setAttribute(key, value);
  const line = document.createElementNS(kSvg, "path");
  line.setAttribute("d", path);
  out.append(line);
  return out;
}

const kCheck = "M3 8.5 6.5 12 13 4.5", kCross = "M4 4 12 12 M12 4 4 12", kClock = "M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0-12.4 M8 4.6V8l2.4 1.6",
  kQuestion = "M5.4 5.6a2.6 2.6 0 1 1 3.9 2.3c-.9.5-1.3 1-1.3 1.9 M8 12.6v.2";

const kMarks = {
  permit: ["permit", kCheck, "Permit"],
  needs_approval: ["wait", kClock, "Needs approval"],
  deny: ["deny", kCross, "Deny"],
  always: ["permit", kCheck, "Always"],
  if_approved: ["wait", kClock, "If approved"],
  never: ["deny", kCross, "Never"],
  true: ["plain", kCheck, "True"],  // no colour: what is true may as well deny
  false: ["plain", kCross, "False"],
  unknown: ["wait", kQuestion, "Unknown"],
  fresh: ["permit", kCheck, "Fresh"],
  stale: ["deny", kCross, "Not fresh"],
};

/** A word with its colour and its shape: an effect, an answer of a search, a truth. */
export function mark(word, label = null) {
  const [kind, path, text] = kMarks[String(word).replace(" ", "_")] ?? ["wait", kQuestion, word];
  return el("span", { class: `mark ${kind}` }, icon(path), label ?? text);
}

/** `2026-09-21T14:14:20.123456Z` as `2026-09-21 14:14:20`. */
export function moment(instant) {
  const text = String(instant);
  return el("time", { datetime: text, title: text }, text.slice(0, 10), " ", el("b", {}, text.slice(11, 19)));
}

/** The same without its day, if that is today. */
export function recent(instant) {
  const out = moment(instant);
  if (String(instant).slice(0, 10) === new Date().toISOString().slice(0, 10)) out.firstChild.remove();
  return out;
}

/** 5400 as `1h 30m`. */
export function span(seconds) {
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]) {
    if (seconds >= size) parts.push(`${Math.floor(seconds / size)}${unit}`);
    seconds %= size;
  }
  return parts.join(" ") || "0s";
}

/** A table that becomes cards on a narrow screen. Columns: names, a number's as {name, number: true}. */
export function table(caption, columns, rows) {
  const all = columns.map((each) => (typeof each === "string" ? { name: each } : each));
  return el("div", { class: "sheet" },
    el("table", { class: "cards" },
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, all.map((each) => el("th", { scope: "col", class: each.number ? "number" : null }, each.name)))),
      el("tbody", {}, rows.map((row) =>
        el("tr", {}, row.map((cell, i) => el("td", { "data-label": all[i].name, class: all[i].number ? "number" : null }, el("div", {}, cell))))))));
}

/** A list of names and values. */
export function pairs(entries) {
  return el("dl", { class: "pairs" }, entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** Asks the service. Throws an Error with what it says. */
export async function ask(path, body = null) {
  const options = { cache: "no-store", credentials: "omit", headers: { Accept: "application/json" } };
  if (body !== null) Object.assign(options, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The service does not answer.");
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(sentence([data.error ?? `the service answers ${answer.status}`, data.where ? ` (${data.where})` : ""].join("")));
  return data;
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Words of a message as a sentence. */
export function sentence(text) {
  return capital(text) + (/[.!?]$/.test(text) ? "" : ".");
}
