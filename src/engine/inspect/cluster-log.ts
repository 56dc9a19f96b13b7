/**
 * What the pictures of a cluster remember of one node's life: its last packets of the bus, and each change of an epoch, of a
 * slot's owner, of a verdict about another node, as it happened here. Kept only where somebody may look (a server with a tap),
 * bounded, and outside of the node's own state: nothing is drawn, sent or delayed for it. A packet is kept as its bytes and is
 * decoded when it is looked at.
 */
import { type Bytes, own } from '../bytes/bytes.ts'
import type { Cluster, ClusterNotice } from '../cluster/cluster.ts'
import { type ClusterMessage, decodeMessage, messageType, messageTypeName } from '../cluster/message.ts'
import { CLUSTER_SLOTS } from '../cluster/node.ts'
import { flagNames } from '../cluster/nodes-conf.ts'
import { slotRanges } from './cluster-summary.ts'

const MOST_PACKETS = 160
const MOST_CHANGES = 240
const MOST_REPLIDS = 32
const HISTORY_EVERY = 32
/** Heat fades to a third in ten seconds. */
const COOLS = 10_000_000

type Told = Exclude<ClusterNotice, { kind: 'packet' | 'served' }>
type Event<T> = T extends { kind: 'claim' }
  ? Omit<T, 'slots'> & { readonly count: number; readonly ranges: readonly (readonly [number, number])[] }
  : T
/** A change, as the node noticed it. */
export type ClusterChange = Event<Told> & { readonly at: number; readonly seq: number }

interface Kept {
  readonly seq: number
  readonly at: number
  readonly sent: boolean
  readonly bytes: Bytes
  readonly peer: Bytes
  readonly remote: Bytes
  row?: PacketRow
  /** The row as text: it never changes, and texts are compared and sent quickly. */
  text?: string
}
export interface PacketRow {
  readonly seq: number
  readonly at: number
  readonly sent: boolean
  readonly type: string
  readonly length: number
  /** Names; '' when not known (yet), then `remote` says where it went. */
  readonly from: Bytes
  readonly to: Bytes
  readonly remote: Bytes
  readonly currentEpoch: number
  readonly configEpoch: number
  readonly flags: string
  /** Whom its gossip, FAIL or UPDATE is about, and what it says of them. */
  readonly about: readonly (readonly [Bytes, string])[]
  /** Redis drops it. */
  readonly malformed: boolean
}
export interface ReplId {
  readonly at: number
  readonly id: string
  readonly before: string
  /** The history before ended here. */
  readonly forkedAt: number
}

function aboutOf(m: ClusterMessage): [Bytes, string][] {
  const { body } = m
  if (body.kind === 'ping') return body.gossip.map((g) => [g.name, flagNames(g.flags)])
  if (body.kind === 'fail') return [[body.name, 'fail']]
  if (body.kind === 'update') return [[body.name, `epoch ${body.configEpoch}`]]
  return []
}

class ClusterLog {
  readonly packets: Kept[] = []
  readonly changes: ClusterChange[] = []
  readonly replids: ReplId[] = []
  forgotten = 0
  /** For each slot: requests, fading, and when it was last asked for. */
  heat: Float64Array | null = null
  /** The current and the own config epoch before the first change that is remembered. */
  base: readonly [number, number] | null = null
  private seq = 0
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }
  notice(what: ClusterNotice): void {
    if (what.kind === 'served') return this.warm(what.slot)
    const at = this.cluster.server.host.now
    const seq = ++this.seq
    this.base ??= what.kind === 'packet' ? [this.cluster.currentEpoch, this.cluster.myself.configEpoch] : [0, 0]
    if (what.kind === 'packet') {
      const { sent, bytes, peer, remote } = what
      this.packets.push({ seq, at, sent, bytes, peer, remote })
      if (this.packets.length > MOST_PACKETS) this.packets.shift()
      if (seq % HISTORY_EVERY === 0) this.history(at)
      return
    }
    this.history(at)
    if (what.kind === 'claim') {
      const { slots, ...rest } = what
      const set = new Set(slots)
      this.changes.push({ ...rest, count: slots.length, ranges: slotRanges((s) => set.has(s)).slice(0, 64), at, seq })
    } else this.changes.push({ ...what, at, seq })
    if (this.changes.length > MOST_CHANGES) {
      this.forget(this.changes.shift() as ClusterChange)
    }
  }
  private warm(slot: number): void {
    this.heat ??= new Float64Array(2 * CLUSTER_SLOTS)
    const now = this.cluster.server.host.now
    const [at, since] = [2 * slot, now - (this.heat[2 * slot + 1] as number)]
    this.heat[at] = (this.heat[at] as number) * Math.exp(-since / COOLS) + 1
    this.heat[at + 1] = now
  }
  private forget(c: ClusterChange): void {
    this.forgotten++
    const [current, config] = this.base ?? [0, 0]
    if (c.kind === 'current epoch') this.base = [c.epoch, config]
    else if (c.kind === 'config epoch' && c.node === this.cluster.myself.name) this.base = [current, c.epoch]
  }
  /** A replication id that is new here; looked for at every change and now and then. */
  history(at: number): void {
    const { repl } = this.cluster.server
    if (!repl) return
    const info = repl.infoSection()
    const field = (name: string): string => new RegExp(`^${name}:(.*)\r`, 'm').exec(info)?.[1] ?? ''
    const id = field('master_replid')
    if (this.replids[this.replids.length - 1]?.id === id) return
    const before = field('master_replid2')
    const forkedAt = Number(field('second_repl_offset'))
    this.replids.push({ at, id: own(id), before: /^0*$/.test(before) ? '' : own(before), forkedAt })
    if (this.replids.length > MOST_REPLIDS) this.replids.shift()
  }
  row(k: Kept): PacketRow {
    if (k.row !== undefined) return k.row
    const me = this.cluster.myself.name
    const m = decodeMessage(k.bytes)
    k.row = {
      seq: k.seq,
      at: k.at,
      sent: k.sent,
      type: messageTypeName(messageType(k.bytes)),
      length: k.bytes.length,
      from: m?.sender ?? (k.sent ? me : k.peer),
      to: k.sent ? k.peer : me,
      remote: k.remote,
      currentEpoch: m?.currentEpoch ?? 0,
      configEpoch: m?.configEpoch ?? 0,
      flags: m === null ? '' : flagNames(m.flags),
      about: m === null ? [] : aboutOf(m),
      malformed: m === null,
    }
    return k.row
  }
}

const logs = new WeakMap<Cluster, ClusterLog>()
/** Starts remembering. */
export function watchCluster(cluster: Cluster): void {
  const log = new ClusterLog(cluster)
  logs.set(cluster, log)
  cluster.notice = (what) => log.notice(what)
}

/** Pairs of slot and requests of late. */
export function heatOf(c: Cluster): number[] {
  const heat = logs.get(c)?.heat
  const pairs: number[] = []
  if (!heat) return pairs
  const now = c.server.host.now
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const n = heat[2 * slot] as number
    if (n === 0) continue
    const left = Math.round(n * Math.exp(-(now - (heat[2 * slot + 1] as number)) / COOLS))
    if (left > 0) pairs.push(slot, left)
  }
  return pairs
}

/** The newest packets by their numbers, oldest first, so that who draws them sees which are new. `args`: how many, 'received' or 'all'. */
export function viewBus(c: Cluster, args: readonly string[]) {
  const log = logs.get(c)
  const most = Math.min(MOST_PACKETS, Number(args[0]) || 24)
  const all = (log?.packets ?? []).filter((k) => args[1] !== 'received' || !k.sent)
  const packets: Record<string, string> = {}
  for (const k of all.slice(-most)) packets[k.seq] = k.text ??= JSON.stringify((log as ClusterLog).row(k))
  return { id: c.myself.name, packets }
}

/** Where each field of the header stands: name, offset, length. */
const FIELDS: readonly (readonly [string, number, number])[] = [
  ['sig', 0, 4],
  ['totlen', 4, 4],
  ['ver', 8, 2],
  ['port', 10, 2],
  ['type', 12, 2],
  ['count', 14, 2],
  ['currentEpoch', 16, 8],
  ['configEpoch', 24, 8],
  ['offset', 32, 8],
  ['sender', 40, 40],
  ['myslots', 80, 2048],
  ['slaveof', 2128, 40],
  ['myip', 2168, 46],
  ['extensions', 2214, 2],
  ['pport', 2246, 2],
  ['cport', 2248, 2],
  ['flags', 2250, 2],
  ['state', 2252, 1],
  ['mflags', 2253, 3],
]
/** One packet: its fields, each with its place, the sections of its body, its bytes. Null when it is no longer kept. */
export function viewPacket(c: Cluster, args: readonly string[]) {
  const log = logs.get(c)
  const kept = log?.packets.find((k) => k.seq === Number(args[0]))
  if (log === undefined || kept === undefined) return null
  const m = decodeMessage(kept.bytes)
  const text = (name: string): string => {
    if (m === null) return ''
    switch (name) {
      case 'sig':
        return 'RCmb'
      case 'totlen':
        return `${kept.bytes.length}`
      case 'ver':
        return '1'
      case 'type':
        return `${m.type} ${messageTypeName(m.type)}`
      case 'count':
        return `${m.body.kind === 'ping' ? m.body.gossip.length : 0}`
      case 'myslots':
        return `${slotCount(m.slots)} slots`
      case 'myip':
        return m.ip === '' ? 'as the link says' : m.ip
      case 'extensions':
        return `${m.body.kind === 'ping' ? m.body.extensions.length : 0}`
      case 'flags':
        return `${m.flags} ${flagNames(m.flags)}`
      case 'slaveof':
        return m.slaveof === '' ? 'none, a master' : m.slaveof
      case 'state':
        return m.state === 0 ? '0 ok' : `${m.state} fail`
      default:
        return String(m[name as keyof ClusterMessage])
    }
  }
  return {
    row: log.row(kept),
    fields: FIELDS.map(([name, at, length]) => ({ name, at, length, text: text(name) })),
    gossip: m?.body.kind === 'ping' ? m.body.gossip.map((g) => ({ ...g, flags: flagNames(g.flags) })) : [],
    bytes: kept.bytes,
  }
}
function slotCount(bits: Uint8Array): number {
  let n = 0
  for (const byte of bits) for (let b = byte; b !== 0; b &= b - 1) n++
  return n
}

/** Every change that is remembered, oldest first, and where this node stands. */
export function viewEpochs(c: Cluster) {
  const log = logs.get(c)
  const { repl } = c.server
  log?.history(c.server.host.now)
  return {
    id: c.myself.name,
    now: c.server.host.now,
    currentEpoch: c.currentEpoch,
    configEpoch: c.myMaster?.configEpoch ?? 0,
    master: c.myself.isMaster,
    lastVoteEpoch: c.lastVoteEpoch,
    base: log?.base ?? [c.currentEpoch, c.myself.configEpoch],
    changes: log?.changes ?? [],
    forgotten: log?.forgotten ?? 0,
    replids: log?.replids ?? [],
    offset: (c.myself.isSlave ? repl?.slaveOffset : repl?.masterReplOffset) ?? 0,
  }
}
