/**
 * Who serves a request. Every key has a slot, every slot an owner; a request whose keys are all in one slot of ours is
 * served, any other is refused with the word that tells the client what to do.
 *
 *      keys in two slots ───────────────────────────────▶ CROSSSLOT      the client must split the request
 *      slot of another node ────────────────────────────▶ MOVED slot at  from now on, ask there
 *      our slot, migrating: no key is here any more ────▶ ASK slot at    this once, ask there (after ASKING)
 *                           some are, some are not ─────▶ TRYAGAIN       in a moment they will be together
 *      a slot that we import, after ASKING: served; ────▶ TRYAGAIN       when a request of several keys lacks one
 *      nobody's slot, or too much of the cluster down ──▶ CLUSTERDOWN
 *
 * EXEC is judged by all the requests in its queue, a script by the keys it was given and then, command by command, by
 * those it touches. A replica sends everybody to its master but READONLY clients that read.
 *
 * (redis 7.0: getNodeByQuery, clusterRedirectClient, cluster.c)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { keyHashSlot } from '../bytes/crc16.ts'
import { getKeysFromCommand } from '../commands/keys.ts'
import type { Command } from '../commands/table.ts'
import { keyIsExpired } from '../keyspace/expire.ts'
import { countError } from '../server/call.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './node.ts'

export { keyHashSlot }

export type Refusal = 'CROSSSLOT' | 'TRYAGAIN' | 'DOWN' | 'DOWN_READS' | 'UNBOUND' | 'MOVED' | 'ASK'
/** Where a request is served: here (null), or elsewhere; `slot` is that of its keys, -1 without keys. */
interface Route {
  readonly refusal: Refusal | null
  readonly node: ClusterNode | null
  readonly slot: number
}
interface Request {
  readonly command: Command
  readonly argv: readonly Bytes[]
}
const SERVED_WITHOUT_KEYS: Route = { refusal: null, node: null, slot: -1 }

/** What its flags say a request does; a script that names its flags does what those say. */
function writes(server: Server, { command, argv }: Request): boolean {
  const as = command.runsScript ? server.scripting?.flagsOf(command, argv) : null
  return (as ?? command).isWrite
}
const isShardPubsub = (c: Command): boolean =>
  c.name === 'ssubscribe' || c.name === 'sunsubscribe' || c.name === 'spublish'

/** The keys of requests that are to run as one: their slot, and how many of them are here if the slot is being moved. */
class Keys {
  slot = -1
  owner: ClusterNode | null = null
  refusal: Refusal | null = null
  migrating = false
  importing = false
  missing = 0
  existing = 0
  several = false
  private first: Bytes = ''
  private readonly cluster: Cluster
  private readonly shardPubsub: boolean
  constructor(cluster: Cluster, shardPubsub: boolean) {
    this.cluster = cluster
    this.shardPubsub = shardPubsub
  }
  /** False when there is no use in looking further. */
  addAll({ command, argv }: Request): boolean {
    for (const k of requestKeys(command, argv)) if (!this.add(argv[k] as Bytes)) return false
    return true
  }
  private add(key: Bytes): boolean {
    const slot = keyHashSlot(key)
    if (this.slot === -1) {
      if (!this.open(slot, key)) return false
    } else if (slot !== this.slot) {
      this.refusal = 'CROSSSLOT'
      return false
    } else if (this.importing && key !== this.first) this.several = true
    if ((this.migrating || this.importing) && !this.shardPubsub) {
      if (isHere(this.cluster, key)) this.existing++
      else this.missing++
    }
    return true
  }
  private open(slot: number, key: Bytes): boolean {
    const { slots, migratingSlotsTo, importingSlotsFrom, myself } = this.cluster
    this.slot = slot
    this.first = key
    this.owner = slots[slot] ?? null
    if (this.owner === null) {
      this.refusal = 'UNBOUND'
      return false
    }
    if (this.owner === myself && migratingSlotsTo[slot] != null) this.migrating = true
    else if (importingSlotsFrom[slot] != null) this.importing = true
    return true
  }
}
/** The indices of a request's keys; the channels of sharded publish/subscribe have slots as keys have. */
function requestKeys(command: Command, argv: readonly Bytes[]): readonly number[] {
  if (isShardPubsub(command)) return command.name === 'spublish' ? [1] : argv.slice(1).map((_, i) => i + 1)
  return (getKeysFromCommand(command, argv) ?? []).map((k) => k.index)
}
function isHere({ server }: Cluster, key: Bytes): boolean {
  const db = server.dbs[0]
  if (db === undefined || db.dict.get(key) === undefined) return false
  return db.expires.size === 0 || !keyIsExpired(server, db, key)
}

/** getNodeByQuery */
export function findRoute(cluster: Cluster, client: Client, command: Command, argv: readonly Bytes[]): Route {
  const { server, myself } = cluster
  const isExec = command.name === 'exec'
  if (isExec && client.multi === null) return SERVED_WITHOUT_KEYS
  const shardPubsub = isShardPubsub(command)
  const keys = new Keys(cluster, shardPubsub)
  const request = { command, argv }
  const requests: readonly Request[] = isExec ? (client.multi?.queue ?? []) : [request]
  for (const r of requests) if (!keys.addAll(r)) return { refusal: keys.refusal, node: null, slot: keys.slot }
  const { slot, owner } = keys
  if (owner === null) return SERVED_WITHOUT_KEYS
  const refuse = (refusal: Refusal, node: ClusterNode | null = null): Route => ({ refusal, node, slot })
  const here: Route = { refusal: null, node: null, slot }
  const isWrite = writes(server, request)
  if (cluster.state !== 'ok') {
    if (shardPubsub) {
      if (!server.config.clusterAllowPubsubshardWhenDown) return refuse('DOWN')
    } else if (!server.config.clusterAllowReadsWhenDown) return refuse('DOWN')
    else if (isWrite) return refuse('DOWN_READS')
  }
  // Keys must be free to move between the two nodes of an open slot.
  if ((keys.migrating || keys.importing) && command.name === 'migrate') return here
  if (keys.migrating && keys.missing > 0) {
    if (keys.existing > 0) return refuse('TRYAGAIN')
    // A slot may be said to migrate to where it is.
    const target = cluster.migratingSlotsTo[slot] ?? null
    return target === myself ? here : refuse('ASK', target)
  }
  if (keys.importing && (client.asking || command.asks))
    return keys.several && keys.missing > 0 ? refuse('TRYAGAIN') : here
  if (
    (client.readonly || shardPubsub) &&
    myself.isSlave &&
    !isWrite &&
    !(isExec && client.multi?.hasWrite) &&
    myself.slaveof === owner
  )
    return here
  return owner === myself ? here : refuse('MOVED', owner)
}
/** The name that clients are told to use for a node. */
export function preferredEndpoint(cluster: Cluster, node: ClusterNode): Bytes {
  const type = cluster.server.config.clusterPreferredEndpointType
  if (type === 'ip') return node.ip
  if (type === 'hostname') return node.hostname === '' ? '?' : node.hostname
  return ''
}
/** clusterRedirectClient: the error's line. */
export function refusalText(cluster: Cluster, refusal: Refusal, node: ClusterNode | null, slot: number): Bytes {
  switch (refusal) {
    case 'CROSSSLOT':
      return "CROSSSLOT Keys in request don't hash to the same slot"
    case 'TRYAGAIN':
      return 'TRYAGAIN Multiple keys request during rehashing of slot'
    case 'DOWN':
      return 'CLUSTERDOWN The cluster is down'
    case 'DOWN_READS':
      return 'CLUSTERDOWN The cluster is down and only accepts read commands'
    case 'UNBOUND':
      return 'CLUSTERDOWN Hash slot not served'
    default: {
      const at = node === null ? '' : `${preferredEndpoint(cluster, node)}:${node.port}`
      return `${refusal} ${slot} ${at}`
    }
  }
}

const staysHere = ({ slots, myself, state, migratingSlotsTo, importingSlotsFrom }: Cluster, slot: number): boolean =>
  slots[slot] === myself && state === 'ok' && !migratingSlotsTo[slot] && !importingSlotsFrom[slot]

/** The redirection or refusal of a request, or null when this node serves it. */
export function routeCommand(
  cluster: Cluster,
  client: Client,
  command: Command,
  argv: readonly Bytes[],
): { error: Bytes } | null {
  if (client.isMaster || client.isFake || (!command.mayHaveKeys && command.name !== 'exec')) return null
  if (command.hasOneKey && argv.length > 1) {
    // What most requests are, without a look at anything else: one key, in a slot of ours that stays here.
    const slot = keyHashSlot(argv[1] as Bytes)
    if (staysHere(cluster, slot)) {
      client.slot = slot
      cluster.notice?.({ kind: 'served', slot })
      return null
    }
  }
  const route = findRoute(cluster, client, command, argv)
  if (route.slot !== -1 && (route.refusal === null || route.node !== null)) client.slot = route.slot
  if (route.refusal === null) {
    if (route.slot !== -1) cluster.notice?.({ kind: 'served', slot: route.slot })
    return null
  }
  return { error: refusalText(cluster, route.refusal, route.node, route.slot) }
}
/** The slot of a request's keys, -1 when it has none or they are in several. */
export function slotOfArgs(command: Command, argv: readonly Bytes[]): number {
  let slot = -1
  for (const k of requestKeys(command, argv)) {
    const own = keyHashSlot(argv[k] as Bytes)
    if (slot !== -1 && own !== slot) return -1
    slot = own
  }
  return slot
}

/** A client that waits for a key which is not served here any more is told so: true when it was, and waits no more. */
export function redirectBlockedClient(cluster: Cluster, client: Client): boolean {
  const b = client.blocked
  const key = b?.opts?.keys[0]
  if (b === null || b.kind !== 'keys' || key === undefined) return false
  const tell = (refusal: Refusal, node: ClusterNode | null, slot: number): true => {
    const text = refusalText(cluster, refusal, node, slot)
    countError(cluster.server, text)
    client.addReply({ t: 'error', text })
    return true
  }
  if (cluster.state !== 'ok') return tell('DOWN', null, 0)
  const { myself } = cluster
  const slot = keyHashSlot(key)
  let owner = cluster.slots[slot] ?? null
  if (client.readonly && !b.command.isWrite && myself.isSlave && owner !== null && myself.slaveof === owner)
    owner = myself
  if (owner === myself || cluster.importingSlotsFrom[slot] != null) return false
  return owner === null ? tell('UNBOUND', null, 0) : tell('MOVED', owner, slot)
}

/**
 * The keys of a slot that this node has lost to another go without a word: no DEL to replicas, no event (7.0.15's
 * delKeysInSlot). Number of keys.
 */
export function delKeysInSlot(cluster: Cluster, slot: number): number {
  const db = cluster.server.dbs[0]
  const slotKeys = db?.slotKeys
  if (db === undefined || slotKeys == null) return 0
  let n = 0
  for (let key = slotKeys.first(db.dict, slot); key !== undefined; key = slotKeys.first(db.dict, slot)) {
    db.remove(key)
    n++
  }
  return n
}
/** Who listened to a channel of a slot that is served elsewhere now is unsubscribed. */
export function removeChannelsInSlot({ server }: Cluster, slot: number): void {
  const { shardChannels } = server.pubsub
  for (const [channel, clients] of [...shardChannels]) {
    if (keyHashSlot(channel) !== slot) continue
    for (const c of [...clients]) {
      server.pubsub.unsubscribe(c, 'shard', channel)
      c.addPush({ t: 'push', items: ['sunsubscribe', channel, c.shardChannels?.size ?? 0] })
    }
  }
}
/** Keys of a slot here. */
export function countKeysInSlot(cluster: Cluster, slot: number): number {
  return cluster.server.dbs[0]?.slotKeys?.count(slot) ?? 0
}
