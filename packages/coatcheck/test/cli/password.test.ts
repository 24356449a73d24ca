import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askTwice, newPassword } from "../../src/cli/password.ts";
import { systemRandom } from "../../src/server/random.ts";

/** A terminal whose person types these lines, each when the next question stands there. */
function terminal(...typed: readonly string[]): { readonly input: NodeJS.ReadStream; readonly output: PassThrough; shown(): string } {
  const input = new PassThrough();
  const output = new PassThrough();
  const left = [...typed];
  let shown = "";
  output.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    const next = chunk.toString().endsWith(": ") ? left.shift() : undefined;
    if (next !== undefined) setImmediate(() => input.write(next));
  });
  return { input: input as unknown as NodeJS.ReadStream, output, shown: () => shown };
}

test("asks twice, and shows nothing of what is typed", async () => {
  const { input, output, shown } = terminal("violet-otter\r", "violet-otter\r");
  expect(await askTwice(input, output)).toBe("violet-otter");
  await new Promise(setImmediate);
  expect(shown()).toBe("Password: \nThe same again: \n");
});

test("refuses what was typed in two ways, and repeats neither", async () => {
  const { input, output } = terminal("violet-otter\r", "violet-otten\r");
  await expect(askTwice(input, output)).rejects.toThrow(/^the two are not the same: try again$/);
});

test.each([
  ["Ctrl-C", "viol\u0003"],
  ["Ctrl-D", "\u0004"],
])("%s gives up", async (_, typed) => {
  const { input, output } = terminal(typed);
  await expect(askTwice(input, output)).rejects.toThrow(/^no password was given: nothing is changed$/);
});

test("a password that is made here has 100 random bits, each letter as likely", async () => {
  const { password, made } = await newPassword({}, systemRandom);
  expect(made).toBe(true);
  expect(password).toMatch(/^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$/);
  const letters = new Set<string>();
  for (let first = 0; first < 256; first++)
    letters.add((await newPassword({}, { bytes: (count) => new Uint8Array(count).fill(first) })).password.charAt(0));
  expect(letters.size).toBe(32);
});
