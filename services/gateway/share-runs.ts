/**
 * Lets callers who come at once share one run of `run`; each shares only a run that began after it called, so it sees
 * everything that was true by then.
 */
export function shareRuns<T>(run: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null
  let next: Promise<T> | null = null

  function start(): Promise<T> {
    next = null
    underWay = run().finally(() => {
      underWay = null
    })
    return underWay
  }

  return () => {
    if (next !== null) return next
    if (underWay === null) return start()
    next = underWay.then(start, start)
    return next
  }
}
