/** A command that walks all keys keeps the one thread busy: whoever asks next waits for it, in simulated time. */
import { expect, test } from 'vitest'
import { ReplicationRig } from './replication-rig.ts'

test('KEYS over a million keys holds up the next client by 0.14 microseconds a key', () => {
  const rig = new ReplicationRig([[]])
  rig.call('r1', 'DEBUG', 'POPULATE', '1000000')
  rig.call('r1', 'PING')
  const other = rig.send('r1', ['PING'], 'other')
  rig.until(() => rig.answer(other) === 'PONG', 1, 0.001)
  rig.send('r1', ['KEYS', 'nothing*'])
  rig.run(0.0005)
  rig.send('r1', ['PING'], 'other')
  let waited = 0
  while (rig.answer(other) === undefined && waited < 1000) {
    rig.run(0.001)
    waited++
  }
  expect(waited).toBeGreaterThan(130)
  expect(waited).toBeLessThan(160)
}, 30_000)
