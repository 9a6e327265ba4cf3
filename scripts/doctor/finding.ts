/** What was found when something was looked at. */
export interface Finding {
  /** What was looked at. */
  name: string
  status: 'ok' | 'warn' | 'bad'
  says: string
  /** What to do; null: nothing. */
  remedy: string | null
}

export const ok = (name: string, says: string): Finding => ({ name, status: 'ok', says, remedy: null })
export const warn = (name: string, says: string, remedy: string): Finding => ({ name, status: 'warn', says, remedy })
export const bad = (name: string, says: string, remedy: string): Finding => ({ name, status: 'bad', says, remedy })
