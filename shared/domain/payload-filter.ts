/**
 * A small language to choose events by what they hold (docs/filters.md). A filter is data: it is read once into a tree of
 * bounded size, and looking at an event takes a bounded number of steps, whatever filter and event are.
 */

/** What a filter looks at. `payload` is undefined when it is no JSON. */
export interface FilterDocument {
  readonly payload: unknown
  readonly labels: Record<string, string>
  readonly metadata: Record<string, string>
  readonly event_type: string
}

export const FILTER_NODES_MAX = 50
export const FILTER_DEPTH_MAX = 6
export const FILTER_TEXT_MAX = 500
export const FILTER_LIST_MAX = 100
export const FILTER_PATH_MAX = 200
export const FILTER_SEGMENTS_MAX = 20
/** Elements looked at and comparisons made for one event. */
export const FILTER_STEPS_MAX = 10_000
const SHOWN_MAX = 50

type Scalar = string | number | boolean | null

type Condition =
  | { type: 'compare'; operator: '$eq' | '$ne' | '$gt' | '$gte' | '$lt' | '$lte'; operand: Scalar }
  | { type: 'list'; operator: '$in' | '$nin'; operand: Scalar[] }
  | { type: 'exists'; operand: boolean }
  | { type: 'text'; operator: '$prefix' | '$suffix'; operand: string }
  | { type: 'contains'; operand: Scalar }
  | { type: 'size'; operand: number }
  | { type: 'elements'; operator: '$elem' | '$every'; operand: Node }
  | { type: 'not'; operand: Condition[] }

type Node =
  | { type: 'all' | 'any'; nodes: Node[] }
  | { type: 'not'; node: Node }
  /** `segments` null: the value itself, within `$elem` and `$every`. */
  | { type: 'field'; path: string; segments: string[] | null; conditions: Condition[] }

export interface CompiledFilter {
  readonly node: Node
}

/** What a filter can't be; the message says where and what to do. */
class FilterError extends Error {
  override name = 'FilterError'
}

/** @returns null when the filter can be used, else a sentence that says where it is wrong and what to do. */
export function validateFilter(filter: unknown): string | null {
  try {
    compileFilter(filter)
    return null
  } catch (error) {
    if (error instanceof FilterError) return error.message
    throw error
  }
}

/** @throws {Error} when the filter can't be used. */
export function compileFilter(filter: unknown): CompiledFilter {
  const budget = { nodes: 0 }
  if (!isObject(filter)) throw new FilterError('a filter must be an object such as {"payload.amount": {"$gte": 100}}')
  return { node: readFilter(filter, 'filter', 1, budget) }
}

// -- reading ---------------------------------------------------------------------------------------------------------

interface Budget {
  nodes: number
}

function spend(budget: Budget, where: string, depth: number): void {
  budget.nodes++
  if (budget.nodes > FILTER_NODES_MAX) throw new FilterError(`a filter has at most ${FILTER_NODES_MAX} parts`)
  if (depth > FILTER_DEPTH_MAX) throw new FilterError(`${where}: nested more than ${FILTER_DEPTH_MAX} deep`)
}

function readFilter(filter: Record<string, unknown>, where: string, depth: number, budget: Budget): Node {
  spend(budget, where, depth)
  const nodes = Object.entries(filter).map(([key, value]) =>
    readEntry(key, value, `${where}.${shorten(key)}`, depth, budget),
  )
  return nodes.length === 1 ? nodes[0]! : { type: 'all', nodes }
}

function readEntry(key: string, value: unknown, where: string, depth: number, budget: Budget): Node {
  switch (key) {
    case '$all':
    case '$any': {
      if (!Array.isArray(value) || value.length < 1 || value.length > FILTER_NODES_MAX)
        throw new FilterError(`${where} must be a list of 1 to ${FILTER_NODES_MAX} filters`)
      const nodes = value.map((each, i) =>
        readFilter(objectOf(each, `${where}[${i}]`), `${where}[${i}]`, depth + 1, budget),
      )
      return { type: key === '$all' ? 'all' : 'any', nodes }
    }
    case '$not':
      return { type: 'not', node: readFilter(objectOf(value, where), where, depth + 1, budget) }
    default:
      if (key.startsWith('$'))
        throw new FilterError(`${where}: ${shorten(key)} can't stand here; filters are joined by $all, $any and $not`)
      return {
        type: 'field',
        path: key,
        segments: readPath(key, where),
        conditions: readConditions(value, where, depth, budget),
      }
  }
}

function readPath(path: string, where: string): string[] {
  if (path === '' || path.length > FILTER_PATH_MAX)
    throw new FilterError(`${where}: a path has 1 to ${FILTER_PATH_MAX} characters`)
  const segments = path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : path.split('.')
  if (segments.length > FILTER_SEGMENTS_MAX) throw new FilterError(`${where}: at most ${FILTER_SEGMENTS_MAX} steps`)
  return segments
}

function readConditions(value: unknown, where: string, depth: number, budget: Budget): Condition[] {
  spend(budget, where, depth)
  if (isScalar(value)) return [{ type: 'compare', operator: '$eq', operand: scalarOf(value, where) }]
  if (!isObject(value))
    throw new FilterError(
      `${where}: compare with a text, number, boolean or null; for lists use $elem, $contains or $size`,
    )
  const entries = Object.entries(value)
  if (entries.length === 0) throw new FilterError(`${where}: give a value or an operator such as {"$exists": true}`)
  return entries.map(([operator, operand]) =>
    readCondition(operator, operand, `${where}.${shorten(operator)}`, depth, budget),
  )
}

function readCondition(operator: string, operand: unknown, where: string, depth: number, budget: Budget): Condition {
  spend(budget, where, depth)
  switch (operator) {
    case '$eq':
    case '$ne':
      return { type: 'compare', operator, operand: scalarOf(operand, where) }
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      if (typeof operand !== 'number' && typeof operand !== 'string')
        throw new FilterError(`${where} must be a number or a text`)
      return { type: 'compare', operator, operand: scalarOf(operand, where) }
    case '$in':
    case '$nin':
      if (!Array.isArray(operand) || operand.length > FILTER_LIST_MAX)
        throw new FilterError(`${where} must be a list of at most ${FILTER_LIST_MAX} values`)
      return { type: 'list', operator, operand: operand.map((each) => scalarOf(each, where)) }
    case '$exists':
      if (typeof operand !== 'boolean') throw new FilterError(`${where} must be true or false`)
      return { type: 'exists', operand }
    case '$prefix':
    case '$suffix':
      if (typeof operand !== 'string') throw new FilterError(`${where} must be a text`)
      return { type: 'text', operator, operand: scalarOf(operand, where) as string }
    case '$contains':
      return { type: 'contains', operand: scalarOf(operand, where) }
    case '$size':
      if (!Number.isSafeInteger(operand) || (operand as number) < 0)
        throw new FilterError(`${where} must be a whole number of 0 or more`)
      return { type: 'size', operand: operand as number }
    case '$elem':
    case '$every':
      return { type: 'elements', operator, operand: readElement(operand, where, depth + 1, budget) }
    case '$not':
      if (depth + 1 > FILTER_DEPTH_MAX) throw new FilterError(`${where}: nested more than ${FILTER_DEPTH_MAX} deep`)
      return { type: 'not', operand: readConditions(operand, where, depth + 1, budget) }
    default:
      throw new FilterError(
        `${where}: there is no operator ${shorten(operator)}; use $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $prefix, $suffix, $contains, $size, $elem, $every or $not`,
      )
  }
}

/** What elements must be: conditions on the element itself (operators or a value), or a filter with paths within it. */
function readElement(operand: unknown, where: string, depth: number, budget: Budget): Node {
  const isAboutItself =
    !isObject(operand) || Object.keys(operand).every((key) => key.startsWith('$') && !JOINS.has(key))
  if (!isAboutItself) return readFilter(operand as Record<string, unknown>, where, depth, budget)
  if (depth > FILTER_DEPTH_MAX) throw new FilterError(`${where}: nested more than ${FILTER_DEPTH_MAX} deep`)
  return { type: 'field', path: '', segments: null, conditions: readConditions(operand, where, depth, budget) }
}

const JOINS = new Set(['$all', '$any'])

function scalarOf(value: unknown, where: string): Scalar {
  if (!isScalar(value)) throw new FilterError(`${where}: compare with a text, number, boolean or null`)
  if (typeof value === 'string' && value.length > FILTER_TEXT_MAX)
    throw new FilterError(`${where}: a text has at most ${FILTER_TEXT_MAX} characters`)
  return value
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (!isObject(value)) throw new FilterError(`${where} must be a filter, such as {"payload.amount": {"$gte": 100}}`)
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

// -- looking at an event ---------------------------------------------------------------------------------------------

/** Whether the event is one that the filter lets through. */
export function matchesFilter(filter: CompiledFilter, document: FilterDocument): boolean {
  return explainFilter(filter, document).matches
}

/** The same, with a reason when it is not: the first condition that failed. */
export function explainFilter(
  { node }: CompiledFilter,
  document: FilterDocument,
): { matches: boolean; reason: string | null } {
  const look: Look = { steps: 0 }
  try {
    const reason = failureOf(node, document, look)
    return { matches: reason === null, reason }
  } catch (error) {
    if (error instanceof TooManySteps) return { matches: false, reason: error.message }
    throw error
  }
}

interface Look {
  steps: number
}

class TooManySteps extends Error {}

function step(look: Look): void {
  look.steps++
  if (look.steps > FILTER_STEPS_MAX)
    throw new TooManySteps(`the event is too large to be looked through (more than ${FILTER_STEPS_MAX} steps)`)
}

/** @returns null when it holds, else why not. */
function failureOf(node: Node, value: unknown, look: Look): string | null {
  step(look)
  switch (node.type) {
    case 'all':
      for (const each of node.nodes) {
        const failure = failureOf(each, value, look)
        if (failure !== null) return failure
      }
      return null
    case 'any': {
      const failures: string[] = []
      for (const each of node.nodes) {
        const failure = failureOf(each, value, look)
        if (failure === null) return null
        failures.push(failure)
      }
      return `none of $any holds: ${failures.slice(0, 3).join('; ')}`
    }
    case 'not':
      return failureOf(node.node, value, look) === null ? 'what $not denies is so' : null
    case 'field':
      return fieldFailure(node, value, look)
  }
}

/** Stands for what is not there; null is a value. */
const MISSING = Symbol('missing')

function fieldFailure(
  { path, segments, conditions }: Extract<Node, { type: 'field' }>,
  value: unknown,
  look: Look,
): string | null {
  const found = segments === null ? value : valueAt(value, segments)
  for (const condition of conditions) {
    if (holds(condition, found, look)) continue
    return describeFailure(path === '' ? 'the element' : path, segments, value, found, condition)
  }
  return null
}

/** Own properties only: what every object inherits is not the sender's. */
function valueAt(value: unknown, segments: readonly string[]): unknown {
  let current = value
  for (const segment of segments) {
    if (typeof current !== 'object' || current === null) return MISSING
    if (Array.isArray(current) ? !/^(0|[1-9]\d{0,9})$/.test(segment) : !Object.hasOwn(current, segment)) return MISSING
    current = (current as Record<string, unknown>)[segment]
    if (current === undefined) return MISSING
  }
  return current
}

function holds(condition: Condition, value: unknown, look: Look): boolean {
  step(look)
  switch (condition.type) {
    case 'compare':
      return compares(condition.operator, value, condition.operand)
    case 'list':
      look.steps += condition.operand.length
      return condition.operand.some((each) => each === value) === (condition.operator === '$in')
    case 'exists':
      return (value !== MISSING) === condition.operand
    case 'text':
      if (typeof value !== 'string') return false
      return condition.operator === '$prefix' ? value.startsWith(condition.operand) : value.endsWith(condition.operand)
    case 'contains':
      if (typeof value === 'string') return typeof condition.operand === 'string' && value.includes(condition.operand)
      return Array.isArray(value) && someElement(value, look, (each) => each === condition.operand)
    case 'size':
      return Array.isArray(value) && value.length === condition.operand
    case 'elements': {
      if (!Array.isArray(value)) return false
      const isIt = (each: unknown) => failureOf(condition.operand, each, look) === null
      return condition.operator === '$elem'
        ? someElement(value, look, isIt)
        : !someElement(value, look, (each) => !isIt(each))
    }
    case 'not':
      return !condition.operand.every((each) => holds(each, value, look))
  }
}

function someElement(list: readonly unknown[], look: Look, isIt: (each: unknown) => boolean): boolean {
  for (const each of list) {
    step(look)
    if (isIt(each)) return true
  }
  return false
}

function compares(operator: string, value: unknown, operand: Scalar): boolean {
  if (operator === '$eq') return value === operand
  if (operator === '$ne') return value !== operand
  const areAlike =
    (typeof value === 'number' && typeof operand === 'number') ||
    (typeof value === 'string' && typeof operand === 'string')
  if (!areAlike) return false
  const [left, right] = [value as number, operand as number]
  switch (operator) {
    case '$gt':
      return left > right
    case '$gte':
      return left >= right
    case '$lt':
      return left < right
    default:
      return left <= right
  }
}

function describeFailure(
  path: string,
  segments: readonly string[] | null,
  root: unknown,
  found: unknown,
  condition: Condition,
): string {
  if (found === MISSING) {
    const isPayload = segments?.[0] === 'payload' && (root as { payload?: unknown } | null)?.payload === undefined
    return isPayload ? 'the payload is not JSON' : `${path} is missing`
  }
  const operator = 'operator' in condition ? condition.operator : `$${condition.type}`
  const operand = condition.type === 'elements' || condition.type === 'not' ? '' : ` ${show(condition.operand)}`
  return `${path} is ${show(found)}: ${operator}${operand} does not hold`
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return shorten(JSON.stringify(value) ?? 'nothing')
}

function shorten(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}
