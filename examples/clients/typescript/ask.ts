// Asks `writ serve` for a grant.
//
// usage: node ask.js unix:PATH|https://HOST:PORT < request.json
// WRIT_KEY is the bearer key, and WRIT_CA the file of the authority that signed the server's certificate. Ends with 1 on a deny.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { pathToFileURL } from "node:url";

export interface Grant {
  scopes: string[];
  audience: string[];
  ttl: number;
  not_after: string | null;
  single_use: boolean;
  obligations: { name: string; args: object }[];
}

const fulfilled = ["audit"]; // the obligations that this program fulfils

/** The grant. Null: a deny, and so is whatever else is not a permit that this program understands. */
export async function ask(where: string, request: object, key?: string, ca?: Buffer): Promise<Grant | null> {
  try {
    const headers = { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    const options = { method: "POST", path: "/v1/decide", headers, signal: AbortSignal.timeout(2000) };
    const sent = where.startsWith("unix:")
      ? http.request({ ...options, socketPath: where.slice("unix:".length) })
      : https.request(new URL(where), { ...options, ca });
    sent.on("error", () => {}); // also after the first byte of the answer
    sent.end(JSON.stringify(request));
    const [answer]: http.IncomingMessage[] = await once(sent, "response");
    let body = "";
    for await (const part of answer.setEncoding("utf8")) body += part;
    const decision = JSON.parse(body);
    const grant: Grant = decision.grant;
    const understood = grant.obligations.every((each) => fulfilled.includes(each.name));
    return answer.statusCode === 200 && decision.effect === "permit" && understood ? grant : null;
  } catch {
    return null; // no answer in time, a part of one, or no decision
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const ca = process.env.WRIT_CA ? readFileSync(process.env.WRIT_CA) : undefined;
  const grant = await ask(process.argv[2], JSON.parse(readFileSync(0, "utf8")), process.env.WRIT_KEY, ca);
  console.log(grant ? "permit " + JSON.stringify(grant) : "deny");
  process.exit(grant ? 0 : 1);
}
