import { usageError } from './exit-codes.ts'

/** A request as it is pasted: header lines, an empty line, the body. */
export interface PastedRequest {
  /** Names in lower case; of several of one name, their values joined. */
  headers: Map<string, string>
  body: Buffer
}

/** @throws {CliError} for a line that is no header. */
export function readRequest(pasted: Buffer): PastedRequest {
  const text = pasted.toString('latin1')
  const blank = /\r?\n\r?\n/.exec(text)
  const head = blank === null ? text : text.slice(0, blank.index)
  const body = blank === null ? Buffer.alloc(0) : pasted.subarray(blank.index + blank[0].length)
  return { headers: readHeaders(Buffer.from(head, 'latin1').toString('utf8')), body }
}

/** Lines `Name: value`; a request or status line at the top, and curl's `< ` and `> `, are passed over. */
export function readHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>()
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/^[<>] /, '').trim()
    if (line === '' || /^HTTP\/|HTTP\/[\d.]+$/.test(line)) continue
    const at = line.indexOf(':')
    if (at < 1) throw usageError(`'${line.slice(0, 60)}' is no header: give lines such as X-Event-Id: 0192…`)
    const name = line.slice(0, at).trim().toLowerCase()
    const value = line.slice(at + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  return headers
}
