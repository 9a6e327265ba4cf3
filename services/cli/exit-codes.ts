/** What the exit code of a command means; docs/cli.md has the same table. */
export const EXIT = {
  done: 0,
  /** What was looked for does not hold: a wrong signature, a delivery that failed, a finding of the doctor. */
  negative: 1,
  usage: 2,
  /** The credential is missing, wrong, or may not do this. */
  credentials: 3,
  notFound: 4,
  /** The server has refused the request. */
  refused: 5,
  /** The server can't be reached, or can't answer now. */
  unavailable: 6,
  timeOut: 7,
  stopped: 130,
} as const

/** An error whose message is all that a person needs, and the exit code that it ends the command with. */
export class CliError extends Error {
  override name = 'CliError'
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

export function usageError(message: string): CliError {
  return new CliError(message, EXIT.usage)
}
