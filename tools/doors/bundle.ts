import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

/** What an application that uses all of a door carries: one file, minified and gzipped. @returns its size in bytes. */
export async function bundledSize(folder: string, entry: string): Promise<number> {
  const bundle = await rolldown({ input: join(folder, entry), platform: "neutral" });
  try {
    const { output } = await bundle.generate({ format: "es", minify: true });
    return output.reduce((sum, part) => sum + gzipSync(part.type === "chunk" ? part.code : part.source, { level: 9 }).length, 0);
  } finally {
    await bundle.close();
  }
}
