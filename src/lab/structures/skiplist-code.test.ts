import { expect, test } from 'vitest'
import { Skiplist } from '../../engine/structures/skiplist.ts'
import { codeFor, diceOf, litLine, searchLine } from './skiplist-code.ts'

test('each comparison lights the line that it is at, and the last one the line that returns', () => {
  const zsl = new Skiplist(7)
  for (let i = 0; i < 200; i++) zsl.insert(i, `m${i}`)
  const hops = zsl
    .searchPath(120, 'm120')
    .map((h) => ({ ...h, seen: h.next > 0 ? h.next : (zsl.levels(h.node)[h.level]?.forward ?? 0) }))
  const rank = zsl.rank(120, 'm120')
  const code = codeFor('ZRANK z m120', 'm120')
  const lit = hops.map((_, n) => code.lines[litLine(code, hops, n, rank)])
  hops.forEach((h, n) => {
    if (h.next > 0) expect(lit[n]).toContain('rank += x.span[i]')
  })
  expect(lit.at(-1)).toContain('return rank')
  expect(lit.filter((l) => l?.includes('return rank'))).toHaveLength(1)
  const line = searchLine(hops, rank, (id) => zsl.eleOf(id))
  expect(line).toMatch(/^L\d+ header→m\d+ \(\d+\)/)
  expect(line).toMatch(/rank 120$/)
  const spans = [...line.matchAll(/\((\d+)\)/g)].reduce((n, m) => n + Number(m[1]), 0)
  expect(spans).toBe(121)
})

test('the code is that of the command, and dice add up to the height', () => {
  expect(codeFor('ZADD z 1 m', 'm').name).toBe('zslInsert')
  expect(codeFor('ZCOUNT z 40 60', 'm').name).toBe('zslFirstInRange')
  expect(codeFor('ZRANGE z 3 3', null).name).toBe('zslGetElementByRank')
  expect([diceOf(1), diceOf(3)]).toEqual(['≥ 1/4: 1 level', '< 1/4, < 1/4, ≥ 1/4: 3 levels'])
})
