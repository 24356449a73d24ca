import { expect, test } from "vitest";
import { readConfig } from "../../src/config/read.ts";
import { systemRandom } from "../../src/server/random.ts";
import { IN_MEMORY, startLines } from "../../src/server/start-lines.ts";
import type { Started } from "../../src/server/start-lines.ts";

function lines(flags: Readonly<Record<string, unknown>>, other: Partial<Started> = {}, platform: NodeJS.Platform = "linux"): string[] {
  const { settings } = readConfig({ flags, env: {} });
  const started = {
    version: "1.2.3",
    settings,
    url: "http://127.0.0.1:3000",
    data: "/srv/data/app.db",
    metricsUrl: null,
    secret: { where: "/state/x.secret", made: false },
  };
  return startLines({ ...started, ...other }, systemRandom, platform);
}

test("say what it is, what to open, where data and secret are, and what to try", () => {
  expect(lines({}).map((line) => line.replaceAll(/you-[a-z0-9]{8}@|"password":"[\w-]{16}"/g, "…"))).toEqual([
    "Coatcheck 1.2.3: one login, two carriers, ended everywhere.",
    "  open    http://localhost:3000",
    "  data    /srv/data/app.db",
    "  secret  /state/x.secret",
    "Try it in another terminal: an account with a cookie, then the same account with a token.",
    `  curl -c jar -H 'Content-Type: application/json' -d '{"email":"…example.com",…}' http://localhost:3000/auth/sign-up && curl -b jar http://localhost:3000/auth/me`,
    `  curl -H 'Content-Type: application/json' -d '{"email":"…example.com",…,"carrier":"token"}' http://localhost:3000/auth/sign-in`,
  ]);
});

test("name another account at each start, the same on both lines", () => {
  const accounts = [...lines({}), ...lines({})].flatMap((line) => /"email":"(\S+?)","password":"(\S+?)"/.exec(line)?.slice(1).join() ?? []);
  expect(accounts).toHaveLength(4);
  expect(accounts[0]).toBe(accounts[1]);
  expect(accounts[2]).toBe(accounts[3]);
  expect(accounts[0]).not.toBe(accounts[2]);
});

test("are quoted for the shell of Windows there", () => {
  const line = lines({}, {}, "win32").at(-1);
  expect(line).toMatch(/^ {2}curl\.exe -H "Content-Type: application\/json" -d "\{\\"email\\":\\"/);
  expect(line).not.toContain("'");
});

test("say that a secret is new, where it can be kept", () => {
  expect(lines({}, { secret: { where: "/s", made: true } })).toContain("  secret  /s (made just now; keep a copy, apart from the data)");
  expect(lines({}, { data: IN_MEMORY, secret: { where: "in memory", made: true } })).toContain("  secret  in memory");
});

test("with a public issuer they say what must stand in front, and that sign-up is closed", () => {
  const said = lines({ issuer: "https://login.example.com" });
  expect(said).toContain("  open    https://login.example.com (a proxy that speaks https must pass it on to http://127.0.0.1:3000)");
  expect(said.at(-1)).toBe("  sign-up is closed; --sign-up at-once opens it");
  expect(said.join()).not.toContain("curl");
});
