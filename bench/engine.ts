// G6 to G10, G13: the engine inside one thread, bytes in to reply bytes, by CPU time.
import { Dict } from '../src/engine/structures/dict.ts'
import { RequestReader } from '../src/engine/protocol/request-reader.ts'
import { Bench, batches, encode, key } from './machine.ts'
import { pauses, rate } from './measure.ts'
import { note, row } from './report.mjs'

const N = 160_000
const wanted = process.argv.slice(2)
const want = (goal: string): boolean => wanted.length === 0 || wanted.includes(goal)
type Make = (i: number) => string[]
const PER_SECOND = { unit: ' M/s' }

function command(goal: string, must: number | null, reach: number | null, name: string, make: Make, before?: Make): void {
  if (!want(goal)) return
  const bench = new Bench()
  if (before) for (const batch of batches(100_000, before)) bench.say(batch)
  const list = batches(N, make)
  const first = bench.say(list[0] as string)
  if (first === '' || first.startsWith('-')) throw new Error(`${name} answered ${JSON.stringify(first.slice(0, 80))}`)
  const perSecond = rate(N, () => {
    for (const batch of list) bench.say(batch)
  })
  row(goal, name, perSecond, must, reach, PER_SECOND)
}
// As in G7 a thousand keys; then so many that the processor's caches do not hold them.
const few = (i: number): string => key((i * 7919) % 1000)
const many = (i: number): string => key((i * 7919) % 100_000)
command('G6', 1.2, 2, 'SET, 1000 keys', (i) => ['SET', few(i), 'xxx'])
command('G6', 2, 3, 'GET, 1000 keys', (i) => ['GET', few(i)], (i) => ['SET', few(i), 'xxx'])
command('G6', 1.2, 2, 'INCR, 1000 keys', (i) => ['INCR', few(i)])
command('G6', null, null, 'SET, 100k keys', (i) => ['SET', many(i), 'xxx'])
command('G6', null, null, 'GET, 100k keys', (i) => ['GET', many(i)], (i) => ['SET', many(i), 'xxx'])
command('G7', 0.8, 1.5, 'HSET, 1000 fields', (i) => ['HSET', 'h', `field:${(i * 7919) % 1000}`, 'xxx'])
command('G7', 0.4, 0.6, 'ZADD, 1000 members', (i) => ['ZADD', 'z', String((i * 104_729) % 100_003), `member:${(i * 7919) % 1000}`])
command('G7', 0.8, 1.5, 'LPUSH', () => ['LPUSH', 'l', 'xxx'])

/**
 * What one element more costs in a collection of a million, over what it costs in collections of a thousand: 200 of these
 * grow from 1000 to 1100, one of those by 20000.
 */
function growth(name: string, make: (collection: string, i: number) => string[]): void {
  const grow = (collections: number, size: number, more: number): number => {
    const bench = new Bench()
    const each = (from: number, to: number): string[] =>
      batches(collections * (to - from), (n) => make(`c${n % collections}`, from + Math.floor(n / collections)))
    for (const batch of each(0, size)) bench.say(batch)
    const list = each(size, size + more)
    return rate(collections * more, () => list.forEach((batch) => void bench.say(batch)), 1)
  }
  const small = Math.max(...[1, 2, 3].map(() => grow(200, 1000, 100)))
  const big = Math.max(...[1, 2].map(() => grow(1, 1_000_000, 20_000)))
  row('G8', `${name} at 1M elements over 1k`, small / big, 2, 1.5, { unit: 'x', atMost: true })
}
if (want('G8')) {
  growth('LPUSH', (c, i) => ['LPUSH', c, `value:${i}`])
  growth('HSET', (c, i) => ['HSET', c, `field:${i}`, 'xxx'])
  growth('SADD', (c, i) => ['SADD', c, `member:${i}`])
  growth('ZADD', (c, i) => ['ZADD', c, String((i * 104_729) % 1_000_003), `member:${i}`])
}

const M = 1_000_000
const flat = (i: number): string => Buffer.from(key(i), 'latin1').latin1Slice()
const keys = Array.from({ length: want('G9') || want('G10') ? M : 0 }, (_, i) => flat((i * 7919) % M))
const probe = Array.from({ length: want('G9') ? M : 0 }, (_, i) => flat((i * 104_729) % M))
if (want('G9')) {
  let map = new Map<string, string>()
  let dict = new Dict<string>(7)
  let found = 0
  const best = { mapInsert: 0, dictInsert: 0, mapGet: 0, dictGet: 0 }
  const measure = (what: keyof typeof best, run: () => void): void => {
    best[what] = Math.max(best[what], rate(M, run, 1))
  }
  // In turns, so that a slow moment of the machine meets both.
  for (let round = 0; round < 5; round++) {
    measure('mapInsert', () => {
      map = new Map()
      for (let i = 0; i < M; i++) map.set(keys[i] as string, 'xxx')
    })
    // As a Map: the string that is given is kept, not copied.
    measure('dictInsert', () => {
      dict = new Dict(7)
      for (let i = 0; i < M; i++) dict.setOwned(keys[i] as string, 'xxx')
    })
    measure('mapGet', () => {
      for (let i = 0; i < M; i++) if (map.get(probe[i] as string) === 'xxx') found++
    })
    measure('dictGet', () => {
      for (let i = 0; i < M; i++) if (dict.get(probe[i] as string) === 'xxx') found++
    })
  }
  if (found !== 10 * M) throw new Error('A key was lost')
  row('G9', 'dict of 1M beside Map: insert', best.dictInsert / best.mapInsert, 0.7, 1)
  row('G9', 'dict of 1M beside Map: get', best.dictGet / best.mapGet, 0.5, 0.65)
}
if (want('G10')) {
const longest = pauses(M, () => {
  const d = new Dict<string>(7)
  return (i) => void d.set(keys[i] as string, 'xxx')
})
const longestMap = pauses(M, () => {
  const d = new Map<string, string>()
  return (i) => void d.set(keys[i] as string, 'xxx')
}, 16, 3)
row('G10', `longest pause to 1M keys (Map: ${(longestMap[0] ?? 0).toFixed(1)} ms)`, longest[0] ?? 0, 1, 0.2, { unit: ' ms', atMost: true })
}

// As a socket delivers it: reads of 16 KB.
const stream = Buffer.from(Array.from({ length: 100_000 }, (_, i) => encode('SET', key((i * 7919) % M), 'xxx')).join(''), 'latin1')
const reads: string[] = []
for (let at = 0; at < stream.length; at += 16_384) reads.push(stream.latin1Slice(at, Math.min(at + 16_384, stream.length)))
const parsed = !want('G13') ? 0 : rate(100_000, () => {
  const reader = new RequestReader()
  let n = 0
  for (const bytes of reads) {
    reader.feed(bytes)
    while (reader.next({ protoMaxBulkLen: 1 << 29 })) n++
  }
  if (n !== 100_000) throw new Error(`Read ${n} requests`)
})
if (want('G13')) row('G13', 'requests read: short SETs', parsed, 6, 12, PER_SECOND)
