// The entry of every npm script. Runs on Node 20 or later as it is: it installs what is missing, brings Node 24 when the
// machine's is older, and hands over to the TypeScript sources.
import { keepCompiled } from './bootstrap/compile-cache.mjs'
import { prepareDashboard } from './bootstrap/dashboard.mjs'
import { dependenciesAreCurrent, installDependencies } from './bootstrap/dependencies.mjs'
import { modernNode } from './bootstrap/modern-node.mjs'
import { runNode, runSeries } from './bootstrap/run.mjs'

const UNIT_TESTS = [
  'shared/**/*.test.ts',
  'services/**/*.test.ts',
  'projections/**/*.test.ts',
  'dashboard/src/**/*.test.ts',
  'scripts/dashboard/*.test.ts',
  'test/architecture.test.ts',
]
const ALL_TESTS = [...UNIT_TESTS.slice(0, 4), 'scripts/**/*.test.ts', 'test/**/*.test.ts']
/** Takes all cores by itself. */
const SIMULATION = 'test/simulation/seeds.alone.ts'
const TEST_FLAGS = ['--test', '--test-timeout=240000']

const LINT = [
  ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  ['node_modules/typescript/bin/tsc', '--noEmit'],
  ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'dashboard'],
]

/** Of the dashboard: `npm run dashboard` builds it, `-- dev` serves it from its sources, `-- types` writes its types of the API. */
const DASHBOARD_TASKS = {
  build: [],
  dev: [['node_modules/vite/bin/vite.js', 'dashboard']],
  types: [['scripts/dashboard/generate-types.ts']],
}

/** What each task runs, one command after the other; the first that fails ends it. */
const TASKS = {
  start: (args) =>
    args[0] === 'demo' ? [['scripts/demo/main.ts', ...args.slice(1)]] : [['scripts/start/main.ts', ...args]],
  dev: (args) => [['--watch', 'scripts/start/main.ts', ...args]],
  demo: (args) => [['scripts/demo/main.ts', ...args]],
  dashboard: ([what]) => DASHBOARD_TASKS[what ?? 'build'] ?? [],
  screenshots: (args) => [['scripts/dashboard/screenshots.ts', ...args]],
  bench: (args) => [['scripts/bench/main.ts', ...args]],
  lint: () => LINT,
  check: () => [...LINT, [...TEST_FLAGS, ...UNIT_TESTS]],
  test: (args) =>
    args.length > 0
      ? [[...TEST_FLAGS, '--test-concurrency=2', ...args]]
      : [
          [...TEST_FLAGS, '--test-concurrency=2', ...ALL_TESTS],
          [...TEST_FLAGS, SIMULATION],
        ],
  jethook: (args) => [['scripts/cli/main.ts', ...args]],
  build: () => [['scripts/package/build.ts']],
  'package-test': () => [[...TEST_FLAGS, 'test/package/tarball.alone.ts']],
  'reset-link': (args) => [['scripts/operator/reset-link.ts', ...args]],
  'sign-in-link': (args) => [['scripts/operator/sign-in-link.ts', ...args]],
  'rotate-key': (args) => [['scripts/operator/rotate-key.ts', ...args]],
  openapi: (args) => [['scripts/openapi.ts', ...args]],
  projections: (args) => [['scripts/operator/projections.ts', ...args]],
  'nats-config': (args) => [['scripts/operator/nats-config.ts', ...args]],
  docs: (args) => [['scripts/docs/main.ts', ...args]],
  backup: (args) => [['scripts/backup/main.ts', 'backup', ...args]],
  restore: (args) => [['scripts/backup/main.ts', 'restore', ...args]],
  verify: (args) => [['scripts/verify/main.ts', ...args]],
  simulate: (args) => [['test/simulation/main.ts', ...args]],
  faults: (args) => [['test/faults/run-faults.ts', ...args]],
  golden: () => [['test/golden/record.ts']],
  'redrive-test': (args) => [['test/faults/redrive-main.ts', ...args]],
  'rebuild-test': (args) => [['test/faults/rebuild-main.ts', ...args]],
  'kill-test': (args) => [['test/faults/kill-everything.ts', ...args]],
}

/** These show the dashboard or carry it along, so it is built when it is not there as its sources are. */
const WITH_DASHBOARD = new Set(['start', 'dev', 'demo', 'dashboard', 'screenshots', 'test', 'build'])

async function main([task = '', ...args]) {
  const commands = TASKS[task]?.(args)
  if (!commands) throw new Error(`There is no task '${task}'. Tasks: ${Object.keys(TASKS).join(', ')}.`)
  if (!(await dependenciesAreCurrent())) await installDependencies()
  keepCompiled()
  const node = await modernNode()
  if (WITH_DASHBOARD.has(task)) await prepareDashboard(node)
  return commands.length === 1 ? runNode(node, commands[0]) : runSeries(node, commands)
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    process.stderr.write(`\njethook: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  },
)
