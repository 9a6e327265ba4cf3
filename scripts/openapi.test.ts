import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApiDocument } from './openapi.ts'

test('the description is made without any server, the same each time', async () => {
  const [one, other] = [await openApiDocument(), await openApiDocument()]
  assert.deepEqual(one, other)
  const { paths, components } = one as { paths: Record<string, unknown>; components: { schemas: object } }
  assert.ok(Object.keys(paths).length > 75)
  assert.ok('/api/v1/overview' in paths && 'Overview' in components.schemas)
})
