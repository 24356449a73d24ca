import { describe, expect, it } from "vitest";
import { canonicalEmail } from "../../src/accounts/email.ts";

const label = (length: number): string => "a".repeat(length);

describe("canonicalEmail", () => {
  it.each([
    ["alice@example.com", "alice@example.com"],
    ["Alice.B@EXAMPLE.Com", "alice.b@example.com"],
    ["a+tag@sub.example.co.uk", "a+tag@sub.example.co.uk"],
    ["o'brien_x-y@example.com", "o'brien_x-y@example.com"],
    // An international domain has one ASCII form, however it was typed (UTS #46).
    ["a@bücher.example", "a@xn--bcher-kva.example"],
    ["a@BÜCHER.example", "a@xn--bcher-kva.example"],
    ["a@bu\u0308cher.example", "a@xn--bcher-kva.example"],
    ["a@xn--bcher-kva.example", "a@xn--bcher-kva.example"],
    ["a@ｅｘａｍｐｌｅ.com", "a@example.com"],
    ["a@example。com", "a@example.com"],
    ["a@straße.example", "a@xn--strae-oqa.example"],
    ["a@exam\u00adple.com", "a@example.com"],
    [`${label(64)}@example.com`, `${label(64)}@example.com`],
    [`a@${label(63)}.example`, `a@${label(63)}.example`],
  ])("makes %j one address", (text, canonical) => {
    expect(canonicalEmail(text)).toBe(canonical);
    expect(canonicalEmail(canonical)).toBe(canonical);
  });

  it.each([
    ["nothing", ""],
    ["no at sign", "alice.example.com"],
    ["no local part", "@example.com"],
    ["no domain", "alice@"],
    ["two at signs", "alice@evil.example@example.com"],
    ["a quoted local part", '"alice@evil.example"@example.com'],
    ["quotes without need", '"alice"@example.com'],
    ["U+FF20 as an at sign (GHSA-7rqj-j65f-68wh)", "alice＠example.com"],
    ["U+FF20 beside an at sign", "alice@evil.example＠example.com"],
    ["U+FE6B as an at sign", "alice@evil.example﹫example.com"],
    ["a comma (CVE-2022-35924)", "alice@example.com,eve@evil.example"],
    ["a full-width comma", "alice@example.com，eve@evil.example"],
    ["a semicolon", "alice@example.com;eve@evil.example"],
    ["a dotless i in the name (CVE-2019-19844)", "m\u0131ke@example.com"],
    ["a Kelvin sign in the name", "\u212aate@example.com"],
    ["a long s in the name", "\u017fam@example.com"],
    ["full-width letters in the name", "ａlice@example.com"],
    ["a soft hyphen in the name", "ali\u00adce@example.com"],
    ["NUL", "alice\u0000@example.com"],
    ["NUL at the end", "alice@example.com\u0000"],
    ["a space before", " alice@example.com"],
    ["a space after", "alice@example.com "],
    ["a no-break space", "alice@example.com\u00a0"],
    ["a no-break space in the name", "alice\u00a0@example.com"],
    ["a line break and a header", "alice@example.com\r\nBcc: eve@evil.example"],
    ["a line feed at the end", "alice@example.com\n"],
    ["a tab", "alice\t@example.com"],
    ["a comment", "alice(comment)@example.com"],
    ["angle brackets", "Alice <alice@example.com>"],
    ["a percent route", "alice%evil.example@example.com"],
    ["a bang path", "evil.example!alice@example.com"],
    ["a pipe", "|program@example.com"],
    ["a path", "/var/mail/alice@example.com"],
    ["an option of a command", "-oQ/tmp@example.com"],
    ["an option without a path", "-f@example.com"],
    ["a backslash", "alice\\@example.com"],
    ["a dot at the start", ".alice@example.com"],
    ["a dot at the end", "alice.@example.com"],
    ["two dots", "alice..b@example.com"],
    ["a domain of one label", "alice@localhost"],
    ["a dot at the end of the domain", "alice@example.com."],
    ["an empty label", "alice@example..com"],
    ["a hyphen at a label's end", "alice@example-.com"],
    ["a hyphen at a label's start", "alice@-example.com"],
    ["an underscore in the domain", "alice@ex_ample.com"],
    ["an IPv4 address", "alice@192.0.2.1"],
    ["an IPv4 address in hex", "alice@0xc0.0x1"],
    ["a domain literal", "alice@[192.0.2.1]"],
    ["an IPv6 literal", "alice@[IPv6:2001:db8::1]"],
    ["a port", "alice@example.com:25"],
    ["a path after the domain", "alice@example.com/x"],
    ["a character that maps to a slash", "alice@example\uff0fevil.com"],
    ["a character that maps to a slash inside", "alice@\u2100.com"],
    ["percent-encoding in the domain", "alice@example%2ecom"],
    ["a lone surrogate in the domain", "alice@ex\ud800ample.com"],
    ["a lone surrogate in the name", "al\udc00ice@example.com"],
    ["broken punycode", "alice@xn--iñvalid.com"],
    ["a local part of 65 characters", `${label(65)}@example.com`],
    ["a label of 64 characters", `a@${label(64)}.example`],
    ["255 characters", `${label(64)}@${label(63)}.${label(63)}.${label(59)}.ab`],
    ["254 characters that become more", `a@${"ü".repeat(50)}.${"ü".repeat(50)}.${"ü".repeat(50)}.${"ü".repeat(50)}.${"ü".repeat(40)}.de`],
    ["more than 254 characters that become fewer", `a@ex${"\u00ad".repeat(300)}ample.com`],
    ["a megabyte", `${label(1_048_576)}@example.com`],
  ])("refuses %s", (_, text) => {
    expect(canonicalEmail(text)).toBeNull();
  });

  it("accepts 254 characters", () => {
    const longest = `${label(64)}@${label(63)}.${label(63)}.${label(58)}.ab`;
    expect(longest).toHaveLength(254);
    expect(canonicalEmail(longest)).toBe(longest);
  });
});
