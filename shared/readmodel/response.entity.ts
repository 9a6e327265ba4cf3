import { defineEntity, p } from '@mikro-orm/core'

/** What came back from an attempt, kept apart so that it can expire earlier. `responseId` is the attempt's id. */
export const ResponseRow = defineEntity({
  name: 'ResponseRow',
  tableName: 'responses',
  properties: {
    responseId: p.uuid().primary(),
    applicationId: p.text(),
    errorName: p.text().nullable(),
    httpCode: p.integer().nullable(),
    headers: p.json<Record<string, string>>().nullable(),
    body: p.blob().nullable(),
    isBodyCut: p.boolean(),
    elapsedMs: p.integer(),
  },
})
