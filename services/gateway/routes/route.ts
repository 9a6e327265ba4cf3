import type { TSchema } from 'typebox'
import { type FieldErrors, ProblemError } from '#shared/contract/problems.ts'
import { describeErrors } from '#shared/domain/validation.ts'
import type { Action } from '../permissions.ts'

export interface RouteSchema {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  params?: TSchema
  querystring?: TSchema
  body?: TSchema
  response?: Record<number, TSchema>
}

/** What a route is registered with: who may call it, and its place in the API's description. */
export function route<const Schema extends RouteSchema>(action: Action, schema: Schema) {
  return { config: { action }, schema }
}

/** @throws {ProblemError} Validation, when there are errors. */
export function refuseInvalid(errors: FieldErrors | null): void {
  if (errors !== null) throw new ProblemError('Validation', { validation: errors, detail: describeErrors(errors) })
}
