import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProblemError } from '#shared/contract/problems.ts'
import { byKey, creationKey, pageOf } from './paging.ts'

interface Item {
  atMs: number
  id: string
}
const keyOf = ({ atMs, id }: Item) => creationKey(atMs, id)
const item = fc.record({ atMs: fc.integer({ min: 0, max: 1_000_000 }), id: fc.uuid() })

test('pages have every item once that was there all the time, whatever is made and deleted meanwhile', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(item, { selector: keyOf, maxLength: 40 }),
      fc.array(fc.record({ made: item, deleted: fc.nat(40) }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      (first, changes, limit) => {
        let items = first.toSorted(byKey(keyOf))
        const stayed = new Set(items.map(keyOf))
        const seen: string[] = []
        let cursor: string | null = null
        for (let i = 0; ; i++) {
          const page: { items: Item[]; nextCursor: string | null } = pageOf(items, keyOf, {
            limit,
            ...(cursor === null ? {} : { pagination_cursor: cursor }),
          })
          seen.push(...page.items.map(keyOf))
          cursor = page.nextCursor
          if (cursor === null) break
          const change = changes[i]
          if (!change) continue
          const gone = items[change.deleted % items.length]!
          stayed.delete(keyOf(gone))
          items = [...items.filter((each) => each !== gone && keyOf(each) !== keyOf(change.made)), change.made].sort(
            byKey(keyOf),
          )
        }
        assert.equal(new Set(seen).size, seen.length)
        for (const key of stayed) assert.ok(seen.includes(key))
        assert.deepEqual(seen, seen.toSorted())
      },
    ),
  )
})

test('without a limit the whole list comes, and what is no cursor is refused', () => {
  const items = Array.from({ length: 200 }, (_, i) => ({ atMs: i, id: 'x' }))
  assert.equal(pageOf(items, keyOf, {}).items.length, 200)
  assert.equal(pageOf([], keyOf, { limit: 5 }).nextCursor, null)
  for (const cursor of ['', '{}', 'bm9uc2Vuc2U', '💥'])
    assert.throws(() => pageOf(items, keyOf, { pagination_cursor: cursor }), ProblemError)
})
