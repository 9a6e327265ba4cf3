/** Whether every subject that `subject` stands for, which may have wildcards, is one of `pattern`'s. */
export function isWithin(subject: string, pattern: string): boolean {
  const [tokens, wanted] = [subject.split('.'), pattern.split('.')]
  for (const [i, token] of wanted.entries()) {
    if (token === '>') return tokens.length > i
    if (tokens[i] === undefined || tokens[i] === '>') return false
    if (token !== '*' && token !== tokens[i]) return false
  }
  return tokens.length === wanted.length
}

/** Whether there is a subject that both stand for. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [one.split('.'), other.split('.')]
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if ((a[i] === '>' && b[i] !== undefined) || (b[i] === '>' && a[i] !== undefined)) return true
    if (a[i] === undefined || b[i] === undefined) return false
    if (a[i] !== b[i] && a[i] !== '*' && b[i] !== '*') return false
  }
  return true
}
