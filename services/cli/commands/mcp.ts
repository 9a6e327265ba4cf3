import { once } from 'node:events'
import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import { type Session, withSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'

export function addMcpCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('mcp')
    .description('a Model Context Protocol server on standard input and output: for assistants that look things up')
    .action(withSession(terminal, serveMcp))
  withExamples(command, 'mcp', '-p production mcp')
}

/** Ends when standard input does. The libraries are loaded here, since no other command needs them. */
async function serveMcp({ api, terminal, ...session }: Session): Promise<void> {
  const [{ StdioServerTransport }, { createMcpServer }] = await Promise.all([
    import('@modelcontextprotocol/sdk/server/stdio.js'),
    import('../mcp/server.ts'),
  ])
  const { stdin, stdout, stopping } = terminal
  const server = createMcpServer({ api, applicationId: session.applicationId(), signal: stopping })
  await server.connect(new StdioServerTransport(stdin, stdout))
  await Promise.race([once(stdin, 'end'), once(stdin, 'close'), once(stopping, 'abort')])
  await server.close()
}
