import type { Command } from 'commander'
import type { SubscriptionSecretAnswer } from '#shared/contract/schemas.ts'
import { diagnoseSignatures, type SignatureDiagnosis } from '#shared/domain/diagnose-signature.ts'
import { withExamples } from '../examples.ts'
import { CliError, EXIT, usageError } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { durationMs, isoTime, readInput } from '../parse-values.ts'
import { type PastedRequest, readHeaders, readRequest } from '../read-http.ts'
import { openSession, outputOf } from '../session.ts'
import { readAll, type Terminal } from '../terminal.ts'

interface VerifyOptions {
  secret?: string
  sub?: string
  headers?: string
  body?: string
  tolerance: number
  at?: string
  headerName: string
}

const DEFAULT_TOLERANCE_MS = 300_000

export function addVerifyCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('verify')
    .description('verify the signature of a webhook from its headers and body, and say which part is wrong')
    .option('--secret <secret>', 'of the subscription: a UUID, whsec_… or whpk_…; or JETHOOK_SECRET')
    .option('--sub <id>', 'ask the server for the secrets of this subscription (the look is audited)')
    .option(
      '--headers <file>',
      'file with the header lines; without it, standard input: headers, an empty line, the body',
    )
    .option('--body <file>', 'file with the body, byte for byte')
    .option('--tolerance <time>', 'how old it may be', durationMs, DEFAULT_TOLERANCE_MS)
    .option('--at <time>', 'judge its age at this time, not now', isoTime)
    .option('--header-name <name>', "of Hook0's signature", 'X-Hook0-Signature')
    .action((options: VerifyOptions, command: Command) => verify(terminal, options, command))
  withExamples(
    command,
    'verify --secret 6f2b7c52-1d7e-4f0a-9a55-3a8f1d0c7e11 --headers headers.txt --body body.json',
    'verify --sub 0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d < request.txt',
  )
}

async function verify(terminal: Terminal, options: VerifyOptions, command: Command): Promise<void> {
  const output = outputOf(terminal, command)
  const request = await readPasted(terminal, options)
  const secrets = await secretsOf(terminal, options, command)
  const nowMs = options.at === undefined ? Date.now() : Date.parse(options.at)
  const judged = secrets.map((secret) =>
    diagnoseSignatures(request, {
      secret,
      nowMs,
      toleranceSeconds: options.tolerance / 1_000,
      hook0Header: options.headerName.toLowerCase(),
    }),
  )
  // Of several secrets those count that the request has signatures for.
  const found = judged.filter((each) => each.some(({ checks }) => checks[0]?.isRight)).flat()
  const diagnoses = found.length > 0 ? found : (judged[0] ?? [])
  show(output, diagnoses)
  if (!diagnoses.some(({ isGenuine }) => isGenuine)) throw new CliError('The signature is not genuine.', EXIT.negative)
}

async function readPasted({ stdin, stderr }: Terminal, { headers, body }: VerifyOptions): Promise<PastedRequest> {
  if (headers !== undefined && body !== undefined)
    return { headers: readHeaders((await readInput(headers)).toString('utf8')), body: await readInput(body) }
  if (headers !== undefined || body !== undefined)
    throw usageError('Give both --headers and --body, or the whole request on standard input.')
  if (stdin.isTTY) stderr.write('Paste the headers, an empty line, and the body; then Ctrl-D.\n')
  const request = readRequest(await readAll(stdin))
  // The line break that ends the last line of what was typed is the terminal's.
  const isTyped = stdin.isTTY === true && request.body.at(-1) === 0x0a
  return isTyped ? { ...request, body: request.body.subarray(0, -1) } : request
}

async function secretsOf(terminal: Terminal, { secret, sub }: VerifyOptions, command: Command): Promise<string[]> {
  const given = secret ?? terminal.environment['JETHOOK_SECRET']
  if (given) return [given]
  if (sub === undefined)
    throw usageError('Which secret? Give --secret, JETHOOK_SECRET, or --sub with the id of the subscription.')
  const session = await openSession(terminal, command)
  const answer = await session.api.call<SubscriptionSecretAnswer>(
    'GET',
    `/subscriptions/${encodeURIComponent(sub)}/secret`,
    {
      query: { application_id: session.applicationId() },
    },
  )
  return [answer, answer.previous]
    .flatMap((each) => [each?.secret, each?.webhook_secret, each?.public_key])
    .filter((each) => !!each) as string[]
}

function show(output: Output, diagnoses: SignatureDiagnosis[]): void {
  if (output.format !== 'table') {
    output.list(diagnoses, {})
    return
  }
  for (const { signature, isGenuine, checks } of diagnoses) {
    output.say(`${signature}: ${isGenuine ? output.style('green', 'genuine') : output.style('red', 'not genuine')}`)
    for (const { part, isRight, says } of checks)
      output.say(`  ${isRight ? 'right' : output.style('red', 'WRONG')}  ${part}: ${says}`)
  }
}
