/** Tells a person what a start is doing. Everything goes to standard error: standard output is for results. */
export interface Progress {
  step(text: string): void
  done(): void
}

const TICK_MS = 200

/** On a terminal the step under way counts its seconds; elsewhere each step is one line. */
export function createProgress(): Progress {
  const isTerminal = process.stderr.isTTY === true
  let current: { text: string; sinceMs: number } | null = null
  let timer: NodeJS.Timeout | null = null

  function end(): void {
    if (timer) clearInterval(timer)
    timer = null
    if (current && isTerminal) process.stderr.write(`\r  ${current.text} (${secondsSince(current.sinceMs)})   \n`)
    current = null
  }

  return {
    step(text) {
      end()
      current = { text, sinceMs: Date.now() }
      if (!isTerminal) {
        process.stderr.write(`  ${text} …\n`)
        return
      }
      const step = current
      timer = setInterval(() => process.stderr.write(`\r  ${step.text} … ${secondsSince(step.sinceMs)} `), TICK_MS)
    },
    done: end,
  }
}

function secondsSince(ms: number): string {
  return `${((Date.now() - ms) / 1_000).toFixed(1)} s`
}
