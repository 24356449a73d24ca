import { describe, expect, it } from "vitest";
import { createHasher, decoyHash, needsRehash } from "../../src/accounts/hashing.ts";
import type { HasherOptions } from "../../src/accounts/hashing.ts";
import { random, refusal } from "./support.ts";

const hasher = (options: Partial<HasherOptions> = {}): ReturnType<typeof createHasher> => createHasher({ random, ...options });

/** Work that goes on until it is told to end. */
function held(): { work: () => Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { work: () => ended, end: () => end() };
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe("hash and verify", () => {
  it("makes Argon2id hashes of the documented strength, each with a salt of its own", async () => {
    const queue = hasher();
    const [one, two] = await Promise.all([queue.hash("xk7#qmzw"), queue.hash("xk7#qmzw")]);
    const form = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;
    expect(one).toMatch(form);
    expect(two).toMatch(form);
    expect(one).not.toBe(two);
  });

  it("takes the salt from the port", async () => {
    const zeros = { bytes: (count: number) => new Uint8Array(count) };
    expect(await hasher({ random: zeros }).hash("xk7#qmzw")).toMatch(/\$A{22}\$/);
  });

  it.each([
    ["a flipped case", "Xk7#qmzw", "xk7#qmzw"],
    ["a space at the end", "xk7#qmzw", "xk7#qmzw "],
    ["another tail after 72 bytes", `${"ab".repeat(36)}one`, `${"ab".repeat(36)}two`],
    ["what stands after a NUL", "xk7#\u0000qmzw", "xk7#\u0000qmzx"],
    ["nothing after a NUL", "xk7#\u0000qmzw", "xk7#"],
    ["another normal form", "caf\u00e9 12 xk", "cafe\u0301 12 xk"],
    ["emoji of another colour", "👍🏻xk7#qmz", "👍🏽xk7#qmz"],
    ["nothing", "xk7#qmzw", ""],
  ])("tells %s apart", async (_, password, other) => {
    const queue = hasher();
    const phc = await queue.hash(password);
    expect(await queue.verify(phc, password)).toBe(true);
    expect(await queue.verify(phc, other)).toBe(false);
  });

  it.each([
    "",
    "x",
    "$",
    "$argon2id$",
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
    "$argon2id$v=19$m=1,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=99999999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "\u0000",
  ])("fits no password to the malformed %j", async (phc) => {
    const one = hasher({ running: 1 });
    expect(await one.verify(phc, "xk7#qmzw")).toBe(false);
    expect(await one.verify(await one.hash("xk7#qmzw"), "xk7#qmzw")).toBe(true);
  });

  it("makes decoys that read like any hash and fit nothing", async () => {
    const decoy = decoyHash(random);
    expect(decoy).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(decoyHash(random)).not.toBe(decoy);
    expect(await hasher().verify(decoy, "")).toBe(false);
  });

  it("wants a new hash when any parameter is another", async () => {
    const phc = await hasher().hash("xk7#qmzw");
    expect(needsRehash(phc)).toBe(false);
    expect(needsRehash(phc.replace("m=19456", "m=4096"))).toBe(true);
    expect(needsRehash(phc.replace("m=19456", "m=194560"))).toBe(true);
    expect(needsRehash(phc.replace("t=2", "t=3"))).toBe(true);
    expect(needsRehash(phc.replace("p=1", "p=4"))).toBe(true);
    expect(needsRehash(phc.replace("argon2id", "argon2i"))).toBe(true);
    expect(needsRehash("")).toBe(true);
  });
});

describe("the queue", () => {
  it("runs so many at once and the others in the order that they came", async () => {
    const queue = hasher({ running: 2 });
    const begun: number[] = [];
    const works = [held(), held(), held(), held()];
    const all = works.map(({ work }, index) =>
      queue.inSlot(async () => {
        begun.push(index);
        await work();
        return index;
      }),
    );
    await turn();
    expect(begun).toEqual([0, 1]);
    expect(queue.queued()).toBe(2);
    works[1]?.end();
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    expect(queue.queued()).toBe(1);
    const late = queue.inSlot(async () => begun.push(4));
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    for (const { end } of works) end();
    await late;
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
    expect(queue.queued()).toBe(0);
  });

  it("turns away the next when so many wait, at once and with the time to come back", async () => {
    const queue = hasher({ running: 2, waiting: 3 });
    const { work, end } = held();
    const all = Array.from({ length: 5 }, () => queue.inSlot(work));
    expect(queue.queued()).toBe(3);
    for (const refused of [queue.inSlot(work), queue.hash("xk7#qmzw"), queue.verify("", "xk7#qmzw")])
      expect(await refusal(refused)).toMatchObject({ code: "overloaded", status: 503, details: { retryAfter: 1 } });
    end();
    await Promise.all(all);
    expect(await queue.verify(await queue.hash("xk7#qmzw"), "xk7#qmzw")).toBe(true);
  });

  it("lets 64 wait unless told otherwise, behind two or three", async () => {
    const queue = hasher();
    const { work, end } = held();
    let running = 0;
    const all = Array.from({ length: 66 }, () => queue.inSlot(async () => ((running += 1), work())));
    await turn();
    expect(running).toBeGreaterThanOrEqual(2);
    expect(running).toBeLessThanOrEqual(3);
    const rest = Array.from({ length: 64 - queue.queued() }, () => queue.inSlot(work));
    expect(queue.queued()).toBe(64);
    expect((await refusal(queue.inSlot(work))).code).toBe("overloaded");
    end();
    await Promise.all([...all, ...rest]);
  });

  it("gives the slot back when the work fails", async () => {
    const queue = hasher({ running: 1, waiting: 0 });
    for (let n = 0; n < 3; n++) await expect(queue.inSlot(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(await queue.inSlot(async () => "done")).toBe("done");
  });

  it("leaves the thread pool to others: its hashes never fill it", async () => {
    const queue = hasher();
    const hashes = Array.from({ length: 16 }, () => queue.hash("xk7#qmzw"));
    const { stat } = await import("node:fs/promises");
    await stat(".");
    expect(queue.queued()).toBeGreaterThan(8);
    await Promise.all(hashes);
  });
});
