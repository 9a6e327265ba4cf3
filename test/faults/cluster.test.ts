import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClusterBench } from './cluster-bench.ts'
import { CLUSTER_FAULTS, CLUSTER_SHORT } from './cluster-faults.ts'
import { runFault } from './run-fault.ts'

const RECOVERY_MAX_MS = 20_000

for (const fault of CLUSTER_FAULTS.filter(({ id }) => CLUSTER_SHORT.includes(id))) {
  test(`${fault.id}: ${fault.name}, and every promise is kept`, async (t) => {
    const { accepted, report, differences, recoveryMs, pauseMs } = await runFault(fault, openClusterBench)
    t.diagnostic(`${accepted} accepted, paused for ${pauseMs} ms, recovered in ${recoveryMs} ms`)
    assert.ok(accepted > 50)
    assert.equal(report.succeeded, 2 * accepted)
    assert.deepEqual(report.violations, [])
    assert.deepEqual(differences, [])
    // The goal is 10 s; what stands above it is a slow machine's.
    assert.ok(recoveryMs < RECOVERY_MAX_MS, `recovered in ${recoveryMs} ms`)
  })
}
