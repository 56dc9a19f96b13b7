/** Rows about what happens behind the scenes: files that are removed, big values on their way to a replica. */
import { expect, test } from 'vitest'
import { kb, pair } from './replication-rig.ts'

test('E12: the file that a rewrite replaced is removed in the background', () => {
  const w = pair()
  w.call('r1', 'SET', 'k', 'v')
  w.call('r1', 'BGREWRITEAOF')
  w.run(3)
  expect(w.logged('r1', 'Background AOF rewrite finished successfully')).toBe(true)
  expect(w.logged('r1', 'Removing the history file')).toBe(false)
  w.call('r1', 'BGREWRITEAOF')
  w.run(3)
  expect(w.logged('r1', 'Removing the history file appendonly.aof.1.base.rdb in the background')).toBe(true)
  const files = [...w.world.files('r1').keys()].filter((f) => f.includes('.base.'))
  expect(files).toHaveLength(1)
})
test('O06: a big value is as long on the wire to the replica as it is big, and those behind it wait', () => {
  const delay = (kilobytes: number): number => {
    const w = pair()
    expect(w.synced('r2')).toBe(true)
    w.slow('r1', 'r2', 2_000_000)
    w.send('r1', ['SET', 'big', kb(kilobytes)])
    w.send('r1', ['SET', 'small', 'v'])
    const from = w.world.now
    expect(w.until(() => w.call('r2', 'EXISTS', 'small') === 1, 30, 0.01)).toBe(true)
    return (w.world.now - from) / 1e6
  }
  const [little, much] = [delay(400), delay(4000)]
  expect(much / little).toBeGreaterThan(5)
  expect(much).toBeGreaterThan(2)
})
