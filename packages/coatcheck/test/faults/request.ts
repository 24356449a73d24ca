/** An answer, or that none came. */
export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly cookie: string | null;
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** The status of an answer that didn't come. */
export const NONE = 0;
const PATIENCE = 4_000;

export async function request(url: string, init: RequestInit): Promise<Answer> {
  const sentAt = performance.now();
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    const json = text === "" ? {} : (JSON.parse(text) as Answer["json"]);
    const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? null;
    return { status: answer.status, json, cookie, sentAt, receivedAt: performance.now() };
  } catch {
    return { status: NONE, json: {}, cookie: null, sentAt, receivedAt: performance.now() };
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((go) => setTimeout(go, ms));
}
