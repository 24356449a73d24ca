import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["packages/coatcheck/test/canary/setup.ts"],
    include: ["packages/coatcheck/test/**/*.test.ts"],
    // Processes, as the servers and stores under test have: threads would share one libuv pool and one process id.
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
