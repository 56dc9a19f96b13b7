/** The data of the views 'dict' and 'object' as inspect/ sends it; what is missing leaves its part of the picture out. */
import { EPOCH_MS } from '../../world/index.ts'
import { showBytes } from '../bytes.ts'
import { clock } from '../format.ts'

export interface BucketData {
  readonly index: number
  readonly length: number
  readonly keys: readonly string[]
}
export interface TableData {
  readonly size: number
  readonly used: number
  readonly buckets: readonly BucketData[]
  readonly cell: number
  readonly strip: readonly number[]
  readonly histogram: readonly number[]
  readonly sampled: boolean
}
export interface DictData {
  readonly rehashidx: number
  readonly pauserehash: number
  readonly policy: string
  readonly size: number
  readonly from: number
  readonly rows: number
  readonly span: number
  readonly tables: readonly TableData[]
}
export interface Visit {
  readonly key: string
  readonly hash: number
  readonly found: boolean
  readonly looked: readonly (readonly [number, number, number])[]
}
export interface LastCommand {
  readonly seq: number
  readonly at: number
  readonly argv: readonly string[]
  readonly more: number
  readonly client: string
}
/** A chain of SCAN calls, and the buckets it has been in. */
export interface ScanData {
  readonly from: number
  readonly next: number
  readonly count: number
  readonly calls: number
  readonly emitted: number
  readonly size: number
  readonly visited: readonly (readonly [number, number])[]
  readonly fresh: number
}
export interface KeyspaceData {
  readonly dict: DictData
  readonly expires: DictData
  readonly activerehashing: boolean
  readonly scan: ScanData | null
  /** When serverCron ran last, and how often it runs. */
  readonly tick: { readonly last: number; readonly hz: number }
  readonly last: (LastCommand & { readonly key: string; readonly visit: Visit; readonly wrote: boolean }) | null
  readonly chosen: Visit | null
}
export interface Link {
  readonly forward: number
  readonly span: number
}
export interface HopData {
  readonly node: number
  readonly level: number
  readonly seen: number
  readonly next: number
  readonly span: number
}
export type PathData =
  | { readonly kind: 'buckets'; readonly visits: readonly Visit[] }
  | {
      readonly kind: 'skiplist'
      readonly member: string | null
      readonly hops: readonly HopData[]
      readonly rank: number
      readonly dict: Visit | null
    }
  | { readonly kind: 'entries'; readonly compared: readonly number[]; readonly hits: readonly number[] }
  | { readonly kind: 'nodes'; readonly visited: readonly number[]; readonly index: number; readonly from: string }
  | { readonly kind: 'probes'; readonly member: string; readonly probes: readonly Probe[]; readonly found: boolean }
  | { readonly kind: 'bytes'; readonly start: number; readonly end: number; readonly wrote: boolean }
export interface Probe {
  readonly lo: number
  readonly mid: number
  readonly hi: number
}
export interface EventData {
  readonly at: number
  readonly command: readonly string[]
  readonly from: string | null
  readonly to: string | null
  readonly length: number
  readonly bytes: number
}
export interface SampleData {
  readonly at: number
  readonly length: number
  readonly bytes: number
  readonly encoding: string
}
export interface NodeName {
  readonly id: number
  readonly rank: number
  readonly ele: string
  readonly score: number
  readonly levels: readonly Link[]
}
export interface ListpackData {
  readonly totalBytes: number
  readonly length: number
  readonly capacity: number
  readonly from: number
  readonly begin: number
  readonly bytes: string
  readonly header: string
  readonly entries: readonly {
    readonly index: number
    readonly offset: number
    readonly size: number
    readonly backlen: number
    readonly value: string | number
  }[]
}
export interface SkiplistData {
  readonly length: number
  readonly level: number
  readonly header: readonly Link[]
  readonly from: number
  readonly nodes: readonly {
    readonly id: number
    readonly score: number
    readonly ele: string
    readonly backward: number
    readonly levels: readonly Link[]
  }[]
  readonly search: {
    readonly member: string
    readonly found: boolean
    readonly hops: readonly HopData[]
    readonly rank: number
    readonly score: number
  } | null
  readonly byLevel: readonly number[]
  readonly visited: readonly NodeName[]
  readonly dict: { readonly size: number; readonly used: number; readonly rehashidx: number }
}
/** What surrounds the target of a search in a long list, and the dict beside it. */
export interface LensData {
  readonly heights: readonly number[]
  readonly floor: number
  readonly near: readonly NodeName[]
  readonly buckets: readonly (readonly [id: number, table: number, bucket: number])[]
  readonly sizes: readonly [number, number]
}
export interface QuicklistData {
  readonly count: number
  readonly nodeCount: number
  readonly bytes: number
  readonly fill: number
  readonly compress: number
  readonly hidden: number
  readonly nodes: readonly {
    readonly index: number
    readonly count: number
    readonly bytes: number
    readonly plain: boolean
    readonly compressed: number
  }[]
  readonly node: number
  readonly plain: string | null
  readonly listpack: ListpackData | null
}
export interface IntsetData {
  readonly encodingBytes: number
  readonly length: number
  readonly from: number
  readonly blob: number
  readonly header: string
  readonly bytes: string
  readonly members: readonly string[]
}
export interface SdsData {
  readonly len: number
  readonly alloc: number
  readonly type: 5 | 8 | 16 | 32
  readonly header: number
  readonly asked: number
  readonly bin: number
  readonly bytes: string
}
export type StructureData = { readonly kind: string } & Record<string, unknown>
export interface KeyData {
  readonly key: string
  readonly type: string
  readonly encoding: string
  readonly ttlAtMs: number
  readonly ttlMs: number | null
  readonly lru: number
  readonly bytes: number
  readonly length: number
  readonly limits: readonly (readonly [string, string])[]
  readonly structure: StructureData
  readonly last: LastCommand | null
  readonly path: PathData | null
  readonly names: readonly NodeName[]
  readonly lens?: LensData | null
  readonly events: readonly EventData[]
  readonly samples: readonly SampleData[]
  readonly forgotten: number
}
export interface GoneData {
  readonly gone: true
  readonly story: readonly EventData[]
}

/** A time of a box's clock as the page's clock writes it. */
export const when = (at: number): string => clock(at - EPOCH_MS * 1000).main
/** The same on the session's clock, to run to. */
export const sessionTime = (at: number): number => at - EPOCH_MS * 1000
export const codes = (bytes: string): number[] => Array.from(bytes, (c) => c.charCodeAt(0))
export const hex = (n: number): string => n.toString(16).padStart(2, '0')

/** A command as one would type it: what needs quotes has them, and nothing in it can hide or turn around its surroundings. */
export function commandText(argv: readonly string[], most = 60, more = 0): string {
  const words = argv.map((a, i) => {
    const text = showBytes(i === 0 ? a.toUpperCase() : a, 28)
    return text === '' || /[\s"\\]/.test(text) ? `"${text.replace(/"/g, '\\"')}"` : text
  })
  const text = words.join(' ')
  return text.length > most ? `${text.slice(0, most - 1)}…` : more > 0 ? `${text} …` : text
}

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',')} ${n === 1 ? one : many}`
/** A score as ZSCORE prints it, short enough for a label. */
export const scoreText = (score: number): string =>
  score === Infinity ? 'inf' : score === -Infinity ? '-inf' : String(Number(score.toPrecision(6)))
