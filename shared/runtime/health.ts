/** How a part of the process is. */
export interface PartState {
  isWell: boolean
  /** What is wrong, for an operator; null when nothing is. */
  detail: string | null
}

/** Knows the parts of a process and asks each how it is. */
export interface Health {
  /** @param check Cheap: asked for each look at the health. */
  register(part: string, check: () => PartState): void
  parts(): Record<string, PartState>
}

export function createHealth(): Health {
  const checks = new Map<string, () => PartState>()
  return {
    register: (part, check) => void checks.set(part, check),
    parts: () => Object.fromEntries([...checks].map(([part, check]) => [part, check()])),
  }
}

export const WELL: PartState = { isWell: true, detail: null }

export function unwell(detail: string): PartState {
  return { isWell: false, detail }
}
