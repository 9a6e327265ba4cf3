import { bad, type Finding, ok, warn } from './finding.ts'

const WARN_MS = 2_000
/** Receivers refuse signatures that are older than five minutes. */
const BAD_MS = 60_000

/** @param aheadMs How far the other clock is ahead of this one. */
export function judgeClock(whose: string, aheadMs: number): Finding {
  const says = `${whose} clock is ${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's.`
  const remedy =
    'Let both follow a time server (timedatectl, chronyd): receivers refuse signatures whose time is wrong.'
  if (Math.abs(aheadMs) >= BAD_MS) return bad('clock', says, remedy)
  return Math.abs(aheadMs) >= WARN_MS
    ? warn('clock', says, remedy)
    : ok('clock', `${whose} clock agrees with this machine's.`)
}
