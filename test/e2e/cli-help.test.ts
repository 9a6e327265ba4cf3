import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { addServerCommands } from '#scripts/cli/server-commands.ts'
import { createProgram } from '#services/cli/program.ts'
import { runCli } from '../support/cli.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const NOTHING = { environment: { HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent', JETHOOK_HOME: '/nonexistent' } }

/** Every command with its parents' names. */
function commandPaths(command: Command, path: string[] = []): string[][] {
  return [path, ...command.commands.flatMap((each) => commandPaths(each, [...path, each.name()]))]
}

const terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: {},
  stopping: new AbortController().signal,
}
const PATHS = commandPaths(createProgram(terminal, addServerCommands))

test('the help of every command is as it was', async (t) => {
  const texts: string[] = []
  for (const path of PATHS) {
    const { code, out, err } = await runCli([...path, '--help'], NOTHING)
    assert.deepEqual([code, err], [0, ''], path.join(' '))
    texts.push(out)
  }
  t.assert.snapshot(texts.join('\n----\n'), { serializers: [(text: string) => text] })
})

test('every command that does something has an example or takes no more than ids', async () => {
  const without: string[] = []
  for (const path of PATHS) {
    const { out } = await runCli([...path, '--help'], NOTHING)
    const isSimple =
      /Usage: jethook [a-z -]+( \[options\])?( <[\w-]+>){0,2}( \[[\w-]+\])?\n/.test(out) &&
      (out.match(/^ {2}--/gm) ?? []).length <= 3
    if (!out.includes('Examples:') && !out.includes('[command]') && !isSimple) without.push(path.join(' '))
  }
  assert.deepEqual(
    without.filter((path) => path !== 'events create'),
    [],
  )
})

test('commands that the pages name are there, with their options', async () => {
  const program = createProgram(terminal, addServerCommands)
  const pages = [
    'README.md',
    ...(await readdir(join(PROJECT, 'docs'))).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
  ]
  const wrong: string[] = []
  let count = 0
  for (const page of pages) {
    const text = await readFile(join(PROJECT, page), 'utf8')
    for (const [, line] of text.matchAll(
      /(?:^ {4}|`)(?:npx )?jethook (?!is |…|.*--help)([^`\n]+?)(?: {2,}[#(].*)?(?:$|`)/gm,
    )) {
      count++
      const problem = problemOf(program, line!.match(/'[^']*'|\S+/g) ?? [])
      if (problem !== null) wrong.push(`${page}: ${line}: ${problem}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(count > 60)
})

/** What a command line names that there isn't; null: nothing. */
function problemOf(program: Command, words: readonly string[]): string | null {
  let command = program
  const options = [...program.options]
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next !== undefined) {
      command = next
      options.push(...next.options)
    } else if (/^--?[a-z]/.test(word) && !options.some(({ long, short }) => long === word || short === word))
      return `there is no ${word}`
    else if (command === program && !/^-|^[A-Z]|production|complete/.test(word)) return `there is no ${word}`
  }
  return command.commands.length > 0 && command !== program ? `${command.name()} needs a command` : null
}

test('what is wrong with a command line is told with code 2, and what to do', async () => {
  const cases: [string[], RegExp][] = [
    [['nonsense'], /unknown command 'nonsense'/],
    [['events', 'lst'], /Did you mean list\?/],
    [['subs', 'create'], /missing required argument 'target-url'/],
    [['events', 'list', '--limit', 'many'], /whole number/],
    [['events', 'list', '--from', 'yesterdy'], /2h or 7d/],
    [['events', 'list', '-o', 'xml'], /table, json, yaml/],
    [['events', 'list'], /No server is known.*jethook start/],
    [['events', 'list', '-p', 'production'], /There is no profile 'production'/],
    [['listen', '--status', '99'], /200 to 599/],
    [['verify'], /Which secret\?|is no header/],
    [['apply'], /required option '-f, --file <file>'/],
  ]
  for (const [args, says] of cases) {
    const { code, out, err } = await runCli(args, NOTHING)
    assert.deepEqual([args, code, out], [args, 2, ''])
    assert.match(err, says)
    assert.doesNotMatch(err, /\n {4}at /)
  }
})

test('a server that is not there is code 6, and the token is in no message', async () => {
  const environment = {
    ...NOTHING.environment,
    JETHOOK_URL: 'http://127.0.0.1:9',
    JETHOOK_TOKEN: 'canary-token',
    JETHOOK_APPLICATION: 'x',
  }
  const { code, err } = await runCli(['events', 'list'], { environment })
  assert.equal(code, 6)
  assert.match(err, /The server at http:\/\/127\.0\.0\.1:9\/api\/v1 can't be reached/)
  assert.doesNotMatch(err, /canary-token/)
})

test('the program itself: codes of its own, completion of commands and options', async () => {
  const jethook = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const options = { cwd: PROJECT, env: { PATH: process.env['PATH'], ...NOTHING.environment } }
      execFile(process.execPath, ['scripts/cli/main.ts', ...args], options, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      )
    })
  const [none, script, commands, options] = await Promise.all([
    jethook('events', 'list'),
    jethook('complete', 'bash'),
    jethook('complete', '--', 'dl'),
    jethook('complete', '--', 'dlq', 'redrive', '--dr'),
  ])
  assert.deepEqual([none.code, none.out], [2, ''])
  assert.match(script.out, /complete .*jethook/)
  assert.match(commands.out, /^dlq\t/m)
  assert.match(options.out, /^--dry-run/m)
})
