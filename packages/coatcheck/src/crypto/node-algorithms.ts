import { constants, generateKeyPairSync } from "node:crypto";
import type { KeyPairKeyObjectResult, SigningOptions } from "node:crypto";
import { MIN_RSA_BITS } from "./algorithms.ts";
import type { AlgorithmName } from "./algorithms.ts";

/** How node:crypto signs and verifies in one way, and makes keys for it. */
export interface NodeAlgorithm {
  /** The name of its digest; null where the algorithm brings its own. */
  readonly digest: "sha256" | null;
  /** What is wanted besides the key. */
  readonly options: SigningOptions;
  generate(): KeyPairKeyObjectResult;
}

const generateRsa = (): KeyPairKeyObjectResult => generateKeyPairSync("rsa", { modulusLength: MIN_RSA_BITS });

/** A row for each algorithm, so that nothing below asks for the name. */
export const NODE_ALGORITHMS: Readonly<Record<AlgorithmName, NodeAlgorithm>> = {
  ES256: {
    digest: "sha256",
    options: { dsaEncoding: "ieee-p1363" },
    generate: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  },
  EdDSA: { digest: null, options: {}, generate: () => generateKeyPairSync("ed25519") },
  PS256: { digest: "sha256", options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, generate: generateRsa },
  RS256: { digest: "sha256", options: { padding: constants.RSA_PKCS1_PADDING }, generate: generateRsa },
};
