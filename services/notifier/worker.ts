import { type Occurrence, operationalEventMessage } from '#shared/domain/operational-event.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Health } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { createMailer } from '#shared/runtime/mail/mailer.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { NotifierConfig } from './config.ts'
import { watchControl } from './control-watch.ts'
import { createDisabledMails } from './disabled-mails.ts'
import { watchLedger } from './ledger-watch.ts'

export interface NotifierDependencies {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  events: Appender
  control: Appender
  config: NotifierConfig
  clock: Clock
  logger: Logger
  /** Absent: nobody asks. */
  health?: Health
}

/** Resolves when all of them are on disk; those that stand there already are added no second time. */
export type Tell = (occurrences: readonly Occurrence[]) => Promise<void>

/** A reader of one stream that follows its own kept position. */
export interface Watch {
  start(): void
  stop(): Promise<void>
}

const MAIL_TIMEOUT_MS = 10_000

/** Appends jethook's own events to operational applications, and tells editors of disabled subscriptions by mail. */
export function createNotifier(deps: NotifierDependencies): Service {
  const { registry, events, clock, config, logger } = deps
  const mailer = createMailer({ ...config.mail, timeoutMs: MAIL_TIMEOUT_MS, logger })

  const tell: Tell = async (occurrences) => {
    const messages = occurrences.flatMap((occurrence) => {
      const operational = registry.operationalApplicationOf(occurrence.organizationId)
      if (operational === null || isOwnAffair(occurrence, registry)) return []
      return [operationalEventMessage(occurrence, operational, { nowMs: clock.nowMs(), controlSeq: registry.seq })]
    })
    await Promise.all(messages.map((message) => events.append(message)))
  }

  const mailDisabled = createDisabledMails({ ...deps, mailer, isOn: config.areMailsSent })
  const watches: Watch[] = [watchLedger({ ...deps, tell }), watchControl({ ...deps, tell, mailDisabled })]
  return {
    name: 'notifier',
    async start() {
      for (const watch of watches) watch.start()
    },
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()))
      mailer.close()
    },
  }
}

/** What happens in an operational application makes no further events there: no loop can begin. */
function isOwnAffair({ applicationId }: Occurrence, registry: Registry): boolean {
  return applicationId !== null && registry.applications.get(applicationId)?.state.isOperational !== false
}
