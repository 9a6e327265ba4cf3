import type { Command } from 'commander'
import type { Finding } from '#scripts/doctor/finding.ts'
import { withExamples } from '#services/cli/examples.ts'
import { CliError, EXIT } from '#services/cli/exit-codes.ts'
import type { Output, Style } from '#services/cli/output.ts'
import { type GlobalOptions, outputOf } from '#services/cli/session.ts'
import type { Terminal } from '#services/cli/terminal.ts'

export function addDoctorCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('look at versions, settings, permissions, disk, clock and servers; 1 when something is bad')
    .action(async (_: unknown, self: Command) => {
      const { examine } = await import('#scripts/doctor/examine.ts')
      const findings = await examine({
        environment: terminal.environment,
        connection: self.optsWithGlobals<GlobalOptions>(),
        signal: terminal.stopping,
      })
      show(outputOf(terminal, self), findings)
      const bad = findings.filter(({ status }) => status === 'bad').length
      if (bad > 0) throw new CliError(`${bad} findings are bad.`, EXIT.negative)
    })
  withExamples(command, 'doctor', 'doctor -o json')
}

const STYLES: Record<Finding['status'], Style> = { ok: 'green', warn: 'yellow', bad: 'red' }

function show(output: Output, findings: Finding[]): void {
  if (output.format !== 'table') {
    output.list(findings, {})
    return
  }
  for (const { part, status, says, remedy } of findings) {
    output.say(`${output.style(STYLES[status], status.padEnd(4))}  ${part}: ${says}`)
    if (remedy && status !== 'ok') output.say(`      → ${remedy}`)
  }
}
