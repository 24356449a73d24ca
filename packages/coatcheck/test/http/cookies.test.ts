import { describe, expect, it } from "vitest";
import { instant } from "../../src/core/time.ts";
import { createCookies } from "../../src/http/cookies.ts";

const DAY = 86_400_000;
const at = instant(1_000_000);

describe("Set-Cookie", () => {
  it("keeps the rules of __Host-Http-, when it sets and when it clears", () => {
    const cookies = createCookies("https://id.example.com");
    expect(cookies.set("abc", instant(at + 30 * DAY), at)).toBe(
      "__Host-Http-coatcheck=abc; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax",
    );
    expect(cookies.clear()).toBe("__Host-Http-coatcheck=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
  });

  it("is plain on http://localhost, so that every browser and curl keep it", () => {
    const cookies = createCookies("http://localhost:3000");
    expect(cookies.set("abc", instant(at + DAY), at)).toBe("coatcheck=abc; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax");
    expect(cookies.clear()).toBe("coatcheck=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
  });

  it.each([
    ["what is left, in whole seconds", 1_999, "Max-Age=1;"],
    ["at most 400 days", 500 * DAY, "Max-Age=34560000;"],
    ["never less than nothing", -5_000, "Max-Age=0;"],
  ])("lives for %s", (_, left, shown) => {
    expect(createCookies("https://id.example.com").set("abc", instant(at + left), at)).toContain(shown);
  });

  it("stays under 100 bytes with its name", () => {
    const [pair] = createCookies("https://id.example.com")
      .set("x".repeat(75), instant(at + DAY), at)
      .split(";");
    expect(pair?.length).toBeLessThan(100);
  });

  // CVE-2024-47764
  it.each(["a\rb", "a\nb", "a;b", "a,b", "a b", 'a"b', "a\\b", "a\tb", "a\0b", "aéb", ""])("refuses the value %j", (value) => {
    expect(() => createCookies("https://id.example.com").set(value, instant(at + DAY), at)).toThrow(TypeError);
  });
});
