import classes from './header-table.module.css'

/** HTTP headers, name beside value. */
export function HeaderTable({ headers, label }: { headers: Record<string, string>; label: string }) {
  return (
    <table className={classes.table} aria-label={label}>
      <tbody>
        {Object.entries(headers).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
