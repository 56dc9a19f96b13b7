/** Where the changes of a cluster's epochs stand: lanes of nodes, time stretched where much happens. */

export type Change = { readonly at: number; readonly seq: number } & (
  | { readonly kind: 'current epoch'; readonly epoch: number; readonly by: string; readonly why: string }
  | {
      readonly kind: 'config epoch'
      readonly node: string
      readonly epoch: number
      readonly by: string
      readonly why: string
    }
  | { readonly kind: 'collision'; readonly other: string; readonly epoch: number; readonly next: number }
  | { readonly kind: 'vote'; readonly candidate: string; readonly epoch: number; readonly denied: string | null }
  | { readonly kind: 'vote counted'; readonly by: string; readonly epoch: number; readonly votes: number }
  | { readonly kind: 'election'; readonly epoch: number; readonly won: boolean }
  | {
      readonly kind: 'claim'
      readonly node: string
      readonly epoch: number
      readonly from: string
      readonly count: number
      readonly ranges: readonly (readonly [number, number])[]
      readonly why: string
    }
  | {
      readonly kind: 'flag'
      readonly node: string
      readonly flag: 'PFAIL' | 'FAIL' | 'ok'
      readonly by: string
      readonly silentMs?: number
    }
  | { readonly kind: 'report'; readonly node: string; readonly by: string }
)
export interface EpochsData {
  readonly id: string
  readonly now: number
  readonly currentEpoch: number
  readonly configEpoch: number
  readonly master: boolean
  readonly lastVoteEpoch: number
  /** The current and the own config epoch before the first change that is remembered. */
  readonly base: readonly [number, number]
  readonly changes: readonly Change[]
  readonly forgotten: number
  readonly replids: readonly {
    readonly at: number
    readonly id: string
    readonly before: string
    readonly forkedAt: number
  }[]
  readonly offset: number
}
/** What a node tells, and whether it still runs. Of a dead one this is what it knew in its last moment. */
export interface Lane {
  readonly name: string
  readonly data: EpochsData | null
  readonly dead?: boolean
  /** Of a node that has come back: what it knew before. */
  readonly before?: EpochsData | null
}
/** A change and the lane that it stands in. */
export type Placed = Change & {
  readonly lane: number
  readonly process: string
  /** 0: before the node came back. */
  readonly life: 0 | 1
}
/** Numbers of changes begin anew with each life. */
export const placeKey = (c: Placed): string => `${c.process} ${c.life} ${c.seq}`

/** Verdicts about nodes are the gossip's matter: here only what changes epochs and owners. */
export const isOfEpochs = (c: Change): boolean => c.kind !== 'flag' && c.kind !== 'report'

export const merge = (lanes: readonly Lane[], keep: (c: Change) => boolean = isOfEpochs): Placed[] =>
  lanes
    .flatMap((l, lane) =>
      [l.before, l.data].flatMap((data, life) =>
        (data?.changes ?? []).filter(keep).map((c): Placed => ({ ...c, lane, process: l.name, life: life as 0 | 1 })),
      ),
    )
    .sort((a, b) => a.at - b.at || a.lane - b.lane || a.seq - b.seq)

const LEAST = 7
const MOST = 96
/** From one moment to the next, in pixels: a thousandth of a second and an hour both have room. */
export const gapOf = (micros: number): number => Math.min(MOST, LEAST + 7 * Math.log2(1 + micros / 1000))

/** The place of each moment. Moments within `same` microseconds share one. */
export function timeAxis(
  times: readonly number[],
  left: number,
  same = 40,
): { x: (at: number) => number; end: number } {
  const ats: number[] = []
  const xs: number[] = []
  for (const at of times) {
    const last = ats[ats.length - 1]
    if (last === undefined) xs.push(left)
    else if (at - last <= same) continue
    else xs.push((xs[xs.length - 1] as number) + gapOf(at - last))
    ats.push(at)
  }
  const x = (at: number): number => {
    let lo = 0
    let hi = ats.length - 1
    if (hi < 0 || at < (ats[0] as number)) return left
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1
      if ((ats[mid] as number) <= at) lo = mid
      else hi = mid - 1
    }
    return xs[lo] as number
  }
  return { x, end: xs[xs.length - 1] ?? left }
}

export interface Claim {
  readonly node: string
  readonly epoch: number
  readonly count: number
  readonly ranges: readonly (readonly [number, number])[]
}
export const sameSlots = (a: Claim, b: Claim): boolean =>
  a.ranges.some(([p, q]) => b.ranges.some(([r, s]) => p <= s && r <= q))
/** Of two claims to a slot, whose holds; null: the epochs are equal, and neither gives way. */
export const winner = (a: Claim, b: Claim): Claim | null => (a.epoch === b.epoch ? null : a.epoch > b.epoch ? a : b)

export interface Detection {
  /** Last sign of life, as who suspected first counts it. */
  readonly silent: number
  readonly suspected: number
  readonly by: string
  /** Null: not (yet) FAIL. */
  readonly failed: number | null
  readonly failedBy: string
  /** When the last node took it for FAIL. */
  readonly told: number
}
/** The last time that node `id` came to be suspected. */
export function detectionOf(lanes: readonly Lane[], id: string): Detection | null {
  const flags = merge(lanes, (c) => c.kind === 'flag' && c.node === id) as (Placed & { kind: 'flag' })[]
  const lastFail = flags.map((c) => c.flag).lastIndexOf('FAIL')
  // Suspicions that ended before are another story.
  const cleared = flags.findLastIndex((c, i) => c.flag === 'ok' && (lastFail < 0 || i < lastFail))
  const story = flags.slice(cleared + 1)
  const first = story.find((c) => c.flag === 'PFAIL')
  if (first === undefined) return null
  const failed = story.find((c) => c.flag === 'FAIL')
  const heard = story.filter((c) => c.flag === 'FAIL')
  return {
    silent: first.at - (first.silentMs ?? 0) * 1000,
    suspected: first.at,
    by: first.process,
    failed: failed?.at ?? null,
    failedBy: failed?.process ?? '',
    told: heard[heard.length - 1]?.at ?? first.at,
  }
}
