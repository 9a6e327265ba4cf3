/** Is told what happens, and where: for whoever runs a seed again. What is costly to say is said by a function. */
export type Trace = (where: string, what: string | (() => string)) => void

/** Lines with the virtual time. */
export function traceTo(tell: (line: string) => void, nowMs: () => number): Trace {
  return (where, what) =>
    tell(`${nowMs().toFixed(1).padStart(9)}  ${where.padEnd(14)} ${typeof what === 'string' ? what : what()}`)
}
