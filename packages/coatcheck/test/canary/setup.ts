import { collectAnswer, noteTyped } from "./answers.ts";
import { FOLDER } from "./sinks.ts";

// In every test file: what a test fetches from a server of ours is a sink, and what it sends and gets are secrets.

if (FOLDER !== undefined) {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { status, headers } = response;
    // A stream of events has no end to wait for, and lives as long as anybody reads it: what a bare connection hears of one is collected there.
    if (/json|html|text\/(?!event-stream)/.test(headers.get("content-type") ?? ""))
      collectAnswer(status, headers, await response.clone().text());
    noteTyped(init?.body, status);
    return response;
  };
}
