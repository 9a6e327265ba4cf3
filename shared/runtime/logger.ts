import { type Logger, pino } from 'pino'

export type { Logger }

/** The process' logger: JSON lines on standard error, so that standard output stays free for results. */
export function createLogger(level: string, name = 'jethook'): Logger {
  return pino(
    { name, level, timestamp: pino.stdTimeFunctions.isoTime, base: { name } },
    pino.destination({ fd: 2, sync: false }),
  )
}
