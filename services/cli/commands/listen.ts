import { once } from 'node:events'
import { hostname } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { diagnoseSignatures } from '#shared/domain/diagnose-signature.ts'
import { isRunning } from '#shared/runtime/is-running.ts'
import { createApiClient } from '../api-client.ts'
import { withExamples } from '../examples.ts'
import { type Delivery, startReceiver } from '../listen/receiver.ts'
import { withoutControls } from '../output.ts'
import { durationMs, names, pair, positiveInteger } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import { DEFAULT_LABELS } from '../subscription-options.ts'
import type { Terminal } from '../terminal.ts'

interface ListenOptions {
  types?: string[]
  label?: Record<string, string>
  host: string
  port: number
  publicUrl?: string
  forward?: string
  status: number[]
  delay: number
  count?: number
  tolerance: number
  headerName: string
}

/** Says whose temporary subscription it is, so that one that was left behind by a kill is found. */
const OWNER_KEY = 'jethook_listen'
const DESCRIPTION = 'Temporary: jethook listen'
const ALL_TYPES = ['**']
const CLEAN_UP_LIMIT_MS = 5_000
const BODY_SHOWN_MAX = 500

export function addListenCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('listen')
    .description('receive webhooks here: a temporary subscription, each delivery printed and its signature verified')
    .option('--types <names>', 'event types, comma separated; wildcards: billing.** (all if none is given)', names)
    .option('--label <key=value>', 'of events with this label; may be given again (all=yes if none is given)', pair)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on (a free one if none is given)', Number, 0)
    .option('--public-url <url>', 'where the server reaches this receiver, when it runs elsewhere (a tunnel)')
    .option('--forward <url>', 'hand each delivery on to this address, and answer as that answers')
    .option(
      '--status <codes>',
      'answer so, one after the other, the last one from then on: 503,503,200',
      statuses,
      [200],
    )
    .option('--delay <time>', 'answer only after so long', durationMs, 0)
    .option('--count <n>', 'end after so many deliveries', positiveInteger)
    .option('--tolerance <time>', 'how old a signature may be', durationMs, 300_000)
    .option('--header-name <name>', "of Hook0's signature", 'X-Hook0-Signature')
    .action(withSession(terminal, listen))
  withExamples(
    command,
    "listen --types 'billing.**'",
    'listen --forward http://127.0.0.1:3000/webhooks',
    'listen --status 503,503,200 --delay 2s',
    'listen --public-url https://my-tunnel.example.com/',
  )
}

function statuses(text: string): number[] {
  const codes = text.split(',').map(Number)
  if (codes.some((code) => !Number.isInteger(code) || code < 200 || code > 599))
    throw new InvalidArgumentError('Give statuses from 200 to 599, such as 200 or 503,503,200.')
  return codes
}

async function listen(session: Session, options: ListenOptions): Promise<void> {
  const { api, output, terminal, connection } = session
  const application_id = session.applicationId()
  const secret = Promise.withResolvers<string>()
  let left = options.count ?? Number.POSITIVE_INFINITY
  const enough = new AbortController()
  const receiver = await startReceiver({
    host: options.host,
    port: options.port,
    statuses: options.status,
    delayMs: options.delay,
    forwardTo: options.forward ?? null,
    async onDelivery(delivery) {
      // One may come before the answer that tells the secret.
      const verification = { ...options, secret: await secret.promise }
      if (left <= 0) return
      showDelivery(session, delivery, verification)
      if (--left <= 0) enough.abort()
    },
  })
  try {
    await removeLeftOver(session)
    const body = {
      application_id,
      is_enabled: true,
      description: DESCRIPTION,
      event_types: options.types ?? ALL_TYPES,
      labels: options.label ?? DEFAULT_LABELS,
      metadata: { [OWNER_KEY]: `${hostname()}:${process.pid}` },
      target: { type: 'http', method: 'POST', url: options.publicUrl ?? receiver.url, headers: {} },
    }
    const subscription = await api.call<SubscriptionAnswer>('POST', '/subscriptions', { body })
    secret.resolve(subscription.secret)
    for (const warning of subscription.warnings ?? []) output.note(`Warning: ${warning}`)
    output.note(`Listening at ${subscription.target.url} for ${body.event_types.join(', ')}; Ctrl-C ends it.`)
    try {
      const ending = AbortSignal.any([terminal.stopping, enough.signal])
      if (!ending.aborted) await once(ending, 'abort')
    } finally {
      // The client of the session has ended with the Ctrl-C.
      const last = createApiClient({ ...connection, signal: AbortSignal.timeout(CLEAN_UP_LIMIT_MS) })
      await last.call('DELETE', `/subscriptions/${subscription.subscription_id}`, { query: { application_id } })
    }
  } finally {
    receiver.close()
  }
}

/** Deletes the subscriptions of earlier runs on this machine that could not do so themselves. */
async function removeLeftOver({ api, ...session }: Session): Promise<void> {
  const application_id = session.applicationId()
  for (const { subscription_id, metadata } of await api.list<SubscriptionAnswer>('/subscriptions', {
    application_id,
  })) {
    const [host, pid] = (metadata[OWNER_KEY] ?? '').split(':')
    if (host !== hostname() || isRunning(Number(pid))) continue
    await api.call('DELETE', `/subscriptions/${subscription_id}`, { query: { application_id } })
  }
}

interface Verification {
  secret: string
  tolerance: number
  headerName: string
}

function showDelivery({ output }: Session, delivery: Delivery, { secret, tolerance, headerName }: Verification): void {
  const { headers, body, status, forwarded, atMs, path } = delivery
  const diagnoses = diagnoseSignatures(
    { headers, body },
    { secret, nowMs: atMs, toleranceSeconds: tolerance / 1_000, hook0Header: headerName.toLowerCase() },
  )
  const isGenuine = diagnoses.some((each) => each.isGenuine)
  const wrong = diagnoses.flatMap(({ checks }) => checks).find(({ isRight }) => !isRight)
  const event_type = headers.get('x-event-type') ?? null
  const event_id = headers.get('x-event-id') ?? null
  const text = body.toString('utf8')
  const at = new Date(atMs).toISOString()
  const lines = [
    [
      at,
      event_type ?? path,
      event_id ?? '',
      isGenuine ? output.style('green', 'signature ok') : output.style('red', `SIGNATURE WRONG: ${wrong?.says ?? ''}`),
      forwardedText(forwarded),
      `answered ${status}`,
    ]
      .filter((part) => part !== '')
      .join('  '),
    `  ${withoutControls(text.length > BODY_SHOWN_MAX ? `${text.slice(0, BODY_SHOWN_MAX)} …` : text)}`,
  ]
  const signature = { is_genuine: isGenuine, wrong: isGenuine ? null : (wrong ?? null) }
  output.event(
    { at, event_id, event_type, signature, status, forwarded, headers: Object.fromEntries(headers), body: text },
    lines.join('\n'),
  )
}

function forwardedText(forwarded: Delivery['forwarded']): string {
  if (forwarded === null) return ''
  return forwarded.error === null ? `forwarded in ${forwarded.durationMs} ms` : `not forwarded: ${forwarded.error}`
}
