import { createProgram, runProgram } from '#services/cli/program.ts'
import type { Terminal } from '#services/cli/terminal.ts'
import { addServerCommands } from './server-commands.ts'

let stopping: AbortController | null = null

/** Signals are taken over only when a command wants to know of them: servers have their own way to stop. */
function stoppingSignal(): AbortSignal {
  if (stopping === null) {
    const controller = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => controller.abort(new Error('stopped')))
    stopping = controller
  }
  return stopping.signal
}

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  get stopping() {
    return stoppingSignal()
  },
}
// A pipe that is closed early (jethook … | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
})

const args = process.argv.slice(2)
const program = createProgram(terminal, addServerCommands)
if (args[0] === 'complete') (await import('@bomb.sh/tab/commander')).default(program)
else program.command('complete <shell>').description('print the completion for bash, zsh, fish or powershell')
const code = await runProgram(program, args, terminal)
// Programs that are run by a command set it themselves.
if (code !== 0) process.exitCode = code
