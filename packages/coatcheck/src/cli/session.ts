import type { Command } from "commander";
import { ConfigError } from "../core/errors.ts";
import { parseSid } from "../core/ids.ts";
import type { Sid, UserId } from "../core/ids.ts";
import type { SessionRecord } from "../core/session.ts";
import { sessionView } from "../http/views.ts";
import { administer, administration, noun } from "./command.ts";
import type { Flags } from "./command.ts";
import type { Desk } from "./desk.ts";
import { Failure } from "./failure.ts";
import { table, when } from "./output.ts";
import type { Report } from "./output.ts";
import { findUser, readCount } from "./values.ts";

const BY = { ip: "", why: "ended_by_administrator" } as const;

export function sessionCommand(): Command {
  return noun("session", "Lists and ends logins.", [listCommand(), endCommand()]);
}

interface ListFlags extends Flags {
  readonly user?: string;
  readonly limit: string;
}

function listCommand(): Command {
  return administration("list", "Lists who is logged in, latest activity first.", "coatcheck session list --user ada@example.com")
    .option("--user <user>", "only the sessions of this one: an address or an id")
    .option("--limit <number>", "how many at most", "1000")
    .action(async (flags: ListFlags) => {
      const most = readCount("--limit", flags.limit);
      await administer(flags, (desk) => listSessions(desk, flags.user, most));
    });
}

async function listSessions(desk: Desk, user: string | undefined, most: number): Promise<Report> {
  const all = user === undefined ? await desk.sessions.recent(most + 1) : await desk.sessions.list(await ownerOf(desk, user));
  const sessions = all.slice(0, most);
  const names = await namesOf(desk, sessions);
  const rows = table(sessions, {
    SID: ({ sid }) => sid,
    USER: ({ userId }) => names.get(userId) ?? userId,
    CARRIER: ({ carrier }) => carrier,
    DEVICE: ({ device }) => device.label,
    ADDRESS: ({ device }) => device.ip,
    STARTED: ({ createdAt }) => when(createdAt),
    "LAST SEEN": ({ lastSeenAt }) => when(lastSeenAt),
    "ENDS AT THE LATEST": ({ expiresAt }) => when(expiresAt),
  });
  const more = all.length > most ? `\nThere are more: these are the latest ${most}; --limit shows others.` : "";
  return {
    json: { sessions: sessions.map((session) => ({ ...sessionView(session), userId: session.userId })), more: all.length > most },
    text: sessions.length === 0 ? "Nobody is logged in." : rows + more,
  };
}

interface EndFlags extends Flags {
  readonly user?: string;
  readonly everybody?: true;
}

function endCommand(): Command {
  return administration(
    "end",
    "Ends one login, every login of a user, or everybody's: everywhere, at the next request.",
    "coatcheck session end X3b0SxZ1Qm2cR8a5tYk9Ew",
    "coatcheck session end --user ada@example.com",
    "coatcheck session end --everybody",
  )
    .argument("[sid]", "the session, as session list shows it")
    .option("--user <user>", "every session of this one: an address or an id")
    .option("--everybody", "every session that there is, and the tokens of clients: after a backup was put back, or a break-in")
    .action(async (sid: string | undefined, flags: EndFlags) => {
      await administer(flags, endingOf(sid, flags));
    });
}

/** @throws ConfigError unless it is said once what to end. */
function endingOf(sid: string | undefined, { user, everybody }: EndFlags): (desk: Desk) => Promise<Report> {
  if ([sid, user, everybody].filter((it) => it !== undefined).length !== 1)
    throw new ConfigError("which session? Give one sid, --user with an address or an id for all of theirs, or --everybody");
  if (everybody !== undefined) return endEverybody;
  if (user !== undefined) return (desk) => endAll(desk, user);
  const one = readSid(sid as string);
  return (desk) => endOne(desk, one);
}

async function endEverybody({ sessions }: Desk): Promise<Report> {
  await sessions.endEverybody(BY);
  return { json: { everybody: true }, text: "Ended every session. Everybody signs in again." };
}

/** What is no sid may be a credential in its place: it is not repeated. @throws ConfigError */
function readSid(typed: string): Sid {
  const sid = parseSid(typed);
  if (sid === null) throw new ConfigError("that is no sid, which has 22 characters: coatcheck session list shows them");
  return sid;
}

async function endOne({ sessions }: Desk, sid: Sid): Promise<Report> {
  const session = await sessions.find(sid);
  const { ended } = session === null ? { ended: 0 } : await sessions.end({ sid, userId: session.userId }, BY);
  if (ended === 0) throw new Failure(`no session ${sid} lives: coatcheck session list shows those that do`);
  return { json: { ended }, text: `Ended the session ${sid}.` };
}

async function endAll(desk: Desk, typed: string): Promise<Report> {
  const userId = await ownerOf(desk, typed);
  const { ended } = await desk.sessions.endAll(userId, null, BY);
  return { json: { ended }, text: `Ended ${ended === 1 ? "1 session" : `${ended} sessions`} of ${typed}.` };
}

/** Whose sessions: a built-in account's, or those of an application's own user, of whom only the id is known here. @throws Failure if there is neither. */
async function ownerOf(desk: Desk, typed: string): Promise<UserId> {
  const id = typed as UserId;
  const theirs = typed.includes("@") ? [] : await desk.sessions.list(id);
  return theirs.length > 0 ? id : (await findUser(desk, typed)).id;
}

/** The addresses of those who have an account here. */
async function namesOf({ store }: Desk, sessions: readonly SessionRecord[]): Promise<ReadonlyMap<UserId, string>> {
  const names = new Map<UserId, string>();
  for (const id of new Set(sessions.map(({ userId }) => userId))) {
    const found = await store.users.byId(id);
    if (found !== null) names.set(id, found.user.email);
  }
  return names;
}
