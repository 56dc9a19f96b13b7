// G6, G7, G9, G10, G13: the engine inside one thread, bytes in to reply bytes, by CPU time.
import { Dict } from '../src/engine/structures/dict.ts'
import { RequestReader } from '../src/engine/protocol/request-reader.ts'
import { createServer } from '../src/engine/index.ts'
import type { Input, Machine, Output } from '../src/engine/machine.ts'
import { pauses, rate, show } from './measure.ts'

const START = 1_767_225_600_000_000

/** A server with an empty disk and one client; the clock moves a millisecond an input, and the timers keep ticking. */
class Bench {
  private readonly machine: Machine
  private now = START
  private timers = new Map<number, number>()
  constructor() {
    this.machine = createServer({ pid: 1, seed: 7, host: '10.0.0.1', argv: ['--save', ''], cwd: '/' }, undefined, { mode: 'server' })
    this.give({ type: 'start' })
    this.give({ type: 'accept', conn: 2, port: 6379, remoteHost: '10.0.0.2', remotePort: 40_000, localHost: '10.0.0.1' })
  }
  private give(input: Input): readonly Output[] {
    const outputs = [...this.machine.handle(input, this.now)]
    for (const o of outputs) {
      if (o.type === 'setTimer') this.timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') this.timers.delete(o.id)
      else if (o.type === 'listen') this.give({ type: 'listening', port: o.port })
      else if (o.type === 'file') {
        const result = o.op.op === 'read' || o.op.op === 'stat' || o.op.op === 'list' ? ({ ok: false, error: 'ENOENT' } as const) : ({ ok: true } as const)
        this.give({ type: 'fileDone', id: o.id, result })
      }
    }
    return outputs
  }
  /** Bytes that the client sends; the first bytes of the answer. */
  say(bytes: string): string {
    this.now += 1000
    for (const [id, at] of this.timers) {
      if (at > this.now) continue
      this.timers.delete(id)
      this.give({ type: 'timer', id })
    }
    let reply = ''
    for (const o of this.give({ type: 'data', conn: 2, bytes })) if (o.type === 'send') reply = o.bytes
    return reply
  }
}

const encode = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
const PIPELINE = 16
function batches(n: number, command: (i: number) => string[]): string[] {
  const list: string[] = []
  for (let i = 0; i < n; i += PIPELINE) {
    let batch = ''
    for (let k = 0; k < PIPELINE; k++) batch += encode(...command(i + k))
    // As it comes from a socket: flat.
    list.push(Buffer.from(batch, 'latin1').latin1Slice())
  }
  return list
}
const key = (i: number): string => `key:${String(i).padStart(12, '0')}`
const N = 160_000

function command(goal: string, must: string, name: string, make: (i: number) => string[], before?: (i: number) => string[]): void {
  const bench = new Bench()
  if (before) for (const batch of batches(100_000, before)) bench.say(batch)
  const list = batches(N, make)
  const first = bench.say(list[0] as string)
  if (first === '' || first.startsWith('-')) throw new Error(`${name} answered ${JSON.stringify(first.slice(0, 80))}`)
  const perSecond = rate(N, () => {
    for (const batch of list) bench.say(batch)
  })
  show(goal, name, `${perSecond.toFixed(2)} M/s`, `${must} M/s`)
}
const spread = (i: number): number => (i * 7919) % 100_000
command('G6', '1.2', 'SET, 100k keys', (i) => ['SET', key(spread(i)), 'xxx'])
command('G6', '2', 'GET, 100k keys', (i) => ['GET', key(spread(i))], (i) => ['SET', key(i), 'xxx'])
command('G6', '1.2', 'INCR, 100k keys', (i) => ['INCR', key(spread(i))])
command('G7', '0.8', 'HSET, 1000 fields', (i) => ['HSET', 'h', `field:${(i * 7919) % 1000}`, 'xxx'])
command('G7', '0.4', 'ZADD, 1000 members', (i) => ['ZADD', 'z', String((i * 104_729) % 100_003), `member:${(i * 7919) % 1000}`])
command('G7', '0.8', 'LPUSH', () => ['LPUSH', 'l', 'xxx'])

const M = 1_000_000
const flat = (i: number): string => Buffer.from(key(i), 'latin1').latin1Slice()
const keys = Array.from({ length: M }, (_, i) => flat((i * 7919) % M))
const probe = Array.from({ length: M }, (_, i) => flat((i * 104_729) % M))
let map = new Map<string, string>()
let dict = new Dict<string>(7)
let found = 0
const mapInsert = rate(M, () => {
  map = new Map()
  for (let i = 0; i < M; i++) map.set(keys[i] as string, 'xxx')
}, 3)
const dictInsert = rate(M, () => {
  dict = new Dict(7)
  for (let i = 0; i < M; i++) dict.set(keys[i] as string, 'xxx')
}, 3)
const mapGet = rate(M, () => {
  for (let i = 0; i < M; i++) if (map.get(probe[i] as string) === 'xxx') found++
}, 3)
const dictGet = rate(M, () => {
  for (let i = 0; i < M; i++) if (dict.get(probe[i] as string) === 'xxx') found++
}, 3)
if (found !== 6 * M) throw new Error('A key was lost')
show('G9', 'dict of 1M beside Map: insert', (dictInsert / mapInsert).toFixed(2), '0.7')
show('G9', 'dict of 1M beside Map: get', (dictGet / mapGet).toFixed(2), '0.5')
map = new Map()
dict = new Dict(7)

const longest = pauses(M, () => {
  const d = new Dict<string>(7)
  return (i) => void d.set(keys[i] as string, 'xxx')
})
const longestMap = pauses(M, () => {
  const d = new Map<string, string>()
  return (i) => void d.set(keys[i] as string, 'xxx')
}, 16, 3)
show('G10', `longest pause to 1M keys (Map: ${(longestMap[0] ?? 0).toFixed(1)} ms)`, `${(longest[0] ?? 0).toFixed(2)} ms`, '1 ms')

// As a socket delivers it: reads of 16 KB.
const stream = Buffer.from(Array.from({ length: 100_000 }, (_, i) => encode('SET', keys[i] as string, 'xxx')).join(''), 'latin1')
const reads: string[] = []
for (let at = 0; at < stream.length; at += 16_384) reads.push(stream.latin1Slice(at, Math.min(at + 16_384, stream.length)))
const parsed = rate(100_000, () => {
  const reader = new RequestReader()
  let n = 0
  for (const bytes of reads) {
    reader.feed(bytes)
    while (reader.next({ protoMaxBulkLen: 1 << 29 })) n++
  }
  if (n !== 100_000) throw new Error(`Read ${n} requests`)
})
show('G13', 'requests read: short SETs', `${parsed.toFixed(1)} M/s`, '6 M/s')
