import { BlockList, isIP } from "node:net";

/** Networks that name nobody outside: loopback, private, shared and link-local ones (RFC 6890). Behind an undeclared proxy they are the proxy's. */
const PRIVATE_IPV4 = subnets("ipv4", [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
]);

/** A list of its own: in one with the others, `::/64` would hold every IPv4 address, as mapped. */
const PRIVATE_IPV6 = subnets("ipv6", [
  ["::", 64],
  ["fc00::", 7],
  ["fe80::", 10],
]);

function subnets(family: "ipv4" | "ipv6", prefixes: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [prefix, length] of prefixes) list.addSubnet(prefix, length, family);
  return list;
}

const GROUPS_OF_64_BITS = 4;

/**
 * The network that counts are kept for, in one spelling: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of it has them
 * all. `::ffff:1.2.3.4` is IPv4; case and zone make no difference.
 * @returns null for what is no address.
 */
export function networkOf(address: string): string | null {
  const [bare = ""] = address.split("%", 1);
  const family = isIP(bare);
  if (family === 0) return null;
  if (family === 4) return address === bare ? bare : null;
  const groups = expand(bare);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return mapped ? ipv4(groups[6] as number, groups[7] as number) : `${groups.slice(0, GROUPS_OF_64_BITS).map(hex).join(":")}::/64`;
}

/** @param network as {@link networkOf} writes it. */
export function isPrivateNetwork(network: string): boolean {
  const [prefix = ""] = network.split("/", 1);
  return network === prefix ? PRIVATE_IPV4.check(prefix, "ipv4") : PRIVATE_IPV6.check(prefix, "ipv6");
}

/** The eight groups of a valid IPv6 address. The URL standard's parser leaves neither capitals nor an IPv4 tail. */
function expand(address: string): readonly number[] {
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = shortest.split("::");
  const left = numbers(head);
  const right = tail === undefined ? [] : numbers(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function numbers(groups: string): readonly number[] {
  return groups === "" ? [] : groups.split(":").map((group) => Number.parseInt(group, 16));
}

function hex(group: number): string {
  return group.toString(16);
}

function ipv4(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}
