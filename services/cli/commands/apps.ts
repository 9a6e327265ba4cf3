import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import { addListOptions, type ListOptions, limitOf } from '../list-options.ts'
import type { Columns } from '../output.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'

export interface Application {
  application_id: string
  organization_id: string
  name: string
}

const COLUMNS: Columns<Application> = {
  APPLICATION: ({ application_id }) => application_id,
  NAME: ({ name }) => name,
}

export function addAppsCommand(program: Command, terminal: Terminal): void {
  const apps = program.command('apps').description('applications of the organization')
  const list = apps.command('list').description('all of them').action(withSession(terminal, listApps))
  withExamples(addListOptions(list), 'apps list -o yaml')
  apps
    .command('get <application-id>')
    .description('one application, with its quotas and what is used of them')
    .action(
      withSession(terminal, async ({ api, output }, id: string) => {
        const found = await api.call<Application & { quotas: object; consumption: object }>(
          'GET',
          `/applications/${encodeURIComponent(id)}`,
        )
        output.item(found, { ...detailsOf(found), Quotas: () => found.quotas, Used: () => found.consumption })
      }),
    )
  withExamples(
    apps
      .command('create <name>')
      .description('make an application')
      .action(
        withSession(terminal, async ({ api, output, organizationId }, name: string) => {
          const body = { organization_id: await organizationId(), name }
          const made = await api.call<Application>('POST', '/applications', { body })
          output.item(made, detailsOf(made))
        }),
      ),
    'apps create Shop',
  )
  apps
    .command('update <application-id> <name>')
    .description('rename an application')
    .action(
      withSession(terminal, async ({ api, output, organizationId }, id: string, name: string) => {
        const body = { organization_id: await organizationId(), name }
        const changed = await api.call<Application>('PUT', `/applications/${encodeURIComponent(id)}`, { body })
        output.item(changed, detailsOf(changed))
      }),
    )
  apps
    .command('delete <application-id>')
    .description('delete an application: what is not delivered yet is cancelled')
    .action(
      withSession(terminal, async ({ api, output }, id: string) => {
        await api.call('DELETE', `/applications/${encodeURIComponent(id)}`)
        output.say(`Application ${id} is deleted.`)
      }),
    )
}

const detailsOf = ({ application_id, name, organization_id }: Application) => ({
  Application: () => application_id,
  Name: () => name,
  Organization: () => organization_id,
})

async function listApps({ api, output, organizationId }: Session, options: ListOptions): Promise<void> {
  const query = { organization_id: await organizationId() }
  output.list(await api.list<Application>('/applications', query, limitOf(options)), COLUMNS, 'No applications.')
}
