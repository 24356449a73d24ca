/** What was asked rightly and can't be done: the message is one line with the mend, the exit status 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}
