import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROBLEMS, ProblemError, type ProblemId, problemDocument } from '#shared/contract/problems.ts'
import { PROBLEM_FACTS } from './problem-facts.ts'

test('the problem table has the ids and statuses of the contract, in its order', () => {
  assert.deepEqual(
    Object.entries(PROBLEMS).map(([id, [status]]) => [id, status]),
    PROBLEM_FACTS,
  )
})

test('every problem has a title and a detail of its own', () => {
  for (const [id, [, title, detail]] of Object.entries(PROBLEMS)) {
    assert.ok(title.length > 5 && detail.length > 5, id)
    assert.notEqual(title, detail, id)
  }
})

test('a problem document has all six members and names its reference page in lower case', () => {
  for (const id of Object.keys(PROBLEMS) as ProblemId[]) {
    const document = problemDocument(id)
    assert.deepEqual(Object.keys(document).sort(), ['detail', 'id', 'status', 'title', 'type', 'validation'])
    assert.equal(document.type, `https://documentation.hook0.com/reference/error-codes#${id.toLowerCase()}`)
    assert.equal(document.validation, null)
  }
})

test('a problem error carries detail, validation and another status where they are given', () => {
  const validation = { labels: [{ code: 'labels-size', message: null, params: {} }] }
  const { document } = new ProblemError('Validation', { detail: 'labels: too few', validation, status: 400 })
  assert.deepEqual(
    { detail: document.detail, validation: document.validation, status: document.status },
    { detail: 'labels: too few', validation, status: 400 },
  )
})
