import { afterEach, describe, expect, it } from "vitest";
import { coatcheck, memory } from "../src/index.ts";
import type { Auth, StartOptions } from "../src/index.ts";
import { SILENT } from "./support/engine.ts";

// What a program without types, or in a hurry, gets wrong: it hears so at once, in one line.

const open: Auth[] = [];

afterEach(async () => {
  for (const auth of open.splice(0)) await auth.close();
});

async function application(): Promise<Auth> {
  const users = { get: (id: string) => ({ id, roles: [], disabled: false }) };
  const auth = await coatcheck({ issuer: "http://localhost:3000", store: memory(), log: SILENT, users });
  open.push(auth);
  return auth;
}

/** Refers to itself. */
const CIRCLE: { self?: unknown } = {};
CIRCLE.self = CIRCLE;

describe("a call with something wrong in it", () => {
  const RIGHT: StartOptions = { userId: "42", amr: ["pwd"], carrier: "cookie" };

  it.each([
    [{ userId: undefined }, /^start\(\) needs userId/],
    [{ userId: 42 }, /^start\(\) needs userId/],
    [{ userId: "" }, /^start\(\) needs userId/],
    [{ carrier: "session" }, /^start\(\) needs carrier: "cookie" or "token"$/],
    [{ carrier: "toString" }, /^start\(\) needs carrier/],
    [{ amr: undefined }, /^start\(\) needs amr: .*\["pwd"\]/],
    [{ amr: "pwd" }, /^start\(\) needs amr/],
    [{ amr: [] }, /^start\(\) needs amr/],
    [{ amr: [1] }, /^start\(\) needs amr/],
    [{ data: () => 1 }, /^start\(\) needs data/],
    [{ data: 1n }, /^start\(\) needs data: JSON/],
    [{ data: { deep: [1n] } }, /^start\(\) needs data: JSON/],
    [{ data: CIRCLE }, /^start\(\) needs data: JSON/],
    [{ data: Symbol("x") }, /^start\(\) needs data: JSON/],
    [{ data: "x".repeat(4_095) }, /^start\(\) needs data: JSON of at most 4096 bytes$/],
  ])("starts nothing: %o", async (options, message) => {
    const auth = await application();
    await expect(auth.start({ ...RIGHT, ...options } as StartOptions)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringMatching(message),
    });
  });

  it.each([{}, { userid: "42" }, { sid: undefined }, { userId: 42 }])("ends nothing, and does not say that it did: %j", async (target) => {
    const auth = await application();
    const { session } = await auth.start(RIGHT);
    await expect(auth.end(target as { sid: string })).rejects.toMatchObject({ code: "invalid_input", message: /sid.*userId/ });
    expect(await auth.session(session.sid)).not.toBeNull();
  });

  it("starts and ends with what is right", async () => {
    const auth = await application();
    const { session } = await auth.start({ ...RIGHT, data: "x".repeat(4_094) });
    expect(await auth.end({ sid: session.sid })).toEqual({ ended: 1 });
  });
});

describe("the device of a login", () => {
  const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

  it("is named after its User-Agent, unless the application names it", async () => {
    const auth = await application();
    const started = async (device: object) => (await auth.start({ userId: "42", amr: ["pwd"], carrier: "cookie", device })).session.device;
    expect(await started({ userAgent: USER_AGENT, ip: "192.0.2.1" })).toEqual({
      label: "Firefox on Linux",
      userAgent: USER_AGENT,
      ip: "192.0.2.1",
    });
    expect(await started({ userAgent: USER_AGENT, label: "Till 3" })).toEqual({ label: "Till 3", userAgent: USER_AGENT, ip: "" });
    expect(await started({})).toEqual({ label: "Unknown device", userAgent: "", ip: "" });
    expect((await started({ userAgent: "x".repeat(600) })).userAgent).toHaveLength(512);
  });
});
