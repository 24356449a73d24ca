/** Good news that one page hands to the next, by name. */
export const NOTES = {
  session_over: () => "You are no longer signed in here: the session ended or ran out. Sign in to go on.",
  signed_out: () => "You are signed out.",
  ended_one: () => "That device is signed out.",
  ended_already: () => "That session had ended already.",
  ended_others: (count: number) => (count === 0 ? "No other device was signed in." : `${counted(count, "other session")} ended.`),
  ended_all: (count: number) => `You are signed out everywhere: ${counted(count, "session")} ended.`,
  password_changed: () => "Your password is changed, and every other device is signed out.",
  confirmed: () => "Thank you, that was the right password. For a few minutes you will not be asked again.",
} as const satisfies Record<string, (count: number) => string>;

export type NoteName = keyof typeof NOTES;

/** `1 session`, `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** How long to wait, for people: `40 seconds`, `15 minutes`, rounded up. */
export function waitingTime(seconds: number): string {
  if (seconds < 90) return counted(seconds, "second");
  if (seconds < 90 * 60) return counted(Math.ceil(seconds / 60), "minute");
  return counted(Math.ceil(seconds / 3_600), "hour");
}
