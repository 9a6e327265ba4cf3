import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runFault } from './fault-bench.ts'
import { SHORT } from './faults.ts'

for (const fault of SHORT) {
  test(`${fault.id}: ${fault.name}, and every promise is kept`, async (t) => {
    const { accepted, report, differences, recoveryMs } = await runFault(fault)
    t.diagnostic(`${accepted} accepted, ${report.repeatedSuccesses} repeated, recovered in ${recoveryMs} ms`)
    assert.ok(accepted > 50)
    assert.equal(report.succeeded, 2 * accepted)
    assert.deepEqual(report.violations, [])
    assert.deepEqual(differences, [])
  })
}
