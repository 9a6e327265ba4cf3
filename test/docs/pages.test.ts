import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { configurationPage } from '#scripts/docs/configuration.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const LINK = /\]\((?!https?:|mailto:)([^)\s]+)\)/g

async function markdownFiles(): Promise<string[]> {
  const docs = (await readdir(join(PROJECT, 'docs'))).filter((name) => name.endsWith('.md'))
  return ['README.md', ...docs.map((name) => `docs/${name}`)]
}

/** As GitHub makes anchors of headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

describe('the documentation', () => {
  test('leads nowhere that does not exist', async () => {
    for (const file of await markdownFiles()) {
      const text = await readFile(join(PROJECT, file), 'utf8')
      for (const [, link = ''] of text.matchAll(LINK)) {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? join(PROJECT, file) : join(PROJECT, dirname(file), path)
        await assert.doesNotReject(access(target), `${file} links to ${link}`)
        if (anchor === undefined || !target.endsWith('.md')) continue
        assert.ok(anchorsOf(await readFile(target, 'utf8')).has(anchor), `${file} links to ${link}: no such heading`)
      }
    }
  })

  test('lists every page in its index', async () => {
    const index = await readFile(join(PROJECT, 'docs/README.md'), 'utf8')
    const pages = (await markdownFiles()).filter((file) => file.startsWith('docs/') && file !== 'docs/README.md')
    for (const page of pages)
      assert.ok(index.includes(`](${page.slice('docs/'.length)})`), `${page} is not in docs/README.md`)
  })

  test('has every setting as the code has it (npm run docs)', async () => {
    const isCurrent = (await readFile(join(PROJECT, 'docs/configuration.md'), 'utf8')) === configurationPage()
    assert.ok(isCurrent, 'docs/configuration.md is stale: run `npm run docs` and check it in')
  })
})
