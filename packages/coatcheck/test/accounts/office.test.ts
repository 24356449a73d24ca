import { beforeEach, describe, expect, it } from "vitest";
import { createAccountOffice } from "../../src/accounts/office.ts";
import type { AccountOffice } from "../../src/accounts/office.ts";
import type { Store, UserRecord } from "../../src/core/ports.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { quickHasher, random, refusedWith, stoppedClock } from "./support.ts";

const PASSWORD = "violet-otter-harbour-42";
const ADA = { email: "ada@example.com", name: "Ada", roles: [] };
let store: Store;
let office: AccountOffice;

beforeEach(async () => {
  store = memory();
  await store.open();
  office = createAccountOffice({
    users: store.users,
    clock: stoppedClock(),
    random,
    issuerHost: "login.example.org",
    hasher: quickHasher(),
  });
});

async function ada(): Promise<UserRecord> {
  return (await office.add(ADA, PASSWORD)).user;
}

describe("add", () => {
  it("makes an account at its canonical address, with the roles given, each once", async () => {
    const { user } = await office.add({ email: "Ada@EXAMPLE.com", name: "Ada", roles: ["editor", "admin", "editor"] }, PASSWORD);
    expect(user).toMatchObject({
      email: "ada@example.com",
      name: "Ada",
      roles: ["editor", "admin"],
      disabled: false,
      emailVerified: false,
    });
    expect(user.id).toMatch(/^usr_[\w-]{22}$/);
    expect((await store.users.byEmail("ada@example.com"))?.user).toEqual(user);
  });

  it.each([
    ["no address", { ...ADA, email: "ada" }, PASSWORD, "invalid_input"],
    ["a short password", ADA, "short", "invalid_input"],
    ["a common password", ADA, "password1", "weak_password"],
    ["a password of the address", ADA, "ada.example1815", "weak_password"],
    ["a password of the site", ADA, "loginexampleorg", "weak_password"],
    ["a role with a space", { ...ADA, roles: ["an editor"] }, PASSWORD, "invalid_input"],
    ["an empty role", { ...ADA, roles: [""] }, PASSWORD, "invalid_input"],
    ["too many roles", { ...ADA, roles: Array.from({ length: 33 }, (_, n) => `r${n}`) }, PASSWORD, "invalid_input"],
  ])("refuses %s and makes nothing", async (_, newcomer, password, code) => {
    expect(await refusedWith(office.add(newcomer, password))).toBe(code);
    expect(await store.users.list(10)).toEqual([]);
  });

  it("refuses a taken address, however it is spelled", async () => {
    await ada();
    expect(await refusedWith(office.add({ ...ADA, email: "ADA@example.com" }, PASSWORD))).toBe("email_taken");
  });
});

describe("setPassword", () => {
  it("holds an operator to the same rules, and changes nothing then", async () => {
    const user = await ada();
    const before = await store.users.byId(user.id);
    expect(await refusedWith(office.setPassword(user, "ada.example1815"))).toBe("weak_password");
    expect(await refusedWith(office.setPassword(user, "short"))).toBe("invalid_input");
    expect(await store.users.byId(user.id)).toEqual(before);
    expect(await office.setPassword(user, "another-otter-harbour-43")).toBe(true);
    expect((await store.users.byId(user.id))?.passwordHash).not.toBe(before?.passwordHash);
    expect(await office.setPassword({ ...user, id: "usr_nobody" as never }, PASSWORD)).toBe(false);
  });
});

describe("setRoles", () => {
  it("replaces them by names that a token can carry", async () => {
    const user = await ada();
    expect(await office.setRoles(user, ["org:42/editor", "a"])).toBe(true);
    expect((await store.users.byId(user.id))?.user.roles).toEqual(["org:42/editor", "a"]);
    expect(await refusedWith(office.setRoles(user, ["-"]))).toBe("invalid_input");
    expect((await store.users.byId(user.id))?.user.roles).toEqual(["org:42/editor", "a"]);
    expect(await office.setRoles(user, [])).toBe(true);
    expect((await store.users.byId(user.id))?.user.roles).toEqual([]);
  });
});
