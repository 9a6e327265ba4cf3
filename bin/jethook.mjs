#!/usr/bin/env node
// The command `jethook`. Runs on Node 20 or later as it is: it brings Node 24 when the machine's is older, and hands over to
// the TypeScript sources of a clone, or to the JavaScript that the package carries (Node strips no types in node_modules).
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { keepCompiled } from '../scripts/bootstrap/compile-cache.mjs'
import { dependenciesAreCurrent, installDependencies } from '../scripts/bootstrap/dependencies.mjs'
import { modernNode } from '../scripts/bootstrap/modern-node.mjs'
import { runNode } from '../scripts/bootstrap/run.mjs'

const SOURCES = new URL('../scripts/cli/main.ts', import.meta.url)
const PACKED = new URL('../dist/scripts/cli/main.js', import.meta.url)

async function main() {
  const isClone = existsSync(SOURCES)
  if (isClone && !(await dependenciesAreCurrent())) await installDependencies()
  const program = isClone ? SOURCES : PACKED
  keepCompiled()
  const node = await modernNode()
  if (node === process.execPath) await import(program.href)
  else process.exitCode = await runNode(node, [fileURLToPath(program), ...process.argv.slice(2)], process.cwd())
}

main().catch((error) => {
  process.stderr.write(`\njethook: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})
