import { Command, CommanderError, Option } from 'commander'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { addApplyCommands } from './commands/apply.ts'
import { addAppsCommand } from './commands/apps.ts'
import { addAttemptsCommand } from './commands/attempts.ts'
import { addDlqCommand } from './commands/dlq.ts'
import { addEventsCommand } from './commands/events.ts'
import { addImportCommand } from './commands/import.ts'
import { addListenCommand } from './commands/listen.ts'
import { addMcpCommand } from './commands/mcp.ts'
import { addProfilesCommand } from './commands/profiles.ts'
import { addReplayCommand } from './commands/replay.ts'
import { addSendCommand } from './commands/send.ts'
import { addSubsCommand } from './commands/subs.ts'
import { addTailCommand } from './commands/tail.ts'
import { addTypesCommand } from './commands/types.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { OUTPUT_FORMATS } from './output.ts'
import { hasColours, type Terminal } from './terminal.ts'

export type AddCommands = (program: Command, terminal: Terminal) => void

const EXIT_CODES = `Exit codes:
  0 done   1 looked at, and it is not so   2 usage   3 credentials   4 not found   5 refused   6 server unavailable
  7 time ran out   130 stopped

Which server: --url or JETHOOK_URL (with JETHOOK_TOKEN), a profile (jethook profiles), or the one started in this directory.
Completion: jethook complete bash|zsh|fish. More: docs/cli.md.`

const HELP_WIDTH = 110
/** Errors that nobody has foreseen: where they come from is shown. */
const SURPRISES = new Set(['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

/** @param addServerCommands Commands that start and look after servers: they are told apart since they need more than HTTP. */
export function createProgram(terminal: Terminal, addServerCommands: AddCommands = () => {}): Command {
  const program = new Command('jethook')
    .description('Webhook delivery you run yourself: send events, see what became of them, mend what failed.')
    .version(JETHOOK_VERSION)
    .addOption(new Option('-o, --output <format>', 'how results are printed').choices(OUTPUT_FORMATS).default('table'))
    .option('-p, --profile <name>', 'server to speak to, of those in the profiles')
    .option('--url <url>', "the server's address")
    .option('--token <token>', 'service token or application secret; better given as JETHOOK_TOKEN')
    .option('-a, --application <id>', 'application that is meant')
    .option('--no-color', 'no colours, also on a terminal')
    .showHelpAfterError('(jethook --help tells more)')
    .addHelpText('after', `\n${EXIT_CODES}`)
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => hasColours(terminal),
      getErrHasColors: () => hasColours(terminal),
    })
    .exitOverride()
  addServerCommands(program, terminal)
  const add: [string, AddCommands[]][] = [
    ['Events:', [addSendCommand, addListenCommand, addTailCommand, addEventsCommand, addAttemptsCommand]],
    ['What failed:', [addDlqCommand, addReplayCommand, addVerifyCommand]],
    ['Set-up:', [addSubsCommand, addTypesCommand, addAppsCommand, addApplyCommands, addImportCommand]],
    ['This command:', [addProfilesCommand, addMcpCommand]],
  ]
  for (const [heading, commands] of add) {
    program.commandsGroup(heading)
    for (const addCommand of commands) addCommand(program, terminal)
  }
  return program
}

/** @returns the exit code; what went wrong is one sentence on standard error. */
export async function runProgram(program: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (terminal.stopping.aborted) return EXIT.stopped
    // What commander refuses it has told already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const { name, message, stack } = error as Error
    terminal.stderr.write(`jethook: ${SURPRISES.has(name) ? (stack ?? message) : message}\n`)
    return error instanceof CliError ? error.exitCode : EXIT.negative
  }
}
