import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_APPLICATION_QUOTAS, NO_ORGANIZATION_QUOTAS } from '../facts/control.ts'
import { type RetentionLimits, retentionOf } from './retention.ts'

const LIMITS: RetentionLimits = {
  eventsMaxAgeDays: 30,
  ledgerMaxAgeDays: 90,
  attemptsDays: null,
  deadLettersDays: null,
  eventsQuotaDays: null,
}

test('rows are kept for as long as the streams keep what they were made from', () => {
  assert.deepEqual(retentionOf(NO_APPLICATION_QUOTAS, NO_ORGANIZATION_QUOTAS, LIMITS), {
    eventsDays: 30,
    attemptsDays: 90,
    deadLettersDays: 90,
  })
})

test('the shortest of all limits holds, and never less than a day', () => {
  const application = { ...NO_APPLICATION_QUOTAS, daysOfAttemptsRetention: 10, daysOfDeadLettersRetention: 0 }
  const organization = { ...NO_ORGANIZATION_QUOTAS, daysOfEventsRetention: 5 }
  const limits = { ...LIMITS, attemptsDays: 20, eventsQuotaDays: 7 }
  assert.deepEqual(retentionOf(application, organization, limits), {
    eventsDays: 5,
    attemptsDays: 10,
    deadLettersDays: 1,
  })
  assert.equal(retentionOf(application, undefined, limits).eventsDays, 7)
  assert.equal(retentionOf({ ...application, daysOfEventsRetention: 2 }, organization, limits).eventsDays, 2)
})
