import { ConfigError } from "../core/errors.ts";

/** All that stands on stdin. @throws ConfigError if it is no UTF-8. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new ConfigError("what stands on stdin is not UTF-8: encode it so", { cause: error });
  }
}
