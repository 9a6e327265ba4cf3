import { execFile } from 'node:child_process'
import { cp, glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Makes `dist`: the project as JavaScript, as the npm package carries it. Types are checked by `npm run check`, not here. */

const run = promisify(execFile)
const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const DIST = join(PROJECT, 'dist')
const TSC = join(PROJECT, 'node_modules/typescript/bin/tsc')
/** What is read from files at run time, at the same place from the root as in a clone. */
const FILES = ['docs', 'dashboard/dist']
/** What lies beside sources and is read by them. */
const ASSETS = '{shared,services,projections,scripts}/**/*.{css,html,svg}'
const PACKED = new Set(['#shared/*', '#services/*', '#projections/*', '#scripts/*'])

await rm(DIST, { recursive: true, force: true })
await run(process.execPath, [TSC, '-p', join(PROJECT, 'scripts/package/tsconfig.json'), '--outDir', DIST])
await writeFile(join(DIST, 'package.json'), `${JSON.stringify(await packageOfDist(), null, 2)}\n`)
for await (const file of glob(ASSETS, { cwd: PROJECT })) await cp(join(PROJECT, file), join(DIST, file))
for (const folder of FILES) {
  await cp(join(PROJECT, folder), join(DIST, folder), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    process.stderr.write(`  ${folder} is not there, and so not in the package\n`)
  })
}

/** The nearest package.json says where `#shared/…` leads: here to JavaScript, though the specifiers end in `.ts`. */
async function packageOfDist(): Promise<Record<string, unknown>> {
  const { name, version, type, imports } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as {
    name: string
    version: string
    type: string
    imports: Record<string, string>
  }
  const emitted = Object.entries(imports)
    .filter(([specifier]) => PACKED.has(specifier))
    .map(([specifier, place]) => [`${specifier}.ts`, `${place}.js`])
  return { name, version, type, imports: Object.fromEntries(emitted) }
}
