import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import { usageError } from '../exit-codes.ts'
import { type JobOptions, runJob } from '../jobs.ts'
import { names, pair, pointInTime, positiveInteger } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { addJobOptions } from './dlq.ts'

interface ReplayOptions extends JobOptions {
  from?: string
  to?: string
  matching?: string[]
  label?: Record<string, string>
  sub?: string[]
  onlyUndelivered?: true
  rate?: number
}

export function addReplayCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('replay')
    .description('read events again and match them anew, against the subscriptions of now')
    .option('--from <time>', 'received since: ISO 8601, or how long ago (2h, 7d)', pointInTime)
    .option('--to <time>', 'received until', pointInTime)
    .option('--matching <names>', 'of these event types, comma separated; wildcards: billing.**', names)
    .option('--label <key=value>', 'with this label; may be given again', pair)
    .option('--sub <ids>', 'only to these subscriptions, comma separated', names)
    .option('--only-undelivered', 'only where no delivery to the subscription was ever made')
    .option('--rate <n>', 'deliveries a second', positiveInteger)
    .action(withSession(terminal, replay))
  withExamples(
    addJobOptions(command),
    'replay --from 2h --matching billing.** --dry-run',
    'replay --from 2026-11-24T00:00:00Z --to 2026-11-24T06:00:00Z --sub 0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d --yes',
  )
}

async function replay(session: Session, options: ReplayOptions): Promise<void> {
  if (options.from === undefined) throw usageError('Since when? Give --from, such as --from 2h.')
  await runJob(session, {
    path: 'replays',
    body: {
      received_from: options.from,
      received_to: options.to,
      event_types: options.matching,
      labels: options.label,
      subscription_ids: options.sub,
      only_undelivered: options.onlyUndelivered,
      rate_per_second: options.rate,
    },
    question: (count) => `Deliver ${count} times again?`,
    options,
  })
}
