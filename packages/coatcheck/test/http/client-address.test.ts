import { describe, expect, it } from "vitest";
import { canonicalAddress, createClientAddress } from "../../src/http/client-address.ts";
import { SILENT } from "../support/engine.ts";

describe("one spelling for one address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    [" 192.0.2.1 ", "192.0.2.1"],
    ["192.0.2.1:4711", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:0201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:443", "192.0.2.1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:8443", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "0x7f.1",
    "2130706433",
    "1.2.3.256",
    "[::1",
    "::1]",
    "1.2.3.4%eth0",
    "<script>",
    "1.2.3.4\r\nx: y",
    "2001:db8::1::2",
  ])("%j is no address", (text) => {
    expect(canonicalAddress(text)).toBeNull();
  });
});

describe("the client's address", () => {
  const PEER = "198.51.100.7";

  it.each([
    ["no proxy, no header", 0, null, PEER],
    ["no proxy: the header is not believed", 0, "203.0.113.9", PEER],
    ["one proxy", 1, "203.0.113.9", "203.0.113.9"],
    ["one proxy: what the client wrote before it is not believed", 1, "10.0.0.1, 8.8.8.8, 203.0.113.9", "203.0.113.9"],
    ["one proxy that sent nothing", 1, null, PEER],
    ["two proxies", 2, "10.0.0.1, 203.0.113.9, 192.0.2.5", "203.0.113.9"],
    ["two proxies, one hop", 2, "203.0.113.9", "203.0.113.9"],
    ["one proxy, garbage", 1, "203.0.113.9, unknown", PEER],
    ["one proxy, empty", 1, "", PEER],
    ["one proxy, a hole", 1, "203.0.113.9,", PEER],
    ["one proxy, another spelling", 1, "2001:DB8:0::1", "2001:db8::1"],
  ])("%s", (_, hops, forwarded, address) => {
    expect(createClientAddress(hops, SILENT)(PEER, forwarded)).toBe(address);
  });

  it("is empty when nobody saw the peer, and canonical when somebody did", () => {
    const addressOf = createClientAddress(0, SILENT);
    expect(addressOf(undefined, null)).toBe("");
    expect(addressOf("/run/sock", null)).toBe("");
    expect(addressOf("::ffff:198.51.100.7", null)).toBe(PEER);
  });

  it("warns once, and loudly, of a proxy that nobody told of", () => {
    const warned: string[] = [];
    const addressOf = createClientAddress(0, { ...SILENT, warn: (event) => warned.push(event) });
    addressOf(PEER, null);
    expect(warned).toEqual([]);
    addressOf(PEER, "203.0.113.9");
    addressOf(PEER, "203.0.113.9");
    expect(warned).toEqual(["untrusted_forwarded_for"]);
  });

  it("does not warn of a proxy that is known", () => {
    const warned: string[] = [];
    createClientAddress(1, { ...SILENT, warn: (event) => warned.push(event) })(PEER, "203.0.113.9");
    expect(warned).toEqual([]);
  });
});
