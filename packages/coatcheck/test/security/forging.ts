import { expect } from "vitest";
import { openSigningKey } from "../../src/carriers/token/keys.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import type { SigningKey } from "../../src/crypto/signing.ts";
import { createVerifier } from "../../src/verifier.ts";
import type { Verifier } from "../../src/verifier.ts";
import { signed } from "../crypto/tokens.ts";
import { ISSUER, openHouse } from "../http/support.ts";
import type { House, HouseParts, Visitor } from "../http/support.ts";
import { TEST_MASTER } from "../support/engine.ts";

export type Members = Readonly<Record<string, unknown>>;

/** A server, somebody logged in with a token, and what no attacker has: the key that signed it. With it a test shows that only the bend was refused. */
export interface Forge extends House {
  readonly key: SigningKey;
  readonly ada: Visitor;
  /** The token that the login gave. */
  readonly genuine: string;
  readonly header: Members;
  readonly claims: Members;
  /** A token with these members set (undefined leaves one out), truly signed; text is taken as it is. */
  sign(header?: Members | string, claims?: Members | string): string;
}

export async function openForge(parts: HouseParts = {}): Promise<Forge> {
  const house = await openHouse(parts);
  const ada = await house.arrive("token");
  const genuine = ada.got.json.access_token;
  const [header = {}, claims = {}] = genuine.split(".", 2).map(readPart);
  const key = await openKey(house, header["kid"] as string);
  const written = (own: Members, bend: Members | string): string => (typeof bend === "string" ? bend : JSON.stringify({ ...own, ...bend }));
  return {
    ...{ ...house, key, ada, genuine, header, claims },
    sign: (headerBend = {}, claimsBend = {}) => signed(key, written(header, headerBend), written(claims, claimsBend)),
  };
}

function readPart(part: string): Members {
  return JSON.parse(Buffer.from(part, "base64url").toString()) as Members;
}

async function openKey({ store }: House, kid: string): Promise<SigningKey> {
  const record = (await store.keys.list()).find((it) => it.kid === kid);
  if (record === undefined) throw new Error(`the store has no key ${kid}`);
  const key = openSigningKey(record, deriveSecrets([TEST_MASTER]));
  if (key === null) throw new Error("sealed under another secret");
  return key;
}

const verifiers = new WeakMap<House, Promise<Verifier>>();

/** A service without the store, which follows this server: it reads tokens by the same files, and proves signatures in another way. */
async function verifierBeside({ hire, routes, clock, audience, engine: { log } }: House): Promise<Verifier> {
  const { id, secret } = await hire({ audiences: [audience] });
  const clocks = { wall: () => clock.now(), monotonic: () => clock.now(), sinceBoot: () => null };
  const verifier = createVerifier({
    ...{ issuer: ISSUER, audience, client: { id, secret }, clock, clocks, log },
    fetch: (address, init) => routes.fetch(new Request(address, init)),
  });
  // Its clock stands still, and so would whoever waits by it.
  while (verifier.state().leaseLeft <= 0) await new Promise((resolve) => setImmediate(resolve));
  return verifier;
}

/** Whether it lets this in, by what it knows itself and by what the server says of it now. */
async function verifierAccepts(house: House, headers: { readonly authorization: string }): Promise<boolean> {
  let beside = verifiers.get(house);
  if (beside === undefined) verifiers.set(house, (beside = verifierBeside(house)));
  const verifier = await beside;
  return (await verifier.check(headers)).ok && (await verifier.check(headers, { freshness: "now" })).ok;
}

/** What the doors for a bearer token say of this one: the library's, a verifier's, and two routes. */
async function answers(house: House, token: string): Promise<readonly unknown[]> {
  const { call, routes } = house;
  // What no header can carry (NUL, U+20AC …) is shown to the doors in the program alone.
  const headers = { authorization: `Bearer ${token}` };
  const verdicts = [(await routes.check(headers)).ok, await verifierAccepts(house, headers)];
  if (!isHeaderValue(token)) return verdicts;
  const me = await call("GET", "/auth/me", { headers });
  const list = await call("GET", "/auth/sessions", { headers });
  return [...verdicts, me.status, list.status];
}

function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** Every door lets it in. */
export async function expectAccepted(house: House, token: string): Promise<void> {
  expect(await answers(house, token)).toEqual([true, true, 200, 200]);
}

/** No door lets it in, and none of them breaks. */
export async function expectRefused(house: House, token: string): Promise<void> {
  expect(await answers(house, token), printable(token)).toEqual(isHeaderValue(token) ? [false, false, 401, 401] : [false, false]);
}

/** Nor does it end anything: what is authentic but out of date may (signing out must work with any token of one's own). */
async function expectForged(house: House, token: string): Promise<void> {
  await expectRefused(house, token);
  if (!isHeaderValue(token)) return;
  const out = await house.call("POST", "/auth/sign-out", { headers: { authorization: `Bearer ${token}` } });
  expect(out.status, printable(token)).toBe(401);
  const revoked = await house.call("POST", "/oauth/revoke", { form: { token } });
  expect(revoked.status, printable(token)).toBe(token.length < 60_000 ? 200 : 413);
}

function printable(token: string): string {
  return token.length > 100 ? `${token.slice(0, 100)}… (${token.length})` : token;
}

/** Refuses all of these, and still lets the genuine one in: a test that refuses everybody proves nothing. */
export async function expectOnlyGenuine(forge: Forge, tokens: readonly string[]): Promise<void> {
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens).not.toContain(forge.genuine);
  for (const token of tokens) await expectForged(forge, token);
  await expectAccepted(forge, forge.genuine);
}
