import { expect, test } from 'vitest'
import { compareBytes } from '../bytes/bytes.ts'
import { Prng } from '../bytes/prng.ts'
import { Rax, type RaxNode, type SeekOp } from './rax.ts'

/** Counts, and checks what must hold of every node. */
function census(rax: Rax<number>): { nodes: number; keys: number } {
  let nodes = 0
  let keys = 0
  const walk = (h: RaxNode<number>, isRoot: boolean): void => {
    nodes++
    if (h.isKey) keys++
    else expect(h.value).toBeUndefined()
    if (h.isCompr) {
      expect(h.children.length).toBe(1)
      expect(h.edge.length).toBeGreaterThan(1)
    } else {
      expect(h.children.length).toBe(h.edge.length)
      expect([...h.edge].sort().join('')).toBe(h.edge)
      expect(new Set(h.edge).size).toBe(h.edge.length)
    }
    if (h.children.length === 0 && !isRoot) expect(h.isKey).toBe(true)
    for (const child of h.children) walk(child, false)
  }
  walk(rax.head, true)
  return { nodes, keys }
}

const OPS: Readonly<Record<string, (keys: string[], k: string) => string | undefined>> = {
  '=': (keys, k) => keys.find((x) => x === k),
  '>': (keys, k) => keys.find((x) => x > k),
  '>=': (keys, k) => keys.find((x) => x >= k),
  '<': (keys, k) => keys.findLast((x) => x < k),
  '<=': (keys, k) => keys.findLast((x) => x <= k),
  '^': (keys) => keys[0],
  $: (keys) => keys.at(-1),
}

function checkSeeks(rax: Rax<number>, model: Map<string, number>, probe: string): void {
  const keys = [...model.keys()].sort(compareBytes)
  for (const [op, expected] of Object.entries(OPS)) {
    const wanted = expected(keys, probe)
    for (const direction of ['next', 'prev'] as const) {
      const it = rax.iterator()
      expect(it.seek(op as SeekOp, probe)).toBe(wanted !== undefined)
      const found: string[] = []
      while (it[direction]()) {
        expect(it.value).toBe(model.get(it.key))
        found.push(it.key)
      }
      expect(it.eof).toBe(true)
      const at = wanted === undefined ? -1 : keys.indexOf(wanted)
      const rest = at < 0 ? [] : direction === 'next' ? keys.slice(at) : keys.slice(0, at + 1).reverse()
      expect(found).toEqual(rest)
    }
  }
}

test.each([
  ['short keys of two letters', 6, 2],
  ['long keys with common beginnings', 12, 3],
  ['any bytes', 3, 256],
])('behaves like an ordered map: %s', (_name, length, letters) => {
  for (let seed = 1; seed <= 3; seed++) {
    const rng = new Prng(seed)
    const rax = new Rax<number>()
    const model = new Map<string, number>()
    const key = (): string => {
      let k = ''
      for (let n = rng.below(length + 1); n > 0; n--)
        k += String.fromCharCode(letters === 256 ? rng.below(256) : 97 + rng.below(letters))
      return k
    }
    for (let step = 0; step < 200; step++) {
      const k = key()
      const kind = rng.below(10)
      if (kind < 5) {
        expect(rax.set(k, step)).toBe(!model.has(k))
        model.set(k, step)
      } else if (kind === 5) {
        expect(rax.tryInsert(k, step)).toBe(!model.has(k))
        if (!model.has(k)) model.set(k, step)
      } else {
        expect(rax.delete(k)).toBe(model.get(k))
        model.delete(k)
      }
      expect(rax.get(k)).toBe(model.get(k))
      expect(rax.has(k)).toBe(model.has(k))
      expect(rax.size).toBe(model.size)
      if (step % 20 === 0) {
        const keys = [...model.keys()].sort(compareBytes)
        expect(rax.keys()).toEqual(keys)
        expect(rax.values()).toEqual(keys.map((x) => model.get(x)))
        expect(rax.first()).toBe(model.get(keys[0] ?? 'none'))
        expect(rax.last()).toBe(model.get(keys.at(-1) ?? 'none'))
        expect(census(rax)).toEqual({ nodes: rax.numNodes, keys: rax.size })
        checkSeeks(rax, model, key())
      }
    }
    for (const k of [...model.keys()]) rax.delete(k)
    expect(census(rax)).toEqual({ nodes: rax.numNodes, keys: 0 })
  }
})

test('splitting a compressed node costs the nodes that redis counts', () => {
  const nodes = (...keys: string[]): number => {
    const rax = new Rax<number>()
    for (const [i, k] of keys.entries()) rax.set(k, i)
    return rax.numNodes
  }
  expect(nodes()).toBe(1)
  expect(nodes('ANNIBALESCO')).toBe(2)
  // "ANNI" -> [B E] -> "ALESCO" -> [] | "NTARE" -> []
  expect(nodes('ANNIBALESCO', 'ANNIENTARE')).toBe(6)
  // "ANNI" -> "BALESCO" -> []
  expect(nodes('ANNIBALESCO', 'ANNI')).toBe(3)
  // [A C] -> "NNIBALESCO" -> [] | "IAO" -> []
  expect(nodes('ANNIBALESCO', 'CIAO')).toBe(5)
})

test('what is left of a removed branch is one compressed node again', () => {
  const rax = new Rax<number>()
  rax.set('FOOBAR', 1)
  rax.set('FOOTER', 2)
  expect(rax.numNodes).toBe(6)
  expect(rax.delete('FOOTER')).toBe(2)
  expect(rax.numNodes).toBe(2)
  expect(rax.head.edge).toBe('FOOBAR')
  expect(rax.delete('FOOBAR')).toBe(1)
  expect(rax.numNodes).toBe(1)
  expect(rax.head.edge).toBe('')
})
