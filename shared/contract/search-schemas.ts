import { type Static, Type } from 'typebox'
import { nullable, StorableText, Timestamp, Uuid, UuidAnswer } from './primitives.ts'

export const SEARCH_LIMIT_MAX = 100

export const SearchQuery = Type.Object({
  application_id: Uuid,
  q: StorableText,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: SEARCH_LIMIT_MAX, description: 'Default: 20' })),
})

export const SearchHit = Type.Object(
  {
    kind: Type.Enum(['event', 'event_type', 'subscription', 'attempt', 'delivery', 'dead_letter']),
    id: Type.String(),
    event_id: Type.Optional(UuidAnswer),
    subscription_id: Type.Optional(UuidAnswer),
    title: Type.String(),
    detail: Type.String(),
    at: Type.Optional(Timestamp),
  },
  { title: 'SearchHit' },
)
export type SearchHit = Static<typeof SearchHit>

export const SearchAnswer = Type.Object(
  {
    hits: Type.Array(SearchHit),
    is_partial: Type.Boolean({
      description: 'Some kinds could not be searched, since the read model is away',
    }),
    looked_back_to: nullable(
      Type.String({
        'x-format': 'date-time',
        description: 'Labels and error texts are looked for in the newest rows only, back to this time',
      }),
    ),
  },
  { title: 'SearchAnswer' },
)
export type SearchAnswer = Static<typeof SearchAnswer>
