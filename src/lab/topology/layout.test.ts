import { expect, test } from 'vitest'
import { crossing, divide, fitLayout, layout, meets, pointOn, type Rect, routeLinks, sidesOf } from './layout.ts'

const content = [1, 2, 3].map((i) => ({ name: `b${i}`, cards: [`redis-${i}`, `s${i}`], small: [] }))
const overlap = (a: Rect, b: Rect) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

test('boxes lie inside the canvas and do not overlap, at each size the page is made for', () => {
  for (const [w, h, mini] of [
    [842, 428, false],
    [936, 324, false],
    [390, 300, true],
  ] as const) {
    const boxes = [...layout(content, w, h, mini).boxes.values()]
    for (const [i, a] of boxes.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0)
      expect(a.x + a.w).toBeLessThanOrEqual(w)
      expect(a.y + a.h, `${w}x${h} box ${i}`).toBeLessThanOrEqual(h)
      for (const b of boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false)
    }
  }
})

test('a place does not depend on what runs in the box', () => {
  const at = layout(content, 842, 428, false)
  const more = layout(
    content.map((b, i) => (i === 2 ? { ...b, small: [] } : b)),
    842,
    428,
    false,
  )
  expect(more.boxes).toEqual(at.boxes)
})

test('links of one side leave from different points', () => {
  const at = layout(content, 842, 428, false)
  const links = ['s2', 's3', 'redis-2', 'redis-3'].map((b) => ({ id: `redis-1-${b}`, a: 'redis-1', b }))
  const starts = [...routeLinks(links, at).values()].map((p) => p.a.join())
  expect(new Set(starts).size).toBe(4)
})

test('every way of cutting one box off has a straight divide, and links cross it', () => {
  const at = layout(content, 842, 428, false)
  const rect = (n: string) => at.boxes.get(n) as Rect
  const paths = routeLinks([{ id: 'l', a: 'redis-1', b: 's3' }], at)
  const line = divide([rect('b1')], [rect('b2'), rect('b3')])
  expect(line).not.toBeNull()
  const t = crossing(paths.get('l')!, line!)
  expect(t).toBeGreaterThan(0)
  const p = pointOn(paths.get('l')!, t!)
  expect(p[0] * line!.nx + p[1] * line!.ny).toBeCloseTo(line!.d, 6)
  for (const one of ['b2', 'b3']) {
    const rest = ['b1', 'b2', 'b3'].filter((b) => b !== one).map(rect)
    expect(divide([rect(one)], rest), one).not.toBeNull()
  }
})

test('groups that interleave have no straight divide', () => {
  const r = (x: number): Rect => ({ x, y: 0, w: 10, h: 10 })
  expect(divide([r(0), r(100)], [r(50)])).toBeNull()
})

const allLinks = (names: readonly string[]) =>
  names.flatMap((a, i) => names.slice(i + 1).map((b) => ({ id: `${a}|${b}|x`, a, b })))
const names = content.flatMap((b) => b.cards)

test('no link passes behind a box that it does not belong to, wherever the line between the panels is', () => {
  for (const [w, h] of [
    [1124, 428],
    [979, 338],
    [979, 280],
    [979, 240],
    [1400, 280],
    [724, 386],
    [390, 268],
  ] as const) {
    const { at } = fitLayout(content, w, h)
    for (const [id, path] of routeLinks(allLinks(names), at)) {
      const own = id.split('|').map((n) => at.boxOf.get(n))
      for (const [name, box] of at.boxes)
        if (!own.includes(name)) expect(meets(path, box, 0), `${id} at ${w}x${h}`).toBe(false)
    }
  }
})

test('a curve never leaves the canvas', () => {
  const { at } = fitLayout(content, 390, 268)
  for (const [, path] of routeLinks(allLinks(names), at))
    for (let i = 0; i <= 20; i++) {
      const [x] = pointOn(path, i / 20)
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x).toBeLessThanOrEqual(390)
    }
})

test('short cards where the others do not fit, and a drawing larger than the canvas where nothing does', () => {
  expect(fitLayout(content, 1124, 428).mini).toBe(false)
  expect(fitLayout(content, 1124, 200).mini).toBe(true)
  const cramped = fitLayout(content, 390, 120)
  expect(cramped.at.height).toBeGreaterThan(120)
})

test('a drawn line puts boxes on two sides', () => {
  const { at } = fitLayout(content, 1124, 428)
  const first = at.boxes.get('b1') as Rect
  const x = first.x + first.w + 20
  const sides = sidesOf(at.boxes, [x, 0], [x, 428]).map((s) => s.length)
  expect(sides.sort()).toEqual([1, 2])
})
