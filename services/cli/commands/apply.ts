import type { Command } from 'commander'
import { stringify } from 'yaml'
import { carryOutPlans } from '../declarative/carry-out.ts'
import { readCurrent } from '../declarative/current-state.ts'
import { readDocuments, wantedApplications } from '../declarative/document.ts'
import { exportContents } from '../declarative/export-document.ts'
import { fillIn } from '../declarative/placeholders.ts'
import { type ApplicationPlan, planApplication, type Step } from '../declarative/plan.ts'
import { planLines, showPlans } from '../declarative/plan-text.ts'
import { collect, withExamples } from '../examples.ts'
import { CliError, EXIT, usageError } from '../exit-codes.ts'
import { readInput } from '../parse-values.ts'
import { type Session, withSession } from '../session.ts'
import { isInteractive, readAll, type Terminal } from '../terminal.ts'

interface ApplyOptions {
  file: string[]
  prune?: true
  dryRun?: true
  yes?: true
}

export function addApplyCommands(program: Command, terminal: Terminal): void {
  const apply = program
    .command('apply')
    .description('make applications, event types and subscriptions as a file says; doing it again changes nothing')
    .requiredOption('-f, --file <file>', 'YAML or JSON, - for standard input; may be given again', collect)
    .option(
      '--prune',
      'also delete event types and subscriptions that the file does not have, in the applications that it names',
    )
    .option('--dry-run', 'only show what it would do')
    .option('-y, --yes', 'delete without asking')
    .action(withSession(terminal, applyFiles))
  withExamples(
    apply,
    'apply -f webhooks.yaml',
    'apply -f webhooks.yaml --prune --dry-run',
    'apply -f webhooks.yaml --prune --yes',
  )
  const diff = program
    .command('diff')
    .description('show what apply would change; 1 when there is something')
    .requiredOption('-f, --file <file>', 'YAML or JSON, - for standard input; may be given again', collect)
    .option('--prune', 'as apply --prune does')
    .action(withSession(terminal, diffFiles))
  withExamples(diff, 'diff -f webhooks.yaml --prune')
  const exporting = program
    .command('export')
    .description('print what an application has, as the file that apply takes')
    .option('--all-applications', 'of the whole organization')
    .option('--with-secrets', 'values of target headers too; else a variable stands for each')
    .action(withSession(terminal, exportAll))
  withExamples(exporting, 'export > webhooks.yaml', 'export --all-applications -o json')
}

async function plansOf(
  session: Session,
  { file: files, prune }: Pick<ApplyOptions, 'file' | 'prune'>,
): Promise<ApplicationPlan[]> {
  const { stdin, environment } = session.terminal
  const documents = []
  for (const file of files) {
    const text = (file === '-' ? await readAll(stdin) : await readInput(file)).toString('utf8')
    documents.push(...readDocuments(text, file))
  }
  const wanted = wantedApplications(fillIn(documents, environment))
  if (wanted.length === 0)
    throw usageError('The file says nothing: it has no event_types, subscriptions or applications.')
  const plans: ApplicationPlan[] = []
  for (const each of wanted) plans.push(planApplication(each, await readCurrent(session, each.name), prune ?? false))
  return plans
}

const stepsOf = (plans: readonly ApplicationPlan[]): Step[] => plans.flatMap(({ steps }) => steps)

async function diffFiles(session: Session, options: ApplyOptions): Promise<void> {
  const plans = await plansOf(session, options)
  showPlans(session.output, plans)
  if (stepsOf(plans).length > 0) throw new CliError('The server differs from the file.', EXIT.negative)
}

async function applyFiles(session: Session, options: ApplyOptions): Promise<void> {
  const { output } = session
  const plans = await plansOf(session, options)
  if (options.dryRun || stepsOf(plans).length === 0) {
    showPlans(output, plans)
    return
  }
  const deletions = stepsOf(plans).filter(({ action }) => action === 'delete').length
  if (deletions > 0 && !options.yes) {
    for (const line of planLines(plans, output)) output.note(line)
    await askDeletions(session, deletions)
  }
  await carryOutPlans(session, plans)
}

async function askDeletions({ terminal }: Session, count: number): Promise<void> {
  const message = `Delete ${count}, as shown?`
  if (!isInteractive(terminal))
    throw usageError(`${count} would be deleted: give --yes for that, or leave --prune out.`)
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message, initialValue: false, output: terminal.stderr })
  if (isCancel(answer) || !answer) throw new CliError('Nothing was done.', EXIT.negative)
}

async function exportAll(session: Session, options: { allApplications?: true; withSecrets?: true }): Promise<void> {
  const { api, output } = session
  const wishes = { withSecrets: options.withSecrets ?? false }
  const names = options.allApplications
    ? (await api.list<{ name: string }>('/applications', { organization_id: await session.organizationId() })).map(
        ({ name }) => name,
      )
    : [null]
  const applications = []
  for (const name of names) {
    const current = await readCurrent(session, name)
    applications.push({ name: current.name, ...exportContents(current, wishes) })
  }
  const document = { applications }
  if (output.format === 'json') output.item(document, {})
  else session.terminal.stdout.write(stringify(document))
}
