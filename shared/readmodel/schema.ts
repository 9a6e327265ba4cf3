import { AttemptRow } from './attempt.entity.ts'
import { AttemptFigureRow } from './attempt-figure.entity.ts'
import { AuditEntryRow } from './audit-entry.entity.ts'
import { CancellationRow } from './cancellation.entity.ts'
import { DeadLetterRow } from './dead-letter.entity.ts'
import { DeliveryRow } from './delivery.entity.ts'
import { EventRow } from './event.entity.ts'
import { EventCountRow } from './event-count.entity.ts'
import { EventFigureRow } from './event-figure.entity.ts'
import { ExpiredEventIdRow } from './expired-event-id.entity.ts'
import { Migration20261124First } from './migrations/migration-20261124-first.ts'
import { Migration20261124WholeApi } from './migrations/migration-20261124-whole-api.ts'
import { Migration20261125DeadLetters } from './migrations/migration-20261125-dead-letters.ts'
import { Migration20261125Figures } from './migrations/migration-20261125-figures.ts'
import { Migration20261125Generations } from './migrations/migration-20261125-generations.ts'
import { Migration20261125Rejections } from './migrations/migration-20261125-rejections.ts'
import { PostponedEventRow } from './postponed-event.entity.ts'
import { ProjectionCheckpointRow } from './projection-checkpoint.entity.ts'
import { RejectionRow } from './rejection.entity.ts'
import { ResponseRow } from './response.entity.ts'
import { SubscriptionRow } from './subscription.entity.ts'
import { SubscriptionFigureRow } from './subscription-figure.entity.ts'

/** Every table of the read model. */
export const ENTITIES = [
  EventRow,
  DeliveryRow,
  AttemptRow,
  ResponseRow,
  DeadLetterRow,
  EventCountRow,
  EventFigureRow,
  AttemptFigureRow,
  SubscriptionFigureRow,
  PostponedEventRow,
  RejectionRow,
  AuditEntryRow,
  SubscriptionRow,
  CancellationRow,
  ExpiredEventIdRow,
  ProjectionCheckpointRow,
]

/** In the order in which they are applied; one that has been released is never changed. */
export const MIGRATIONS = [
  { name: '20261124-first', class: Migration20261124First },
  { name: '20261124-whole-api', class: Migration20261124WholeApi },
  { name: '20261125-dead-letters', class: Migration20261125DeadLetters },
  { name: '20261125-rejections', class: Migration20261125Rejections },
  { name: '20261125-generations', class: Migration20261125Generations },
  { name: '20261125-figures', class: Migration20261125Figures },
]
