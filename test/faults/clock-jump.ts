/**
 * `node --import` this, with CLOCK_JUMP_MS: at SIGWINCH, which nothing else takes, the clock of the process jumps by so much,
 * and at the next one back again. Timers and the monotonic clock go on as ever, as they do when a machine's clock is set.
 */
const jumpMs = Number(process.env['CLOCK_JUMP_MS'])
if (!Number.isInteger(jumpMs) || jumpMs === 0) throw new Error('CLOCK_JUMP_MS must be whole milliseconds, not 0')
const RealDate = Date
let shiftMs = 0

class ShiftedDate extends RealDate {
  constructor(...parts: [] | [number | string | Date]) {
    super(parts.length === 0 ? RealDate.now() + shiftMs : parts[0])
  }
  static override now(): number {
    return RealDate.now() + shiftMs
  }
}

globalThis.Date = ShiftedDate as DateConstructor
process.on('SIGWINCH', () => {
  shiftMs = shiftMs === 0 ? jumpMs : 0
})
