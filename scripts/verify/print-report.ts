import { INVARIANTS, type Invariant, type VerifyReport, type Violation } from './verify-ledger.ts'

/** What a run of the verifier was given to look at. */
export interface Looked {
  isQuiet: boolean
  hasAccepted: boolean
  hasReceived: boolean
  hasRows: boolean
  hasKeys: boolean
}

/** Why a promise was not, or not wholly, looked at; null: it was. */
function unlooked(invariant: Invariant, looked: Looked): string | null {
  switch (invariant) {
    case 'I1':
      return looked.hasAccepted ? null : 'that nothing is missing: --accepted'
    case 'I3':
      return looked.isQuiet ? null : 'that all has ended: --quiet'
    case 'I4':
      return looked.hasReceived ? null : 'that receivers say the same: --received'
    case 'I5':
    case 'I14':
    case 'I16':
      return looked.hasReceived ? null : '--received'
    case 'I12':
      return looked.hasRows ? null : 'DATABASE_URL'
    case 'I18':
      return looked.hasKeys ? null : 'JETHOOK_SECRET_KEY, or the JETHOOK_HOME that holds the keys'
    case 'I20':
      return looked.isQuiet ? null : 'that nothing waits: --quiet'
    default:
      return null
  }
}

const SHOWN_MAX = 25
const COUNTS = ['events', 'deliveries', 'attempts', 'succeeded', 'deadLettered', 'cancelled', 'open'] as const
const COUNT_NAMES: Record<(typeof COUNTS)[number], string> = {
  events: 'events',
  deliveries: 'deliveries',
  attempts: 'attempts',
  succeeded: 'delivered',
  deadLettered: 'dead letters',
  cancelled: 'cancelled',
  open: 'open',
}

/** What is said of a run, line by line, for people. */
export function* reportLines(
  report: VerifyReport,
  violations: readonly Violation[],
  histories: ReadonlyMap<string, readonly string[]>,
  looked: Looked,
): Generator<string> {
  for (const name of COUNTS) yield `  ${COUNT_NAMES[name].padEnd(20)} ${report[name]}`
  const { prefix, middle, postfix } = report.lost
  const where = prefix + middle + postfix > 0 ? ` (${prefix} first, ${middle} in between, ${postfix} last)` : ''
  yield `  ${'lost'.padEnd(20)} ${looked.hasAccepted ? `${prefix + middle + postfix}${where}` : 'not known without --accepted'}`
  yield `  ${'repeated'.padEnd(20)} ${report.repeatedAttempts} attempts recorded twice${looked.hasReceived ? `, ${report.repeatedSuccesses} webhooks after a success` : ''}`
  const { events, ledger } = report.firstSeqs
  if (events > 1 || ledger > 1)
    yield `\n  What has aged out can't be judged: EVENTS begins at ${events}, LEDGER at ${ledger}.`
  yield ''
  for (const [name, promise] of Object.entries(INVARIANTS) as [Invariant, string][]) {
    const count = countOf(name, report, violations)
    const missing = unlooked(name, looked)
    const isWhollyUnseen = missing !== null && !missing.startsWith('that ')
    const verdict = count > 0 ? 'BROKEN ' : isWhollyUnseen ? 'unseen ' : 'holds  '
    const note = count > 0 ? `: ${count} times` : missing === null ? '' : `   (to see ${missing})`
    yield `  ${verdict} ${name.padEnd(4)} ${promise}${note}`
  }
  for (const { invariant, subject, detail } of violations.slice(0, SHOWN_MAX)) {
    yield `\n  ${invariant}  ${subject} ${detail}`
    for (const line of histories.get(subject) ?? []) yield `        ${line}`
  }
  if (violations.length > SHOWN_MAX) yield `\n  … and ${violations.length - SHOWN_MAX} more; --json has them.`
}

/** The verifier counts beyond the violations that it keeps. */
function countOf(invariant: Invariant, report: VerifyReport, violations: readonly Violation[]): number {
  return Math.max(report.broken[invariant] ?? 0, violations.filter((each) => each.invariant === invariant).length)
}
