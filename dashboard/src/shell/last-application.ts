const KEY = 'jethook-last-application'

/** Where somebody was last: the start leads there. */
export function lastApplication(): string | null {
  return localStorage.getItem(KEY)
}

export function rememberApplication(applicationId: string): void {
  localStorage.setItem(KEY, applicationId)
}
