// Writes the documents that are made from the code. With --check it writes nothing, and fails if one of them says something else than the code does.
import { readFileSync, writeFileSync } from "node:fs";
import { configuration } from "./docs/configuration.ts";
import { describedApi } from "./docs/description.ts";
import { errors } from "./docs/errors.ts";
import { http } from "./docs/http.ts";

const api = await describedApi();

const DOCUMENTS: Readonly<Record<string, string>> = {
  "docs/configuration.md": configuration(),
  "docs/errors.md": errors(api),
  "docs/http.md": http(api),
};

const isCheck = process.argv.includes("--check");
for (const [path, text] of Object.entries(DOCUMENTS)) {
  if (!isCheck) writeFileSync(path, text);
  else if (committed(path) !== text) {
    console.error(`${path} is stale: it is made from the code. Mend: npm run docs`);
    process.exitCode = 1;
  }
}

function committed(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // not written yet
  }
}
