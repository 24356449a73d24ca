import { expect, test } from "vitest";
import { nearest } from "../../src/config/nearest.ts";

test.each([
  ["prot", "port"],
  ["acces-ttl", "access-ttl"],
  ["isuer", "issuer"],
  ["ISSUER", "issuer"],
  ["idle", "idle"],
  ["idleness", "idle"],
  ["acc", "access-ttl"],
  ["", "port"],
])("the nearest to %s is %s", (typed, meant) => {
  expect(nearest(typed, ["port", "host", "issuer", "idle", "access-ttl"])).toBe(meant);
});

test("of two that are as near the first is named", () => {
  expect(nearest("b", ["a", "c"])).toBe("a");
});
