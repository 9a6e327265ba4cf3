import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flameGraph } from './flame-graph.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })

test('a flame graph shows who calls whom by CPU time, without idle time', () => {
  const svg = flameGraph({
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('run', 'file:///x/services/deliverer/attempts.ts'), children: [4] },
      { id: 4, callFrame: frame('send<body>', 'file:///x/node_modules/undici/lib/a.js') },
    ],
    samples: [2, 3, 4, 4],
    timeDeltas: [50_000, 1_000, 2_000, 1_000],
  })
  assert.match(svg, /^<svg /)
  assert.match(svg, /run services\/deliverer\/attempts\.ts:10: 4\.0 ms, 100\.0 %/)
  assert.match(svg, /send&lt;body&gt; npm:undici\/lib\/a\.js:10: 3\.0 ms, 75\.0 %/)
  assert.doesNotMatch(svg, /idle/)
})
