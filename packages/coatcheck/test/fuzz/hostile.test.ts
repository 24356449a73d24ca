import { describe, expect, it } from "vitest";
import { hostileInputs } from "./hostile-inputs.ts";
import { TIMEOUT } from "./runs.ts";

/** Sixty times what our server takes: what costs the square of it never ends within the patience of a test, what is linear does not notice. */
const HEADER = 2 ** 20;
const BODY = 2 ** 16;

describe("hostile input", () => {
  it(
    "costs what its size costs, whatever it is made of",
    async () => {
      const inputs = await hostileInputs(HEADER, BODY);
      for (const { send } of inputs) await send();
      expect(inputs.length).toBeGreaterThan(500);
    },
    TIMEOUT,
  );
});
