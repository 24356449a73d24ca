import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/core/ports.ts";
import { backOff, Circuit } from "../../../src/stores/postgres/circuit.ts";

const always = (byte: number): Random => ({ bytes: (count) => new Uint8Array(count).fill(byte) });

describe("the back-off", () => {
  it("doubles up to five seconds", () => {
    expect([1, 2, 3, 6, 7, 50].map((failures) => backOff(failures, always(0)))).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  });

  it("is up to half of it less, at random", () => {
    expect(backOff(1, always(255))).toBe(50);
    expect(backOff(50, always(255))).toBe(2_500);
    expect(backOff(1, always(127))).toBeGreaterThan(50);
    expect(backOff(1, always(127))).toBeLessThan(100);
  });
});

describe("the circuit", () => {
  function failing(times: number): Circuit {
    const circuit = new Circuit(always(0));
    for (let nth = 1; nth <= times; nth += 1) circuit.failed(nth * 10, nth * 10 + 1);
    return circuit;
  }

  it("lets everybody try until three have failed in a row", () => {
    expect([failing(0), failing(2)].map((circuit) => [circuit.mayBegin(22), circuit.mayBegin(22)])).toEqual([
      [true, true],
      [true, true],
    ]);
    expect(failing(3).mayBegin(32)).toBe(false);
  });

  it("starts to count anew with each success", () => {
    const circuit = failing(2);
    circuit.succeeded();
    circuit.failed(100, 101);
    circuit.failed(110, 111);
    expect(circuit.mayBegin(112)).toBe(true);
  });

  it("lets one try after the pause, and the others once that has succeeded", () => {
    const circuit = failing(3);
    expect(circuit.mayBegin(130)).toBe(false);
    expect([circuit.mayBegin(131), circuit.mayBegin(131), circuit.mayBegin(9_999)]).toEqual([true, false, false]);
    circuit.succeeded();
    expect([circuit.mayBegin(132), circuit.mayBegin(132)]).toEqual([true, true]);
  });

  it("waits longer when that one has failed, too", () => {
    const circuit = failing(3);
    expect(circuit.mayBegin(131)).toBe(true);
    circuit.failed(131, 140);
    expect(circuit.mayBegin(339)).toBe(false);
    expect(circuit.mayBegin(340)).toBe(true);
  });

  it("takes what was under way when another failed for the same outage", () => {
    const circuit = failing(1);
    for (let nth = 0; nth < 20; nth += 1) circuit.failed(5, 12);
    expect(circuit.mayBegin(13)).toBe(true);
  });
});
