import { defineEntity, p } from '@mikro-orm/core'

/** How far a projection has folded its stream; moved in the same transaction as the rows. */
export const ProjectionCheckpointRow = defineEntity({
  name: 'ProjectionCheckpointRow',
  tableName: 'projection_checkpoints',
  properties: {
    name: p.text().primary(),
    version: p.integer(),
    stream: p.text(),
    /** Which stream it was: one that was made anew has another time. */
    streamCreatedAt: p.text(),
    seq: p.bigint('number'),
    /** Counted on whenever other rows are put in place (rebuild, rollback). */
    generation: p.integer(),
    /** LEDGER only: matching is known to be done up to this EVENTS sequence. */
    matchedEventSeq: p.bigint('number'),
  },
})
