import { type Output, type Style, withoutControls } from '../output.ts'
import type { ApplicationPlan, FieldChange, Step } from './plan.ts'

const SIGNS: Record<Step['action'], [sign: string, style: Style]> = {
  create: ['+', 'green'],
  update: ['~', 'yellow'],
  delete: ['-', 'red'],
}
const RESOURCES: Record<Step['resource'], string> = {
  application: 'application',
  event_type: 'event type',
  subscription: 'subscription',
}
const SHOWN_MAX = 200

/** What is made, changed and deleted, and of changes what differs. Values of headers are not shown. */
export function showPlans(output: Output, plans: readonly ApplicationPlan[]): void {
  if (output.format === 'table') {
    for (const line of planLines(plans, output)) output.say(line)
    return
  }
  const steps = plans.flatMap(({ application, steps: all }) =>
    all.map(({ resource, action, name, changes }) => ({
      application: application.name,
      resource,
      action,
      name,
      fields: changes.map(({ field }) => field),
    })),
  )
  output.list(steps, {})
}

export function planLines(plans: readonly ApplicationPlan[], output: Output): string[] {
  const steps = plans.flatMap(({ steps: all }) => all)
  if (steps.length === 0) return ['Nothing is to be done.']
  const count = (wanted: Step['action']) => steps.filter(({ action }) => action === wanted).length
  return [
    ...plans.flatMap((plan) => plan.steps.flatMap((step) => stepLines(step, plan, output))),
    `${count('create')} to create, ${count('update')} to update, ${count('delete')} to delete.`,
  ]
}

export function stepLines(step: Step, { application }: ApplicationPlan, output: Output): string[] {
  const [sign, style] = SIGNS[step.action]
  const where = step.resource === 'application' ? '' : ` (${application.name})`
  const line = withoutControls(`${sign} ${RESOURCES[step.resource]} ${step.name}${where}`)
  return [output.style(style, line), ...step.changes.flatMap(changeLines)]
}

function changeLines(change: FieldChange): string[] {
  const [before, after] = [shown(change.before), shown(change.after)]
  if (before === after) return [`    ${change.field}: another value of a header`]
  return [`    ${change.field}: ${before} → ${after}`]
}

function shown(value: unknown): string {
  const text = withoutControls(
    JSON.stringify(value, (name, each: unknown) => (name === 'headers' ? Object.keys(each ?? {}) : each)) ?? 'none',
  )
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)} …` : text
}
