// What a service with the package does, on whatever runs it: plain modules and nothing of any runtime. The test that starts it judges what it tells.
import { createVerifier } from "@coatcheck/verifier";

/** @param {{ issuer: string, client: { id: string, secret: string }, token: string, fetch?: typeof fetch }} given */
export async function tell({ issuer, client, token, ...more }) {
  const verifier = createVerifier({ issuer, client, ...more });
  await verifier.ready();
  const headers = { authorization: `Bearer ${token}` };

  const first = verifier.check(headers);
  const isLater = first instanceof Promise;
  const known = await first;
  const second = verifier.check(headers);
  const isAtOnce = !(second instanceof Promise);

  const now = await verifier.check(headers, { freshness: "now" });
  const forged = await verifier.check({ authorization: `Bearer ${token.slice(0, -40)}${"A".repeat(40)}` });
  const absent = await verifier.check({ authorization: null });
  const entered = await verifier.guard({ user: {} })(headers);
  const kept = await verifier.guard({ user: { roles: ["admin"] } })(headers);
  const scoped = await verifier.guard({ client: { scopes: ["x"] } })(headers);

  const ended = await fetch(`${issuer}/auth/sessions`, { method: "DELETE", headers });
  const since = performance.now();
  let last = await verifier.check(headers);
  while (last.ok && performance.now() - since < 20_000) {
    await new Promise((go) => setTimeout(go, 10));
    last = await verifier.check(headers);
  }

  verifier.close();
  const by = (/** @type {any} */ it) => (it.ok ? it.freshness.by : it.reason);
  return {
    isLater,
    isAtOnce,
    verdicts: [known, second, now, forged, absent].map(by),
    user: known.ok && known.principal.kind === "user" && typeof known.principal.userId === "string",
    guards: [entered, kept, scoped].map((it) => (it.ok ? "in" : it.code)),
    ended: [ended.status, by(last)],
  };
}
