export { fakeClock } from "./clock.ts";
export type { FakeClock } from "./clock.ts";
export { storeContract } from "./storeContract/index.ts";
export type { OpenStore, Runner } from "./storeContract/index.ts";
export { brokenStores } from "./twins/index.ts";
export type { Twin } from "./twins/index.ts";
export { simulate } from "./simulator/simulate.ts";
export type { Outcome, Schedule } from "./simulator/simulate.ts";
