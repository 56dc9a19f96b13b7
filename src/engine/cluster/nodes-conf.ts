/**
 * nodes.conf: what a node must not forget, in the words of CLUSTER NODES, and its epochs.
 *
 *   07c37df… 127.0.0.1:30004@31004,host slave e7d1eec… 0 1426238317239 4 connected
 *   name     ip:port@cport,hostname     flags master   │ │             │ link          slots: 0-5460 [93-<-292f8b3…]
 *                                       ping sent (ms)─┘ └pong received└configEpoch
 *   vars currentEpoch 6 lastVoteEpoch 0
 *
 * Written whole at each change, in place. A save with fsync holds the process until the disk has it: nothing leaves for the network
 * before, so that a vote, once given, is never forgotten.
 *
 * (redis 7.0: clusterLoadConfig, clusterSaveConfig, clusterGenNodeDescription, cluster.c)
 */
import { type Bytes, own } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import { splitArgs } from '../bytes/quote.ts'
import { type Cluster, TODO_FSYNC_CONFIG, TODO_SAVE_CONFIG } from './cluster.ts'
import { maxEpoch } from './epochs.ts'
import {
  BUS_PORT_INCREMENT,
  CLUSTER_SLOTS,
  type ClusterNode,
  NODE_FAIL,
  NODE_HANDSHAKE,
  NODE_MASTER,
  NODE_MYSELF,
  NODE_NOADDR,
  NODE_NOFAILOVER,
  NODE_PFAIL,
  NODE_SLAVE,
} from './node.ts'
import { createNode } from './nodes.ts'
import { addSlot, nodeAddSlave } from './slots.ts'

const FLAGS: readonly (readonly [number, string])[] = [
  [NODE_MYSELF, 'myself'],
  [NODE_MASTER, 'master'],
  [NODE_SLAVE, 'slave'],
  [NODE_PFAIL, 'fail?'],
  [NODE_FAIL, 'fail'],
  [NODE_HANDSHAKE, 'handshake'],
  [NODE_NOADDR, 'noaddr'],
  [NODE_NOFAILOVER, 'nofailover'],
]

// ---- Writing

/** representClusterNodeFlags: 'myself,master' */
export function flagNames(flags: number): Bytes {
  const names: string[] = []
  for (const [flag, name] of FLAGS) if (flags & flag) names.push(name)
  return names.length === 0 ? 'noflags' : names.join(',')
}
/** Runs of slots of a node: ' 0-5460 7000'. Eight slots that are all alike are passed at once: it is asked for at each save. */
function slotRanges(node: ClusterNode): Bytes {
  if (node.numslots === 0) return ''
  let out = ''
  let start = -1
  for (let slot = 0; slot <= CLUSTER_SLOTS; slot++) {
    if ((slot & 7) === 0 && slot < CLUSTER_SLOTS && node.slots[slot >>> 3] === (start < 0 ? 0 : 0xff)) {
      slot += 7
      continue
    }
    const has = slot < CLUSTER_SLOTS && node.hasSlot(slot)
    if (has && start < 0) start = slot
    else if (!has && start >= 0) {
      out += start === slot - 1 ? ` ${start}` : ` ${start}-${slot - 1}`
      start = -1
    }
  }
  return out
}
function openSlots(cluster: Cluster): Bytes {
  let out = ''
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const to = cluster.migratingSlotsTo[slot]
    const from = cluster.importingSlotsFrom[slot]
    if (to) out += ` [${slot}->-${to.name}]`
    else if (from) out += ` [${slot}-<-${from.name}]`
  }
  return out
}
/** clusterGenNodeDescription: one line without its newline. */
export function describeNode(cluster: Cluster, node: ClusterNode): Bytes {
  const host = node.hostname === '' ? '' : `,${node.hostname}`
  const epoch = node.isSlave && node.slaveof !== null ? node.slaveof.configEpoch : node.configEpoch
  const connected = node.link !== null || node.isMyself
  return [
    node.name,
    `${node.ip}:${node.port}@${node.cport}${host}`,
    flagNames(node.flags),
    node.slaveof?.name ?? '-',
    node.pingSentMs,
    node.pongReceivedMs,
    epoch,
    `${connected ? 'connected' : 'disconnected'}${slotRanges(node)}${node.isMyself ? openSlots(cluster) : ''}`,
  ].join(' ')
}
/** clusterGenNodesDescription: leaving out nodes with a flag of `filter`. */
export function describeNodes(cluster: Cluster, filter: number): Bytes {
  let out = ''
  for (const node of cluster.nodes.values()) if ((node.flags & filter) === 0) out += `${describeNode(cluster, node)}\n`
  return out
}

interface Save {
  text: Bytes
  fsync: boolean
  readonly done: ((ok: boolean) => void)[]
}
/** The file as it is being written: one write at a time, the newest text next. */
export class NodesConf {
  private running = false
  private next: Save | null = null
  private holding = false
  /** Of the file as it is. */
  size = 0
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }
  save(text: Bytes, fsync: boolean, done: (ok: boolean) => void): void {
    if (this.next === null) this.next = { text, fsync, done: [done] }
    else {
      this.next.text = text
      this.next.fsync ||= fsync
      this.next.done.push(done)
    }
    const { server } = this.cluster
    if (fsync && !this.holding) {
      this.holding = true
      server.host.hold()
      server.stall()
    }
    if (!this.running) this.write()
  }
  private write(): void {
    const { host, config } = this.cluster.server
    const { next } = this
    this.next = null
    if (next === null) return this.release()
    this.running = true
    const path = config.clusterConfigFile
    const finish = (ok: boolean): void => {
      this.running = false
      for (const tell of next.done) tell(ok)
      if (!host.exited) this.write()
    }
    // In place, so that a crash leaves the old file or the new one: what is too long is newlines first, then cut off.
    const bytes = next.text.padEnd(this.size, '\n')
    const cut = (ok: boolean): void => {
      if (!ok || bytes.length === next.text.length) return finish(ok)
      host.file({ op: 'truncate', path, length: next.text.length }, () => finish(true))
    }
    const written = (ok: boolean): void => {
      this.size = next.text.length
      if (!ok || !next.fsync) cut(ok)
      else host.file({ op: 'fsync', path }, (f) => cut(f.ok))
    }
    host.file({ op: 'pwrite', path, offset: 0, bytes }, (w) => {
      if (w.ok || w.error !== 'ENOENT') written(w.ok)
      else host.file({ op: 'write', path, bytes }, (again) => written(again.ok))
    })
  }
  private release(): void {
    if (!this.holding) return
    this.holding = false
    this.cluster.server.resume()
    this.cluster.server.host.letGo()
  }
}
/** clusterSaveConfig. `done(false)`: could not be written; without `done` that is fatal. */
export function saveConfig(cluster: Cluster, fsync: boolean, done?: (ok: boolean) => void): void {
  cluster.todo &= ~(fsync ? TODO_SAVE_CONFIG | TODO_FSYNC_CONFIG : TODO_SAVE_CONFIG)
  const vars = `vars currentEpoch ${cluster.currentEpoch} lastVoteEpoch ${cluster.lastVoteEpoch}\n`
  cluster.nodesConf.save(describeNodes(cluster, NODE_HANDSHAKE) + vars, fsync, (ok) => {
    if (done) return done(ok)
    if (ok) return
    cluster.server.log('warning', "Fatal: can't update cluster config file.")
    cluster.server.host.exit(1)
  })
}

// ---- Reading

const CORRUPTED = 'Unrecoverable error: corrupted cluster config file.'
const UNKNOWN_FLAG = 'Unknown flag in redis cluster config file'
const isName = (name: Bytes): boolean => /^[a-z0-9]{40}$/.test(name)
/** atoi */
const atoi = (text: Bytes): number => Number.parseInt(text, 10) || 0
const isSlot = (slot: number): boolean => slot >= 0 && slot < CLUSTER_SLOTS

const nodeOf = (cluster: Cluster, name: Bytes): ClusterNode => cluster.lookup(name) ?? createNode(cluster, own(name), 0)

/** Null: read; else the error's text for the log. `cluster.myself` is the line's that says so. */
export function parseNodesConf(cluster: Cluster, text: Bytes): string | null {
  let found = false
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('\0')) continue
    const argv = splitArgs(line)
    if (argv === null) return CORRUPTED
    if (argv[0]?.toLowerCase() === 'vars') {
      if (argv.length % 2 === 0) return CORRUPTED
      readVars(cluster, argv)
      continue
    }
    if (argv.length < 8 || !isName(argv[0] as Bytes)) return CORRUPTED
    const node = nodeOf(cluster, argv[0] as Bytes)
    const error = readNode(cluster, node, argv)
    if (error !== null) return error
    if (!node.isMyself || cluster.myself === node) continue
    if (found) return CORRUPTED
    found = true
    cluster.myself = node
  }
  return found ? null : CORRUPTED
}
function readVars(cluster: Cluster, argv: readonly Bytes[]): void {
  for (let i = 1; i < argv.length; i += 2) {
    const name = argv[i] as Bytes
    const value = atoi(argv[i + 1] as Bytes)
    if (name.toLowerCase() === 'currentepoch') cluster.currentEpoch = value
    else if (name.toLowerCase() === 'lastvoteepoch') cluster.lastVoteEpoch = value
    else cluster.server.log('warning', `Skipping unknown cluster config variable '${name}'`)
  }
}
function readNode(cluster: Cluster, node: ClusterNode, argv: readonly Bytes[]): string | null {
  const [, address, flags, master, pingSent, pongReceived, epoch] = argv as readonly [
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
    Bytes,
  ]
  if (!readAddress(node, address)) return CORRUPTED
  for (const name of flags.toLowerCase().split(',')) {
    const flag = FLAGS.find(([, n]) => n === name)?.[0]
    if (flag === undefined && name !== 'noflags') return UNKNOWN_FLAG
    node.flags |= flag ?? 0
    if (flag === NODE_FAIL) node.failTimeMs = cluster.nowMs
  }
  if (!master.startsWith('-')) {
    if (!isName(master)) return CORRUPTED
    node.slaveof = nodeOf(cluster, master)
    nodeAddSlave(node.slaveof, node)
  }
  if (atoi(pingSent) !== 0) node.pingSentMs = cluster.nowMs
  if (atoi(pongReceived) !== 0) node.pongReceivedMs = cluster.nowMs
  // A replica's is its master's.
  node.configEpoch = node.isSlave ? 0 : atoi(epoch)
  for (const word of argv.slice(8)) if (!readSlots(cluster, node, word)) return CORRUPTED
  return null
}
/** ip:port[@cport][,hostname] */
function readAddress(node: ClusterNode, text: Bytes): boolean {
  const comma = text.indexOf(',')
  node.hostname = comma < 0 ? '' : own(text.slice(comma + 1))
  const address = comma < 0 ? text : text.slice(0, comma)
  const colon = address.lastIndexOf(':')
  if (colon < 0) return false
  const at = address.indexOf('@', colon)
  node.ip = own(address.slice(0, colon))
  node.port = atoi(address.slice(colon + 1, at < 0 ? undefined : at))
  node.cport = at < 0 ? node.port + BUS_PORT_INCREMENT : atoi(address.slice(at + 1))
  return true
}
/** 7 · 0-5460 · [93-<-name] · [77->-name] */
function readSlots(cluster: Cluster, node: ClusterNode, word: Bytes): boolean {
  const dash = word.indexOf('-')
  if (word.startsWith('[')) {
    const end = word.indexOf(']', dash + 3)
    const slot = atoi(word.slice(1, dash))
    const name = word.slice(dash + 3, end)
    if (dash < 0 || end < 0 || !isSlot(slot) || !isName(name)) return false
    const open = word[dash + 1] === '>' ? cluster.migratingSlotsTo : cluster.importingSlotsFrom
    open[slot] = nodeOf(cluster, name)
    return true
  }
  const start = atoi(dash < 0 ? word : word.slice(0, dash))
  const stop = dash < 0 ? start : atoi(word.slice(dash + 1))
  if (!isSlot(start) || !isSlot(stop)) return false
  for (let slot = start; slot <= stop; slot++) addSlot(cluster, node, slot)
  return true
}

/** clusterLockConfig and clusterLoadConfig at boot; the process ends where Redis's does. */
export function loadConfig(cluster: Cluster, done: () => void): void {
  const { server } = cluster
  const { host } = server
  const path = server.config.clusterConfigFile
  const stop = (text: string, code = 1): void => {
    server.log('warning', text)
    host.exit(code)
  }
  host.file({ op: 'lock', path }, (opened) => {
    if (!opened.ok && opened.error === 'EWOULDBLOCK')
      return stop(
        `Sorry, the cluster configuration file ${path} is already used by a different Redis Cluster node. Please make sure that different nodes use different cluster configuration files.`,
      )
    if (!opened.ok) return stop(`Can't open ${path} in order to acquire a lock: ${strerror(opened.error)}`)
    host.file({ op: 'read', path }, (r) => {
      if (!r.ok && r.error !== 'ENOENT')
        return stop(`Loading the cluster node config from ${path}: ${strerror(r.error)}`)
      const text = r.ok ? (r.bytes ?? '') : ''
      cluster.nodesConf.size = text.length
      if (text === '') return firstStart(cluster, done)
      const error = parseNodesConf(cluster, text)
      if (error === UNKNOWN_FLAG) {
        host.log('\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===')
        server.log('warning', '------------------------------------------------')
        server.log('warning', '!!! Software Failure. Press left mouse button to continue')
        return stop(`Guru Meditation: ${UNKNOWN_FLAG} #cluster.c:292`, 134)
      }
      if (error !== null) return stop(error)
      server.log('notice', `Node configuration loaded, I'm ${cluster.myself.name}`)
      cluster.currentEpoch = maxEpoch(cluster)
      done()
    })
  })
}
function firstStart(cluster: Cluster, done: () => void): void {
  cluster.myself = createNode(cluster, null, NODE_MYSELF | NODE_MASTER)
  cluster.server.log('notice', `No cluster configuration found, I'm ${cluster.myself.name}`)
  saveConfig(cluster, true)
  done()
}
