import { Readable, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { addServerCommands } from '#scripts/cli/server-commands.ts'
import { createProgram, runProgram } from '#services/cli/program.ts'
import { until } from './until.ts'

export interface CliResult {
  code: number
  out: string
  err: string
}

/** A command that goes on until it is stopped. */
export interface RunningCli {
  out(): string
  err(): string
  /** As Ctrl-C. */
  stop(): void
  ended: Promise<CliResult>
}

export interface CliSurroundings {
  environment: Record<string, string | undefined>
  stdin?: string
}

/** Runs the command in this process, with streams and an environment of its own. */
export function startCli(args: readonly string[], { environment, stdin = '' }: CliSurroundings): RunningCli {
  const stopping = new AbortController()
  const [out, err] = [textSink(), textSink()]
  const terminal = {
    stdin: Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]),
    stdout: out.stream,
    stderr: err.stream,
    environment,
    stopping: stopping.signal,
  }
  const ended = runProgram(createProgram(terminal, addServerCommands), args, terminal).then((code) => ({
    code,
    out: out.text(),
    err: err.text(),
  }))
  return { out: out.text, err: err.text, stop: () => stopping.abort(new Error('stopped')), ended }
}

export function runCli(args: readonly string[], surroundings: CliSurroundings): Promise<CliResult> {
  return startCli(args, surroundings).ended
}

/** Waits until a running command has printed something that fits; an end before that is an error. */
export async function untilSays(running: RunningCli, pattern: RegExp): Promise<void> {
  let ended: CliResult | null = null
  void running.ended.then((result) => {
    ended = result
  })
  await until(`it says ${pattern}`, async () => {
    if (pattern.test(running.out() + running.err())) return true
    if (ended !== null) throw new Error(`it ended: ${JSON.stringify(ended)}`)
    return false
  })
}

function textSink() {
  let text = ''
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString('utf8')
      done()
    },
  })
  return { stream, text: () => text }
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g

/** Output with what differs from run to run replaced: ids by their order, times, durations, ports; spaces of tables as one. */
export function normalized(text: string): string {
  const ids = new Map<string, string>()
  return stripVTControlCharacters(text)
    .replace(ID, (id) => {
      const name = ids.get(id) ?? `<id ${ids.size + 1}>`
      ids.set(id, name)
      return name
    })
    .replace(TIME, '<time>')
    .replace(/\b\d+ ms\b/g, '<n> ms')
    .replace(/(Took \(ms\) +)\d+/g, '$1<n>')
    .replace(/( {2}\d{3} +)\d+( +<time>)/g, '$1<n>$2')
    .replace(/date: .* GMT/g, 'date: <date>')
    .replace(/"duration_ms": \d+/g, '"duration_ms": <n>')
    .replace(/duration_ms: \d+/g, 'duration_ms: <n>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replace(/ {2,}/g, '  ')
    .replace(/ +$/gm, '')
}
