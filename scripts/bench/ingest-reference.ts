import type { AddressInfo } from 'node:net'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import fastify from 'fastify'
import { EventPost, IngestedEvent } from '#shared/contract/schemas.ts'

/** Fastify with the schemas of POST /event, answering at once: what any gateway of this kind costs at the least. */
const server = fastify().withTypeProvider<TypeBoxTypeProvider>()
server.setValidatorCompiler(TypeBoxValidatorCompiler)
server.post('/event', { schema: { body: EventPost, response: { 201: IngestedEvent } } }, async ({ body }, reply) => {
  reply.code(201)
  return {
    application_id: body.application_id,
    event_id: '01900000-0000-7000-8000-000000000003',
    received_at: '2026-01-01T00:00:00Z',
  }
})
await server.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (server.server.address() as AddressInfo).port })
process.once('disconnect', () => process.exit())
