import { defineEntity, p } from '@mikro-orm/core'

export const ApplicationRow = defineEntity({
  name: 'ApplicationRow',
  tableName: 'applications',
  properties: {
    applicationId: p.text().primary(),
    organizationId: p.text(),
    name: p.text(),
    deletedAt: p.datetime(3).nullable(),
  },
})
