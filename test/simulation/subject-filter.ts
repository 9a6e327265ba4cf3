/** Whether a NATS filter (`*` one token, `>` the rest) matches a subject. */
export function subjectMatches(filter: string, subject: string): boolean {
  if (filter === subject) return true
  if (!filter.includes('*') && !filter.includes('>')) return false
  const [wanted, tokens] = [filter.split('.'), subject.split('.')]
  for (const [i, each] of wanted.entries()) {
    if (each === '>') return tokens.length > i
    if (tokens[i] === undefined || (each !== '*' && each !== tokens[i])) return false
  }
  return wanted.length === tokens.length
}
