/** The query of an address as plain texts: what has more than one value is a list. No value is taken for a number or JSON. */
export function parseSearch(text: string): Record<string, unknown> {
  const search: Record<string, string | string[]> = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const before = search[name]
    search[name] = before === undefined ? value : [before, value].flat()
  }
  return search
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    for (const each of [value].flat())
      if (each !== undefined && each !== null && each !== '') params.append(name, String(each))
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

/** Keeps the named texts of a query, and nothing else that somebody may have written into the address. */
export function textsOf<const Name extends string>(...names: Name[]) {
  return (search: Record<string, unknown>): { [Each in Name]?: string } => {
    const kept = names.flatMap((name) => (typeof search[name] === 'string' ? [[name, search[name]]] : []))
    return Object.fromEntries(kept) as { [Each in Name]?: string }
  }
}
