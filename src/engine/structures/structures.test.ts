import { expect, test } from 'vitest'
import { Prng } from '../bytes/prng.ts'
import { Dict } from './dict.ts'
import { Intset } from './intset.ts'
import { Listpack } from './listpack.ts'
import { Quicklist } from './quicklist.ts'
import { Sds } from './sds.ts'
import { Skiplist } from './skiplist.ts'

test('a dict agrees with a Map through growth, rehash and shrinking', () => {
  const rng = new Prng(11)
  const d = new Dict<number>(5)
  const m = new Map<string, number>()
  for (let i = 0; i < 60000; i++) {
    const k = `key:${rng.below(i < 30000 ? 9000 : 12000)}`
    const deleting = rng.below(10) < (i < 30000 ? 2 : 8)
    if (deleting) {
      expect(d.delete(k)).toBe(m.get(k))
      m.delete(k)
      if (d.needsResize) d.resizeToFit()
    } else {
      expect(d.set(k, i)).toBe(!m.has(k))
      m.set(k, i)
    }
    if (d.size !== m.size) throw new Error(`size ${d.size} after ${i}, expected ${m.size}`)
    if (!d.isRehashing && (d.tableSize(1) !== 0 || d.tableUsed(1) !== 0)) throw new Error('table 1 is in use')
  }
  for (const [k, v] of m) expect(d.get(k)).toBe(v)
  expect(d.keys().sort()).toEqual([...m.keys()].sort())
  for (const k of [...m.keys()]) d.delete(k)
  expect(d.size).toBe(0)
})

test('a scan returns whatever is there all the time, however the table changes', () => {
  for (let seed = 0; seed < 20; seed++) {
    const rng = new Prng(seed)
    const d = new Dict<null>(seed)
    for (let i = 0; i < 200; i++) d.set(`stay:${i}`, null)
    const seen = new Set<string>()
    let cursor = 0
    let extra = 0
    do {
      cursor = d.scan(cursor, (k) => {
        seen.add(k)
      })
      const grow = rng.below(2) === 0
      for (let i = 0; i < 40; i++) {
        if (grow) d.set(`extra:${extra++}`, null)
        else if (extra > 0) d.delete(`extra:${--extra}`)
      }
      if (rng.below(4) === 0) d.resizeToFit()
    } while (cursor !== 0)
    for (let i = 0; i < 200; i++) expect(seen.has(`stay:${i}`)).toBe(true)
  }
})

test('a dict doubles when it is full and rehashes a bucket at a time', () => {
  const d = new Dict<number>()
  for (let i = 0; i < 4; i++) d.set(`k${i}`, i)
  expect([d.tableSize(0), d.isRehashing]).toEqual([4, false])
  d.set('k4', 4)
  expect([d.tableSize(0), d.tableSize(1), d.rehashidx]).toEqual([4, 8, 0])
  expect(d.bucketKeys(1, d.hashOf('k4') & 7)).toContain('k4')
  while (d.isRehashing) d.get('k0')
  expect([d.tableSize(0), d.tableSize(1), d.tableUsed(0)]).toEqual([8, 0, 5])
  d.resizePolicy = 'avoid'
  for (let i = 5; i < 40; i++) d.set(`k${i}`, i)
  expect(d.isRehashing).toBe(false)
  expect(d.random(new Prng(1))).not.toBe(null)
  expect(d.fairRandom(new Prng(1))).not.toBe(null)
})

test('a listpack agrees with an array and stays valid', () => {
  const rng = new Prng(2)
  const value = () => {
    switch (rng.below(4)) {
      case 0:
        return '' + (rng.below(200) - 100)
      case 1:
        return '' + BigInt.asIntN(64, (BigInt(rng.next()) << BigInt(rng.below(33))) * (rng.below(2) ? 1n : -1n))
      case 2:
        return rng.bytes(rng.below(70))
      default:
        return 'x'.repeat(rng.below(5000))
    }
  }
  const lp = new Listpack()
  const a: string[] = []
  for (let i = 0; i < 4000; i++) {
    const v = value()
    const at = rng.below(a.length + 1)
    const what = rng.below(a.length > 40 ? 8 : 4)
    if (what === 0) {
      lp.append(v)
      a.push(v)
    } else if (what === 1) {
      lp.prepend(v)
      a.unshift(v)
    } else if (what === 2 && at < a.length) {
      const after = rng.below(2) === 0
      expect(lp.getBytes(lp.insert(lp.seek(at), v, after ? 'after' : 'before'))).toBe(v)
      a.splice(after ? at + 1 : at, 0, v)
    } else if (what === 3 && at < a.length) {
      lp.replace(lp.seek(at), v)
      a[at] = v
    } else if (at < a.length) {
      const n = 1 + rng.below(2)
      lp.delete(lp.seek(at), n)
      a.splice(at, n)
    }
    if (i % 40 === 0) {
      expect(lp.entries().map(String)).toEqual(a)
      expect(lp.length).toBe(a.length)
      expect(Listpack.validate(lp.bytes(), true)).toBe(true)
      const back: string[] = []
      for (let p = lp.last(); p >= 0; p = lp.prev(p)) back.unshift(lp.getBytes(p))
      expect(back).toEqual(a)
      if (a.length > 0) expect(lp.getBytes(lp.find(a[a.length >> 1]!))).toBe(a[a.length >> 1])
      expect(lp.find('nowhere to be found')).toBe(-1)
    }
  }
})

test('validate refuses every truncation and survives every changed byte', () => {
  const lp = new Listpack()
  for (const v of ['a', '1', '-5000', 'b'.repeat(100), '123456789012']) lp.append(v)
  const good = lp.bytes().slice()
  for (let n = 0; n < good.length; n++) expect(Listpack.validate(good.slice(0, n), true)).toBe(false)
  for (let i = 0; i < good.length; i++) {
    for (const x of [0, 0x7f, 0x80, 0xc0, 0xf0, 0xf4, 0xff]) {
      const bad = good.slice()
      bad[i] = x
      if (Listpack.validate(bad, true)) Listpack.fromBytes(bad).entries()
    }
  }
})

test.each([
  [-2, 0],
  [3, 0],
  [3, 1],
  [-1, 2],
  [128, 1],
])('a quicklist with fill %i and compress %i agrees with an array', (fill, compress) => {
  const rng = new Prng(fill * 10 + compress + 100)
  const q = new Quicklist(fill, compress)
  let a: string[] = []
  for (let i = 0; i < 5000; i++) {
    const v = rng.below(3) === 0 ? '' + rng.below(50) : 'v'.repeat(rng.below(150)) + rng.below(20)
    const at = rng.below(a.length || 1)
    switch (rng.below(a.length > 300 ? 12 : 8)) {
      case 0:
      case 1:
        q.pushHead(v)
        a.unshift(v)
        break
      case 2:
      case 3:
        q.pushTail(v)
        a.push(v)
        break
      case 4:
      case 5:
        if (a.length === 0) break
        if (rng.below(2)) {
          q.insertAfter(at, v)
          a.splice(at + 1, 0, v)
        } else {
          q.insertBefore(at, v)
          a.splice(at, 0, v)
        }
        break
      case 6:
        if (a.length > 0) {
          q.set(at, v)
          a[at] = v
        }
        break
      case 7:
        expect(q.index(at)).toBe(a[at])
        break
      case 8:
        expect(q.popHead()).toBe(a.shift())
        break
      case 9:
        expect(q.popTail()).toBe(a.pop())
        break
      case 10: {
        const n = rng.below(30)
        expect(q.deleteRange(at, n)).toBe(a.splice(at, n).length)
        break
      }
      default: {
        const count = rng.below(5) - 2
        let left = count === 0 ? Infinity : Math.abs(count)
        const keep = (x: string) => !(x === v && left-- > 0)
        a = count >= 0 ? a.filter(keep) : a.reverse().filter(keep).reverse()
        q.remove(v, count)
      }
    }
    if (q.count !== a.length) throw new Error(`count ${q.count}, expected ${a.length} at ${i}`)
    if (i % 100 === 0) {
      expect([...q.iterate()]).toEqual(a)
      expect([...q.iterate(-1, 'head')]).toEqual([...a].reverse())
      expect(q.nodes().reduce((n, x) => n + x.count, 0)).toBe(a.length)
      expect(q.nodes().length).toBe(q.nodeCount)
      expect(q.nodes().every((x) => x.count > 0)).toBe(true)
    }
  }
  if (compress > 0) {
    const nodes = q.nodes()
    expect(nodes[0]!.lp).not.toBe(null)
    expect(nodes.some((n) => n.lzf !== null)).toBe(true)
  }
})

test('an intset upgrades, keeps its order and refuses what it has', () => {
  const rng = new Prng(9)
  const s = new Intset()
  const m = new Set<string>()
  for (let i = 0; i < 3000; i++) {
    const v = i < 1000 ? rng.below(300) - 150 : i < 2000 ? rng.next() - 2 ** 31 : Number.MAX_SAFE_INTEGER - rng.below(9)
    if (rng.below(3) > 0) {
      expect(s.add(v)).toBe(!m.has('' + v))
      m.add('' + v)
    } else {
      expect(s.remove(v)).toBe(m.delete('' + v))
    }
    if (s.length !== m.size) throw new Error('size')
  }
  s.add(-9223372036854775808n)
  s.add(9223372036854775807n)
  expect(s.has(9223372036854775807n)).toBe(true)
  expect(s.at(0)).toBe(-9223372036854775808n)
  const back = Intset.fromBytes(s.bytes())
  expect(back.members()).toEqual(s.members())
  expect(Intset.validate(s.bytes(), true)).toBe(true)
  expect(s.members()).toEqual([...s.members()].sort((a, b) => (a < b ? -1 : 1)))
})

function checkSkiplist(z: Skiplist, model: [number, string][]): void {
  expect(z.length).toBe(model.length)
  const order = new Map<number, number>()
  let i = 0
  for (let x = z.first(), prev = 0; x !== 0; prev = x, x = z.next(x)) {
    order.set(x, ++i)
    if (z.prev(x) !== prev) throw new Error('backward')
    if (z.eleOf(x) !== model[i - 1]![1] || z.scoreOf(x) !== model[i - 1]![0]) throw new Error(`order at ${i}`)
  }
  for (const x of [0, ...order.keys()]) {
    for (const l of z.levels(x)) {
      const from = order.get(x) ?? 0
      const to = l.forward === 0 ? model.length : order.get(l.forward)!
      if (l.span !== to - from) throw new Error(`span ${l.span} from ${from} to ${to}`)
    }
  }
}

test('a skiplist agrees with a sorted array, spans included', () => {
  const rng = new Prng(4)
  const z = new Skiplist(4)
  let model: [number, string][] = []
  const sort = () => model.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
  for (let i = 0; i < 3000; i++) {
    const e = `m${rng.below(200)}`
    const score = rng.below(30)
    const old = model.find((x) => x[1] === e)
    if (!old) {
      z.insert(score, e)
      model.push([score, e])
      sort()
    } else if (rng.below(2)) {
      z.updateScore(old[0], e, score)
      old[0] = score
      sort()
    } else {
      expect(z.delete(old[0], e)).toBe(true)
      model = model.filter((x) => x !== old)
    }
    if (i % 20 === 0) {
      checkSkiplist(z, model)
      const at = rng.below(model.length || 1)
      if (model[at]) {
        expect(z.rank(...model[at]!)).toBe(at + 1)
        expect(z.eleOf(z.byRank(at + 1))).toBe(model[at]![1])
      }
      const r = { min: rng.below(30), max: rng.below(30), minex: rng.below(2) === 0, maxex: rng.below(2) === 0 }
      const inside = model.filter(([s]) => (r.minex ? s > r.min : s >= r.min) && (r.maxex ? s < r.max : s <= r.max))
      const f = z.firstInScore(r)
      const l = z.lastInScore(r)
      expect(f ? z.eleOf(f) : undefined).toBe(inside[0]?.[1])
      expect(l ? z.eleOf(l) : undefined).toBe(inside.at(-1)?.[1])
      if (i % 500 === 0) {
        const gone: string[] = []
        z.deleteRangeByRank(3, 8, (e2) => {
          gone.push(e2)
        })
        expect(gone).toEqual(model.splice(2, 6).map((x) => x[1]))
        checkSkiplist(z, model)
      }
    }
  }
})

test('an sds grows greedily and pads with NUL', () => {
  const s = new Sds('ab')
  expect(s.alloc).toBe(2)
  s.append('cde')
  expect([s.len, s.alloc]).toEqual([5, 12])
  s.setRange(7, 'x')
  expect(s.toBytes()).toBe('abcde\0\0x')
  expect(s.byteAt(100)).toBe(0)
})
