/** The server could not start, though it was asked rightly: the message is one line with the mend. */
export class StartError extends Error {
  override readonly name = "StartError";
}
