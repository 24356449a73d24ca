import { accountTwins, passwordTwins } from "./accounts.ts";
import { clientTwins } from "./clients.ts";
import { endAllTwins, endTwins, purgeTwins } from "./ending.ts";
import { keepingUpTwins } from "./keeping-up.ts";
import { keyTwins } from "./keys.ts";
import { feedTwins } from "./log.ts";
import { auditTwins, throttleTwins } from "./others.ts";
import { finalityTwins, refreshTwins, renewTwins } from "./renewing.ts";
import { findTwins, generalTwins, listTwins, startTwins, touchTwins } from "./sessions.ts";
import type { Twin } from "./twin.ts";

export type { Twin } from "./twin.ts";

/** Every way to be wrong that the contract is known to see; each sentence of the contract has at least one. */
export const brokenStores: readonly Twin[] = [
  ...generalTwins,
  ...startTwins,
  ...findTwins,
  ...renewTwins,
  ...refreshTwins,
  ...touchTwins,
  ...listTwins,
  ...endTwins,
  ...finalityTwins,
  ...endAllTwins,
  ...purgeTwins,
  ...feedTwins,
  ...keepingUpTwins,
  ...accountTwins,
  ...passwordTwins,
  ...clientTwins,
  ...keyTwins,
  ...throttleTwins,
  ...auditTwins,
];
