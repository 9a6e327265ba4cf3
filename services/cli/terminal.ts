import type { Readable, Writable } from 'node:stream'

/** What a command has of its surroundings. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean }
  stderr: Writable & { isTTY?: boolean }
  environment: Record<string, string | undefined>
  /** Aborted by Ctrl-C: commands that go on until then end in order. */
  stopping: AbortSignal
}

/** Whether a person can be asked. */
export function isInteractive({ stdin, stderr, environment }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true && !environment['CI']
}

/** Colours are for terminals, unless `NO_COLOR` or `--no-color` says otherwise; `FORCE_COLOR` wants them anywhere. */
export function hasColours({ stdout, environment }: Terminal, isWanted = true): boolean {
  if (!isWanted || environment['NO_COLOR']) return false
  if (environment['FORCE_COLOR']) return environment['FORCE_COLOR'] !== '0'
  return stdout.isTTY === true && environment['TERM'] !== 'dumb'
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array | string))
  return Buffer.concat(chunks)
}
