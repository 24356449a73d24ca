import { userInfo } from "node:os";

/** Who does what a command does, for the audit trail. */
export function operator(): { readonly actor: string; readonly osUser: string } {
  return { actor: "cli", osUser: osUser() };
}

/** Who runs this, as the system knows them: some systems have no name for a number. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
