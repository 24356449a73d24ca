import { describe, expect, it } from "vitest";
import { isPrivateNetwork, networkOf } from "../../src/accounts/network.ts";

describe("networkOf", () => {
  it.each([
    ["203.0.113.5", "203.0.113.5"],
    ["::ffff:203.0.113.5", "203.0.113.5"],
    ["::FFFF:203.0.113.5", "203.0.113.5"],
    ["::ffff:cb00:7105", "203.0.113.5"],
    ["0:0:0:0:0:ffff:cb00:7105", "203.0.113.5"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2:FFFF:ffff:1:1", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:0000:0000:0000:0001", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:0:0:203.0.113.5", "2001:db8:1:2::/64"],
    ["2001:db8::7", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:1::7", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["FE80::2%25", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
  ])("counts %s as %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it("tells neighbours apart, and not the addresses of one /64", () => {
    expect(networkOf("2001:db8:1:3::1")).not.toBe(networkOf("2001:db8:1:2::1"));
    expect(new Set(Array.from({ length: 1_000 }, (_, n) => networkOf(`2001:db8:1:2::${n.toString(16)}`))).size).toBe(1);
    expect(networkOf("203.0.113.6")).not.toBe(networkOf("203.0.113.5"));
  });

  it.each([
    "",
    "unknown",
    "203.0.113",
    "203.0.113.256",
    "0203.0.113.5",
    "203.0.113.5:80",
    "203.0.113.5%eth0",
    "[::1]",
    "::1::",
    "1:2:3:4:5:6:7",
    "2001:db8::1/64",
    "%eth0",
    "example.com",
  ])("takes %j for no address", (address) => {
    expect(networkOf(address)).toBeNull();
  });
});

describe("isPrivateNetwork", () => {
  const judge = (address: string): boolean => isPrivateNetwork(networkOf(address) as string);

  it.each([
    "127.0.0.1",
    "127.9.9.9",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.1.1",
    "100.64.0.1",
    "::1",
    "::ffff:10.0.0.1",
    "fd00::1",
    "fc00::1",
    "fe80::1%eth0",
    "febf::1",
  ])("knows %s", (address) => {
    expect(judge(address)).toBe(true);
  });

  it.each([
    "203.0.113.5",
    "172.15.255.255",
    "172.32.0.1",
    "11.0.0.1",
    "192.169.0.1",
    "100.128.0.1",
    "128.0.0.1",
    "::ffff:8.8.8.8",
    "2001:db8::1",
    "fec0::1",
    "fe00::1",
    "0:0:0:1::1",
  ])("lets %s be public", (address) => {
    expect(judge(address)).toBe(false);
  });
});
