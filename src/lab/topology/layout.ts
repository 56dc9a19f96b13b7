/**
 * Where things stand. Boxes have fixed places by their number, so a failover never moves anything: only glyphs change.
 * Links leave a card on the side that faces the other end, spread so that they do not lie on each other.
 */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}
export type Point = readonly [number, number]
/** A straight line, or a quadratic curve when `c` is there: around a box's edge, or around a box in the way. */
export interface Path {
  readonly a: Point
  readonly b: Point
  readonly c: Point | null
}
export interface BoxContent {
  readonly name: string
  readonly cards: readonly string[]
  readonly small: readonly string[]
}
export interface Layout {
  readonly boxes: ReadonlyMap<string, Rect>
  readonly cards: ReadonlyMap<string, Rect>
  readonly boxOf: ReadonlyMap<string, string>
  /** Of the drawing: no smaller than the canvas, larger when the boxes do not fit in it. */
  readonly width: number
  readonly height: number
}

export const HEAD = 24
export const CARD = 52
export const SMALL = 28
const GAP = 4
const MARGIN = 28

const boxHeight = (box: BoxContent, card: number) =>
  HEAD + box.cards.length * (card + GAP) + box.small.length * (SMALL + GAP) + 2

export function layout(content: readonly BoxContent[], width: number, height: number, mini: boolean): Layout {
  const card = mini ? SMALL : CARD
  const margin = mini ? 12 : MARGIN
  const w = mini ? Math.min(156, (width - 3 * margin) / 2) : Math.round(Math.min(260, Math.max(204, width * 0.265)))
  const heights = content.map((box) => boxHeight(box, card))
  const places = placesFor(content.length, width, height, w, heights, margin)
  const boxes = new Map<string, Rect>()
  const cards = new Map<string, Rect>()
  const boxOf = new Map<string, string>()
  content.forEach((box, i) => {
    const [x, y] = places[i] ?? [margin, margin]
    boxes.set(box.name, { x, y, w, h: heights[i] ?? 0 })
    let top = y + HEAD
    for (const name of box.cards) {
      cards.set(name, { x: x + 4, y: top, w: w - 8, h: card })
      boxOf.set(name, box.name)
      top += card + GAP
    }
    for (const name of box.small) {
      cards.set(name, { x: x + 4, y: top, w: w - 8, h: SMALL })
      boxOf.set(name, box.name)
      top += SMALL + GAP
    }
  })
  const rects = [...boxes.values()]
  return {
    boxes,
    cards,
    boxOf,
    width: Math.max(width, ...rects.map((r) => r.x + r.w + 12)),
    height: Math.max(height, ...rects.map((r) => r.y + r.h + 12)),
  }
}

/** Cards with rings where they fit, short cards where they do not. */
export function fitLayout(content: readonly BoxContent[], width: number, height: number) {
  const full = width >= 560 ? layout(content, width, height, false) : null
  // Links need room to pass a box.
  const tall = Math.max(0, ...(full ? [...full.boxes.values()].map((r) => r.h) : []))
  if (full && full.height <= height && full.width <= width && height >= tall + 136) return { at: full, mini: false }
  return { at: layout(content, width, height, true), mini: true }
}

function placesFor(n: number, width: number, height: number, w: number, h: readonly number[], margin: number): Point[] {
  const tall = Math.max(...h, 0)
  const right = width - margin - w
  if (n === 1) return [[(width - w) / 2, Math.max(margin, (height - tall) / 2)]]
  if (n === 3 && width > 860 && height < 2 * tall + 72) {
    const middle = (margin + right) / 2
    const low = Math.max(40, height - margin - (h[2] ?? 0))
    return [
      [margin, Math.max(40, (height - (h[0] ?? 0)) / 2)],
      [middle, 40],
      [right, low],
    ].map(round)
  }
  const columns = n <= 4 ? 2 : Math.ceil(Math.sqrt(n))
  const perColumn = Math.ceil(n / columns)
  // Of many boxes the first ones, a cluster's masters, make the upper row, with their replicas below them.
  const columnOf = (i: number) => (n === 3 ? Math.min(1, i) : n > 4 ? i % columns : Math.floor(i / perColumn))
  const places: Point[] = []
  for (let column = 0; column < columns; column++) {
    const mine = h.flatMap((own, i) => (columnOf(i) === column ? [{ own, i }] : []))
    const free = height - TOP - margin - mine.reduce((sum, m) => sum + m.own, 0)
    const gap = mine.length > 1 ? Math.max(24, free / (mine.length - 1)) : 0
    let y = mine.length > 1 ? TOP : TOP + Math.max(0, free / 2)
    for (const { own, i } of mine) {
      places[i] = [margin + (column * (right - margin)) / Math.max(1, columns - 1), y]
      y += own + gap
    }
  }
  return places.map(round)
}

/** Room for the labels of cuts. */
const TOP = 40

const round = ([x, y]: readonly number[]): Point => [Math.round((x ?? 0) / 4) * 4, Math.round((y ?? 0) / 4) * 4]

export interface LinkEnds {
  readonly id: string
  readonly a: string
  readonly b: string
}
type Side = 'l' | 'r' | 't' | 'b'

/** A path for each link. Ends on the same side of a card are spread in the order of what they lead to, so few cross. */
export function routeLinks(links: readonly LinkEnds[], at: Layout): Map<string, Path> {
  const ends = new Map<string, { id: string; end: 'a' | 'b'; toward: number }[]>()
  const inside: LinkEnds[] = []
  for (const link of links) {
    const [a, b] = [at.cards.get(link.a), at.cards.get(link.b)]
    if (!a || !b) continue
    if (at.boxOf.get(link.a) === at.boxOf.get(link.b)) {
      inside.push(link)
      continue
    }
    for (const [end, name, self, other] of [
      ['a', link.a, a, b],
      ['b', link.b, b, a],
    ] as const) {
      const side = sideToward(self, other)
      const owner = side === 't' || side === 'b' ? `box:${at.boxOf.get(name)}` : name
      const list = ends.get(`${owner}|${side}`) ?? []
      list.push({
        id: link.id,
        end,
        // Links between the same two boxes leave both in the same order, side by side.
        toward: side === 't' || side === 'b' ? other.x : other.y + other.h / 2,
      })
      ends.set(`${owner}|${side}`, list)
    }
  }
  const points = new Map<string, Point>()
  for (const [key, list] of ends) {
    const [owner, side] = [key.slice(0, -2), key.slice(-1) as Side]
    const box = owner.startsWith('box:') ? at.boxes.get(owner.slice(4)) : at.boxes.get(at.boxOf.get(owner) ?? '')
    const self = owner.startsWith('box:') ? box : at.cards.get(owner)
    if (!box || !self) continue
    list.sort((p, q) => p.toward - q.toward || (p.id < q.id ? -1 : 1))
    const room = side === 't' || side === 'b' ? self.w - 56 : self.h - 12
    const gap = Math.min(side === 't' || side === 'b' ? 36 : 9, room / Math.max(1, list.length - 1))
    list.forEach((e, i) => {
      const shift = (i - (list.length - 1) / 2) * gap
      const point: Point =
        side === 'l' || side === 'r'
          ? [side === 'l' ? box.x : box.x + box.w, self.y + self.h / 2 + shift]
          : [self.x + self.w / 2 + shift, side === 't' ? box.y : box.y + box.h]
      points.set(`${e.id}|${e.end}`, point)
    })
  }
  const paths = new Map<string, Path>()
  for (const link of links) {
    const [a, b] = [points.get(`${link.id}|a`), points.get(`${link.id}|b`)]
    if (a && b) paths.set(link.id, around({ a, b, c: null }, link, at))
  }
  for (const [i, link] of inside.entries()) paths.set(link.id, insidePath(link, at, i))
  return paths
}

const CLEAR = 14

/** A straight path that would pass behind another box bends around its nearer corner. */
function around(path: Path, link: LinkEnds, at: Layout): Path {
  const own = [at.boxOf.get(link.a), at.boxOf.get(link.b)]
  for (const [name, box] of at.boxes) {
    if (own.includes(name) || !meets(path, box, 6)) continue
    const [mx, my] = [box.x + box.w / 2, box.y + box.h / 2]
    const { a, b } = path
    const long = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    const t = Math.min(
      0.7,
      Math.max(0.3, ((mx - a[0]) * (b[0] - a[0]) + (my - a[1]) * (b[1] - a[1])) / Math.max(1, long)),
    )
    const on = pointOn(path, t)
    const upright = Math.abs(b[1] - a[1]) > Math.abs(b[0] - a[0])
    const choices: Path[] = []
    for (let out = CLEAR; out <= 200; out += 12) {
      const ways: Point[] = upright
        ? [
            [box.x - out, on[1]],
            [box.x + box.w + out, on[1]],
          ]
        : [
            [on[0], box.y - out],
            [on[0], box.y + box.h + out],
          ]
      for (const p of ways) {
        const bent: Path = { a, b, c: [control(a[0], b[0], p[0], t), control(a[1], b[1], p[1], t)] }
        const inside = p[0] > 4 && p[1] > 4 && p[0] < at.width - 4 && p[1] < at.height - 4
        if (inside && !meets(bent, box, 4)) choices.push(bent)
      }
    }
    choices.sort((p, q) => bend(p) - bend(q))
    if (choices[0]) return choices[0]
  }
  return path
}

/** The control coordinate with which a curve from a to b is at p when at t. */
const control = (a: number, b: number, p: number, t: number) => (p - (1 - t) ** 2 * a - t * t * b) / (2 * t * (1 - t))
const bend = ({ a, b, c }: Path) => (c ? Math.hypot(c[0] - (a[0] + b[0]) / 2, c[1] - (a[1] + b[1]) / 2) : 0)

/** Whether a path runs through a rectangle that is larger by `by` on every side. */
export function meets(path: Path, r: Rect, by: number): boolean {
  for (let i = 1; i < 40; i++) {
    const [x, y] = pointOn(path, i / 40)
    if (x > r.x - by && x < r.x + r.w + by && y > r.y - by && y < r.y + r.h + by) return true
  }
  return false
}

/** Between two cards of one box: a curve around the box's outer edge. */
function insidePath(link: LinkEnds, at: Layout, i: number): Path {
  const [a, b] = [at.cards.get(link.a) as Rect, at.cards.get(link.b) as Rect]
  const box = at.boxes.get(at.boxOf.get(link.a) ?? '') ?? a
  const onLeft = box.x + box.w / 2 <= at.width / 2
  const x = onLeft ? box.x : box.x + box.w
  const lean = 8 * (i % 3)
  // No further out than the canvas goes.
  const room = onLeft ? box.x : at.width - x
  const out = Math.min(36, 2 * (room - 3))
  return {
    a: [x, a.y + a.h / 2 + (a.y < b.y ? lean : -lean)],
    b: [x, b.y + b.h / 2 + (a.y < b.y ? -lean : lean)],
    c: [x + (onLeft ? -1 : 1) * out, (a.y + a.h / 2 + b.y + b.h / 2) / 2],
  }
}

const direct = new WeakMap<Layout, Map<string, Path | null>>()

/** A line between the edges of the boxes that two cards are in, for a packet whose connection is gone. */
export function directPath(a: string, b: string, at: Layout): Path | null {
  const known = direct.get(at) ?? new Map<string, Path | null>()
  direct.set(at, known)
  const id = `${a}|${b}`
  let path = known.get(id)
  if (path === undefined) {
    path = straight(a, b, at)
    if (path) path = around(path, { id, a, b }, at)
    known.set(id, path)
  }
  return path
}

function straight(a: string, b: string, at: Layout): Path | null {
  const [from, to] = [at.cards.get(a), at.cards.get(b)]
  const [x, y] = [at.boxes.get(at.boxOf.get(a) ?? ''), at.boxes.get(at.boxOf.get(b) ?? '')]
  if (!from || !to || !x || !y || x === y) return null
  return { a: edge(from, x, sideToward(from, to)), b: edge(to, y, sideToward(to, from)), c: null }
}

function edge(card: Rect, box: Rect, side: Side): Point {
  if (side === 'l' || side === 'r') return [side === 'l' ? box.x : box.x + box.w, card.y + card.h / 2]
  return [card.x + card.w / 2, side === 't' ? box.y : box.y + box.h]
}

function sideToward(from: Rect, to: Rect): Side {
  if (to.x > from.x + from.w + 24) return 'r'
  if (from.x > to.x + to.w + 24) return 'l'
  return to.y > from.y ? 'b' : 't'
}

export function pointOn(path: Path, t: number): Point {
  const { a, b, c } = path
  if (!c) return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
  const u = 1 - t
  return [u * u * a[0] + 2 * u * t * c[0] + t * t * b[0], u * u * a[1] + 2 * u * t * c[1] + t * t * b[1]]
}

export const pathText = ({ a, b, c }: Path) => (c ? `M${a}Q${c} ${b}` : `M${a}L${b}`)

/** Degrees of the direction of travel at `t`. */
export function heading(path: Path, t: number, reverse: boolean): number {
  const p = pointOn(path, Math.max(0, t - 0.02))
  const q = pointOn(path, Math.min(1, t + 0.02))
  const sign = reverse ? -1 : 1
  return (Math.atan2(sign * (q[1] - p[1]), sign * (q[0] - p[0])) * 180) / Math.PI
}

/** A line n·p = d with the boxes of one group on each side; null when no straight line separates them. */
export interface Divide {
  readonly nx: number
  readonly ny: number
  readonly d: number
}

/** The straight line with the widest margin between the two groups, found among 36 directions. */
export function divide(a: readonly Rect[], b: readonly Rect[]): Divide | null {
  let best: (Divide & { margin: number }) | null = null
  for (let i = 0; i < 72; i++) {
    const angle = (i * Math.PI) / 36
    const [nx, ny] = [Math.cos(angle), Math.sin(angle)]
    const far = Math.max(...a.map((r) => extent(r, nx, ny)[1]))
    const near = Math.min(...b.map((r) => extent(r, nx, ny)[0]))
    // A little preference for upright and level cuts, which read best.
    const margin = (near - far) * (i % 18 === 0 ? 1.15 : 1)
    if (margin > (best?.margin ?? 8)) best = { nx, ny, d: (near + far) / 2, margin }
  }
  return best && { nx: best.nx, ny: best.ny, d: best.d }
}

function extent(r: Rect, nx: number, ny: number): [number, number] {
  const values = [r.x, r.x + r.w].flatMap((x) => [r.y, r.y + r.h].map((y) => x * nx + y * ny))
  return [Math.min(...values), Math.max(...values)]
}

/** The zigzag's spine, from edge to edge of the canvas. */
export function zigzag({ nx, ny, d }: Divide, width: number, height: number): Point[] {
  const [ox, oy] = [nx * d, ny * d]
  const [tx, ty] = [-ny, nx]
  const ts: number[] = []
  for (let t = -3000; t <= 3000; t += 56) {
    const [x, y] = [ox + tx * t, oy + ty * t]
    if (x > -60 && x < width + 60 && y > -60 && y < height + 60) ts.push(t)
  }
  return ts.map((t, i) => {
    const lean = i % 2 ? 4 : -4
    return [ox + tx * t + nx * lean, oy + ty * t + ny * lean]
  })
}

/** Where a path meets the divide (0..1), or null. */
export function crossing(path: Path, { nx, ny, d }: Divide): number | null {
  const side = (t: number) => {
    const p = pointOn(path, t)
    return p[0] * nx + p[1] * ny - d
  }
  const [s0, s1] = [side(0), side(1)]
  if (s0 * s1 >= 0) return null
  if (!path.c) return s0 / (s0 - s1)
  let [lo, hi] = [0, 1]
  for (let i = 0; i < 12; i++) {
    const mid = (lo + hi) / 2
    if (side(mid) * s0 > 0) lo = mid
    else hi = mid
  }
  return (lo + hi) / 2
}

/** The part of a path between two of its places, for a trail. */
export function partText(path: Path, from: number, to: number): string {
  const n = path.c ? 12 : 1
  const points = Array.from({ length: n + 1 }, (_, i) => pointOn(path, from + ((to - from) * i) / n))
  return `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`
}

/** The boxes on the left of a line drawn from p to q, and those on its right. */
export function sidesOf(boxes: ReadonlyMap<string, Rect>, p: Point, q: Point): [string[], string[]] {
  const sides: [string[], string[]] = [[], []]
  for (const [name, r] of boxes) {
    const [x, y] = [r.x + r.w / 2, r.y + r.h / 2]
    const turn = (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])
    sides[turn > 0 ? 0 : 1].push(name)
  }
  return sides
}
