import type { Command } from 'commander'
import type { EventTypeAnswer } from '#shared/contract/schemas.ts'
import { withExamples } from '../examples.ts'
import { usageError } from '../exit-codes.ts'
import { addListOptions, type ListOptions, limitOf } from '../list-options.ts'
import type { Columns } from '../output.ts'
import { jsonOf } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'

const COLUMNS: Columns<EventTypeAnswer> = {
  TYPE: ({ event_type_name }) => event_type_name,
  SCHEMA: ({ schema_version }) => (schema_version === undefined ? '' : `version ${schema_version}`),
}

interface SchemaOption {
  schema?: string
}

export function addTypesCommand(program: Command, terminal: Terminal): void {
  const types = program.command('types').description('event types')
  const list = types
    .command('list')
    .description('event types by name')
    .option('--prefix <text>', 'whose names begin so')
    .action(withSession(terminal, listTypes))
  withExamples(addListOptions(list), 'types list --prefix billing.')
  types.command('get <name>').description('one event type, with its JSON Schema').action(withSession(terminal, getType))
  withExamples(
    types
      .command('create <name>')
      .description('make an event type, or take an existing one up again')
      .option('--schema <json>', 'JSON Schema that payloads must satisfy: text, @file, or - for standard input')
      .action(withSession(terminal, createType)),
    'types create billing.invoice.paid',
    'types create billing.invoice.paid --schema @invoice.schema.json',
  )
  withExamples(
    types
      .command('update <name>')
      .description('give an event type another JSON Schema, the next version')
      .requiredOption('--schema <json>', 'text, @file, - for standard input, or null: none any more')
      .action(withSession(terminal, updateType)),
    'types update billing.invoice.paid --schema null',
  )
  types
    .command('delete <name>')
    .description('deactivate an event type: its events are refused from now on')
    .action(withSession(terminal, deleteType))
}

async function listTypes(
  { api, output, ...session }: Session,
  options: ListOptions & { prefix?: string },
): Promise<void> {
  const query = { application_id: session.applicationId(), prefix: options.prefix }
  output.list(await api.list<EventTypeAnswer>('/event_types', query, limitOf(options)), COLUMNS, 'No event types.')
}

function findType({ api, applicationId }: Session, name: string): Promise<EventTypeAnswer> {
  const query = { application_id: applicationId() }
  return api.call('GET', `/event_types/${encodeURIComponent(name)}`, { query })
}

async function getType(session: Session, name: string): Promise<void> {
  show(session, await findType(session, name))
}

function show({ output }: Session, type: EventTypeAnswer): void {
  output.item(type, {
    Type: () => type.event_type_name,
    'Schema version': () => type.schema_version,
    Schema: () => type.schema && JSON.stringify(type.schema, null, 2),
  })
}

/** @throws {CliError} for what is no name of three parts. */
export function partsOfName(name: string): { service: string; resource_type: string; verb: string } {
  const [service, resource_type, verb, ...others] = name.split('.')
  if (!service || !resource_type || !verb || others.length > 0)
    throw usageError(`'${name}' is no event type: it has three parts, such as billing.invoice.paid`)
  return { service, resource_type, verb }
}

async function createType(session: Session, name: string, options: SchemaOption): Promise<void> {
  const { api, terminal } = session
  const schema = options.schema === undefined ? {} : { schema: await jsonOf(options.schema, terminal, 'The schema') }
  const body = { application_id: session.applicationId(), ...partsOfName(name), ...schema }
  show(session, await api.call<EventTypeAnswer>('POST', '/event_types', { body }))
}

async function updateType(session: Session, name: string, options: SchemaOption): Promise<void> {
  await findType(session, name)
  await createType(session, name, options)
}

async function deleteType({ api, output, ...session }: Session, name: string): Promise<void> {
  const query = { application_id: session.applicationId() }
  await api.call('DELETE', `/event_types/${encodeURIComponent(name)}`, { query })
  output.say(`Event type ${name} is deactivated.`)
}
