import { Type } from 'typebox'
import { AUDIT_ACTIONS, AuditEntryAnswer } from '#shared/contract/account-schemas.ts'
import { StorableText, Uuid } from '#shared/contract/primitives.ts'
import { PAGE_FIELDS } from '#shared/contract/schemas.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { decodeKey, encodeKey, linkNext } from '../paging.ts'
import { presentAuditEntry } from '../presenters/audit-entry.ts'
import { listAuditRecords } from '../queries/audit.ts'
import { badQuery, timeOfQuery, uuidOfQuery } from '../request-values.ts'
import { route } from './route.ts'

const PAGE_SIZE = 50
const Text = Type.Optional(StorableText)

const AuditQuery = Type.Object({
  organization_id: Uuid,
  application_id: Type.Optional(Uuid),
  resource_kind: Text,
  resource_id: Text,
  actor_id: Text,
  action: Type.Optional(Type.Enum([...AUDIT_ACTIONS])),
  min_at: Type.Optional(Type.String()),
  max_at: Type.Optional(Type.String()),
  ...PAGE_FIELDS,
})

/** Who changed what: from the facts themselves, so nothing is missing and nothing can be edited. */
export function registerAuditRoutes(
  server: GatewayServer,
  { authorize, orm, registry, freshRegistry }: RouteDependencies,
): void {
  server.get(
    '/audit',
    route('audit.list', {
      operationId: 'audit.list',
      tags: ['Audit'],
      summary: 'List the changes of an organization and its applications, newest first',
      querystring: AuditQuery,
      response: { 200: Type.Array(AuditEntryAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const organizationId = uuidOfQuery(query.organization_id)
      // What became of a deleted organisation only the operator may read.
      const isOver = principal.kind === 'master' && registry.organizations.has(organizationId)
      if (!isOver) await authorize.organization(principal, organizationId, 'audit.list')
      await freshRegistry.catchUp()
      await request.catchUp(reply)
      const limit = query.limit ?? PAGE_SIZE
      const records = await listAuditRecords(orm, {
        organizationId,
        applicationId: query.application_id === undefined ? null : uuidOfQuery(query.application_id),
        resourceKind: query.resource_kind ?? null,
        resourceId: query.resource_id ?? null,
        actorId: query.actor_id ?? null,
        action: query.action ?? null,
        minAt: timeOfQuery('min_at', query.min_at),
        maxAt: timeOfQuery('max_at', query.max_at),
        beforeSeq: query.pagination_cursor === undefined ? null : seqOf(query.pagination_cursor),
        limit: limit + 1,
      })
      const page = records.slice(0, limit)
      linkNext(request, reply, records.length > limit ? encodeKey(page.at(-1)!.control_seq) : null)
      return page.map((record) => presentAuditEntry(record, registry))
    },
  )
}

function seqOf(cursor: string): number {
  const key = decodeKey(cursor)
  if (!/^\d{1,15}$/.test(key)) throw badQuery('pagination_cursor is no cursor of this list')
  return Number(key)
}
