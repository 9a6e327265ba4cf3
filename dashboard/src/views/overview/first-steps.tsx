import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, ChevronRight } from 'lucide-react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import classes from './first-steps.module.css'

const STEPS = [
  {
    name: 'event_type',
    to: '/apps/$applicationId/event-types/new',
    label: 'Make an event type',
    text: 'such as billing.invoice.paid',
  },
  {
    name: 'subscription',
    to: '/apps/$applicationId/subscriptions/new',
    label: 'Subscribe an address',
    text: 'which gets the events',
  },
  { name: 'event', to: '/apps/$applicationId/send', label: 'Send a first event', text: 'and see it arrive' },
] as const

/** What is left to do until a first webhook is delivered; gone as soon as an event was sent. */
export function FirstSteps({ applicationId }: { applicationId: string }) {
  const mayEdit = useMayEdit()
  const { data } = useQuery({
    queryKey: ['application', applicationId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/applications/{application_id}', {
          params: { path: { application_id: applicationId } },
          signal,
        }),
      ),
  })
  if (!mayEdit || !data || data.onboarding_steps.event === 'Done') return null
  return (
    <ol className={classes.steps} aria-label="First steps">
      {STEPS.map(({ name, to, label, text }) => {
        const isDone = data.onboarding_steps[name] === 'Done'
        return (
          <li key={name}>
            <Link to={to} params={{ applicationId }} className={classes.step} data-done={isDone || undefined}>
              <span className={classes.mark}>
                {isDone ? <Check size={14} aria-label="Done" /> : <ChevronRight size={14} aria-hidden />}
              </span>
              <span>
                <span className={classes.label}>{label}</span>
                <span className={classes.text}>{text}</span>
              </span>
            </Link>
          </li>
        )
      })}
    </ol>
  )
}
