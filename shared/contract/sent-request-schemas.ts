import { type Static, Type } from 'typebox'
import { TextMap, UuidAnswer } from './primitives.ts'

export const SentRequest = Type.Object(
  {
    event_id: UuidAnswer,
    method: Type.String({ examples: ['POST'] }),
    url: Type.String(),
    headers: TextMap,
    is_as_sent: Type.Boolean({
      description:
        'False: the subscription was changed since, or the request is still to be made; it shows what would be sent now',
    }),
  },
  {
    title: 'SentRequest',
    description: 'Without signatures. Its body is the payload of the event, byte for byte.',
  },
)
export type SentRequest = Static<typeof SentRequest>
