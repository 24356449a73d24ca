import { expect, test } from "vitest";
import { jsonLog, terminalLog } from "../../src/server/log.ts";

function json(write: (log: ReturnType<typeof jsonLog>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(jsonLog({ write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]*\n$/);
  return JSON.parse(lines[0] as string) as Record<string, unknown>;
}

test.each(["info", "warn", "error"] as const)("%s is one line of JSON with level, time in UTC and event", (level) => {
  const line = json((log) => log[level]("session_started", { sid: "abc", ip: null }));
  expect(line).toMatchObject({ level, event: "session_started", sid: "abc", ip: null });
  expect(line["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Object.keys(line).sort()).toEqual(["event", "ip", "level", "sid", "time"]);
});

test("an event needs no fields", () => {
  expect(json((log) => log.info("stopping"))["event"]).toBe("stopping");
});

test.each([
  "cookie",
  "set-cookie",
  "authorization",
  "headers",
  "password",
  "secret",
  "token",
  "access_token",
  "refresh_token",
  "ticket",
  "credential",
])("%s is hidden, one level down too", (name) => {
  const line = json((log) => log.warn("e", { [name]: "CANARY", request: { [name]: "CANARY" }, kept: "seen" }));
  expect(JSON.stringify(line)).not.toContain("CANARY");
  expect(line["kept"]).toBe("seen");
});

test("what was written into a value can't begin a line of its own", () => {
  expect(json((log) => log.warn("sign_in_failed", { email: 'a\r\n{"event":"forged"}' }))["event"]).toBe("sign_in_failed");
});

test("a cause is shown with its own cause", () => {
  const { cause } = json((log) => log.error("crashed", { cause: new Error("outer", { cause: new Error("inner") }) }));
  expect(cause).toMatchObject({ message: "outer", cause: { message: "inner" } });
  expect((cause as { stack: string }).stack).toContain("log.test.ts");
});

test("at a terminal it is one line for a person, and control characters do nothing there", () => {
  const lines: string[] = [];
  const log = terminalLog((line) => void lines.push(line));
  log.warn("sign_in_failed", { ip: "127.0.0.1", userId: null, email: "\x1b[2Ja\n\x9b\u202e" });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}sign_in_failed ip="127\.0\.0\.1" email="\\u001b\[2Ja\\n\\u009b\\u202e"\n$/);
});
