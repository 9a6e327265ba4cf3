import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import type { LiveFilter, LiveListener, LiveRow } from '../live/live-row.ts'
import { pollAttempts } from '../live/poll-attempts.ts'
import { readLive } from '../live/read-live.ts'
import { type Output, withoutControls } from '../output.ts'
import { positiveInteger } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'

interface TailOptions {
  type?: string
  sub?: string
  kinds?: string
  count?: number
}

const RECONNECT_AFTER_MS = 1_000

export function addTailCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('tail')
    .description('see what happens as it happens: events accepted, attempts made, deliveries given up')
    .option('--type <name>', 'of this event type')
    .option('--sub <id>', 'of this subscription')
    .option('--kinds <kinds>', 'accepted, attempted, dead; comma separated (all if none is given)')
    .option('--count <n>', 'end after so many lines', positiveInteger)
    .action(withSession(terminal, tail))
  withExamples(command, 'tail --kinds attempted,dead', 'tail --type billing.invoice.paid -o json')
}

async function tail(session: Session, options: TailOptions): Promise<void> {
  const { api, output, terminal } = session
  const filter = {
    application_id: session.applicationId(),
    event_type: options.type,
    subscription_id: options.sub,
    kinds: options.kinds,
  }
  let left = options.count ?? Number.POSITIVE_INFINITY
  const enough = new AbortController()
  const listener: LiveListener = {
    onRow(row) {
      if (left <= 0) return
      output.event(row, rowText(row, output))
      if (--left <= 0) enough.abort()
    },
    onEnded: (reason) => output.note(`The server has ended the stream: ${withoutControls(reason)}`),
    onSkipped: (count) => output.note(`… ${count} left out: they come faster than they can be shown`),
  }
  const ending = AbortSignal.any([terminal.stopping, enough.signal])
  const client = api.withSignal(ending)
  try {
    await follow(client, { filter, listener, output, ending })
  } catch (error) {
    if (!ending.aborted) throw error
  }
}

interface Following {
  filter: LiveFilter
  listener: LiveListener
  output: Output
  ending: AbortSignal
}

/** A stream that breaks off is taken up again; a server that has none is asked for its attempts. */
async function follow(api: Session['api'], { filter, listener, output, ending }: Following): Promise<void> {
  for (let isFirst = true; !ending.aborted; isFirst = false) {
    try {
      await readLive(api, filter, listener)
    } catch (error) {
      if (error instanceof CliError && error.exitCode === EXIT.notFound && isFirst) {
        output.note('This server has no live stream: its attempts are asked for every second.')
        return pollAttempts(api, { filter, signal: ending }, listener)
      }
      const isPassing = !isFirst && (!(error instanceof CliError) || error.exitCode === EXIT.unavailable)
      if (!isPassing) throw error
    }
    await delay(RECONNECT_AFTER_MS, undefined, { signal: ending })
  }
}

const MARKS = { accepted: 'blue', attempted: 'green', dead: 'red' } as const

function rowText(row: LiveRow, output: Output): string {
  const isFailure = row.kind === 'attempted' && row.outcome !== 'success'
  const { attempt_number, outcome, status_code, duration_ms, cause, error } = row
  return [
    row.at,
    output.style(isFailure ? 'yellow' : MARKS[row.kind], row.kind.padEnd(9)),
    row.event_type,
    row.event_id,
    attempt_number === undefined ? '' : `attempt ${attempt_number}`,
    outcome ?? cause ?? '',
    status_code ?? '',
    duration_ms === undefined ? '' : `${duration_ms} ms`,
    withoutControls(error ?? ''),
  ]
    .filter((part) => part !== '')
    .join('  ')
}
