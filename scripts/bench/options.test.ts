import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BenchUsageError, readOptions } from './options.ts'

const known = {
  known: ['bare', 'throughput', 'read'],
  usual: ['bare', 'throughput'],
  peers: ['svix'],
  ofPeers: ['throughput'],
}
const read = (...args: string[]) => readOptions(args, known)

test('without options the usual scenarios run once, in full', () => {
  const { names, runs, isQuick, size, peer } = read()
  assert.deepEqual(
    { names, runs, isQuick, size, peer },
    { names: known.usual, runs: 1, isQuick: false, size: null, peer: null },
  )
})

test('a size is of one scenario, and may be written in groups of digits', () => {
  assert.equal(read('--only', 'read', '--size', '10_000_000').size, 10_000_000)
  assert.throws(() => read('--size', '5'), /say which one with --only/)
})

test('a peer is driven by the scenarios that it can be', () => {
  const { names, peer } = read('--target', 'svix', '--url', 'http://127.0.0.1:1/', '--token', 't')
  assert.deepEqual(names, ['throughput'])
  assert.deepEqual(peer, { name: 'svix', url: 'http://127.0.0.1:1', token: 't', application: '' })
})

test('what can not be followed is refused with what to write instead', () => {
  for (const [args, says] of [
    [['--only', 'speed'], /no scenario 'speed' here; there are bare, throughput, read/],
    [['--runs', 'three'], /--runs takes a whole number/],
    [['--target', 'svix'], /needs --url/],
    [['--target', 'other', '--url', 'http://x'], /--target takes svix/],
    [['--target', 'svix', '--url', 'http://x', '--only', 'read'], /no scenario 'read' here; there are throughput/],
    [['--fast'], /--fast/],
  ] as [string[], RegExp][])
    assert.throws(
      () => read(...args),
      (error) => error instanceof BenchUsageError && says.test(error.message),
    )
})
