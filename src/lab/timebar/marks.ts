/** How an event looks on the timeline, and which labels there is room for. */
import type { EventView } from '../../browser/session.ts'
import type { IconName } from '../parts/icons.tsx'

export interface MarkLook {
  readonly icon: IconName
  readonly color: string
  /** Lower goes first when labels compete. */
  readonly rank: number
}

const looks: readonly [RegExp, MarkLook][] = [
  [/^\+odown/, { icon: 'odown', color: '--down', rank: 0 }],
  [/^(\+switch-master|\+promoted-slave|\+selected-slave|promot)/, { icon: 'crown', color: '--master', rank: 1 }],
  [/^FAIL$/, { icon: 'odown', color: '--down', rank: 0 }],
  [/^PFAIL/, { icon: 'sdown', color: '--suspect-ink', rank: 2 }],
  [/^fail (received|cleared)/, { icon: 'odown', color: '--down', rank: 4 }],
  [/^migrating/, { icon: 'chevr', color: '--migrating', rank: 2 }],
  [/^importing/, { icon: 'chevl', color: '--importing', rank: 2 }],
  [/^slot moved/, { icon: 'flag', color: '--importing', rank: 3 }],
  [/^process\.crash/, { icon: 'odown', color: '--down', rank: 0 }],
  [/^(fault|process)\.kill/, { icon: 'kill', color: '--ink', rank: 1 }],
  [/^fault\.(cut|heal)/, { icon: 'cut', color: '--ink', rank: 1 }],
  [/^fault\.term|exit/, { icon: 'term', color: '--ink', rank: 1 }],
  [/^fault\.(pause|continue)/, { icon: 'paused', color: '--paused', rank: 1 }],
  [/^fault\.latency/, { icon: 'clock', color: '--ink', rank: 2 }],
  [/^(fault\.restart|.*start)/, { icon: 'restart', color: '--ink', rank: 2 }],
  [/^[+-]sdown/, { icon: 'sdown', color: '--suspect-ink', rank: 2 }],
  [/^-odown/, { icon: 'odown', color: '--down', rank: 3 }],
  [/vote|elected/, { icon: 'vote', color: '--sentinel', rank: 3 }],
  [/epoch|failover|^[+-]/, { icon: 'flag', color: '--sentinel', rank: 4 }],
  [/^repl|psync|sync/, { icon: 'link', color: '--replica', rank: 4 }],
  [/warn|error/, { icon: 'sdown', color: '--suspect-ink', rank: 4 }],
]
const plain: MarkLook = { icon: 'circ', color: '--ink-3', rank: 6 }

export const lookOf = (kind: string): MarkLook => looks.find(([re]) => re.test(kind))?.[1] ?? plain

export interface Placed {
  readonly event: EventView
  readonly look: MarkLook
  readonly x: number
  readonly lane: number
  /** False: no lane was free, only its stem is drawn. */
  readonly placed: boolean
  /** Text to the right (1) or left (-1) of the mark, or none (0). */
  readonly side: -1 | 0 | 1
  readonly label: string
}

export const LETTER = 6.7
/** A slot on its way is named by its number, as in the command that moves it. */
const OF_SLOT: Readonly<Record<string, string>> = {
  importing: 'IMPORTING',
  migrating: 'MIGRATING',
  'slot moved': 'NODE',
}
export const labelOf = (e: EventView) =>
  (e.kind in OF_SLOT
    ? `${OF_SLOT[e.kind]} ${/^\d*/.exec(e.text)?.[0]} ${e.process}`
    : /^[+-]/.test(e.kind)
      ? `${e.kind} ${e.process}`
      : `${e.kind.replace(/^(fault|process)\./, '')} ${e.process}`
  ).trim()

/** Important events first. A label that would touch another is dropped; its mark stays. */
export function placeMarks(
  events: readonly EventView[],
  xOf: (at: number) => number,
  width: number,
  lanes: number,
): Placed[] {
  const taken: [number, number][][] = Array.from({ length: lanes }, () => [])
  const free = (lane: number, from: number, to: number) => taken[lane]?.every(([a, b]) => to < a || from > b) ?? false
  const out: Placed[] = []
  const order = events
    .map((event) => ({ event, look: lookOf(event.kind) }))
    .sort((p, q) => q.event.weight - p.event.weight || p.look.rank - q.look.rank || p.event.at - q.event.at)
  for (const { event, look } of order) {
    const x = xOf(event.at)
    if (x < 0 || x > width) continue
    const label = labelOf(event)
    const w = 10 + label.length * LETTER
    let pick: [number, -1 | 0 | 1] | null = null
    for (let lane = 0; lane < lanes && !pick; lane++)
      if (x + w < width - 2 && free(lane, x - 8, x + w)) pick = [lane, 1]
    for (let lane = 0; lane < lanes && !pick; lane++) if (x - w > 2 && free(lane, x - w, x + 8)) pick = [lane, -1]
    for (let lane = 0; lane < lanes && !pick; lane++) if (free(lane, x - 7, x + 7)) pick = [lane, 0]
    // No lane is free: only its stem is drawn, below the icons.
    const [lane, side] = pick ?? [lanes, 0]
    if (pick) taken[lane]?.push(side === 1 ? [x - 8, x + w + 4] : side === -1 ? [x - w - 4, x + 8] : [x - 8, x + 8])
    out.push({ event, look, x, lane, placed: pick !== null, side, label })
    if (out.length > 400) break
  }
  return out
}

/** How many events the world had processed at each sampled time; bars are differences between interpolated counts. */
export class Density {
  #at: number[] = []
  #count: number[] = []
  /** Grows when the world began again: what was drawn from the counts is void. */
  generation = 0

  add(at: number, count: number): void {
    const last = this.#at[this.#at.length - 1]
    if (last !== undefined && at < last) {
      this.#at = []
      this.#count = []
      this.generation++
    } else if (last === at) {
      this.#count[this.#count.length - 1] = count
      return
    }
    this.#at.push(at)
    this.#count.push(count)
    if (this.#at.length > 20_000) {
      this.#at = this.#at.filter((_, i) => i % 2 === 0)
      this.#count = this.#count.filter((_, i) => i % 2 === 0)
    }
  }

  countAt(at: number): number {
    let lo = 0
    let hi = this.#at.length - 1
    if (hi < 0 || at <= (this.#at[0] ?? 0)) return this.#count[0] ?? 0
    if (at >= (this.#at[hi] ?? 0)) return this.#count[hi] ?? 0
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1
      if ((this.#at[mid] ?? 0) <= at) lo = mid
      else hi = mid
    }
    const [a, b] = [this.#at[lo] ?? 0, this.#at[hi] ?? 0]
    const [p, q] = [this.#count[lo] ?? 0, this.#count[hi] ?? 0]
    return p + ((q - p) * (at - a)) / Math.max(1, b - a)
  }

  /** Events in each slice of `bin` microseconds from slice `first` up to, not including, `end`. */
  bars(bin: number, first: number, end: number): number[] {
    const out: number[] = []
    let before = this.countAt(first * bin)
    for (let k = first + 1; k <= end; k++) {
      const count = this.countAt(k * bin)
      out.push(Math.max(0, count - before))
      before = count
    }
    return out
  }
}
