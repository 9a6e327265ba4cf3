import type { Command } from 'commander'
import { stringify } from 'yaml'
import { createApiClient } from '../api-client.ts'
import { apiUrl } from '../connection.ts'
import { carryOutPlans } from '../declarative/carry-out.ts'
import { readCurrent } from '../declarative/current-state.ts'
import { wantedApplications } from '../declarative/document.ts'
import { fillIn } from '../declarative/placeholders.ts'
import { type ApplicationPlan, planApplication } from '../declarative/plan.ts'
import { showPlans } from '../declarative/plan-text.ts'
import { collect, withExamples } from '../examples.ts'
import { usageError } from '../exit-codes.ts'
import { readHook0Dump, readHook0Server } from '../import/hook0.ts'
import type { Imported } from '../import/imported.ts'
import { readSvixDump, readSvixServer } from '../import/svix.ts'
import { openSession, outputOf, type Session } from '../session.ts'
import type { Terminal } from '../terminal.ts'

interface ImportOptions {
  fromUrl?: string
  fromToken?: string
  fromApplication?: string[]
  dump?: string
  service: string
  label?: string
  print?: true
  dryRun?: true
}

const FROM_TOKEN = 'JETHOOK_IMPORT_TOKEN'

export function addImportCommand(program: Command, terminal: Terminal): void {
  const importing = program
    .command('import')
    .description('take over event types and subscriptions of another system; doing it again changes nothing')
  withExamples(
    addSourceOptions(importing.command('hook0').description('from a Hook0 server, or a dump of its database')).action(
      (options: ImportOptions, command: Command) => runImport(terminal, { options, command, read: readHook0 }),
    ),
    'import hook0 --from-url https://app.hook0.com --from-application 0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d --dry-run',
    'import hook0 --dump hook0.sql',
  )
  withExamples(
    addSourceOptions(importing.command('svix').description('from a Svix server, or a dump of its database'))
      .option('--service <name>', 'put in front of event types of fewer than three parts', 'app')
      .option('--label <key>', 'put all into one application, and label each subscription with whose it is')
      .action((options: ImportOptions, command: Command) => runImport(terminal, { options, command, read: readSvix })),
    'import svix --from-url https://api.eu.svix.com --dry-run',
    'import svix --dump svix.sql --label tenant --dry-run',
    'import svix --dump svix.sql --print > webhooks.yaml',
  )
}

function addSourceOptions(command: Command): Command {
  return command
    .option('--from-url <url>', 'server to read from')
    .option('--from-token <token>', `token for it; better given as ${FROM_TOKEN}`)
    .option('--from-application <id>', 'application to read; may be given again', collect)
    .option('--dump <file>', 'read this instead: what pg_dump --format=plain has written')
    .option('--print', 'print the file that apply takes, and do nothing')
    .option('--dry-run', 'only show what it would do')
}

type Read = (options: ImportOptions, terminal: Terminal) => Promise<Imported>

const readHook0: Read = async (options, terminal) => {
  if (options.dump !== undefined) return readHook0Dump(options.dump)
  const { url, token } = sourceOf(options, terminal)
  const ids = options.fromApplication
  if (!ids) throw usageError('Which application? Give --from-application with its id.')
  return readHook0Server(createApiClient({ url: apiUrl(url), token, signal: terminal.stopping }), ids)
}

const readSvix: Read = async (options, terminal) => {
  if (options.dump !== undefined) return readSvixDump(options.dump, options)
  const { url, token } = sourceOf(options, terminal)
  return readSvixServer({
    url,
    token,
    applications: options.fromApplication ?? [],
    signal: terminal.stopping,
    service: options.service,
    label: options.label,
  })
}

function sourceOf({ fromUrl, fromToken }: ImportOptions, { environment }: Terminal): { url: string; token: string } {
  const token = fromToken ?? environment[FROM_TOKEN]
  if (!fromUrl || !token) throw usageError(`Give --from-url and ${FROM_TOKEN}, or --dump with a file.`)
  return { url: fromUrl, token }
}

interface Run {
  options: ImportOptions
  command: Command
  read: Read
}

async function runImport(terminal: Terminal, { options, command, read }: Run): Promise<void> {
  const { document, notes } = await read(options, terminal)
  const output = outputOf(terminal, command)
  for (const note of notes) output.note(note)
  if (options.print) {
    if (output.format === 'json') output.item(document, {})
    else terminal.stdout.write(stringify(document))
    return
  }
  await applyImported(await openSession(terminal, command), { document, notes }, options)
}

async function applyImported(session: Session, { document }: Imported, { dryRun }: ImportOptions): Promise<void> {
  const { output } = session
  const plans: ApplicationPlan[] = []
  for (const wanted of wantedApplications([fillIn(document, {})]))
    plans.push(planApplication(wanted, await readCurrent(session, wanted.name), false))
  const isNothing = plans.every(({ steps }) => steps.length === 0)
  if (dryRun || isNothing) {
    showPlans(output, plans)
    return
  }
  await carryOutPlans(session, plans)
  output.note('Secrets are new: give each receiver its own (jethook subs get ID --secrets).')
}
