/** What the nodes of a cluster say of it, each for itself, as inspect/cluster.ts sends it; and the same laid side by side. */
import { useEffect, useMemo, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { ProcessSpec } from '../../browser/session.ts'
import { knownName } from '../names.ts'
import { keep, useLab } from '../store.ts'

export const SLOTS = 16384

export interface NodeData {
  readonly id: string
  readonly ip: string
  readonly port: number
  readonly cport: number
  readonly hostname: string
  readonly flags: readonly string[]
  readonly master: string | null
  readonly configEpoch: number
  readonly slots: number
  readonly ranges: readonly (readonly [number, number])[]
  readonly pingWaitMs: number | null
  readonly pongAgeMs: number | null
  readonly failAgeMs: number | null
  readonly linked: boolean
  readonly inbound: boolean
  readonly offset: number
  readonly reports: readonly { readonly by: string; readonly ageMs: number }[]
}
export interface ClusterData {
  readonly id: string
  readonly state: 'ok' | 'fail'
  readonly currentEpoch: number
  readonly lastVoteEpoch: number
  readonly size: number
  readonly quorum: number
  readonly nodeTimeoutMs: number
  readonly fullCoverage: boolean
  readonly keys: number
  readonly nodes: readonly NodeData[]
  /** First slot, last slot, owner's id or ''. */
  readonly owners: readonly (readonly [number, number, string])[]
  readonly migrating: readonly (readonly [number, string])[]
  readonly importing: readonly (readonly [number, string])[]
  readonly forgotten: readonly { readonly id: string; readonly leftMs: number }[]
  readonly election: {
    readonly inMs: number
    readonly sent: boolean
    readonly votes: number
    readonly rank: number
    readonly epoch: number
  } | null
  readonly manual: {
    readonly leftMs: number
    readonly replica: string | null
    readonly masterOffset: number
    readonly canStart: boolean
  } | null
  readonly messages: readonly (readonly [string, number, number])[]
}
export interface SlotKeysData {
  readonly keys: number
  /** Slot, count, slot, count … */
  readonly pairs: readonly number[]
}
export interface SlotData {
  readonly slot: number
  readonly owner: string | null
  readonly migratingTo: string | null
  readonly importingFrom: string | null
  readonly count: number
  readonly keys: readonly {
    readonly key: string
    readonly type: string
    readonly bytes: number
    readonly ttlMs: number | null
  }[]
}

/** One view of several processes; of those that do not run, null. */
export function useViews(processes: readonly string[], view: string, args: readonly string[] = []) {
  const session = useLab((s) => s.session)
  const key = JSON.stringify([processes, view, args])
  const [data, setData] = useState<{ key: string; values: Readonly<Record<string, unknown>> }>({ key: '', values: {} })
  useEffect(() => {
    if (!session) return
    const [names, v, a] = JSON.parse(key) as [string[], string, string[]]
    const offs = names.map((name) =>
      session.subscribeView(name, v, a, (next) => {
        setData((old) => {
          const values = old.key === key ? old.values : {}
          const value = keep(values[name], next)
          return old.key === key && Object.is(value, values[name]) ? old : { key, values: { ...values, [name]: value } }
        })
      }),
    )
    return () => {
      for (const off of offs) off()
    }
  }, [session, key])
  return data.key === key ? data.values : {}
}

export interface Member {
  /** Name of the process in the world. */
  readonly name: string
  readonly id: string
  /** What it says; null when it does not run. */
  readonly says: ClusterData | null
  /** What the observer says of it. */
  readonly seen: NodeData | undefined
}
export interface ClusterPicture {
  readonly observer: string
  readonly view: ClusterData
  readonly members: readonly Member[]
  /** Ids in the order that gives owners their looks: masters first known keep theirs. */
  readonly ownerIndex: ReadonlyMap<string, number>
  readonly nameOf: (id: string) => string
  readonly ownerOf: Int16Array
  /** Slots that the running nodes do not all give to the same owner. */
  readonly disputed: ReadonlySet<number>
}

/** A look, once given to an owner, stays its own. */
const looks = new Map<string, Map<string, number>>()
function lookOfOwner(world: string, id: string): number {
  const known = looks.get(world) ?? new Map<string, number>()
  looks.set(world, known)
  let index = known.get(id)
  if (index === undefined) {
    index = known.size
    known.set(id, index)
  }
  return index
}
const ids = new Map<string, string>()

function ownersOf(view: ClusterData, index: ReadonlyMap<string, number>): Int16Array {
  const table = new Int16Array(SLOTS).fill(-1)
  for (const [first, last, id] of view.owners) table.fill(id === '' ? -1 : (index.get(id) ?? -1), first, last + 1)
  return table
}

interface Compared {
  readonly ownerOf: Int16Array
  readonly disputed: ReadonlySet<number>
}
function compare(
  view: ClusterData,
  index: ReadonlyMap<string, number>,
  maps: readonly { own: boolean; known: number; owners: ClusterData['owners'] }[],
): Compared {
  const ownerOf = ownersOf(view, index)
  const disputed = new Set<number>()
  const mine = JSON.stringify(view.owners)
  for (const m of maps) {
    if (m.own || m.known < 2 || JSON.stringify(m.owners) === mine) continue
    const other = ownersOf({ ...view, owners: m.owners }, index)
    for (let slot = 0; slot < SLOTS; slot++) if (other[slot] !== ownerOf[slot]) disputed.add(slot)
  }
  return { ownerOf, disputed }
}
const nothing: Compared & { readonly key: string } = {
  key: '',
  ownerOf: new Int16Array(SLOTS).fill(-1),
  disputed: new Set(),
}

/** The cluster as `observer` sees it ('' for the running node with the highest epoch), beside what each of the others says. */
export function useCluster(observer: string): ClusterPicture | null {
  const servers = useLab(
    useShallow(
      (s) =>
        s.session?.scenario.topology.processes.filter((p: ProcessSpec) => p.kind === 'server').map((p) => p.name) ?? [],
    ),
  )
  const world = useLab((s) => `${s.session?.scenario.id} ${s.state?.seed}`)
  const views = useViews(servers, 'cluster')
  const kept = useRef(nothing)
  return useMemo(() => {
    const all = servers.map((name) => ({ name, says: (views[name] ?? null) as ClusterData | null }))
    const running = all.filter((m): m is { name: string; says: ClusterData } => m.says !== null && 'nodes' in m.says)
    for (const m of running) ids.set(`${world} ${m.name}`, m.says.id)
    const chosen =
      running.find((m) => m.name === observer) ??
      running.reduce<(typeof running)[number] | null>(
        (best, m) => (best === null || m.says.currentEpoch > best.says.currentEpoch ? m : best),
        null,
      )
    if (chosen === null) return null
    const view = chosen.says
    const members = all.map((m) => {
      const id = m.says?.id ?? ids.get(`${world} ${m.name}`) ?? ''
      return { ...m, id, seen: view.nodes.find((n) => n.id === id) }
    })
    // In the world's order, so that the first masters have the first looks.
    const owning = new Set(running.flatMap((m) => m.says.owners.map(([, , id]) => id)))
    for (const m of members) if (owning.has(m.id)) lookOfOwner(world, m.id)
    const ownerIndex = new Map([...owning].filter((id) => id !== '').map((id) => [id, lookOfOwner(world, id)] as const))
    // Pongs age with every frame; who owns what seldom changes, and what is drawn of it stays the same object.
    const maps = running.map((m) => ({ own: m === chosen, known: m.says.nodes.length, owners: m.says.owners }))
    const key = JSON.stringify([world, [...ownerIndex], maps])
    if (kept.current.key !== key) kept.current = { key, ...compare(view, ownerIndex, maps) }
    const { ownerOf, disputed } = kept.current
    const names = new Map(members.map((m) => [m.id, m.name]))
    const nameOf = (id: string): string => names.get(id) ?? knownName(id) ?? `${id.slice(0, 8)}…`
    return { observer: chosen.name, view, members, ownerIndex, nameOf, ownerOf, disputed }
  }, [servers, views, observer, world])
}

/** Keys of every slot, added up over the nodes that hold them as masters; or their bytes, or requests of late. */
export function useSlotKeys(picture: ClusterPicture | null, what = ''): Uint32Array {
  const masters = useMemo(
    () =>
      (picture?.members ?? []).filter((m) => m.says !== null && !m.seen?.flags.includes('slave')).map((m) => m.name),
    [picture],
  )
  const stable = useStable(masters)
  const args = useMemo(() => (what === '' ? [] : [what]), [what])
  const views = useViews(stable, 'slot keys', args)
  return useMemo(() => {
    const counts = new Uint32Array(SLOTS)
    for (const data of Object.values(views) as (SlotKeysData | null)[]) {
      const pairs = data?.pairs ?? []
      for (let i = 0; i < pairs.length; i += 2) {
        const slot = pairs[i] as number
        counts[slot] = (counts[slot] as number) + (pairs[i + 1] as number)
      }
    }
    return counts
  }, [views])
}
const greatest = new WeakMap<Uint32Array, number>()
/** The most of any slot. */
export function mostOf(table: Uint32Array): number {
  let most = greatest.get(table)
  if (most === undefined) {
    most = 0
    for (let i = 0; i < table.length; i++) if ((table[i] as number) > most) most = table[i] as number
    greatest.set(table, most)
  }
  return most
}
function useStable(names: readonly string[]): readonly string[] {
  const key = names.join(' ')
  return useMemo(() => (key === '' ? [] : key.split(' ')), [key])
}

export const rangeText = (ranges: readonly (readonly [number, number])[]): string =>
  ranges.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(' ')
