/**
 * FAILOVER: a master and a replica change places and nothing is lost. The problem: a plain REPLICAOF leaves the writes that
 * the replica has not seen on the wrong side.
 *
 *   pause writes ▶ waiting-for-sync ▶ (a replica acknowledged all) ▶ failover-in-progress: follow it with PSYNC … FAILOVER
 *                        └ timeout: abort, or with FORCE go on                  └ it promotes itself and continues our history
 */
import type { Bytes } from '../bytes/bytes.ts'
import { equalsIgnoreCase, parseLongArg, syntaxError } from '../commands/args.ts'
import { OK, RedisError, type Reply } from '../protocol/reply.ts'
import type { Client } from '../server/client.ts'
import { unpauseClients } from '../server/pause.ts'
import type { Server } from '../server/server.ts'
import { replicaInfo } from './replica-state.ts'
import type { Replication } from './replication.ts'

export type FailoverState = 'no-failover' | 'waiting-for-sync' | 'failover-in-progress'

export class Failover {
  state: FailoverState = 'no-failover'
  private readonly rp: Replication
  private readonly server: Server
  private target: { readonly host: string; readonly port: number } | null = null
  private endMs = 0
  private force = false

  constructor(rp: Replication) {
    this.rp = rp
    this.server = rp.server
  }

  get hasTimeLimit(): boolean {
    return this.endMs !== 0
  }
  command(argv: readonly Bytes[]): Reply {
    if (this.server.cluster !== null)
      throw new RedisError('ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.')
    if (argv.length === 2 && equalsIgnoreCase(argv[1], 'abort')) {
      if (this.state === 'no-failover') throw new RedisError('ERR No failover in progress.')
      this.abort('Failover manually aborted')
      return OK
    }
    let timeout = 0
    let force = false
    let target: { host: string; port: number } | null = null
    for (let j = 1; j < argv.length; j++) {
      if (equalsIgnoreCase(argv[j], 'timeout') && j + 1 < argv.length && timeout === 0) {
        timeout = parseLongArg(argv[++j])
        if (timeout <= 0) throw new RedisError('ERR FAILOVER timeout must be greater than 0')
      } else if (equalsIgnoreCase(argv[j], 'to') && j + 2 < argv.length && target === null) {
        target = { host: argv[j + 1] ?? '', port: parseLongArg(argv[j + 2]) }
        j += 2
      } else if (equalsIgnoreCase(argv[j], 'force') && !force) force = true
      else syntaxError()
    }
    this.begin(timeout, force, target)
    return OK
  }

  private begin(timeout: number, force: boolean, target: { host: string; port: number } | null): void {
    const { rp, server } = this
    if (this.state !== 'no-failover') throw new RedisError('ERR FAILOVER already in progress.')
    if (rp.isReplica) throw new RedisError('ERR FAILOVER is not valid when server is a replica.')
    if (rp.m.replicas.length === 0) throw new RedisError('ERR FAILOVER requires connected replicas.')
    if (force && (timeout === 0 || target === null))
      throw new RedisError('ERR FAILOVER with force option requires both a timeout and target HOST and IP.')
    if (target !== null) {
      const replica = this.find(target.host, target.port)
      if (replica === undefined) throw new RedisError('ERR FAILOVER target HOST and PORT is not a replica.')
      if (replicaInfo(replica).state !== 'online') throw new RedisError('ERR FAILOVER target replica is not online.')
    }
    server.log(
      'notice',
      target === null ? 'FAILOVER requested.' : `FAILOVER requested to ${target.host}:${target.port}.`,
    )
    this.endMs = timeout === 0 ? 0 : server.nowMs + timeout
    this.force = force
    this.target = target
    this.state = 'waiting-for-sync'
    server.pauseClients(Number.MAX_SAFE_INTEGER, 'write', 'failover')
  }
  private find(host: string, port: number): Client | undefined {
    return this.rp.m.replicas.find((c) => address(c) === host && c.replicaListeningPort === port)
  }

  /** updateFailoverStatus: before each sleep. */
  update(): void {
    if (this.state !== 'waiting-for-sync') return
    const { rp, server, target } = this
    if (this.endMs !== 0 && server.nowMs >= this.endMs) {
      if (!this.force || target === null) return this.abort('Replica never caught up before timeout')
      server.log('notice', `Failover to ${target.host}:${target.port} time out exceeded, failing over.`)
      return this.proceed(target)
    }
    const candidates =
      target === null ? rp.m.replicas : rp.m.replicas.filter((c) => c === this.find(target.host, target.port))
    const synced = candidates.find(
      (c) => replicaInfo(c).state === 'online' && replicaInfo(c).ackOff === rp.m.masterReplOffset,
    )
    if (synced === undefined) return
    const to = target ?? { host: address(synced), port: synced.replicaListeningPort }
    server.log('notice', `Failover target: ${to.host}:${to.port} is synced, failing over.`)
    this.proceed(to)
  }
  private proceed(to: { readonly host: string; readonly port: number }): void {
    this.target = to
    this.state = 'failover-in-progress'
    this.rp.r.setMaster(to.host, to.port)
  }
  /** The target answered our PSYNC. */
  answered(accepted: boolean): void {
    if (this.state !== 'failover-in-progress') return
    if (accepted) this.clear()
    else this.abort('Failover target rejected psync request')
  }
  private abort(why: string): void {
    const to = this.target === null ? '' : ` to ${this.target.host}:${this.target.port}`
    this.server.log('notice', `Aborting failover${to} while ${this.state}: ${why}`)
    const inProgress = this.state === 'failover-in-progress'
    this.clear()
    if (inProgress) this.rp.r.unset()
  }
  private clear(): void {
    this.endMs = 0
    this.force = false
    this.target = null
    this.state = 'no-failover'
    unpauseClients(this.server, 'failover')
  }
}
function address(c: Client): string {
  return c.replicaAnnouncedIp || c.link?.remoteHost || ''
}
