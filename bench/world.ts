// G17: a deployment of three servers and three Sentinels in one thread, idle and under a client's writes: virtual seconds
// per CPU second.
import { sentinelTrio } from '../src/world/presets.ts'
import { createProgram } from '../src/world/programs.ts'
import { createWorld } from '../src/world/world.ts'
import { cpuMs } from './measure.ts'
import { note, row } from './report.mjs'

const world = (traffic: boolean) => {
  const w = createWorld(sentinelTrio(7), (kind) => (env, tap) => createProgram(kind, env, tap))
  w.runUntil(15e6)
  if (traffic) {
    // A redis-cli that writes without end: one SET a millisecond and a bit, replicated twice.
    w.spawn({ name: 'writer', kind: 'client', box: 'box-2', port: 0, argv: ['-h', '10.0.0.11', '-r', '10000000', 'set', 'key', 'a-value-of-some-length'] })
    w.runFor(1e6)
  }
  return w
}
for (const [what, traffic, seconds, must, reach] of [
  ['idle', false, 120, 50, 200],
  ['with a client that writes all the time', true, 20, null, null],
] as const) {
  let best = 0
  let events = 0
  for (let i = 0; i < 3; i++) {
    const w = world(traffic)
    const from = w.eventCount
    const before = cpuMs()
    w.runFor(seconds * 1e6)
    best = Math.max(best, (seconds * 1000) / (cpuMs() - before))
    events = w.eventCount - from
  }
  row('G17', `virtual seconds per CPU second, ${what}`, best, must, reach)
  note(`${Math.round(events / seconds)} events a virtual second`)
}
