/** What the doctor says of one thing. */
export interface Finding {
  part: string
  status: 'ok' | 'warn' | 'bad'
  says: string
  /** What to do. */
  remedy?: string
}

export const ok = (part: string, says: string): Finding => ({ part, status: 'ok', says })
export const warn = (part: string, says: string, remedy: string): Finding => ({ part, status: 'warn', says, remedy })
export const bad = (part: string, says: string, remedy: string): Finding => ({ part, status: 'bad', says, remedy })
