import type { components } from './schema.d.ts'

export type ProblemDocument = components['schemas']['Problem']

/** What the API answered instead of what was asked for, or that it did not answer at all (`status` 0). */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly document: ProblemDocument
  constructor(document: ProblemDocument) {
    super(document.detail)
    this.document = document
  }
  get status(): number {
    return this.document.status
  }
}

/** The problem of an answer that is none: its body is shown as it is when it is no problem document. */
export function problemOf(status: number, body: unknown): ProblemError {
  if (isProblem(body)) return new ProblemError(body)
  const detail = typeof body === 'string' && body !== '' ? body.slice(0, 300) : 'The server gave no reason.'
  return new ProblemError(made(status, `The server answered with ${status}`, detail))
}

export function unreachable(): ProblemError {
  return new ProblemError(
    made(0, 'jethook cannot be reached', 'The connection failed. It is tried again until it succeeds.'),
  )
}

/** Whether waiting may help: the server, or something behind it, is away. */
export function isPassing(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 0 || error.status === 502 || error.status === 503)
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 401 || error.document.id === 'AuthInvalidBiscuit')
}

/** One sentence for each field of a request that was refused, with the field's path. */
export function fieldErrors(error: unknown): { field: string; message: string }[] {
  if (!(error instanceof ProblemError) || !error.document.validation) return []
  return flatten(error.document.validation, '')
}

function flatten(errors: Record<string, unknown>, prefix: string): { field: string; message: string }[] {
  return Object.entries(errors).flatMap(([name, value]) => {
    const field = prefix === '' ? name : `${prefix}.${name}`
    if (!Array.isArray(value)) return flatten(value as Record<string, unknown>, field)
    return value.map((each: { message?: string | null; code?: string }) => ({
      field,
      message: each.message ?? each.code ?? 'is not valid',
    }))
  })
}

function isProblem(body: unknown): body is ProblemDocument {
  return typeof body === 'object' && body !== null && 'id' in body && 'title' in body && 'status' in body
}

function made(status: number, title: string, detail: string): ProblemDocument {
  return { type: '', id: 'ServiceUnavailable', title, detail, status, validation: null }
}
