import { StoreUnavailable } from "../../src/core/errors.ts";
import type { Store } from "../../src/core/ports.ts";
import { memory } from "../../src/index.ts";

/** A store that can be cut off: from then on every call of every port throws what the ports promise to throw. @param mend as the store knows it. */
export function fragileStore(mend: string | null = null): { store: Store; cut: () => void } {
  let isCut = false;
  const fragile = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value === "object" && value !== null) return fragile(value);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (isCut) throw new StoreUnavailable(new Error("connection refused by 10.0.0.5"), mend);
          return Reflect.apply(value, of, args);
        };
      },
    });
  return { store: fragile(memory()), cut: () => void (isCut = true) };
}
