/** SQL for a time as the API writes it: RFC 3339, UTC, six decimals. `column` is ours, never a caller's. */
export function timestampSql(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}
