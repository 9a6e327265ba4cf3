import { writeFile } from 'node:fs/promises'
import { configurationPage } from './configuration.ts'

/** Pages that are made from code; a test says when one is out of date. */
await writeFile(new URL('../../docs/configuration.md', import.meta.url), configurationPage())
process.stdout.write('docs/configuration.md is made anew\n')
