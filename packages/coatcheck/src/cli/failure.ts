/** What was asked rightly and can't be done, or is not as it should be: the message is one line with the mend, the exit status 1. */
export class Failure extends Error {
  override readonly name: string = "Failure";
}

/** There is no store where one was looked for. */
export class NoStore extends Failure {
  override readonly name = "NoStore";
}
