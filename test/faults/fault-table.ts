import type { FaultRow } from './run-fault.ts'

/** Titles of the table's columns; the first one is as wide as a fault's name. */
export const HEADS = [
  'fault',
  'runs',
  'accepted',
  'delivered',
  'dead',
  'cancelled',
  'lost',
  'phantom',
  'early',
  'over max',
  'duplicates',
  'refused',
  'pause',
  'recovery',
]
const NAME_WIDTH = 64
const CELL_WIDTH = 10

export function tableLine([name = '', ...cells]: readonly (string | number)[]): string {
  return `  ${String(name).padEnd(NAME_WIDTH)} ${cells.map((cell) => String(cell).padStart(CELL_WIDTH)).join(' ')}`
}

/** A row, and below it what is wrong. Duplicates stand beside how many there may be. */
export function* rowLines(row: FaultRow): Generator<string> {
  const { report, differences } = row
  const { broken, lost } = report
  yield tableLine([
    `${row.id} ${row.name}`,
    row.runs,
    row.accepted,
    report.succeeded,
    report.deadLettered,
    report.cancelled,
    lost.prefix + lost.middle + lost.postfix + (broken.I2 ?? 0) + (broken.I3 ?? 0),
    ...(['I4', 'I7', 'I6'] as const).map((name) => (row.unjudged.includes(name) ? 'unjudged' : (broken[name] ?? 0))),
    `${report.repeatedSuccesses} of ${row.repeatedMax}`,
    row.refused,
    `${row.pauseMs} ms`,
    row.runs === 1 ? `${row.recoveryMs} ms` : `≤ ${row.recoveryMs} ms`,
  ])
  for (const { invariant, subject, detail } of report.violations.slice(0, 10)) {
    yield `      ${invariant} ${subject} ${detail}`
    for (const line of row.histories.get(subject) ?? []) yield `          ${line}`
  }
  for (const difference of differences) yield `      read model: ${difference}`
}

/** Of all recoveries of all faults. */
export function recoverySummary(recoveriesMs: readonly number[]): string {
  const sorted = recoveriesMs.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
  return `  ${sorted.length} recoveries: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
}
