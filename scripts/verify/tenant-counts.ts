/** What one application has come to. */
export interface TenantCounts {
  events: number
  deliveries: number
  succeeded: number
  deadLettered: number
  cancelled: number
  open: number
}

/** Counts by application: a delivery where it was made, its end where the fact of the end says. */
export function createTenantCounts() {
  const all = new Map<string, TenantCounts>()
  return {
    all,
    of(applicationId: string): TenantCounts {
      let counts = all.get(applicationId)
      if (counts === undefined) {
        counts = { events: 0, deliveries: 0, succeeded: 0, deadLettered: 0, cancelled: 0, open: 0 }
        all.set(applicationId, counts)
      }
      return counts
    },
    /** Applications whose deliveries are not all accounted for, or more than once. */
    wrong(): { applicationId: string; detail: string }[] {
      return [...all].flatMap(([applicationId, { deliveries, succeeded, deadLettered, cancelled, open }]) => {
        const known = succeeded + deadLettered + cancelled + open
        if (known === deliveries) return []
        const parts = `${succeeded} delivered, ${deadLettered} dead, ${cancelled} cancelled, ${open} open`
        return [{ applicationId, detail: `has ${deliveries} deliveries, but ${parts}` }]
      })
    },
  }
}
