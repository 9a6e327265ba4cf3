import { readdir, readFile } from 'node:fs/promises'
import { Marked, type Tokens } from 'marked'
import { ProblemError } from '#shared/contract/problems.ts'
import type { GatewayServer } from '../app.ts'

const PAGES = new URL('../../../docs/', import.meta.url)
const INDEX = 'README'
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
const CACHE = 'public, max-age=300'

/** The documentation of this very version (docs/), as pages under `/docs/guide`. */
export async function registerGuide(server: GatewayServer): Promise<void> {
  const pages = new Set((await readdir(PAGES)).filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -3)))
  const style = await readFile(new URL('guide.css', import.meta.url), 'utf8')
  const rendered = new Map<string, Promise<string>>()
  const show = (page: string) => {
    if (!pages.has(page)) throw new ProblemError('NotFound')
    const known = rendered.get(page) ?? render(page)
    rendered.set(page, known)
    return known
  }
  server.get('/docs/guide', async (_, reply) => reply.headers(headersOf('text/html')).send(await show(INDEX)))
  server.get<{ Params: { page: string } }>('/docs/guide/:page', async ({ params }, reply) => {
    if (params.page === 'guide.css') return reply.headers(headersOf('text/css')).send(style)
    return reply.headers(headersOf('text/html')).send(await show(params.page))
  })
}

const headersOf = (type: string) => ({
  'content-type': `${type}; charset=utf-8`,
  'content-security-policy': POLICY,
  'cache-control': CACHE,
})

async function render(page: string): Promise<string> {
  const markdown = await readFile(new URL(`${page}.md`, PAGES), 'utf8')
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? page
  const home =
    page === INDEX ? '' : '<nav><a href="/docs/guide">All pages</a> · <a href="/docs">API reference</a></nav>'
  const body = await marked.parse(markdown)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · jethook</title><link rel="stylesheet" href="/docs/guide/guide.css"></head>
<body>${home}<main>${body}</main></body></html>`
}

const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** Headings get the anchors that GitHub gives them, links between pages lead to each other here too. */
const marked = new Marked({
  renderer: {
    heading({ tokens, depth, text }: Tokens.Heading): string {
      return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`
    },
    table(this: { parser: { parseInline(tokens: Tokens.Generic[]): string } }, { header, rows }: Tokens.Table): string {
      const cells = (row: Tokens.TableCell[], tag: string) =>
        row.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')
      const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')
      return `<div class="table"><table><thead><tr>${cells(header, 'th')}</tr></thead><tbody>${body}</tbody></table></div>\n`
    },
  },
  walkTokens(token) {
    if (token.type === 'link') token.href = linkOf(token.href)
  },
})

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function linkOf(href: string): string {
  const page = /^([\w-]+)\.md(#.*)?$/.exec(href)
  return page ? `/docs/guide/${page[1]}${page[2] ?? ''}` : href
}
