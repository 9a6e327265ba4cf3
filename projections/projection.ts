import type { ClientBase } from 'pg'
import type { StreamMessage } from '#shared/runtime/own-appends.ts'
import type { StreamName } from '#shared/runtime/streams.ts'

/** A fact and where it stands in its stream. */
export interface Placed<Fact> {
  seq: number
  fact: Fact
}

/**
 * What a runner needs of a projection. `State` is what earlier facts left behind that later ones ask for; `Rows` what
 * a batch comes to. `fold` is pure: no clock, no randomness, nothing but its arguments.
 */
export interface Projection<Fact, State, Rows> {
  name: string
  /** Raised when the same facts come to other rows: the read model is then built anew. */
  version: number
  stream: StreamName
  /** The stream keeps only the last states of a subject, so holes in its sequence are no alarm. */
  mayHaveGaps: boolean
  /** @throws {Error} when the message is nothing that this version knows. */
  decode(message: StreamMessage): Fact
  loadState(client: ClientBase): Promise<State>
  /** @returns the rows and the state after the batch; the given state is left as it is. */
  fold(state: State, facts: readonly Placed<Fact>[]): { rows: Rows; state: State }
  write(client: ClientBase, rows: Rows): Promise<void>
  /** LEDGER: through which EVENTS sequence these rows say that matching is done; 0 when they don't. */
  matchedEventSeq(rows: Rows): number
}
