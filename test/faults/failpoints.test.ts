import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { countAnchors, FAILPOINTS, insertFailpoint } from './failpoints.ts'

const sourceOf = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

for (const failpoint of FAILPOINTS) {
  test(`the failpoint ${failpoint.name} has its place in ${failpoint.file}`, () => {
    const source = sourceOf(failpoint.file)
    assert.equal(countAnchors(failpoint, source), 1)
    assert.equal(insertFailpoint(failpoint, source).split('passFailpoint').length, 2)
    assert.equal(insertFailpoint(failpoint, source).split('\n').length, source.split('\n').length)
  })
}

test('failpoints have names of their own', () => {
  assert.equal(new Set(FAILPOINTS.map(({ name }) => name)).size, FAILPOINTS.length)
})
