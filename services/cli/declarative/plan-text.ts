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

/** A plan for a person: what is made, changed and deleted, and of changes what differs. Values of headers are not shown. */
export function planLines(plans: readonly ApplicationPlan[], output: Output): string[] {
  const steps = plans.flatMap((plan) =>
    plan.steps.flatMap((step) => [stepLine(step, plan, output), ...step.changes.flatMap(changeLines)]),
  )
  if (steps.length === 0) return ['Nothing is to be done.']
  const count = (wanted: Step['action']) =>
    plans.flatMap((plan) => plan.steps).filter(({ action }) => action === wanted).length
  return [...steps, `${count('create')} to create, ${count('update')} to update, ${count('delete')} to delete.`]
}

export function stepLine({ action, resource, name }: Step, { application }: ApplicationPlan, output: Output): string {
  const [sign, style] = SIGNS[action]
  const where = resource === 'application' ? '' : ` (${application.name})`
  return output.style(style, withoutControls(`${sign} ${RESOURCES[resource]} ${name}${where}`))
}

function changeLines(change: FieldChange): string[] {
  const [before, after] = [shown(change.before), shown(change.after)]
  if (before === after) return [`    ${change.field}: another value of a header`]
  return [`    ${change.field}: ${before} → ${after}`]
}

function shown(value: unknown): string {
  const text = withoutControls(
    JSON.stringify(value, (name, each: unknown) => (name === 'headers' ? Object.keys(each as object) : each)) ?? 'none',
  )
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)} …` : text
}
