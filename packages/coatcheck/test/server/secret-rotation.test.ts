import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resealSigningKeys } from "../../src/carriers/token/key-changes.ts";
import { openSigningKey } from "../../src/carriers/token/keys.ts";
import type { Store } from "../../src/core/ports.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { masterSecrets } from "../../src/server/secrets.ts";
import { rotateSecretFile } from "../../src/server/secret-rotation.ts";
import type { RotationParts } from "../../src/server/secret-rotation.ts";
import { systemRandom } from "../../src/server/random.ts";
import { thisMachine } from "../../src/server/secret-file.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { jumpingClock, refreshed } from "../carriers/key-support.ts";
import type { JumpingClock } from "../carriers/key-support.ts";
import { closeWorlds, credential, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let folder: string;
let file: string;
let clock: JumpingClock;

const fresh = (): string => randomBytes(32).toString("base64url");
const inFile = (): string[] => readFileSync(file, "utf8").trim().split(",");
const read = (): readonly Uint8Array[] =>
  masterSecrets(
    { kind: "file", path: file },
    { issuer: "http://localhost:3000", store: "memory:", random: systemRandom, machine: thisMachine() },
  ).read();

beforeEach(() => {
  folder = realpathSync.native(mkdtempSync(join(tmpdir(), "coatcheck-rotation-")));
  file = join(folder, "secret");
  writeFileSync(file, `${fresh()}\n`, { mode: 0o600 });
  clock = jumpingClock();
});
afterEach(async () => {
  await closeWorlds();
  rmSync(folder, { recursive: true });
});

function start(masters: () => readonly Uint8Array[] = read): Promise<World> {
  return world({ store: sqlite(join(folder, "shared.db")), clock, masters });
}

function partsOn({ keys, feed }: Store): RotationParts {
  return { keys, feed, random: systemRandom, clock, alg: "ES256", audit: () => undefined };
}

/** @param feed what the log is asked on the way. */
async function rotate({ composed }: World, given: Partial<RotationParts> = {}): Promise<void> {
  await rotateSecretFile(file, read, { ...partsOn(composed.engine.store), ...given });
}

/** Everybody who is in, and a look from every process: each credential holds, and each refresh token yields the next. */
async function nobodyIsOut(worlds: readonly World[], people: Awaited<ReturnType<typeof arrive>>[]): Promise<void> {
  for (const person of people) {
    for (const it of worlds) expect([it.check(person.cookie).ok, it.check(person.token).ok]).toEqual([true, true]);
    for (const it of worlds) person.token = await refreshed(it, person.token);
  }
}

async function arrive(it: World) {
  return { cookie: await it.logIn("cookie"), token: await it.logIn("token") };
}

describe("a new secret in the file", () => {
  it("logs nobody out in processes that run, in each step of the way, nor in one that starts meanwhile", async () => {
    const [a, b] = [await start(), await start()];
    const people = [await arrive(a), await arrive(b)];
    const { feed } = a.composed.engine.store;
    let steps = 0;
    const look: RotationParts["feed"] = {
      ...feed,
      append: async (kind, key, now) => {
        // One that starts when the file has the new secret and nobody was told of it.
        const early = await start();
        people.push(await arrive(early));
        await nobodyIsOut([a, b, early], people);
        const position = await feed.append(kind, key, now);
        people.push(await arrive(early), await arrive(a));
        await nobodyIsOut([a, b, early], people);
        steps += 1;
        return position;
      },
    };
    const { keys } = a.composed.engine.store;
    const change: RotationParts["keys"]["change"] = async (decide, now) => {
      // Before and after the keys are sealed again; the second time the file is already in its new order.
      const between = await start();
      people.push(await arrive(between));
      await nobodyIsOut([a, b, between], people);
      const all = await keys.change(decide, now);
      people.push(await arrive(b));
      await nobodyIsOut([a, b, between], people);
      steps += 1;
      return all;
    };
    const before = inFile();
    await rotate(a, { feed: look, keys: { ...keys, change } });
    expect(steps).toBe(3);
    expect(inFile()).toEqual([expect.any(String), ...before]);

    const late = await start();
    people.push(await arrive(late));
    await nobodyIsOut([a, b, late], people);
    await closeWorlds();
    const [c, d] = [await start(), await start()];
    await nobodyIsOut([c, d], people);
  });

  it.each(["cookie", "token"] as const)(
    "is known to a process that was asked nothing meanwhile: what it is asked first is about a %s",
    async (carrier) => {
      const [a, b] = [await start(), await start()];
      await rotate(a);
      const issued = await a.logIn(carrier);
      if (carrier === "token") {
        const next = await refreshed(b, issued);
        expect(a.check(next).ok).toBe(true);
      } else {
        expect(await b.composed.engine.carriers.cookie.identify(credential(issued), clock.now())).toBe(issued.session.sid);
      }
    },
  );

  it("is done with once everything is sealed under it: doing it again changes nothing, and says nothing", async () => {
    const it = await start();
    await rotate(it);
    const { store } = it.composed.engine;
    const [before] = await store.keys.list();
    await it.composed.revocations.sync();
    const { head } = it.composed.revocations;
    expect(await resealSigningKeys({ ...partsOn(store), secrets: deriveSecrets(read()) })).toEqual([]);
    expect(await store.keys.list()).toEqual([before]);
    await it.composed.revocations.sync();
    expect(it.composed.revocations.head).toBe(head);
  });

  it("opens the signing keys without the old one, and the old one opens nothing any more", async () => {
    const it = await start();
    const old = read();
    await rotate(it);
    const [key] = await it.composed.engine.store.keys.list();
    const [first] = read() as [Uint8Array];
    expect(key && openSigningKey(key, deriveSecrets([first]))?.kid).toBe(key?.kid);
    expect(key && openSigningKey(key, deriveSecrets(old))).toBe(null);
    await closeWorlds();
    const alone = await start(() => [first]);
    expect(alone.check(await alone.logIn("token")).ok).toBe(true);
    await expect(start(() => old)).rejects.toThrow(/^the signing key \S+ in the store was sealed under another secret: start with/);
  });

  it("can be done again after it was interrupted anywhere", async () => {
    const it = await start();
    const people = [await arrive(it)];
    const { keys, feed } = it.composed.engine.store;
    const stop = (): never => {
      throw new Error("power cut");
    };
    for (const broken of [{ feed: { ...feed, append: stop } }, { keys: { ...keys, change: afterThe(1, keys.change, stop) } }]) {
      await expect(rotate(it, broken)).rejects.toThrow("power cut");
      const other = await start();
      people.push(await arrive(other));
      await nobodyIsOut([it, other], people);
    }
    await rotate(it);
    expect(inFile()).toHaveLength(4);
    await nobodyIsOut([it, await start()], people);
  });

  it("is refused where a key is sealed under none of its secrets, and the file stays as it is", async () => {
    const it = await start();
    writeFileSync(file, fresh());
    const before = readFileSync(file, "utf8");
    await expect(rotate(it)).rejects.toThrow("sealed under another secret");
    expect([readFileSync(file, "utf8"), readdirSync(folder).filter((name) => name.startsWith("secret"))]).toEqual([before, ["secret"]]);
  });

  it("is made by one command at a time, and says what to do when one was interrupted", async () => {
    const it = await start();
    const outcomes = await Promise.allSettled([rotate(it), rotate(it)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(inFile()).toHaveLength(2);
    writeFileSync(`${file}.lock`, "");
    await expect(rotate(it)).rejects.toThrow(
      `another command is changing the secret in ${file}: wait for it, or, if none is running, delete ${file}.lock`,
    );
    rmSync(`${file}.lock`);
    await rotate(it);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it("leaves the file its mode and its place: whoever could read it still can", async () => {
    if (process.platform === "win32") return; // it has neither modes nor links for everybody
    const it = await start();
    const real = file;
    await rotate(it);
    expect(statSync(real).mode & 0o777).toBe(0o600);
    chmodSync(real, 0o640);
    file = join(folder, "link");
    symlinkSync(real, file);
    await rotate(it);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readFileSync(real, "utf8")).toBe(readFileSync(file, "utf8"));
    expect(readdirSync(folder).filter((name) => !name.startsWith("shared"))).toEqual(["link", "secret"]);
    expect(realpathSync.native(file)).toBe(real);
  });

  it("that can't be read any more: what is made under it can't be judged, and that is no logout", async () => {
    const [a, b] = [await start(), await start()];
    const person = await arrive(a);
    await rotate(a);
    const changed = await arrive(a);
    writeFileSync(file, "broken");
    expect(() => b.check(changed.cookie)).toThrow("The store is out of reach");
    await expect(refreshed(b, changed.token)).rejects.toThrow("The store is out of reach");
    expect(b.alarms).toContain("secret_not_reread");
    // What was made under the old one goes on, and so does whoever is sent a token that the same key signed.
    expect([b.check(person.cookie).ok, b.check(person.token).ok, b.check(changed.token).ok]).toEqual([true, true, true]);
  });

  it("that was written by hand is heard of at the next housekeeping", async () => {
    const [a] = [await start()];
    const [old] = inFile();
    writeFileSync(file, `${fresh()},${old}`);
    const later = await start();
    const person = await arrive(later);
    expect(a.check(person.cookie).ok).toBe(false);
    await clock.tick();
    expect(a.check(person.cookie).ok).toBe(true);
  });
});

/** The call fails once it has been made so often. */
function afterThe<A extends readonly unknown[], R>(calls: number, call: (...args: A) => R, fail: () => never): (...args: A) => R {
  let left = calls;
  return (...args) => (left-- > 0 ? call(...args) : fail());
}
