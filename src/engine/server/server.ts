/**
 * redis-server (and redis-sentinel) as a Machine. This file is the state that the parts share; what they do with it stands
 * beside it: startup.ts boots, networking.ts turns bytes into requests, call.ts runs a command, propagate.ts sends its
 * effect on, blocked.ts parks clients, cron.ts does what is due ten times a second.
 *
 *   data ─▶ networking ─▶ call ─▶ command handler ─▶ Database
 *                          │└▶ propagate ─▶ server.repl.feed
 *                          └─▶ Reply ─▶ one send per turn
 */
import type { Bytes } from '../bytes/bytes.ts'
import { Prng } from '../bytes/prng.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { ClusterPart } from '../cluster/index.ts'
import { type Command, CommandTable } from '../commands/table.ts'
import type { MigrateSocket } from '../commands/cluster/migrate-socket.ts'
import type { CommandImpl } from '../commands/command.ts'
import { Database } from '../keyspace/database.ts'
import { Acl } from './acl.ts'
import { Evictor, lfuCounter } from './evict.ts'
import { evictClients } from './evict-clients.ts'
import { activeExpireCycle } from '../keyspace/expire.ts'
import type { Input, Machine, Micros, Output, ProcessEnv, Signal, Tap } from '../machine.ts'
import type { Obj } from '../objects/object.ts'
import { RedisError, type Reply } from '../protocol/reply.ts'
import type { Scripting } from '../scripting/scripting.ts'
import { handleClientsBlockedOnKeys, resumeUnblocked } from './blocked.ts'
import { execute } from './call.ts'
import { Client } from './client.ts'
import { ClientPeaks } from './client-memory.ts'
import { Config } from './config.ts'
import { Context } from './context.ts'
import type { PersistenceExtension, ReplicationExtension, SentinelExtension } from './extensions.ts'
import { Host, type Link } from './host.ts'
import { LatencyMonitor } from './latency.ts'
import { LazyFree } from './lazyfree.ts'
import { ReplicaKeys } from '../keyspace/replica-keys.ts'
import { type LogLevel, formatLogLine } from './log.ts'
import { adoptLink, checkOutputBufferLimits, freeClient } from './networking.ts'
import { type PendingOp, propagatePending } from './propagate.ts'
import { isPaused, type Pause, type PausePurpose, pauseClients } from './pause.ts'
import { PubSub } from './pubsub.ts'
import { SlowLog } from './slowlog.ts'
import { onSignal, prepareForShutdown, type ShutdownOptions } from './shutdown.ts'
import { boot } from './startup.ts'
import { ServerStats } from './stats.ts'
import { signalFlushedDb, touchWatchedKey } from './watch.ts'
import { Tracking } from './tracking.ts'

export interface ServerOptions {
  readonly mode: 'server' | 'sentinel'
}
export type ViewFunction = (server: Server, args: readonly string[]) => unknown

export class Server implements Machine {
  readonly env: ProcessEnv
  readonly mode: 'server' | 'sentinel'
  readonly tap: Tap | undefined
  readonly host: Host
  readonly rng: Prng
  readonly config = new Config()
  readonly stat = new ServerStats()
  readonly slowlog = new SlowLog()
  readonly latency = new LatencyMonitor()
  readonly pubsub = new PubSub()
  readonly tracking = new Tracking()
  acl: Acl
  readonly startedAtMs: number = 0
  /** 40 hex digits, new at each start. */
  runid: string
  readonly hashSeed: number
  table: CommandTable
  dbs: Database[] = []
  /** Every connected client by id, in order of arrival. */
  readonly clients = new Map<number, Client>()
  readonly monitors = new Set<Client>()
  readonly clientPeaks = new ClientPeaks()
  /** The clients that run scripts and functions have the first two. */
  nextClientId = 3
  /** Clients that no longer wait and go on at the end of this turn. */
  readonly unblockedClients: Client[] = []
  /** What a client in MONITOR mode has just asked itself, until it has its reply. */
  ownMonitorLine: string | null = null
  /** Changes since the last save. */
  dirty = 0
  hz = 10
  cronLoops = 0
  loading = false
  /** Loading into a second data set, while the first is still served (repl-diskless-load swapdb). */
  asyncLoading = false
  booted = false
  notifyFlags = 0
  lfu = false
  currentClient: Client | null = null
  /** Whose request is being looked at, from its last byte to its reply. */
  requestOf: Client | null = null
  /** The client whose EXEC is being run. */
  inExec = false
  shuttingDown: { readonly atMs: number; readonly options: ShutdownOptions; readonly clients: Client[] } | null = null
  /** `loadmodule` lines: there are no modules, so the start ends at the first. */
  startModules: readonly Bytes[] = []
  /** The last signal that asked for a shutdown. */
  shutdownAsap: Signal | null = null
  readonly pauses = new Map<PausePurpose, Pause>()
  /** The strictest of them (see pause.ts). */
  pause: Pause | null = null
  expireDb = 0
  expireTimedOut = false
  /** DEBUG SET-ACTIVE-EXPIRE and DEBUG PAUSE-CRON. */
  activeExpireEnabled = true
  pauseCron = false
  /** What else DEBUG switches: checksums of RESTORE and RDB, commands that scripts may not call, the reply buffers' cron. */
  readonly debug = {
    skipChecksumValidation: false,
    disableDenyScripts: false,
    aofFlushSleepMicros: 0,
    replyBufferResizing: true,
    replyBufferPeakResetMs: 5000,
  }
  lruClock = 0
  lastCommandMicros = 0
  crossProtocolLoggedMs = 0
  readonly ops: PendingOp[] = []
  readyKeys: { readonly db: Database; readonly key: Bytes }[] = []
  blockedOnKeys = 0
  readonly closing: Client[] = []
  repl: ReplicationExtension | null = null
  rdb: PersistenceExtension | null = null
  sentinel: SentinelExtension | null = null
  /** Connections that MIGRATE keeps, by "host:port". */
  readonly migrateSockets = new Map<string, MigrateSocket>()
  /** While `cluster-enabled` is on. */
  cluster: Cluster | null = null
  /** What the cluster can do; null where it was not loaded. */
  clusterPart: ClusterPart | null = null
  /** Views by name, filled by create.ts. */
  readonly views = new Map<string, ViewFunction>()
  /** Told of each command that ran; set where somebody may look (see inspect/recorder.ts). It must change nothing. */
  afterCommand: ((client: Client, command: Command, argv: readonly Bytes[]) => void) | null = null
  /** Told of each reply to a command, QUEUED and refusals among them, under the same terms. */
  afterReply: ((client: Client, command: Command | null, argv: readonly Bytes[], reply: Reply) => void) | null = null
  /** Told what the expiry and eviction cycles looked at, under the same terms. */
  notice: Tap | null = null
  /** Memory as INFO and maxmemory see it; inspect fills a formula. */
  usedMemory: () => number = () => 0
  /** performEvictions: true when under maxmemory afterwards. */
  readonly evictor = new Evictor(this)
  evict: (() => boolean) | null = () => this.evictor.perform()
  /** CONFIG REWRITE, set where the config is loaded. */
  rewriteConfigFile: (done: (error: string | null) => void, all?: boolean) => void = (done) => done('ENOENT')
  workMicros = 0
  readonly lazyfree = new LazyFree()
  readonly replicaKeys = new ReplicaKeys()
  /** When the last command of this input ended, by `env.clock`: the next begins there. 0 when there was none. */
  lastClock = 0
  /** Scripts and functions. */
  scripting: Scripting | null = null
  /** Over maxmemory when the request came (a script asks at its first write). */
  preCommandOom = false
  /** The error that a script ends with was counted when its command failed. */
  errorCounted = false
  /** Above 0 the one thread waits for the disk (SAVE, a save at shutdown): nothing but the disk's answer is handled. */
  private stalls = 0
  private readonly stalled: Input[] = []
  /** What is heard in spite of it. */
  hearing: ((input: Input) => boolean) | null = null
  private readonly contexts: Context[] = []
  private depth = 0

  constructor(env: ProcessEnv, tap: Tap | undefined, options: ServerOptions) {
    this.env = env
    this.tap = tap
    this.mode = options.mode
    this.host = new Host(env)
    this.rng = new Prng(env.seed)
    this.runid = this.rng.hex(40)
    this.hashSeed = this.rng.next()
    this.table = new CommandTable([], options.mode)
    if (options.mode === 'sentinel') this.config.port = 26379
    this.acl = new Acl(this)
  }
  /** Compose the table, once all extensions are in place. */
  useCommands(lists: readonly (readonly CommandImpl[])[]): void {
    this.table = new CommandTable(lists, this.mode)
    this.acl = new Acl(this)
  }

  handle(input: Input, now: Micros): readonly Output[] {
    this.host.now = now
    this.workMicros = 0
    this.lastClock = 0
    if (this.host.exited) return this.host.take()
    if (this.stalls > 0 && input.type !== 'fileDone') {
      if (this.hearing?.(input) !== true) {
        this.stalled.push(input)
        return []
      }
      this.host.dispatch(input)
      if (!this.waits) this.beforeSleep()
    } else this.handleOne(input)
    while (this.stalls === 0 && this.stalled.length > 0 && !this.host.exited)
      this.handleOne(this.stalled.shift() as Input)
    return this.host.take()
  }
  /** A blocking system call begins; what comes meanwhile waits until `resume`. */
  stall(): void {
    this.stalls++
  }
  resume(): void {
    this.stalls--
  }
  /** A command waits for another machine (MIGRATE): no other may run. */
  get waits(): boolean {
    return this.stalls > 0 && this.hearing !== null
  }
  /** For scripts: an input that had to wait. */
  handleOne(input: Input): void {
    if (this.scripting?.holds(input)) return
    switch (input.type) {
      case 'start':
        ;(this as { startedAtMs: number }).startedAtMs = this.nowMs
        this.lruClock = Math.floor(this.nowMs / 1000) & 0xffffff
        boot(this)
        break
      case 'signal':
        onSignal(this, input.signal)
        break
      default:
        this.host.dispatch(input)
    }
    this.beforeSleep()
  }
  private beforeSleep(): void {
    if (this.waits) return
    if (this.cluster !== null && this.booted && !this.scripting?.suspended) this.clusterPart?.beforeSleep(this.cluster)
    if (this.readyKeys.length > 0) handleClientsBlockedOnKeys(this)
    if (this.unblockedClients.length > 0) resumeUnblocked(this)
    if (this.expireTimedOut) this.fastExpire()
    this.tracking.flush(this)
    this.repl?.beforeSleep?.()
    this.rdb?.beforeSleep?.()
    // WAIT may be over.
    if (this.unblockedClients.length > 0) {
      resumeUnblocked(this)
      this.tracking.flush(this)
    }
    if (this.ops.length > 0) this.propagatePending()
    if (this.config.maxmemoryClients !== 0) evictClients(this)
    while (this.closing.length > 0) {
      const c = this.closing.pop() as Client
      if (!c.freed) freeClient(this, c)
    }
  }
  /** The fast cycle, when the slow one left work: at most every 2 ms. */
  private fastExpire(): void {
    if (
      !this.activeExpireEnabled ||
      this.loading ||
      this.mode !== 'server' ||
      this.host.now - this.lastFastExpire < 2 * (1000 + 250 * (this.config.activeExpireEffort - 1))
    )
      return
    this.lastFastExpire = this.host.now
    activeExpireCycle(this, 'fast')
  }
  private lastFastExpire = 0
  view(name: string, args: readonly string[]): unknown {
    const own = this.views.get(name)
    return own?.(this, args) ?? null
  }

  get nowMs(): number {
    return this.host.nowMs
  }
  /** The time that decides whether a key is expired: it stands still during a script. */
  get expiryMs(): number {
    return this.scripting?.running?.snapshotMs ?? this.host.nowMs
  }
  get port(): number {
    return this.config.port
  }
  get requirepass(): Bytes {
    return this.config.requirepass
  }
  get isReplica(): boolean {
    return this.repl !== null && this.repl.isReplica
  }
  get uptimeSeconds(): number {
    return Math.floor((this.nowMs - this.startedAtMs) / 1000)
  }
  log(level: LogLevel, text: string): void {
    const line = formatLogLine(this, level, text)
    if (line !== null) this.host.log(line)
  }

  // Commands
  /** Run one command for a client, without sending the reply. Errors are replies. */
  execute(client: Client, command: Command, argv: readonly Bytes[]): Reply {
    return execute(this, client, command, argv)
  }
  /** Look up and run; for scripts, fake clients and replication. */
  call(client: Client, argv: readonly Bytes[]): Reply {
    const command = this.table.lookup(argv)
    if (command === undefined) return { t: 'error', text: `ERR unknown command '${argv[0] ?? ''}'` }
    return execute(this, client, command, argv)
  }
  /** The context of the next nesting level; pair with leave(). */
  enter(client: Client): Context {
    let ctx = this.contexts[this.depth]
    if (ctx === undefined) {
      ctx = new Context(this)
      this.contexts[this.depth] = ctx
    }
    this.depth++
    ctx.client = client
    ctx.nowMs = this.host.nowMs
    ctx.rewritten = null
    ctx.prevented = false
    return ctx
  }
  leave(): void {
    this.depth--
  }
  get nested(): boolean {
    return this.depth > 0
  }

  // Clients
  adoptLink(link: Link, options: { master?: boolean } = {}): Client {
    return adoptLink(this, link, options.master === true)
  }
  createFakeClient(): Client {
    const c = new Client(this, 0, null, this.dbs[0] as Database, this.nowMs)
    c.isFake = true
    c.authenticated = true
    return c
  }
  freeClient(client: Client): void {
    freeClient(this, client)
  }
  checkOutput(client: Client): void {
    checkOutputBufferLimits(this, client)
  }
  freeClientAsync(client: Client): void {
    if (client.closeAsap || client.freed) return
    client.closeAsap = true
    this.closing.push(client)
  }
  /** Close every ordinary client (a demoted master's, so that they look for the new one). */
  disconnectClients(keep: (c: Client) => boolean = (c) => c.isMaster || c.isReplica): void {
    for (const c of [...this.clients.values()]) if (!keep(c)) this.freeClientAsync(c)
  }
  pauseClients(untilMs: number, kind: 'all' | 'write', purpose: PausePurpose = 'client'): void {
    pauseClients(this, purpose, untilMs, kind)
  }
  /** Whether commands of this kind wait now. 'all' asks whether the key space may not change at all (expiry waits too). */
  pausedFor(_what: 'all' | 'write'): boolean {
    return this.pause !== null && isPaused(this)
  }

  // Key space
  lookupDb(id: number): Database | undefined {
    return this.dbs[id]
  }
  signalModifiedKey(client: Client | null, db: Database, key: Bytes): void {
    if (db.watchedKeys.size > 0) touchWatchedKey(this, db, key)
    if (this.tracking.active) this.tracking.invalidateKey(this, client, key)
  }
  signalFlushed(dbid: number): void {
    signalFlushedDb(this, dbid)
    if (this.tracking.active) this.tracking.invalidateAll(this)
  }
  /** Empty one database, or all (-1); number of keys removed. */
  emptyDb(dbid: number, lazily = false): number {
    let removed = 0
    if (dbid === -1) this.replicaKeys.forget()
    for (const db of this.dbs) {
      if (dbid !== -1 && db.id !== dbid) continue
      if (lazily) this.lazyfree.database(db, this.host.now)
      removed += db.empty()
    }
    return removed
  }
  flushAll(lazily = false): number {
    this.signalFlushed(-1)
    return this.emptyDb(-1, lazily)
  }
  /** updates robj.lru as lookupKey does. */
  touch(o: Obj): void {
    if (this.lfu) this.touchLfu(o)
    else o.lru = this.lruClock
  }
  private touchLfu(o: Obj): void {
    const minutes = Math.floor(this.nowMs / 60000) & 65535
    let counter = lfuCounter(this, o)
    if (counter < 255) {
      const base = Math.max(0, counter - 5)
      if (this.rng.float() < 1 / (base * this.config.lfuLogFactor + 1)) counter++
    }
    o.lru = (minutes << 8) | counter
  }
  initialLru(): number {
    return this.lfu ? ((Math.floor(this.nowMs / 60000) & 65535) << 8) | 5 : this.lruClock
  }

  // Propagation
  alsoPropagate(dbid: number, argv: readonly Bytes[]): void {
    if (this.loading || this.repl === null) return
    this.ops.push({ dbid, argv })
  }
  propagate(dbid: number, argv: readonly Bytes[]): void {
    this.alsoPropagate(dbid, argv)
  }
  propagatePending(noMulti = false): void {
    // The effects of a script are one unit.
    if (this.scripting?.suspended) return
    propagatePending(this, noMulti)
  }
  /** pubsubPublishMessage: number of receivers here. */
  publish(channel: Bytes, message: Bytes): number {
    return this.pubsub.publish(channel, message)
  }
  shutdown(options: ShutdownOptions): void {
    prepareForShutdown(this, options)
  }
  /** INFO commandstats by full name. */
  get commandStats(): Map<
    string,
    { calls: number; usec: number; rejected: number; failed: number; histogram?: Map<number, number> }
  > {
    const out = new Map<
      string,
      { calls: number; usec: number; rejected: number; failed: number; histogram?: Map<number, number> }
    >()
    const add = (c: Command): void => {
      if (c.calls + c.rejectedCalls + c.failedCalls > 0) {
        out.set(c.name, {
          calls: c.calls,
          usec: Math.round(c.micros),
          rejected: c.rejectedCalls,
          failed: c.failedCalls,
          ...(c.latency ? { histogram: c.latency } : {}),
        })
      }
      if (c.subcommands) for (const sub of c.subcommands.values()) add(sub)
    }
    for (const c of this.table.all()) add(c)
    return out
  }
  addMonitor(client: Client): void {
    client.isMonitor = true
    this.monitors.add(client)
  }
  emptyAll(): void {
    this.flushAll()
  }
  fail(line: string): never {
    throw new RedisError(line)
  }
}
