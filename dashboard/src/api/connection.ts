import { createStore } from './store.ts'

/** Whether answers come, and are of now. `sinceMs`: when the last answer came that was of now. */
export type Connection =
  | { state: 'current' }
  /** Answers come, but from rows that are behind the streams. */
  | { state: 'behind'; sinceMs: number }
  /** The read model (Postgres) doesn't answer; what it was asked for is shown as it was. */
  | { state: 'no-read-model'; sinceMs: number }
  | { state: 'unreachable'; sinceMs: number }

export const connection = createStore<Connection>({ state: 'current' })
let lastCurrentMs = Date.now()

export function noteAnswer(readModel: string | null): void {
  if (readModel === 'behind') note('behind')
  // An answer that asked nothing of the read model says nothing of it.
  else if (readModel === 'current' || connection.get().state === 'unreachable') {
    lastCurrentMs = Date.now()
    connection.set(connection.get().state === 'current' ? connection.get() : { state: 'current' })
  } else if (connection.get().state === 'current') lastCurrentMs = Date.now()
}

export function note(state: 'behind' | 'no-read-model' | 'unreachable'): void {
  if (connection.get().state !== state) connection.set({ state, sinceMs: lastCurrentMs })
}
