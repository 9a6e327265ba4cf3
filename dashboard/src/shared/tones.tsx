import { State, type Tone } from './state.tsx'

type Word = readonly [tone: Tone, word: string]

const DELIVERY: Record<string, Word> = {
  pending: ['wait', 'Under way'],
  succeeded: ['ok', 'Delivered'],
  dead_lettered: ['bad', 'Dead letter'],
  cancelled: ['off', 'Cancelled'],
}
const EVENT: Record<string, Word> = {
  ...DELIVERY,
  waiting: ['wait', 'Waits for its time'],
  withdrawn: ['off', 'Withdrawn'],
  unmatched: ['off', 'No subscription'],
  not_matched_yet: ['run', 'Being matched'],
}
const ATTEMPT: Record<string, Word> = {
  success: ['ok', 'Success'],
  failed: ['bad', 'Failed'],
  timeout: ['bad', 'Timed out'],
  cancelled: ['off', 'Cancelled'],
  waiting: ['wait', 'Scheduled'],
  pending: ['wait', 'Due'],
  in_progress: ['run', 'In progress'],
}
const JOB: Record<string, Word> = {
  previewing: ['run', 'Counting'],
  preview: ['wait', 'Preview'],
  running: ['run', 'Running'],
  paused: ['wait', 'Paused'],
  cancelled: ['off', 'Cancelled'],
  done: ['ok', 'Done'],
  failed: ['bad', 'Failed'],
}

function said(words: Record<string, Word>, code: string, isFilled = false) {
  const [tone, word] = words[code] ?? ['off', code]
  return (
    <State tone={tone} isFilled={isFilled}>
      {word}
    </State>
  )
}

interface Props {
  status: string
  isFilled?: boolean
}

export function DeliveryState({ status, isFilled }: Props) {
  return said(DELIVERY, status, isFilled)
}

export function EventState({ status, isFilled }: Props) {
  return said(EVENT, status, isFilled)
}

export function JobState({ status, isFilled }: Props) {
  return said(JOB, status, isFilled)
}

interface AttemptProps {
  attempt: { outcome: string | null; status: { type: string }; status_code: number | null }
}

/** An attempt by its outcome, or while there is none by how far it is; with the answer's status. */
export function AttemptState({ attempt }: AttemptProps) {
  const { outcome, status, status_code } = attempt
  const [tone, word] = ATTEMPT[outcome ?? status.type] ?? ATTEMPT[status.type] ?? ['off', outcome ?? status.type]
  return <State tone={tone}>{status_code === null ? word : `${status_code}`}</State>
}

export const EVENT_STATUS_CHOICES = [
  'pending',
  'succeeded',
  'dead_lettered',
  'cancelled',
  'unmatched',
  'waiting',
  'withdrawn',
].map((value) => ({ value, label: EVENT[value]![1] }))
