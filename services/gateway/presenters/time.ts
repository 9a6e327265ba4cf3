/** RFC 3339 in UTC with six decimals. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}
