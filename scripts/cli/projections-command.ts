import type { Command } from 'commander'
import { withExamples } from '#services/cli/examples.ts'
import { outputOf } from '#services/cli/session.ts'
import type { Terminal } from '#services/cli/terminal.ts'
import { runModule } from './run-module.ts'

const PROGRAM = '#scripts/operator/projections.ts'

/** The rows in Postgres: made from the streams, and to be made anew from them. */
export function addProjectionsCommand(program: Command, terminal: Terminal): void {
  const projections = program.command('projections').description('the rows in Postgres that are made from the streams')
  projections
    .command('status')
    .description("how far the live rows, a rebuild's and the kept ones have come")
    .action(async (_: unknown, command: Command) => {
      const output = outputOf(terminal, command)
      if (output.format === 'table') await runModule(PROGRAM, ['status'])
      else output.item(await (await import('./projections-status.ts')).readProjectionsStatus(), {})
    })
  projections
    .command('verify')
    .description('fold the streams anew and compare with the tables, row by row; 1 when a row differs')
    .action(() => runModule(PROGRAM, ['verify']))
  withExamples(
    projections
      .command('rebuild [name]')
      .description(
        'make the rows anew beside the live ones, compare, and put them in place (events, ledger, control, audit; or all)',
      )
      .option('--fresh', "begin at the streams' first messages again")
      .option('--replace', 'put the new rows in place also where the live ones differ from them')
      .action((name: string | undefined, { fresh, replace }: { fresh?: true; replace?: true }) =>
        runModule(PROGRAM, [
          'rebuild',
          ...(name ? [name] : []),
          ...(fresh ? ['--fresh'] : []),
          ...(replace ? ['--replace'] : []),
        ]),
      ),
    'projections rebuild',
    'projections rebuild ledger --fresh',
  )
  projections
    .command('rollback [name]')
    .description('put the rows back that the last rebuild has replaced; a second one undoes it')
    .action((name: string | undefined) => runModule(PROGRAM, ['rollback', ...(name ? [name] : [])]))
  projections
    .command('forget')
    .description('drop the kept rows, and those of a rebuild that was broken off')
    .action(() => runModule(PROGRAM, ['forget']))
}
