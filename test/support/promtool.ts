import { execFile } from 'node:child_process'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** @returns where promtool is (`.ci/promtool` brings it), or null. */
export async function findPromtool(): Promise<string | null> {
  const cache =
    process.env['JETHOOK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jethook')
  const folders = (process.env['PATH'] ?? '').split(':')
  for (const path of [...folders.map((folder) => join(folder, 'promtool')), join(cache, 'promtool')]) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return null
}

/** @throws with promtool's own words when a test of the file fails. */
export async function testRules(promtool: string, file: string): Promise<void> {
  await runPromtool(promtool, ['test', 'rules', file])
}

async function runPromtool(promtool: string, args: string[]): Promise<void> {
  try {
    await run(promtool, args)
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`promtool: ${stdout}\n${stderr}`)
  }
}

/** @throws with promtool's own words when one of the expressions is none of PromQL. */
export async function checkExpressions(promtool: string, expressions: readonly string[]): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jethook-rules-'))
  try {
    const file = join(dir, 'rules.yml')
    const rules = expressions.map((expr, i) => ({ record: `checked:${i}`, expr }))
    await writeFile(file, JSON.stringify({ groups: [{ name: 'checked', rules }] }))
    await runPromtool(promtool, ['check', 'rules', file])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

export interface RuleTest {
  name: string
  interval: '1m'
  input_series: { series: string; values: string }[]
  promql_expr_test: { expr: string; eval_time: string; exp_samples: { labels: string; value: number }[] }[]
}

/** Evaluates rules over series, in a file of its own. */
export async function evaluateRules(promtool: string, ruleFile: string, tests: readonly RuleTest[]): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jethook-rules-'))
  try {
    const file = join(dir, 'rules.test.yml')
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ rule_files: [ruleFile], evaluation_interval: '1m', tests }))
    await testRules(promtool, file)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
