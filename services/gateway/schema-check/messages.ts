/** What the worker is asked. */
export type WorkerRequest =
  | { id: number; type: 'compile'; schema: unknown }
  /** `schema` is given when the worker may not know the key yet. */
  | { id: number; type: 'check'; key: string; schema?: unknown; payload: string }

export interface SchemaViolation {
  /** JSON Pointer; empty: the whole payload. */
  path: string
  reason: string
}

/** What the worker answers. */
export type WorkerAnswer =
  | { id: number; type: 'compiled'; refusal: string | null }
  | { id: number; type: 'checked'; violations: SchemaViolation[] }
  | { id: number; type: 'unknown key' }
