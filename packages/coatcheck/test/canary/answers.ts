import { collect, minted, refreshSecret, ticketSecret, tokenSecret, typed } from "./sinks.ts";

const COOKIE = /^((?:__Host-Http-)?coatcheck=)([^;]*)/;

/** Collects an answer, its credentials taken out: an answer that hands one over may hold it in its one place, and in no other. */
export function collectAnswer(status: number, headers: Headers, text: string): void {
  const cookies = headers.getSetCookie().map((cookie) => cookie.replace(COOKIE, (_, name: string, value: string) => name + taken(value)));
  const others = [...headers].filter(([name]) => name !== "set-cookie");
  collect("http", JSON.stringify([status, others, cookies]));
  collect("http", withoutTokens(text));
}

function taken(ticket: string): string {
  if (ticket !== "") minted("ticket", ticketSecret(ticket));
  return ticket === "" ? "" : "[taken]";
}

function withoutTokens(text: string): string {
  if (!text.startsWith("{")) return text;
  const body = JSON.parse(text) as Record<string, unknown>;
  const { access_token: access, refresh_token: refresh } = body;
  if (typeof access === "string") minted("access_token", tokenSecret(access));
  if (typeof refresh === "string") minted("refresh_token", refreshSecret(refresh));
  return JSON.stringify({ ...body, access_token: undefined, refresh_token: undefined });
}

const TYPED = ["password", "current", "new"] as const;

/** Notes the passwords that a call typed, if they were good enough to be compared. */
export function noteTyped(body: unknown, status: number): void {
  if (typeof body !== "string" || !body.startsWith("{") || (status >= 300 && status !== 401)) return;
  const fields = JSON.parse(body) as Record<string, unknown>;
  for (const name of TYPED) {
    const value = fields[name];
    if (typeof value === "string") typed(value);
  }
}

/** Notes the passwords in a form that a browser sent. */
export function noteForm(body: string): void {
  const fields = new URLSearchParams(body);
  for (const name of TYPED) for (const value of fields.getAll(name)) typed(value);
}

/** What a connection heard, byte by byte: answers that may hold a credential in its one place. */
export function collectHeard(heard: string): void {
  const withoutTickets = heard.replace(
    /^(set-cookie: (?:__Host-Http-)?coatcheck=)([^;\r\n]*)/gim,
    (_, name: string, value: string) => name + taken(value),
  );
  const withoutCredentials = withoutTickets.replace(
    /("(access|refresh)_token":")([^"]*)/g,
    (_, name: string, kind: string, value: string) => {
      if (kind === "access") minted("access_token", tokenSecret(value));
      else minted("refresh_token", refreshSecret(value));
      return `${name}[taken]`;
    },
  );
  collect("http", withoutCredentials);
}

/** Notes the passwords in a request as it stands on the wire. */
export function noteSent(text: string): void {
  for (const [, value = ""] of text.matchAll(/"(?:password|current|new)":"((?:[^"\\]|\\.)*)"/g)) typed(JSON.parse(`"${value}"`) as string);
}
