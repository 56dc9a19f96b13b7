/**
 * Watching one process: keep the connections up, send PING, INFO and hello when they are due, and decide whether it is
 * subjectively down: no valid reply for down-after-milliseconds, counted from the oldest PING that nobody answered.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { AsyncConnection, type RemoteReply } from './connection.ts'
import { HELLO_CHANNEL, receiveHelloMessages, sendHello } from './hello.ts'
import { refreshInstanceInfo } from './info.ts'
import {
  type SentinelAddr,
  type SentinelRedisInstance,
  SRI_FAILOVER_IN_PROGRESS,
  SRI_MASTER,
  SRI_MASTER_REBOOT,
  SRI_O_DOWN,
  SRI_S_DOWN,
  SRI_SCRIPT_KILL_SENT,
  SRI_SENTINEL,
  SRI_SLAVE,
} from './instance.ts'
import type { Sentinel } from './sentinel.ts'

const MAX_PENDING_COMMANDS = 100

/** Queue a command on one of the instance's connections. `onReply` null discards the reply. */
export function sendOn(
  conn: AsyncConnection,
  ri: SentinelRedisInstance,
  onReply: ((reply: RemoteReply) => void) | null,
  ...argv: readonly Bytes[]
): void {
  const link = ri.link
  link.pendingCommands++
  conn.command(
    (reply) => {
      if (reply === null && onReply !== null) return
      link.pendingCommands--
      if (reply !== null && onReply !== null && !ri.released) onReply(reply)
    },
    ...argv,
  )
}
/** As above on the command connection; false when there is none. */
export function sendCommand(
  ri: SentinelRedisInstance,
  onReply: ((reply: RemoteReply) => void) | null,
  ...argv: readonly Bytes[]
): boolean {
  if (ri.link.cc === null) return false
  sendOn(ri.link.cc, ri, onReply, ...argv)
  return true
}

function sendAuthIfNeeded(s: Sentinel, ri: SentinelRedisInstance, conn: AsyncConnection): void {
  let pass: Bytes | null = null
  let user: Bytes | null = null
  if (ri.has(SRI_SENTINEL)) {
    if (s.sentinelPass !== null) {
      pass = s.sentinelPass
      user = s.sentinelUser
    } else if (s.server.requirepass !== '') pass = s.server.requirepass
  } else {
    const master = ri.master ?? ri
    pass = master.authPass
    user = master.authUser
  }
  if (pass === null) return
  const args = user === null ? [pass] : [user, pass]
  sendOn(conn, ri, null, ri.command('AUTH'), ...args)
}
function setClientName(s: Sentinel, ri: SentinelRedisInstance, conn: AsyncConnection, type: 'cmd' | 'pubsub'): void {
  sendOn(conn, ri, null, ri.command('CLIENT'), 'SETNAME', `sentinel-${s.myid.slice(0, 8)}-${type}`)
}

/** At most once a second, open what is missing. */
export function reconnectInstance(s: Sentinel, ri: SentinelRedisInstance): void {
  const link = ri.link
  if (!link.disconnected || ri.addr.port === 0) return
  const now = s.now
  if (now - link.lastReconnTime < s.periods.pingPeriod) return
  link.lastReconnTime = now

  const open = (): AsyncConnection => {
    const conn: AsyncConnection = new AsyncConnection(s.server.host, ri.addr.ip, ri.addr.port, () => {
      if (link.pc === conn) link.pc = null
      else if (link.cc === conn) link.cc = null
      link.disconnected = true
    })
    return conn
  }
  if (link.cc === null) {
    if (s.resolveHostnames) {
      const again: SentinelAddr | string = s.createAddr(ri.addr.hostname, ri.addr.port, false)
      if (typeof again !== 'string') ri.addr = again
    }
    link.cc = open()
    link.pendingCommands = 0
    link.ccConnTime = now
    sendAuthIfNeeded(s, ri, link.cc)
    setClientName(s, ri, link.cc, 'cmd')
    sendPing(s, ri)
  }
  if (ri.has(SRI_MASTER | SRI_SLAVE) && link.pc === null) {
    link.pc = open()
    link.pcConnTime = now
    sendAuthIfNeeded(s, ri, link.pc)
    setClientName(s, ri, link.pc, 'pubsub')
    const onMessage = (r: RemoteReply | null): void => {
      if (r !== null && !ri.released) receiveHelloMessages(s, ri, r)
    }
    link.pc.subscribe(onMessage, ri.command('SUBSCRIBE'), HELLO_CHANNEL)
  }
  if (link.cc !== null && (ri.has(SRI_SENTINEL) || link.pc !== null)) link.disconnected = false
}

export function sendPing(s: Sentinel, ri: SentinelRedisInstance): boolean {
  if (!sendCommand(ri, (r) => pingReply(s, ri, r), ri.command('PING'))) return false
  ri.link.lastPingTime = s.now
  if (ri.link.actPingTime === 0) ri.link.actPingTime = ri.link.lastPingTime
  return true
}
function pingReply(s: Sentinel, ri: SentinelRedisInstance, r: RemoteReply): void {
  const link = ri.link
  if (r.kind === 'status' || r.kind === 'error') {
    const text = r.text
    if (text.startsWith('PONG') || text.startsWith('LOADING') || text.startsWith('MASTERDOWN')) {
      link.lastAvailTime = s.now
      link.actPingTime = 0
      if (ri.has(SRI_MASTER_REBOOT) && text.startsWith('PONG')) ri.unset(SRI_MASTER_REBOOT)
    } else if (text.startsWith('BUSY') && ri.has(SRI_S_DOWN) && !ri.has(SRI_SCRIPT_KILL_SENT)) {
      sendCommand(ri, null, ri.command('SCRIPT'), 'KILL')
      ri.set(SRI_SCRIPT_KILL_SENT)
    }
  }
  link.lastPongTime = s.now
}

export function sendPeriodicCommands(s: Sentinel, ri: SentinelRedisInstance): void {
  const link = ri.link
  const now = s.now
  if (link.disconnected) return
  if (link.pendingCommands >= MAX_PENDING_COMMANDS * link.refcount) return

  // A replica whose master is failing is watched closely: it may be about to become one.
  const closely =
    ri.has(SRI_SLAVE) && (ri.master?.has(SRI_O_DOWN | SRI_FAILOVER_IN_PROGRESS) || ri.masterLinkDownTime !== 0)
  const infoPeriod = closely ? 1000 : s.periods.infoPeriod
  const pingPeriod = Math.min(ri.downAfterPeriod, s.periods.pingPeriod)

  if (!ri.has(SRI_SENTINEL) && (ri.infoRefresh === 0 || now - ri.infoRefresh > infoPeriod))
    sendCommand(
      ri,
      (r) => {
        if (r.kind === 'string') refreshInstanceInfo(s, ri, r.text)
      },
      ri.command('INFO'),
    )
  if (now - link.lastPongTime > pingPeriod && now - link.lastPingTime > Math.trunc(pingPeriod / 2)) sendPing(s, ri)
  if (now - ri.lastPubTime > s.periods.publishPeriod) sendHello(s, ri)
}

export function checkSubjectivelyDown(s: Sentinel, ri: SentinelRedisInstance): void {
  const link = ri.link
  const now = s.now
  let elapsed = 0
  if (link.actPingTime !== 0) elapsed = now - link.actPingTime
  else if (link.disconnected) elapsed = now - link.lastAvailTime

  // A connection that has been silent for too long may be half dead: open a new one.
  const half = Math.trunc(ri.downAfterPeriod / 2)
  if (
    link.cc !== null &&
    now - link.ccConnTime > s.periods.minLinkReconnectPeriod &&
    link.actPingTime !== 0 &&
    now - link.actPingTime > half &&
    now - link.lastPongTime > half
  )
    link.closeConnection(link.cc)
  if (
    link.pc !== null &&
    now - link.pcConnTime > s.periods.minLinkReconnectPeriod &&
    now - link.pcLastActivity > s.periods.publishPeriod * 3
  )
    link.closeConnection(link.pc)

  const claimsSlave =
    ri.has(SRI_MASTER) &&
    ri.roleReported === SRI_SLAVE &&
    now - ri.roleReportedTime > ri.downAfterPeriod + s.periods.infoPeriod * 2
  const rebooting = ri.has(SRI_MASTER_REBOOT) && now - ri.masterRebootSinceTime > ri.masterRebootDownAfterPeriod
  if (elapsed > ri.downAfterPeriod || claimsSlave || rebooting) {
    if (ri.has(SRI_S_DOWN)) return
    s.event('warning', '+sdown', ri, s.at(ri))
    ri.sDownSinceTime = now
    ri.set(SRI_S_DOWN)
  } else if (ri.has(SRI_S_DOWN)) {
    s.event('warning', '-sdown', ri, s.at(ri))
    ri.unset(SRI_S_DOWN | SRI_SCRIPT_KILL_SENT)
  }
}
