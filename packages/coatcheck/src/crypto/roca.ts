/** Primes whose product the flawed generator worked with; the first ones tell its keys from others but for one in 2^27. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/** For each prime, the residues that powers of 65537 can have. */
const RESIDUES: ReadonlyMap<number, ReadonlySet<number>> = new Map(PRIMES.map((prime) => [prime, powersOf65537(prime)]));

function powersOf65537(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power);
  return powers;
}

/**
 * Whether an RSA modulus looks made by the generator of CVE-2017-15361 (ROCA), whose keys can be factored: its primes are k·M + 65537^a mod M,
 * so the modulus is a power of 65537 modulo every prime in M (Nemec et al. 2017, §2.2).
 */
export function isRoca(modulus: Uint8Array): boolean {
  const n = BigInt(`0x${Array.from(modulus, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
  return PRIMES.every((prime) => RESIDUES.get(prime)?.has(Number(n % BigInt(prime))));
}
