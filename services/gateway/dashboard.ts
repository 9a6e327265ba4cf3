import { stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply } from 'fastify'
import { ProblemError } from '#shared/contract/problems.ts'
import type { GatewayServer } from './server.ts'

/** Nothing but what this server gives; styles may stand in attributes, programs may not. */
const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')
const REFERRER_POLICY = 'no-referrer'
const YEAR_SECONDS = 31_536_000
/** A build names these after what is in them: under one name they never change. */
const HASHED_FOLDER = 'assets/'
/** The page's own addresses of things, whose names may hold dots: an event type's does. */
const NAMES_THINGS = /^(apps|orgs)\//
/** Whatever is missing here was asked for by a program, not by a page. */
const NOT_PAGES = /^(api|docs|metrics|ready|health)(\/|$)/

const HOW_TO_BUILD = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>jethook</title>
<h1>jethook is running</h1>
<p>Its dashboard is not built yet. Stop it, run <code>npm start</code> in the project's folder, which builds it, or
<code>npm run dashboard</code>, and load this page again.</p>
<p><a href="/docs/">The API</a> works without it.</p>
</html>
`

/**
 * The dashboard's files at `/`. An address that is no file is one of the page's own: it gets the page, if it is a browser that
 * asks. Everything else that is unknown stays a problem document.
 * @param folder Looked into at each request: a dashboard may be built while the server runs.
 */
export async function registerDashboard(server: GatewayServer, folder: string): Promise<void> {
  await server.register(fastifyStatic, { root: folder, serve: false, preCompressed: true, suppressWarning: true })

  server.get<{ Params: { '*': string } }>('/*', { schema: { hide: true } }, async (request, reply) => {
    const path = request.params['*']
    if (NOT_PAGES.test(path)) throw new ProblemError('NotFound')
    reply.headers({ 'content-security-policy': PAGE_POLICY, 'referrer-policy': REFERRER_POLICY })
    if (path !== '' && (await isFile(folder, path))) return sendFile(reply, path)
    const isOfPage = NAMES_THINGS.test(path) || extname(path) === ''
    const isPage = path === '' || (isOfPage && (request.headers.accept ?? '').includes('text/html'))
    if (!isPage) throw new ProblemError('NotFound')
    if (await isFile(folder, 'index.html')) return sendFile(reply, 'index.html')
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(HOW_TO_BUILD)
  })
}

function sendFile(reply: FastifyReply, path: string): FastifyReply {
  const isHashed = path.startsWith(HASHED_FOLDER)
  const cacheControl = isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache'
  return reply.header('cache-control', cacheControl).sendFile(path, { cacheControl: false, dotfiles: 'deny' })
}

async function isFile(folder: string, path: string): Promise<boolean> {
  const file = join(folder, path)
  if (!file.startsWith(folder + sep) || path.includes('\0') || path.split('/').some((part) => part.startsWith('.')))
    return false
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
}
