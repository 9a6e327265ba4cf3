import { type Static, Type } from 'typebox'
import { nullable, UuidAnswer } from './primitives.ts'

const Meter = Type.Object(
  {
    used: Type.Integer({ minimum: 0 }),
    limit: nullable(Type.Integer({ description: 'Null: there is no limit' })),
  },
  { title: 'UsageMeter' },
)

/** What of its quotas an organization or application has used. */
export const UsageAnswer = Type.Object(
  {
    is_enforced: Type.Boolean({ description: 'Without enforcement there are no limits' }),
    events_today: Meter,
    events_this_month: Type.Integer({ minimum: 0 }),
    days: Type.Array(
      Type.Object(
        { date: Type.String({ 'x-format': 'date', examples: ['2026-01-31'] }), events: Type.Integer({ minimum: 0 }) },
        { title: 'UsageDay' },
      ),
      { description: 'The last 31 days (UTC), the oldest first; days without events too' },
    ),
    days_of_events_retention: nullable(Type.Integer()),
    members: Type.Optional(Meter),
    applications: Type.Optional(
      Type.Object(
        {
          used: Type.Integer({ minimum: 0 }),
          limit: nullable(Type.Integer()),
          items: Type.Array(
            Type.Object(
              { application_id: UuidAnswer, name: Type.String(), events_today: Type.Integer({ minimum: 0 }) },
              { title: 'ApplicationUsage' },
            ),
          ),
        },
        { title: 'ApplicationsUsage' },
      ),
    ),
    subscriptions: Type.Optional(Meter),
    event_types: Type.Optional(Meter),
  },
  { title: 'Usage' },
)
export type UsageAnswer = Static<typeof UsageAnswer>
