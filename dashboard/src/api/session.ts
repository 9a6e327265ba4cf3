import { createStore } from './store.ts'

/** How somebody is signed in: with tokens that are renewed, or with one that was pasted. */
export type Session =
  | {
      kind: 'user'
      accessToken: string
      accessExpiresAtMs: number
      refreshToken: string
      refreshExpiresAtMs: number
      name: string
      email: string
      userId: string
    }
  | { kind: 'token'; accessToken: string }

const KEY = 'jethook-session'
/** A token is renewed this long before it ends, so that no request is under way with one that has ended. */
const RENEW_BEFORE_MS = 30_000

/**
 * The session of this browser. A user's tokens end within half an hour and are shared by its tabs (localStorage); a pasted
 * service token lasts, so it is kept by its tab alone (sessionStorage) unless it is to be remembered.
 */
export const session = createStore<Session | null>(readStored())

addEventListener('storage', ({ key }) => {
  if (key === KEY || key === null) session.set(readStored())
})

export function remember(next: Session, isForAllTabs: boolean): void {
  forget()
  const store = isForAllTabs ? localStorage : sessionStorage
  store.setItem(KEY, JSON.stringify(next))
  session.set(next)
}

export function forget(): void {
  localStorage.removeItem(KEY)
  sessionStorage.removeItem(KEY)
  session.set(null)
}

interface LoginAnswer {
  access_token: string
  access_token_expiration: string
  refresh_token: string
  refresh_token_expiration: string
  user_id: string
  email: string
  first_name: string
  last_name: string
}

export function rememberLogin(login: LoginAnswer): void {
  const next: Session = {
    kind: 'user',
    accessToken: login.access_token,
    accessExpiresAtMs: Date.parse(login.access_token_expiration),
    refreshToken: login.refresh_token,
    refreshExpiresAtMs: Date.parse(login.refresh_token_expiration),
    name: `${login.first_name} ${login.last_name}`.trim(),
    email: login.email,
    userId: login.user_id,
  }
  remember(next, true)
}

/** A token to send, renewed when it is about to end. @returns null when nobody is signed in, or no longer. */
export async function currentToken(): Promise<string | null> {
  const held = session.get()
  if (!held || held.kind === 'token' || held.accessExpiresAtMs - RENEW_BEFORE_MS > Date.now())
    return held?.accessToken ?? null
  return inTurn(async () => {
    const latest = readStored()
    if (latest?.kind !== 'user') return latest?.accessToken ?? null
    if (latest.accessExpiresAtMs - RENEW_BEFORE_MS <= Date.now()) await renew(latest)
    else session.set(latest)
    return session.get()?.accessToken ?? null
  })
}

let lastTurn: Promise<unknown> = Promise.resolve()

/**
 * A refresh token works once, and all tabs have the same: they take turns, and the next finds what the first one got. Where
 * the page came without TLS from another machine, browsers have no locks, and only what this tab does is put in turn.
 */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if ('locks' in navigator) return navigator.locks.request(KEY, work)
  const turn = lastTurn.then(work, work)
  lastTurn = turn
  return turn
}

/** @throws {TypeError} when the server can't be reached: the session is kept then. */
async function renew({ refreshToken, refreshExpiresAtMs }: Session & { kind: 'user' }): Promise<void> {
  if (refreshExpiresAtMs <= Date.now()) {
    forget()
    return
  }
  const answer = await fetch('/api/v1/auth/refresh', {
    method: 'POST',
    headers: { authorization: `Bearer ${refreshToken}` },
  })
  if (answer.ok) rememberLogin((await answer.json()) as LoginAnswer)
  else if (answer.status < 500 && answer.status !== 429) forget()
}

function readStored(): Session | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? 'null') as Session | null
  } catch {
    return null
  }
}
