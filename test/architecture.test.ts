import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = globSync(['shared/**/*.ts', 'services/**/*.ts', 'projections/**/*.ts', 'scripts/**/*.ts'], {
  cwd: PROJECT,
}).filter((file) => !file.endsWith('.test.ts'))

/** What a file of each part may import: parts of the project, and `node:` modules (null: any). */
const RULES: Record<string, { parts: string[]; node: string[] | null }> = {
  'shared/contract': { parts: ['shared/contract'], node: [] },
  'shared/facts': { parts: ['shared/facts', 'shared/contract'], node: [] },
  'shared/domain': { parts: ['shared/domain', 'shared/facts', 'shared/contract'], node: ['node:crypto'] },
  'shared/readmodel': { parts: ['shared/readmodel', 'shared/facts'], node: [] },
  'shared/runtime': {
    parts: ['shared/runtime', 'shared/domain', 'shared/facts', 'shared/contract', 'shared/readmodel'],
    node: null,
  },
  'services/gateway': { parts: ['services/gateway', 'shared'], node: null },
  'services/matcher': { parts: ['services/matcher', 'shared'], node: null },
  'services/callout': { parts: ['services/callout', 'shared'], node: null },
  'services/cli': { parts: ['services/cli', 'shared'], node: null },
  'services/cleaner': { parts: ['services/cleaner', 'shared'], node: null },
  'services/jobs': { parts: ['services/jobs', 'shared'], node: null },
  'services/notifier': { parts: ['services/notifier', 'shared'], node: null },
  'services/outcomes': { parts: ['services/outcomes', 'shared'], node: null },
  'services/reconciler': { parts: ['services/reconciler', 'shared'], node: null },
  'services/deliverer': { parts: ['services/deliverer', 'shared'], node: null },
  projections: { parts: ['projections', 'shared'], node: null },
  scripts: { parts: ['scripts', 'shared', 'services', 'projections'], node: null },
}

function partOf(file: string): string {
  const [first, second] = file.split('/') as [string, string]
  return first === 'shared' || first === 'services' ? `${first}/${second}` : first
}

/** The modules that a file imports, those of the project as paths from its root. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(PROJECT, file), 'utf8')
  const specifiers = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)[^'"\n]*?(?:\n[^'"]*?)?from\s+'([^']+)'|import\('([^']+)'\)/g),
  ].map((m) => m[1] ?? m[2]!)
  return specifiers.map((specifier) => {
    if (specifier.startsWith('#')) return specifier.slice(1)
    return specifier.startsWith('.') ? relative(PROJECT, join(PROJECT, dirname(file), specifier)) : specifier
  })
}

test('imports point in the allowed directions only', () => {
  const wrong: string[] = []
  for (const file of SOURCES) {
    const rule = RULES[partOf(file)]
    assert.ok(rule, `${file} is in a part of the project that has no rule`)
    for (const imported of importsOf(file)) {
      const isOurs = /^(shared|services|projections|scripts|test)\//.test(imported)
      const isAllowed = isOurs
        ? rule.parts.some((part) => imported.startsWith(`${part}/`))
        : !imported.startsWith('node:') || rule.node === null || rule.node.includes(imported)
      if (!isAllowed) wrong.push(`${file} imports ${imported}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the check sees imports at all', () => {
  assert.ok(importsOf('scripts/compose.ts').includes('services/gateway/app.ts'))
  assert.ok(SOURCES.length > 50)
})

test('only shared/runtime and programs read the environment', () => {
  const readers = SOURCES.filter((file) => /process\.env/.test(readFileSync(join(PROJECT, file), 'utf8')))
  assert.deepEqual(
    readers.filter((file) => !file.startsWith('shared/runtime/') && !file.startsWith('scripts/')),
    [],
  )
})

test('the dashboard talks to the rest by HTTP only', () => {
  const files = globSync('dashboard/src/**/*.{ts,tsx}', { cwd: PROJECT }).filter((file) => !file.endsWith('.test.ts'))
  assert.ok(files.length > 50)
  const foreign = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => /^(shared|services|projections|scripts|test)\/|^node:/.test(imported))
      .map((imported) => `${file} imports ${imported}`),
  )
  assert.deepEqual(foreign, [])
})
