import { createPublicKey, verify as nodeVerify } from "node:crypto";
import type { JsonWebKey, VerifyKeyObjectInput } from "node:crypto";
import { jwtVerify } from "jose";
import { cpuTime, figure } from "./measure.ts";
import { atLeast, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { enterByToken, expectIn, openWorld } from "./world.ts";

const ALGORITHMS = [
  { alg: "ES256", goal: 0.9, digest: "sha256", options: { dsaEncoding: "ieee-p1363" } },
  { alg: "EdDSA", goal: 0.9, digest: null, options: {} },
  { alg: "RS256", goal: 0.85, digest: "sha256", options: {} },
] as const;

type Case = (typeof ALGORITHMS)[number];

/** Verifying tokens that were never seen before, beside the signature alone and beside jose, on the same tokens in turns. */
export async function verify(extent: Extent): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const row of ALGORITHMS) rows.push(...(await one(row, extent)));
  return rows;
}

async function one({ alg, goal, digest, options }: Case, { rounds, less }: Extent): Promise<readonly Row[]> {
  const world = await openWorld("memory", { alg });
  const response = await world.auth.fetch(new Request("https://id.example.com/.well-known/jwks.json"));
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { alg: string })[] };
  const jwk = keys.find((key) => key.alg === alg);
  if (jwk === undefined) throw new Error(`there is no ${alg} key`);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const verifyWith: VerifyKeyObjectInput = { key, ...options };
  // CPU time is counted in ticks of some milliseconds: a round must be much longer.
  const inRound = Math.ceil(2_000 / less);
  const taken = { ours: [] as number[], node: [] as number[], jose: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const tokens: string[] = [];
    for (let nth = 0; nth < inRound; nth++) tokens.push(await enterByToken(world.auth, "42"));
    const signed = tokens.map((header) => {
      const token = header.slice("Bearer ".length);
      const end = token.lastIndexOf(".");
      return { token, input: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), "base64url") };
    });
    const node = timed(inRound, (nth) => {
      const it = signed[nth] as (typeof signed)[number];
      if (!nodeVerify(digest, it.input, verifyWith, it.signature)) throw new Error("node:crypto refuses");
    });
    const ours = timed(inRound, (nth) => {
      const verdict = world.auth.check({ authorization: tokens[nth] });
      if ("then" in verdict) throw new Error("the check was not synchronous");
      expectIn(verdict);
    });
    // jose verifies on libuv's threads, so the whole process counts.
    const began = process.cpuUsage();
    for (const { token } of signed) await jwtVerify(token, key, { issuer: "https://id.example.com", audience: "https://id.example.com" });
    const { user, system } = process.cpuUsage(began);
    const jose = (inRound * 1e6) / (user + system);
    if (round === 0) continue;
    taken.node.push(node);
    taken.ours.push(ours);
    taken.jose.push(jose);
  }
  await world.close();
  const ratio = figure(taken.ours.map((it, round) => it / (taken.node[round] as number)));
  const name = `${alg}, a token never seen before`;
  return [
    atLeast(`${name}: ours / node:crypto alone`, ratio.median, goal),
    told(`${name}: ours`, figure(taken.ours).median, " /s"),
    told(`${name}: node:crypto alone`, figure(taken.node).median, " /s"),
    told(`${name}: jose`, figure(taken.jose).median, " /s"),
  ];
}

/** Calls in a second of CPU time. */
function timed(calls: number, call: (nth: number) => void): number {
  const began = cpuTime();
  for (let nth = 0; nth < calls; nth++) call(nth);
  return (calls * 1e6) / (cpuTime() - began);
}
