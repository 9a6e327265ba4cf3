import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBench } from './fault-bench.ts'
import { SHORT } from './faults.ts'
import { runFault } from './run-fault.ts'

for (const fault of SHORT) {
  test(`${fault.id}: ${fault.name}, and every promise is kept`, async (t) => {
    const { accepted, report, differences, recoveryMs } = await runFault(fault, openBench)
    t.diagnostic(`${accepted} accepted, ${report.repeatedSuccesses} repeated, recovered in ${recoveryMs} ms`)
    assert.ok(accepted > 50)
    assert.equal(report.succeeded, 2 * accepted)
    assert.deepEqual(report.violations, [])
    assert.deepEqual(differences, [])
  })
}
