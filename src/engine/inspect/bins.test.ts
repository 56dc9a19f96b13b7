import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import { record } from './recorder.ts'
import { binsOf, type Bin } from './bins.ts'

function rig() {
  const b = bench([])
  record(b.server)
  const say = b.connect()
  const run = (line: string): string => {
    const argv = line.split(' ')
    return say(`*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`)
  }
  return { ...b, run }
}
const sum = (bins: readonly Bin[]): number => bins.reduce((n, b) => n + b.count * b.counted, 0)

test('V29: the allocations of a key add up to its MEMORY USAGE', () => {
  const { run, server } = rig()
  run('SET e short')
  run(`SET r ${'x'.repeat(100)}`)
  run('SET i 12345')
  run('HSET h a 1 b 2')
  run('SADD s 1 2 3')
  run('RPUSH l a b c')
  for (const key of ['e', 'r', 'i', 'h', 's', 'l']) {
    const o = server.dbs[0]!.dict.peek(key)!
    const usage = Number(/^:(\d+)/.exec(run(`MEMORY USAGE ${key}`))?.[1])
    expect(sum(binsOf(key, o)), key).toBe(usage)
  }
  // embstr: 5 bytes with header, zero and robj are 24; jemalloc has no class of 24.
  const bins = binsOf('e', server.dbs[0]!.dict.peek('e')!)
  expect(bins.find((b) => b.what === 'robj with its string')).toMatchObject({ asked: 24, bin: 32 })
})

test('V29: the view of memory says where the bins of the chosen key lose bytes, and which keys lose the most', () => {
  const { run, server } = rig()
  run(`APPEND wasteful ${'x'.repeat(300)}`)
  run(`APPEND wasteful ${'y'.repeat(300)}`)
  run('SET exact 1')
  const view = server.view('memory', ['0', 'wasteful']) as {
    bins: Bin[]
    wasteful: { key: string; wasted: number }[]
    aofBuffer: number
    cow: number
  }
  expect(view.bins[0]?.what).toBe('string')
  expect(view.wasteful[0]).toMatchObject({ key: 'wasteful' })
  expect(view.wasteful[0]?.wasted).toBeGreaterThan(500)
  expect(view.aofBuffer).toBe(0)
})
