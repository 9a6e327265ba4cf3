import type { EventTypeAnswer } from '#shared/contract/schemas.ts'
import type { EventTypeState } from '#shared/facts/control.ts'

/** A type that has never had a schema looks as the contract has it. */
export function presentEventType(state: EventTypeState): EventTypeAnswer {
  return {
    service_name: state.service,
    resource_type_name: state.resourceType,
    verb_name: state.verb,
    event_type_name: state.name,
    ...(state.schema === null ? {} : { schema: state.schema, schema_version: state.schemaVersion }),
  }
}
