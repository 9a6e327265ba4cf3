import type { Command } from 'commander'
import { withExamples } from '#services/cli/examples.ts'
import { usageError } from '#services/cli/exit-codes.ts'
import type { GlobalOptions } from '#services/cli/session.ts'
import type { Terminal } from '#services/cli/terminal.ts'
import { addDoctorCommand } from './doctor-command.ts'
import { addProjectionsCommand } from './projections-command.ts'
import { runModule, runProcesses } from './run-module.ts'

const PROJECTIONS = 'projections'
export const SERVICES = [
  'gateway',
  'matcher',
  'deliverer',
  PROJECTIONS,
  'jobs',
  'reconciler',
  'cleaner',
  'notifier',
  'outcomes',
  'callout',
]

/** Commands for whoever runs a server: they read its settings from the environment, and need its NATS and Postgres. */
export function addServerCommands(program: Command, terminal: Terminal): void {
  program.commandsGroup('Servers:')
  addStart(program)
  addRun(program)
  withExamples(
    program
      .command('demo')
      .description("post some 1,000 webhook payloads of GitHub's to a local receiver and see what becomes of them")
      .action(() => runModule('#scripts/demo/main.ts', [])),
    'demo',
  )
  addDoctorCommand(program, terminal)
  addProjectionsCommand(program, terminal)
  for (const [name, what] of [
    ['backup', 'copy the streams and keys of a running server to a folder or s3://bucket/prefix'],
    ['restore', 'put a backup into an empty NATS server and home'],
  ] as const)
    withExamples(
      program
        .command(`${name} <place>`)
        .description(what)
        .action((place: string) => runModule('#scripts/backup/main.ts', [name, place])),
      `${name} ./backups/2026-11-25`,
      `${name} s3://bucket/jethook`,
    )
  addKeys(program)
}

function addStart(program: Command): void {
  const command = program
    .command('start')
    .description('start everything: Postgres, nats-server, and all services; the first start makes what is needed')
    .option('--port <n>', 'port of the API (PORT, 8081)')
    .option('--home <folder>', 'where all state is kept (JETHOOK_HOME, ./.jethook)')
    .option('--workers <n>', 'processes that share the work, or auto: as many as there are cores for (WORKERS, 1)')
    .option('--json', 'print one line for programs')
    .action((options: { port?: string; home?: string; workers?: string; json?: true }, self: Command) => {
      if (options.port) process.env['PORT'] = options.port
      if (options.home) process.env['JETHOOK_HOME'] = options.home
      if (options.workers) process.env['WORKERS'] = options.workers
      const isJson = options.json || self.optsWithGlobals<GlobalOptions>().output === 'json'
      return runModule('#scripts/start/main.ts', isJson ? ['--json'] : [])
    })
  withExamples(command, 'start', 'start --port 9000 --home /var/lib/jethook', 'start --workers auto')
}

function addRun(program: Command): void {
  const command = program
    .command('run <services...>')
    .description(`run single services on NATS_URL and DATABASE_URL: ${SERVICES.join(', ')}; each may run many times`)
    .action(async (names: string[]) => {
      const unknown = names.find((name) => !SERVICES.includes(name))
      if (unknown !== undefined) throw usageError(`There is no service '${unknown}'. Services: ${SERVICES.join(', ')}.`)
      const specifiers = [...new Set(names)].map((name) =>
        name === PROJECTIONS ? '#projections/main.ts' : `#services/${name}/main.ts`,
      )
      if (specifiers.length === 1) return runModule(specifiers[0]!, [])
      process.exit(await runProcesses(specifiers))
    })
  withExamples(command, 'run gateway', 'run matcher deliverer')
}

function addKeys(program: Command): void {
  const keys = program.command('keys').description('keys that seal stored secrets')
  withExamples(
    keys
      .command('rotate <step>')
      .description('change the key in three steps, add, use and seal, with a new start of every process in between')
      .action(async (step: string) => {
        const { runRotateKey } = await import('#scripts/operator/rotate-key.ts')
        await runRotateKey(step)
      }),
    'keys rotate add',
    'keys rotate use',
    'keys rotate seal',
  )
  withExamples(
    program
      .command('reset-link <email>')
      .description('make a link by which a user can set another password')
      .action(async (email: string) => {
        const { runResetLink } = await import('#scripts/operator/reset-link.ts')
        await runResetLink(email)
      }),
    'reset-link ada@example.com',
  )
  program
    .command('sign-in-link [email]')
    .description('make a link that signs a user in once; without an address, the one that the first start has made')
    .action(async (email: string | undefined) => {
      const { runSignInLink } = await import('#scripts/operator/sign-in-link.ts')
      await runSignInLink(email)
    })
}
