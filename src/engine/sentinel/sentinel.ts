/**
 * Sentinel: several processes that hold no data watch a master together, agree when it is gone, choose one of themselves
 * to promote a replica, and tell everyone.
 *
 *   every tick (52 to 100 ms, a new random length each time so that Sentinels do not march in step), for each instance:
 *
 *     reconnect ─▶ PING 1s · INFO 10s · hello 2s ─▶ subjectively down?          (every instance: monitor.ts)
 *     objectively down? ─▶ start a failover? ─▶ failover state machine ─▶ ask the others   (masters: failure.ts, failover.ts)
 *
 * What a Sentinel believes reaches the others in two ways: the hello message, published every 2 s on every watched
 * process, carries the newest (config epoch, master address) that it knows, and the highest config epoch wins everywhere;
 * the question IS-MASTER-DOWN-BY-ADDR carries its suspicion and, once it wants to lead, its request for a vote.
 *
 * Invariants: currentEpoch never decreases; a Sentinel votes at most once in an epoch, and the vote is written to the
 * config file before the reply leaves; config epoch of a master only grows.
 *
 * Kept exactly: states, periods, thresholds, texts, the order of work in a tick.
 * Simplified: scripts do not run (scripts.ts); names are not resolved by DNS (an unresolved name is handed to connect).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import { globMatch } from '../bytes/glob.ts'
import type { CommandImpl } from '../commands/command.ts'
import { sentinelCommands } from './commands.ts'
import { configError, type ConfigLine, handleConfiguration, rewriteLines } from './config.ts'
import { checkObjectivelyDown, askMasterStateToOtherSentinels } from './failure.ts'
import { failoverStateMachine, startFailoverIfNeeded } from './failover.ts'
import { RedisError } from '../protocol/reply.ts'
import { HELLO_CHANNEL, processHelloMessage } from './hello.ts'
import {
  addrIsEqual,
  addrOrHostnameEqual,
  FAILOVER_NONE,
  FAILOVER_UPDATE_CONFIG,
  type Instances,
  type SentinelAddr,
  SentinelRedisInstance,
  SRI_MASTER,
  SRI_O_DOWN,
  SRI_PROMOTED,
  SRI_S_DOWN,
  SRI_SLAVE,
} from './instance.ts'
import { checkSubjectivelyDown, reconnectInstance, sendPeriodicCommands } from './monitor.ts'
import type { SentinelLogLevel, SentinelServer } from './ports.ts'
import { isIpAddress } from './address.ts'
import { ScriptQueue } from './scripts.ts'
import { sentinelView, summaryView } from './view.ts'

/** All in ms; SENTINEL DEBUG may change them. */
export interface SentinelPeriods {
  infoPeriod: number
  pingPeriod: number
  askPeriod: number
  publishPeriod: number
  defaultDownAfter: number
  defaultFailoverTimeout: number
  tiltTrigger: number
  tiltPeriod: number
  slaveReconfTimeout: number
  minLinkReconnectPeriod: number
  electionTimeout: number
  scriptMaxRuntime: number
  scriptRetryDelay: number
}
export const SENTINEL_MAX_DESYNC = 1000
export const SIMFAILURE_CRASH_AFTER_ELECTION = 1
export const SIMFAILURE_CRASH_AFTER_PROMOTION = 2
const CONFIG_DEFAULT_HZ = 10

export type CreateError = 'EBUSY' | 'ENOENT' | 'EINVAL'

export class Sentinel {
  readonly server: SentinelServer
  readonly commands: readonly CommandImpl[]
  readonly masters: Instances = new Map()
  readonly periods: SentinelPeriods = {
    infoPeriod: 10000,
    pingPeriod: 1000,
    askPeriod: 1000,
    publishPeriod: 2000,
    defaultDownAfter: 30000,
    defaultFailoverTimeout: 180000,
    tiltTrigger: 2000,
    tiltPeriod: 30000,
    slaveReconfTimeout: 10000,
    minLinkReconnectPeriod: 15000,
    electionTimeout: 10000,
    scriptMaxRuntime: 60000,
    scriptRetryDelay: 30000,
  }
  readonly scripts = new ScriptQueue(this)
  myid = ''
  currentEpoch = 0
  tilt = false
  tiltStartTime = 0
  announceIp: string | null = null
  announcePort = 0
  denyScriptsReconfig = true
  resolveHostnames = false
  announceHostnames = false
  sentinelUser: Bytes | null = null
  sentinelPass: Bytes | null = null
  simfailureFlags = 0
  /** Options that stand in the config file, so that a rewrite keeps their line even at the default. */
  readonly seenOptions = new Set<string>()
  private previousTime = -1
  private flushing = false
  private flushAgain = false
  /** Who waits for the rewrite that is running, and for the one after it. */
  private flushed: ((ok: boolean) => void)[] = []
  private flushedNext: ((ok: boolean) => void)[] = []
  private readonly deferred: ConfigLine[] = []

  constructor(server: SentinelServer) {
    this.server = server
    this.commands = sentinelCommands(this)
  }

  /** mstime() */
  get now(): number {
    return this.server.host.nowMs
  }
  rand(n: number): number {
    return this.server.rng.below(n)
  }

  // ---- Boot ------------------------------------------------------------------------------------

  /**
   * One `sentinel ...` line. Lines may name a master that a later line defines: those wait until finishConfig.
   * An error text is what stops the boot.
   */
  handleConfigLine(argv: readonly Bytes[], linenum = 0, line = ''): string | null {
    const args = argv[0]?.toLowerCase() === 'sentinel' ? argv.slice(1) : argv
    const error = handleConfiguration(this, args)
    if (error !== configError.noSuchMaster && error !== configError.cantResolve) return error
    this.deferred.push({ argv: args, linenum, line: line === '' ? `sentinel ${args.join(' ')}` : line })
    return null
  }
  /** loadSentinelConfigFromQueue: the lines that waited. */
  finishConfig(): { readonly linenum: number; readonly line: string; readonly error: string } | null {
    for (const entry of this.deferred.splice(0)) {
      const error = handleConfiguration(this, entry.argv)
      if (error !== null) return { linenum: entry.linenum, line: entry.line, error }
    }
    return null
  }
  /** sentinelIsRunning */
  start(): void {
    if (this.previousTime < 0) this.previousTime = this.now
    if (this.myid === '') {
      for (let i = 0; i < 40; i++) this.myid += '0123456789abcdef'[this.rand(16)]
      this.flushConfig()
    }
    this.log('warning', `Sentinel ID is ${this.myid}`)
    for (const ri of this.masters.values()) this.event('warning', '+monitor', ri, `${this.at(ri)} quorum ${ri.quorum}`)
  }
  rewriteConfig(): string[] {
    return rewriteLines(this)
  }

  // ---- Telling ---------------------------------------------------------------------------------

  log(level: SentinelLogLevel, text: string): void {
    this.server.log(level, text)
  }
  /** How events name an instance: `slave 10.0.0.12:6379 10.0.0.12 6379 @ mymaster 10.0.0.11 6379`. */
  at(ri: SentinelRedisInstance): string {
    const own = `${ri.typeStr} ${ri.name} ${this.announceAddr(ri.addr)} ${ri.addr.port}`
    const m = ri.has(SRI_MASTER) ? null : ri.master
    return m === null ? own : `${own} @ ${m.name} ${this.announceAddr(m.addr)} ${m.addr.port}`
  }
  /** sentinelEvent: to the log, to subscribers of the channel named like the event, and to the notification script. */
  event(level: SentinelLogLevel, type: string, ri: SentinelRedisInstance | null, msg: string): void {
    this.server.tap?.({ kind: 'sentinel.event', name: type, args: msg })
    this.log(level, `${type} ${msg}`)
    if (level !== 'debug') this.server.publish(type, msg)
    if (level !== 'warning' || ri === null) return
    const master = ri.has(SRI_MASTER) ? ri : ri.master
    if (master?.notificationScript) this.scripts.schedule(master.notificationScript, type, msg)
  }
  callClientReconfScript(
    master: SentinelRedisInstance,
    role: 'leader' | 'observer',
    from: SentinelAddr,
    to: SentinelAddr,
  ): void {
    if (master.clientReconfigScript === null) return
    const ends = [this.announceAddr(from), String(from.port), this.announceAddr(to), String(to.port)]
    this.scripts.schedule(master.clientReconfigScript, master.name, role, 'start', ...ends)
  }
  /**
   * sentinelFlushConfig: the state outlives us. The whole process waits for the disk, and nothing leaves for the network
   * before the file is there. What changes after the rewrite began, in the same turn, is written by one more.
   */
  flushConfig(done: (ok: boolean) => void = () => {}): void {
    if (this.flushing) {
      this.flushAgain = true
      this.flushedNext.push(done)
      return
    }
    this.flushed.push(done)
    this.flushing = true
    this.server.host.hold()
    this.server.stall?.()
    this.server.rewriteConfigFile((error) => {
      this.flushing = false
      if (error === null) this.log('notice', 'Sentinel new configuration saved on disk')
      else
        this.log(
          'warning',
          `WARNING: Sentinel was not able to save the new configuration on disk!!!: ${strerror(error)}`,
        )
      for (const tell of this.flushed.splice(0)) tell(error === null)
      if (!this.flushAgain) {
        this.server.resume?.()
        this.server.host.letGo()
        return
      }
      this.flushAgain = false
      this.flushed = this.flushedNext
      this.flushedNext = []
      this.server.resume?.()
      this.flushConfig()
    })
  }
  simFailureCrash(): void {
    this.log('warning', 'Sentinel CRASH because of SENTINEL simulate-failure')
    this.server.host.exit(99)
  }

  // ---- Addresses and tables ----------------------------------------------------------------------

  createAddr(hostname: string, port: number, acceptUnresolved: boolean): SentinelAddr | CreateError {
    if (port < 0 || port > 65535) return 'EINVAL'
    const ip = this.resolve(hostname)
    if (ip !== null) return { hostname, ip, port }
    this.log('warning', `Failed to resolve hostname '${hostname}'`)
    return this.resolveHostnames && acceptUnresolved ? { hostname, ip: '', port } : 'ENOENT'
  }
  /** anetResolve: an address as it is; a name only with resolve-hostnames. */
  resolve(hostname: string): string | null {
    if (isIpAddress(hostname)) return hostname
    if (!this.resolveHostnames || hostname === '') return null
    return hostname.toLowerCase() === 'localhost' ? '127.0.0.1' : hostname
  }
  addrEqualsHostname(addr: SentinelAddr, hostname: string): boolean {
    const ip = this.resolve(hostname)
    return ip !== null && ip.toLowerCase() === addr.ip.toLowerCase()
  }
  announceAddr(addr: SentinelAddr): string {
    return this.announceHostnames ? addr.hostname : addr.ip
  }
  announceAddrAndPort(addr: SentinelAddr): string {
    const host = this.announceAddr(addr)
    return host.includes(':') ? `[${host}]:${addr.port}` : `${host}:${addr.port}`
  }

  createInstance(
    name: string,
    kind: number,
    hostname: string,
    port: number,
    quorum: number,
    master: SentinelRedisInstance | null,
  ): SentinelRedisInstance | CreateError {
    const addr = this.createAddr(hostname, port, true)
    if (typeof addr === 'string') return addr
    const own = kind === SRI_SLAVE ? this.announceAddrAndPort(addr) : name
    const table = master === null ? this.masters : kind === SRI_SLAVE ? master.slaves : master.sentinels
    if (table.has(own)) return 'EBUSY'
    const ri = new SentinelRedisInstance(kind, own, addr, quorum, master, this.now, {
      downAfter: this.periods.defaultDownAfter,
      failoverTimeout: this.periods.defaultFailoverTimeout,
    })
    table.set(own, ri)
    return ri
  }
  /** The caller takes it out of its table. */
  releaseInstance(ri: SentinelRedisInstance): void {
    for (const child of [...ri.slaves.values(), ...ri.sentinels.values()]) this.releaseInstance(child)
    ri.slaves.clear()
    ri.sentinels.clear()
    ri.released = true
    ri.link.refcount--
    if (ri.link.refcount === 0) ri.link.closeBoth()
    if (ri.has(SRI_SLAVE) && ri.has(SRI_PROMOTED) && ri.master) ri.master.promotedSlave = null
  }
  lookupSlave(master: SentinelRedisInstance, host: string, port: number): SentinelRedisInstance | undefined {
    const addr = this.createAddr(host, port, false)
    return typeof addr === 'string' ? undefined : master.slaves.get(this.announceAddrAndPort(addr))
  }
  /** By address, by runid, or by both; null means "any". */
  findInstance(
    instances: Instances,
    host: string | null,
    port: number,
    runid: string | null,
  ): SentinelRedisInstance | null {
    let addr: SentinelAddr | null = null
    if (host !== null) {
      const made = this.createAddr(host, port, true)
      if (typeof made === 'string') return null
      addr = made
    }
    for (const ri of instances.values()) {
      if (runid !== null && ri.runid !== runid) continue
      if (addr === null || addrOrHostnameEqual(ri.addr, addr)) return ri
    }
    return null
  }
  removeMatchingSentinel(master: SentinelRedisInstance, runid: string): number {
    let removed = 0
    for (const ri of [...master.sentinels.values()]) {
      if (ri.runid !== runid) continue
      master.sentinels.delete(ri.name)
      this.releaseInstance(ri)
      removed++
    }
    return removed
  }
  /** One physical Sentinel, several masters: one link. */
  tryConnectionSharing(ri: SentinelRedisInstance): boolean {
    if (ri.runid === null || ri.link.refcount > 1) return false
    for (const master of this.masters.values()) {
      if (master === ri.master) continue
      const match = this.findInstance(master.sentinels, null, 0, ri.runid)
      if (match === null || match === ri) continue
      ri.link.closeBoth()
      ri.link = match.link
      match.link.refcount++
      return true
    }
    return false
  }
  updateSentinelAddressInAllMasters(ri: SentinelRedisInstance): void {
    let reconfigured = 0
    for (const master of this.masters.values()) {
      const match = this.findInstance(master.sentinels, null, 0, ri.runid)
      if (match === null) continue
      match.link.closeBoth()
      if (match === ri) continue
      match.addr = ri.addr
      reconfigured++
    }
    if (reconfigured)
      this.event(
        'notice',
        '+sentinel-address-update',
        ri,
        `${this.at(ri)} ${reconfigured} additional matching instances`,
      )
  }
  dropInstanceConnections(master: SentinelRedisInstance): void {
    master.link.closeBoth()
    for (const slave of master.slaves.values()) slave.link.closeBoth()
  }
  dropSentinelConnections(): void {
    for (const master of this.masters.values())
      for (const si of master.sentinels.values()) if (!si.link.disconnected) si.link.closeBoth()
  }

  // ---- Reset and switch -----------------------------------------------------------------------------

  resetMaster(ri: SentinelRedisInstance, keepSentinels: boolean, generateEvent: boolean): void {
    const gone = [...ri.slaves.values(), ...(keepSentinels ? [] : ri.sentinels.values())]
    for (const child of gone) this.releaseInstance(child)
    ri.slaves.clear()
    if (!keepSentinels) ri.sentinels.clear()
    ri.link.closeBoth()
    ri.flags &= SRI_MASTER
    ri.leader = null
    ri.failoverState = FAILOVER_NONE
    ri.failoverStateChangeTime = 0
    ri.failoverStartTime = 0
    ri.promotedSlave = null
    ri.runid = null
    ri.slaveMasterHost = null
    const now = this.now
    ri.link.actPingTime = now
    ri.link.lastPingTime = 0
    ri.link.lastAvailTime = now
    ri.link.lastPongTime = now
    ri.roleReportedTime = now
    ri.roleReported = SRI_MASTER
    if (generateEvent) this.event('warning', '+reset-master', ri, this.at(ri))
  }
  resetMastersByPattern(pattern: Bytes): number {
    let reset = 0
    for (const ri of this.masters.values()) {
      if (!globMatch(pattern, ri.name)) continue
      this.resetMaster(ri, false, true)
      reset++
    }
    return reset
  }
  /** +switch-master: the same name now means another process; the old one becomes a replica in our table. */
  resetMasterAndChangeAddress(master: SentinelRedisInstance, hostname: string, port: number): boolean {
    const newAddr = this.createAddr(hostname, port, false)
    if (typeof newAddr === 'string') return false
    const slaves = [...master.slaves.values()].map((s) => s.addr).filter((a) => !addrIsEqual(a, newAddr))
    if (!addrIsEqual(newAddr, master.addr)) slaves.push(master.addr)
    this.resetMaster(master, true, false)
    master.addr = newAddr
    master.oDownSinceTime = 0
    master.sDownSinceTime = 0
    for (const addr of slaves) {
      const slave = this.createInstance('', SRI_SLAVE, addr.hostname, addr.port, master.quorum, master)
      if (typeof slave !== 'string') this.event('notice', '+slave', slave, this.at(slave))
    }
    this.flushConfig()
    return true
  }

  // ---- The timer --------------------------------------------------------------------------------------

  /** sentinelTimer */
  tick(): void {
    this.checkTilt()
    this.handleInstances(this.masters)
    this.scripts.tick()
    this.server.hz = CONFIG_DEFAULT_HZ + this.rand(CONFIG_DEFAULT_HZ)
  }
  /** Time jumped, or we stood still: what looks dead may be our own fault. Watch for 30 s, do nothing. */
  private checkTilt(): void {
    const now = this.now
    const delta = this.previousTime < 0 ? 0 : now - this.previousTime
    if (delta < 0 || delta > this.periods.tiltTrigger) {
      this.tilt = true
      this.tiltStartTime = now
      this.event('warning', '+tilt', null, '#tilt mode entered')
    }
    this.previousTime = now
  }
  private handleInstances(instances: Instances): void {
    let switchToPromoted: SentinelRedisInstance | null = null
    for (const ri of instances.values()) {
      this.handleInstance(ri)
      if (!ri.has(SRI_MASTER)) continue
      this.handleInstances(ri.slaves)
      this.handleInstances(ri.sentinels)
      if (ri.failoverState === FAILOVER_UPDATE_CONFIG) switchToPromoted = ri
    }
    if (switchToPromoted !== null) this.switchToPromotedSlave(switchToPromoted)
  }
  private handleInstance(ri: SentinelRedisInstance): void {
    reconnectInstance(this, ri)
    sendPeriodicCommands(this, ri)
    if (this.tilt) {
      if (this.now - this.tiltStartTime < this.periods.tiltPeriod) return
      this.tilt = false
      this.event('warning', '-tilt', null, '#tilt mode exited')
    }
    checkSubjectivelyDown(this, ri)
    if (!ri.has(SRI_MASTER)) return
    checkObjectivelyDown(this, ri)
    if (startFailoverIfNeeded(this, ri)) askMasterStateToOtherSentinels(this, ri, true)
    failoverStateMachine(this, ri)
    askMasterStateToOtherSentinels(this, ri, false)
  }
  private switchToPromotedSlave(master: SentinelRedisInstance): void {
    const to = (master.promotedSlave ?? master).addr
    this.event(
      'warning',
      '+switch-master',
      master,
      `${master.name} ${this.announceAddr(master.addr)} ${master.addr.port} ${this.announceAddr(to)} ${to.port}`,
    )
    this.resetMasterAndChangeAddress(master, to.hostname, to.port)
  }

  // ---- What the server asks for ---------------------------------------------------------------------------

  /** PUBLISH at a Sentinel takes hello messages and nothing else. */
  publish(_client: unknown, channel: Bytes, message: Bytes): number {
    if (channel !== HELLO_CHANNEL) throw new RedisError('ERR Only HELLO messages are accepted by Sentinel instances.')
    processHelloMessage(this, message)
    return 1
  }
  /** ROLE: the names after "sentinel". */
  role(): readonly Bytes[] {
    return [...this.masters.keys()]
  }
  infoSection(): string {
    let id = 0
    let info = `# Sentinel\r\nsentinel_masters:${this.masters.size}\r\nsentinel_tilt:${this.tilt ? 1 : 0}\r\n`
    info += `sentinel_tilt_since_seconds:${this.tilt ? Math.floor((this.now - this.tiltStartTime) / 1000) : -1}\r\n`
    info += `sentinel_running_scripts:${this.scripts.running}\r\nsentinel_scripts_queue_length:${this.scripts.jobs.length}\r\n`
    info += `sentinel_simulate_failure_flags:${this.simfailureFlags}\r\n`
    for (const ri of this.masters.values()) {
      const status = ri.has(SRI_O_DOWN) ? 'odown' : ri.has(SRI_S_DOWN) ? 'sdown' : 'ok'
      info += `master${id++}:name=${ri.name},status=${status},address=${this.announceAddr(ri.addr)}:${ri.addr.port},`
      info += `slaves=${ri.slaves.size},sentinels=${ri.sentinels.size + 1}\r\n`
    }
    return info
  }
  view(): unknown {
    return sentinelView(this)
  }
  summary(): unknown {
    return summaryView(this)
  }
}
