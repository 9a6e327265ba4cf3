import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

/**
 * As much of Go's text/template, and of the functions that Helm adds, as the chart uses; anything else is an error. It stands in
 * for `helm template` where there is no Helm.
 */
type Node =
  | { type: 'text'; text: string }
  | { type: 'output'; expression: string }
  | { type: 'assign'; name: string; expression: string }
  | { type: 'define'; name: string; body: Node[] }
  | { type: 'if'; branches: { condition: string | null; body: Node[] }[] }
  | { type: 'with'; expression: string; body: Node[]; otherwise: Node[] }
  | { type: 'range'; key: string | null; value: string | null; expression: string; body: Node[] }

interface Scope {
  dot: unknown
  variables: Map<string, unknown>
}

export interface Templates {
  /** Takes over what a file defines. @returns the file's own text. @throws {AssertionError} for what it doesn't know. */
  render(text: string, data: Record<string, unknown>): string
}

export function createTemplates(): Templates {
  const defined = new Map<string, Node[]>()

  function run(nodes: readonly Node[], scope: Scope): string {
    return nodes.map((node) => runNode(node, scope)).join('')
  }

  function runNode(node: Node, scope: Scope): string {
    switch (node.type) {
      case 'text':
        return node.text
      case 'output':
        return textOf(evaluate(node.expression, scope))
      case 'assign':
        scope.variables.set(node.name, evaluate(node.expression, scope))
        return ''
      case 'define':
        defined.set(node.name, node.body)
        return ''
      case 'if': {
        const branch = node.branches.find(({ condition }) => condition === null || isTrue(evaluate(condition, scope)))
        return branch === undefined ? '' : run(branch.body, inner(scope, scope.dot))
      }
      case 'with': {
        const value = evaluate(node.expression, scope)
        return isTrue(value) ? run(node.body, inner(scope, value)) : run(node.otherwise, scope)
      }
      case 'range':
        return entriesOf(evaluate(node.expression, scope))
          .map(([key, value]) => {
            const each = inner(scope, value)
            if (node.key !== null) each.variables.set(node.key, key)
            if (node.value !== null) each.variables.set(node.value, value)
            return run(node.body, each)
          })
          .join('')
    }
  }

  function evaluate(expression: string, scope: Scope): unknown {
    const tokens = tokensOf(expression)
    const value = pipeline(tokens, scope)
    assert.equal(tokens.length, 0, `left over in {{ ${expression} }}: ${tokens.join(' ')}`)
    return value
  }

  function pipeline(tokens: string[], scope: Scope): unknown {
    let value = command(tokens, scope, [])
    while (tokens[0] === '|') {
      tokens.shift()
      value = command(tokens, scope, [value])
    }
    return value
  }

  /** @param last What a pipe hands over: the last argument. */
  function command(tokens: string[], scope: Scope, last: unknown[]): unknown {
    const first = tokens[0]
    if (first !== undefined && /^[a-zA-Z]\w*$/.test(first) && first !== 'true' && first !== 'false') {
      tokens.shift()
      const args: unknown[] = []
      while (tokens.length > 0 && tokens[0] !== '|' && tokens[0] !== ')') args.push(operand(tokens, scope))
      return call(first, [...args, ...last])
    }
    assert.equal(last.length, 0, `a value can't be piped into ${first}`)
    return operand(tokens, scope)
  }

  function operand(tokens: string[], scope: Scope): unknown {
    const token = tokens.shift()
    assert.ok(token !== undefined, 'a value is missing')
    if (token === '(') {
      const value = pipeline(tokens, scope)
      assert.equal(tokens.shift(), ')')
      return value
    }
    if (token.startsWith('"')) return JSON.parse(token)
    if (/^-?\d/.test(token)) return Number(token)
    if (token === 'true' || token === 'false') return token === 'true'
    const [root = '', ...path] = token.split('.')
    if (root.startsWith('$')) {
      assert.ok(scope.variables.has(root), `there is no variable ${root}`)
      return follow(scope.variables.get(root), path)
    }
    assert.equal(root, '', `not known: ${token}`)
    return follow(scope.dot, path)
  }

  function call(name: string, args: unknown[]): unknown {
    if (name === 'include') {
      const body = defined.get(String(args[0]))
      assert.ok(body !== undefined, `there is no template ${args[0]}`)
      return run(body, { dot: args[1], variables: new Map([['$', args[1]]]) })
    }
    assert.ok(Object.hasOwn(FUNCTIONS, name), `there is no function ${name}`)
    return FUNCTIONS[name]!(...args)
  }

  return {
    render(text, data) {
      const pieces = piecesOf(text)
      const nodes = parse(pieces, [])
      assert.equal(pieces.length, 0, 'an {{ end }} too many')
      return run(nodes, { dot: data, variables: new Map([['$', data]]) })
    },
  }
}

const inner = ({ variables }: Scope, dot: unknown): Scope => ({ dot, variables: new Map(variables) })

const indented = (width: unknown, text: unknown) => String(text).replace(/^/gm, ' '.repeat(Number(width)))

const FUNCTIONS: Record<string, (...args: unknown[]) => unknown> = {
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  default: (fallback, value) => (isTrue(value) ? value : fallback),
  eq: (a, b) => a === b,
  gt: (a, b) => Number(a) > Number(b),
  int: (value) => Math.trunc(Number(value)),
  nindent: (width, text) => `\n${indented(width, text)}`,
  not: (value) => !isTrue(value),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  printf: (format, ...values) => String(format).replace(/%[sd]/g, () => String(values.shift())),
  quote: (value) => JSON.stringify(textOf(value)),
  required(message, value) {
    if (value === undefined || value === null || value === '') throw new Error(String(message))
    return value
  },
  sha256sum: (text) => createHash('sha256').update(String(text)).digest('hex'),
  toString: (value: unknown) => textOf(value),
  toYaml: (value) => stringify(value, { lineWidth: 0 }).trimEnd(),
  trimSuffix: (suffix, text) =>
    String(text).endsWith(String(suffix)) ? String(text).slice(0, -String(suffix).length) : text,
  trunc: (length, text) => String(text).slice(0, Number(length)),
}

function follow(value: unknown, path: readonly string[]): unknown {
  let current = value
  for (const name of path.filter((each) => each !== '')) {
    if (current === undefined || current === null) return undefined
    current = (current as Record<string, unknown>)[name]
  }
  return current
}

/** Go ranges over maps in the order of their keys. */
function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((each, i) => [i, each])
  return Object.entries((value ?? {}) as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1))
}

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

const textOf = (value: unknown) => (value === undefined || value === null ? '' : String(value))

function tokensOf(expression: string): string[] {
  return expression.match(/"(?:[^"\\]|\\.)*"|[()|]|[^\s()|]+/g) ?? []
}

type Piece = { type: 'text'; text: string } | { type: 'action'; text: string }

/** Text and actions in turn; `{{-` and `-}}` take the white space beside them away, comments fall out. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let rest = text
  let isTrimmed = false
  for (;;) {
    const match = /\{\{(-?)\s*([\s\S]*?)\s*(-?)\}\}/.exec(rest)
    let before = match === null ? rest : rest.slice(0, match.index)
    if (isTrimmed) before = before.trimStart()
    if (match?.[1] === '-') before = before.trimEnd()
    if (before !== '') pieces.push({ type: 'text', text: before })
    if (match === null) return pieces
    if (!match[2]!.startsWith('/*')) pieces.push({ type: 'action', text: match[2]! })
    isTrimmed = match[3] === '-'
    rest = rest.slice(match.index + match[0].length)
  }
}

/** Reads up to one of the `ends`, which stays for the caller; without ends to the end of the file. */
function parse(pieces: Piece[], ends: readonly string[]): Node[] {
  const nodes: Node[] = []
  for (;;) {
    const piece = pieces[0]
    if (piece === undefined) {
      assert.equal(ends.length, 0, `${ends.join(' or ')} is missing`)
      return nodes
    }
    const [word = ''] = piece.type === 'action' ? piece.text.split(/\s+/) : []
    if (ends.includes(word)) return nodes
    pieces.shift()
    nodes.push(piece.type === 'text' ? piece : parseAction(piece.text, word, pieces))
  }
}

function parseAction(text: string, word: string, pieces: Piece[]): Node {
  const rest = text.slice(word.length).trim()
  switch (word) {
    case 'define': {
      const body = parse(pieces, ['end'])
      pieces.shift()
      return { type: 'define', name: JSON.parse(rest) as string, body }
    }
    case 'if':
      return parseIf(rest, pieces)
    case 'with': {
      const body = parse(pieces, ['end', 'else'])
      const otherwise = pieces.shift()?.text === 'else' ? parse(pieces, ['end']) : null
      if (otherwise !== null) pieces.shift()
      return { type: 'with', expression: rest, body, otherwise: otherwise ?? [] }
    }
    case 'range': {
      const [, key = null, value = null, expression] = /^(?:(\$\w+)\s*,\s*(\$\w+)\s*:=\s*)?(.*)$/.exec(rest)!
      const body = parse(pieces, ['end'])
      pieces.shift()
      return { type: 'range', key, value, expression: expression!, body }
    }
    default: {
      const assignment = /^(\$\w+)\s*:=\s*(.*)$/.exec(text)
      if (assignment) return { type: 'assign', name: assignment[1]!, expression: assignment[2]! }
      return { type: 'output', expression: text }
    }
  }
}

function parseIf(condition: string, pieces: Piece[]): Node {
  const branches: { condition: string | null; body: Node[] }[] = []
  let current: string | null = condition
  for (;;) {
    branches.push({ condition: current, body: parse(pieces, ['end', 'else']) })
    const { text } = pieces.shift()!
    if (text === 'end') return { type: 'if', branches }
    const elseIf = /^else\s+if\s+(.*)$/.exec(text)
    current = elseIf ? elseIf[1]! : null
  }
}
