// A process that waits for a word, and then makes the secret file that its argument names, as others do at the same moment.
import { readFileSync } from "node:fs";
import { systemRandom } from "../../src/server/random.ts";
import { ensureSecretFile } from "../../src/server/secret-file.ts";

const path = process.argv[2] as string;
process.stdin.once("data", () => {
  const made = ensureSecretFile(path, systemRandom);
  process.stdout.write(`${JSON.stringify({ made, text: readFileSync(path, "utf8") })}\n`);
});
process.stdout.write("ready\n");
