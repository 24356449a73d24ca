import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { limitOf } from "./check.ts";
import { openLoader } from "./loader.ts";
import type { Loader } from "./loader.ts";
import { figure } from "./measure.ts";
import type { Figure } from "./measure.ts";
import { atLeast, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

/** Who is calling; null for nobody. */
type Who = (headers: IncomingHttpHeaders) => string | null;

interface Candidate {
  readonly port: number;
  readonly header: string;
  readonly close: () => Promise<void>;
}

/** The machine's own moods last longer than this, so neighbours share them; and there is time for many turns. */
const STRETCH = 0.3;
const TURNS_A_ROUND = 5;

const FRAMEWORKS: Readonly<Record<string, (who: Who) => Promise<Pick<Candidate, "port" | "close">>>> = {
  "node:http": async (who) => {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const userId = who(request.headers);
      const body = JSON.stringify({ userId });
      response.writeHead(userId === null ? 401 : 200, { "content-type": "application/json", "content-length": body.length }).end(body);
    });
    await new Promise<void>((ready) => void server.listen(0, "127.0.0.1", ready));
    const close = (): Promise<void> =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
    return { port: (server.address() as AddressInfo).port, close };
  },
  "Fastify 5": async (who) => {
    const app = fastify({ forceCloseConnections: true });
    app.get("/me", async (request, reply) => {
      const userId = who(request.headers);
      if (userId === null) void reply.code(401);
      return { userId };
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: (app.server.address() as AddressInfo).port, close: async () => app.close() };
  },
};

function checks(world: World): Readonly<Record<string, readonly [header: string, who: Who]>> {
  const byHand = limitOf(world);
  const ours: Who = ({ cookie, authorization }) => {
    const verdict = world.auth.check({ cookie, authorization });
    return "then" in verdict || !verdict.ok || !("userId" in verdict.principal) ? null : verdict.principal.userId;
  };
  const cookie = `Cookie: ${world.cookie}`;
  const token = `Authorization: ${world.authorization}`;
  return {
    // The bare server gets the same header: reading it is not what a check costs.
    bareCookie: [cookie, () => "42"],
    handCookie: [cookie, (headers) => byHand.cookie(headers.cookie)],
    ourCookie: [cookie, ours],
    bareToken: [token, () => "42"],
    handToken: [token, (headers) => byHand.token(headers.authorization)],
    ourToken: [token, ours],
  };
}

/** The cost of a check in a server under load, beside the bare server and the check by hand, in turns. */
export async function servers({ rounds, seconds, less }: Extent): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const world = await openWorld();
  const loader = openLoader();
  for (const [framework, start] of Object.entries(FRAMEWORKS)) {
    const candidates = new Map<string, Candidate>();
    for (const [name, [header, who]] of Object.entries(checks(world))) candidates.set(name, { header, ...(await start(who)) });
    const rates = await inTurns(candidates, loader, { turns: Math.ceil((rounds * TURNS_A_ROUND) / less), warmUp: seconds });
    for (const { close } of candidates.values()) await close();
    rows.push(...rowsOf(framework, rates));
  }
  loader.close();
  await world.close();
  return rows;
}

/** Turn by turn: what it is compared with was measured beside it. */
interface Rate {
  /** Answers a second. */
  readonly answers: number[];
  /** CPU time of this process for each answer, in µs. */
  readonly cpu: number[];
}

async function inTurns(
  candidates: ReadonlyMap<string, Candidate>,
  loader: Loader,
  { turns, warmUp }: { readonly turns: number; readonly warmUp: number },
): Promise<ReadonlyMap<string, Rate>> {
  const rates = new Map<string, Rate>([...candidates.keys()].map((name) => [name, { answers: [], cpu: [] }]));
  for (const { port, header } of candidates.values()) await loader.load({ port, header, seconds: warmUp });
  // There and back again: whoever comes later in a turn comes earlier in the next.
  const there = [...candidates];
  const back = there.toReversed();
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, { port, header }] of turn % 2 === 0 ? there : back) {
      const before = process.cpuUsage();
      const { answers, seconds } = await loader.load({ port, header, seconds: STRETCH });
      const { user, system } = process.cpuUsage(before);
      rates.get(name)?.answers.push(answers / seconds);
      rates.get(name)?.cpu.push((user + system) / answers);
    }
  }
  return rates;
}

function rowsOf(framework: string, rates: ReadonlyMap<string, Rate>): readonly Row[] {
  const rate = (name: string): Rate => rates.get(name) as Rate;
  // A server that is as busy as it can be answers as often as its CPU time allows; unlike the count, that time is nobody else's.
  const ratio = (of: string, to: string): Figure => figure(rate(to).cpu.map((it, turn) => it / (rate(of).cpu[turn] as number)));
  const rows = (["Cookie", "Token"] as const).flatMap((carrier): readonly Row[] => {
    const [bare, hand, ours] = [`bare${carrier}`, `hand${carrier}`, `our${carrier}`];
    const what = `${framework}, ${carrier.toLowerCase()}`;
    return [
      atLeast(`${what}: ours / by hand`, ratio(ours, hand).median, 0.95),
      told(`${what}: ours / bare server`, ratio(ours, bare).median),
      told(`${what}: by hand / bare server`, ratio(hand, bare).median),
      told(
        `${what}: CPU time added to the bare server`,
        figure(rate(ours).cpu.map((it, turn) => it - (rate(bare).cpu[turn] as number))).median,
        " µs",
      ),
      told(`${what}: spread of ours / by hand over the rounds`, ratio(ours, hand).spread * 100, " %"),
    ];
  });
  return [told(`${framework}, bare`, figure(rate("bareCookie").answers).median, " answers/s"), ...rows];
}
