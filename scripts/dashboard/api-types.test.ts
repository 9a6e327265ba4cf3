import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { openApiDocument } from '#scripts/openapi.ts'
import { API_TYPES_FILE, apiTypesOf } from './api-types.ts'

test("the dashboard's types are those of the API as it is", async () => {
  const checkedIn = await readFile(API_TYPES_FILE, 'utf8')
  const current = await apiTypesOf(await openApiDocument())
  assert.ok(checkedIn === current, 'They are stale: run `npm run dashboard -- types` and check the file in.')
})
