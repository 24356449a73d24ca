import { collect, minted, typed } from "./sinks.ts";

/** Secrets that a command shows on stdout, the one time that it makes them, as text and as JSON. */
const SHOWN = [
  { kind: "client_secret", where: /^(?= {2}client_secret| {2}"secret").*?(ccs_[\w-]{43})/m },
  { kind: "password", where: /(?:^Their password, shown this once: |^ {2}"password": ")([^"\n]+)/m },
] as const;

/** Collects what a command printed. What it made is a secret, and may stand in the one place where it is handed over: that is taken out. */
export function collectRun(args: readonly string[], input: string, { status, stdout, stderr }: Ended): void {
  if (args.includes("--password-stdin") && status === 0) typed(input.replace(/\r?\n$/, ""));
  let told = stdout;
  for (const { kind, where } of SHOWN) {
    const [line, secret] = where.exec(told) ?? [];
    if (line === undefined || secret === undefined) continue;
    minted(kind, secret);
    told = told.replace(line, line.replace(secret, "[taken]"));
  }
  collect("process", told);
  collect("process", stderr);
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
