import type { Health } from '#shared/runtime/health.ts'
import { unwell, WELL } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { AUDITED_KINDS, readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'

export interface AuditWatchOptions {
  nats: Nats
  logger: Logger
  health: Health
  intervalMs?: number
  /** A change that is older must have been copied. */
  graceMs?: number
}

const INTERVAL_MS = 60_000
const GRACE_MS = 60_000

/**
 * Sees to it that the server goes on copying CONTROL into AUDIT: it has been known to stop without a word. Until that is mended,
 * a rebuild of the read model would lose old lines of the audit log.
 */
export function createAuditWatch({
  nats,
  logger,
  health,
  intervalMs = INTERVAL_MS,
  graceMs = GRACE_MS,
}: AuditWatchOptions): Service {
  let missingSince: Date | null = null
  let timer: NodeJS.Timeout | null = null

  async function look(): Promise<void> {
    try {
      const [changed, copiedSeq] = await Promise.all([lastChange(), lastCopiedSeq()])
      const isBehind = changed !== null && changed.seq > copiedSeq && Date.now() - changed.time.getTime() > graceMs
      if (isBehind && missingSince === null)
        logger.error({ changed: changed.seq, copiedSeq }, 'AUDIT is not copied any more')
      missingSince = isBehind ? changed.time : null
    } catch (error) {
      logger.debug({ err: error }, 'AUDIT could not be looked at')
    }
  }

  /** The latest change of what AUDIT copies. */
  async function lastChange(): Promise<{ seq: number; time: Date } | null> {
    const messages = await Promise.all(
      AUDITED_KINDS.map((kind) =>
        // Whichever copy answers: what it has not seen yet was changed a moment ago.
        nats.jsm.direct.getMessage(STREAM_NAMES.control, { last_by_subj: `control.${kind}.>` }),
      ),
    )
    const there = messages.filter((message) => message !== null).map(({ seq, time }) => ({ seq, time }))
    return there.toSorted((a, b) => b.seq - a.seq)[0] ?? null
  }

  async function lastCopiedSeq(): Promise<number> {
    const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.audit))
    if (state.messages === 0) return 0
    const message = await readStored(nats, STREAM_NAMES.audit, state.last_seq)
    return Number(message?.header.get('Nats-Stream-Source').split(' ')[1] ?? 0)
  }

  health.register('audit copies', () =>
    missingSince === null
      ? WELL
      : unwell(
          `changes since ${missingSince.toISOString()} are not in AUDIT: restart nats-server, and keep the read model`,
        ),
  )
  return {
    name: 'audit watch',
    async start() {
      timer ??= setInterval(look, intervalMs).unref()
    },
    async stop() {
      if (timer) clearInterval(timer)
    },
  }
}
