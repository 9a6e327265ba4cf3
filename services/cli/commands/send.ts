import { isUtf8 } from 'node:buffer'
import type { Command } from 'commander'
import type { IngestedEvent } from '#shared/contract/schemas.ts'
import type { TimelineAnswer } from '#shared/contract/timeline-schemas.ts'
import { withExamples } from '../examples.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { contentOf, durationMs, isoTime, pair, pointInTime } from '../parse-values.ts'
import { pollUntil } from '../poll.ts'
import { type Session, withSession } from '../session.ts'
import { DEFAULT_LABELS } from '../subscription-options.ts'
import type { Terminal } from '../terminal.ts'
import { timelineText } from '../timeline-text.ts'

interface SendOptions {
  label?: Record<string, string>
  metadata?: Record<string, string>
  id?: string
  contentType?: string
  occurredAt?: string
  deliverAt?: string
  delay?: number
  wait?: true
  timeout: number
}

const DEFAULT_TIMEOUT_MS = 60_000
const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain'
const BYTES_TYPE = 'application/octet-stream+base64'

export function addSendCommand(program: Command, terminal: Terminal): void {
  const command = addSendOptions(program.command('send').description('post an event; it is on disk when this says so'))
  withExamples(
    command.action(withSession(terminal, send)),
    `send billing.invoice.paid '{"total": 12}' --label tenant=42`,
    'send billing.invoice.paid @invoice.json --wait',
    'send billing.invoice.due @invoice.json --delay 2h',
  )
}

export function addSendOptions(command: Command): Command {
  return command
    .argument('<event-type>')
    .argument('[payload]', 'text, @file, or - for standard input', '{}')
    .option('--label <key=value>', 'label; may be given again (all=yes if none is given)', pair)
    .option('--metadata <key=value>', 'metadata; may be given again', pair)
    .option('--id <uuid>', 'id of the event; the same one is never taken twice')
    .option('--content-type <type>', `${JSON_TYPE}, ${TEXT_TYPE} or ${BYTES_TYPE}; told by the payload if not given`)
    .option('--occurred-at <time>', 'when it happened: ISO 8601, or how long ago', pointInTime)
    .option('--deliver-at <time>', 'to be delivered at this time', isoTime)
    .option('--delay <time>', 'to be delivered so long from now: 30s, 10m, 2h, 7d', durationMs)
    .option('--wait', 'wait until every delivery has ended, and say how; 1 unless all succeeded')
    .option('--timeout <time>', 'for how long to wait', durationMs, DEFAULT_TIMEOUT_MS)
}

export async function send(session: Session, eventType: string, given: string, options: SendOptions): Promise<void> {
  const { api, output, terminal } = session
  const { payload, type } = payloadOf(await contentOf(given, terminal), options.contentType)
  const body = {
    application_id: session.applicationId(),
    event_type: eventType,
    payload,
    payload_content_type: type,
    occurred_at: options.occurredAt ?? new Date().toISOString(),
    labels: options.label ?? DEFAULT_LABELS,
    metadata: options.metadata,
    event_id: options.id,
    deliver_at: options.deliverAt,
    delay_ms: options.delay,
  }
  const sent = await api.call<IngestedEvent>('POST', '/event', { body })
  if (!options.wait) {
    output.item(sent, { Event: () => sent.event_id, Received: () => sent.received_at })
    return
  }
  const timeline = await waitForEnd(session, sent.event_id, options.timeout)
  if (output.format === 'table') output.say(timelineText(timeline))
  else output.item(timeline, {})
  const failure = failureOf(timeline)
  if (failure !== null) throw new CliError(failure, EXIT.negative)
}

/** Bytes that are no text travel as base64; what is given with a content type is taken as it is. */
function payloadOf(content: Buffer, given: string | undefined): { payload: string; type: string } {
  if (given === undefined && !isUtf8(content)) return { payload: content.toString('base64'), type: BYTES_TYPE }
  const payload = content.toString('utf8')
  return { payload, type: given ?? (isJson(payload) ? JSON_TYPE : TEXT_TYPE) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** @throws {CliError} with the code for time-outs when a delivery is still open then. */
async function waitForEnd({ api, terminal, ...session }: Session, eventId: string, timeoutMs: number) {
  const query = { application_id: session.applicationId() }
  const ask = () => api.call<TimelineAnswer>('GET', `/events/${eventId}/timeline`, { query })
  const ended = await pollUntil(ask, { isEnough: hasEnded, timeoutMs, signal: terminal.stopping })
  if (ended !== null) return ended
  throw new CliError(
    `Event ${eventId} is accepted, but not all of its deliveries ended in time. See: jethook events timeline ${eventId}`,
    EXIT.timeOut,
  )
}

const deliveriesOf = ({ subscriptions }: TimelineAnswer) => subscriptions.flatMap(({ deliveries }) => deliveries)

function hasEnded(timeline: TimelineAnswer): boolean {
  if (timeline.status === 'not_matched_yet' || timeline.status === 'waiting') return false
  return deliveriesOf(timeline).every(({ status }) => status !== 'pending')
}

/** Null: everybody who was to get it has it. */
function failureOf(timeline: TimelineAnswer): string | null {
  const deliveries = deliveriesOf(timeline)
  if (deliveries.length === 0) return 'No subscription got the event.'
  const failed = deliveries.filter(({ status }) => status !== 'succeeded').length
  return failed === 0 ? null : `${failed} of ${deliveries.length} deliveries did not succeed.`
}
