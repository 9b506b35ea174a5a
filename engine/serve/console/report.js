// The ledger's report: metrics as tiles, counts as bars, and every table.
import { capital, code, el, mark, shown, table, told } from "./dom.js";

/** The column whose counts are drawn as bars, by table. */
const kBars = { effects: "decisions", denials: "denials", credentials: "decisions", policies: "decisions", shadow: "decisions", shared_identities: "decisions" };

const isNumber = (value) => typeof value === "number";
const spoken = (name) => capital(name.replaceAll("_", " "));
/** A remark, with the names in backticks as code. */
const remark = (text) => el("p", { class: "hint" }, capital(text).split("`").map((part, i) => (i % 2 ? code(part) : part)));

function tiles(metrics) {
  return el("div", { class: "tiles" }, metrics.rows.map(([name, value, counts]) =>
    el("div", { class: "tile" },
      el("h3", {}, capital(String(name).replace(/^\d+\. /, ""))),
      el("p", { class: "value" }, told(value, "no data")),
      remark(counts))));
}

function bar(value, most) {
  const out = el("span", { class: "bar-part", "aria-hidden": "true" });
  out.style.inlineSize = `${most > 0 ? Math.max(1, (100 * value) / most) : 0}%`;
  return out;
}

function cellOf(of, name, value, most) {
  if (name === kBars[of.name] && isNumber(value)) return el("span", { class: "bar-cell" }, el("b", {}, String(value)), el("span", { class: "bar-room" }, bar(value, most)));
  if (name === "effect" || name === "candidate") return mark(value);
  if (name === "bundle" && value) return el("code", { title: shown(value) }, String(value).slice(0, 12));
  return told(value);
}

function tableOf(of) {
  if (of.rows.length === 0) return el("p", { class: "hint" }, "None.");
  const drawn = of.columns.indexOf(kBars[of.name]);
  const most = drawn < 0 ? 0 : Math.max(...of.rows.map((row) => row[drawn]));
  const columns = of.columns.map((name, i) => ({ name: spoken(name), number: i !== drawn && of.rows.every((row) => isNumber(row[i]) || row[i] === null) }));
  return table(of.title, columns, of.rows.map((row) => row.map((value, i) => cellOf(of, of.columns[i], value, most))));
}

export function reportOf({ tables }) {
  return tables.map((each) => el("section", {},
    el("h2", {}, each.title),
    each.note ? remark(each.note) : null,
    each.name === "metrics" ? tiles(each) : tableOf(each)));
}
