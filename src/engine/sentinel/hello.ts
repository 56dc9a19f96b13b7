/**
 * The hello message is how Sentinels find each other and how the newest configuration spreads:
 *
 *   10.0.0.21,26379,<runid>,<current epoch>,mymaster,10.0.0.11,6379,<config epoch>
 *
 * Each Sentinel publishes it every 2 s to every process it watches and listens on every master and replica. An unknown
 * sender becomes a new entry; a greater config epoch makes us switch to the master it names.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { RemoteReply } from './connection.ts'
import { type Instances, type SentinelRedisInstance, SRI_MASTER, SRI_SENTINEL } from './instance.ts'
import { sendCommand } from './monitor.ts'
import { atoi } from './address.ts'
import type { Sentinel } from './sentinel.ts'

export const HELLO_CHANNEL = '__sentinel__:hello'

export function receiveHelloMessages(s: Sentinel, ri: SentinelRedisInstance, r: RemoteReply): void {
  ri.link.pcLastActivity = s.now
  if (r.kind !== 'array' || r.items.length !== 3) return
  const [kind, channel, message] = r.items
  if (kind?.kind !== 'string' || channel?.kind !== 'string' || message?.kind !== 'string') return
  if (kind.text !== 'message' || message.text.includes(s.myid)) return
  processHelloMessage(s, message.text)
}

export function processHelloMessage(s: Sentinel, hello: Bytes): void {
  const token = hello.split(',')
  if (token.length !== 8) return
  const [ip, portText, runid, epochText, masterName, masterIp, masterPortText, configEpochText] = token as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const master = s.masters.get(masterName)
  if (!master) return
  const port = atoi(portText)
  const masterPort = atoi(masterPortText)
  const currentEpoch = atoi(epochText)
  const configEpoch = atoi(configEpochText)

  const si = s.findInstance(master.sentinels, ip, port, runid) ?? meetSentinel(s, master, ip, port, runid)
  if (currentEpoch > s.currentEpoch) {
    s.currentEpoch = currentEpoch
    s.flushConfig()
    s.event('warning', '+new-epoch', master, `${s.currentEpoch}`)
  }
  if (si === null) return
  if (master.configEpoch < configEpoch) {
    master.configEpoch = configEpoch
    if (masterPort !== master.addr.port || !s.addrEqualsHostname(master.addr, masterIp)) {
      s.event('warning', '+config-update-from', si, s.at(si))
      const old = master.addr
      s.event(
        'warning',
        '+switch-master',
        master,
        `${master.name} ${s.announceAddr(old)} ${old.port} ${masterIp} ${masterPort}`,
      )
      s.resetMasterAndChangeAddress(master, masterIp, masterPort)
      s.callClientReconfScript(master, 'observer', old, master.addr)
    }
  }
  si.lastHelloTime = s.now
}

function meetSentinel(
  s: Sentinel,
  master: SentinelRedisInstance,
  ip: string,
  port: number,
  runid: string,
): SentinelRedisInstance | null {
  const removed = s.removeMatchingSentinel(master, runid)
  if (removed) {
    s.event('notice', '+sentinel-address-switch', master, `${s.at(master)} ip ${ip} port ${port} for ${runid}`)
  } else {
    // Somebody else stands at this address in our table: that entry is out of date, for every master.
    const other = s.findInstance(master.sentinels, ip, port, null)
    if (other) {
      s.event('notice', '+sentinel-invalid-addr', other, s.at(other))
      const obsolete = other.runid
      if (obsolete !== null) for (const m of s.masters.values()) s.removeMatchingSentinel(m, obsolete)
    }
  }
  const si = s.createInstance(runid, SRI_SENTINEL, ip, port, master.quorum, master)
  if (typeof si === 'string') return null
  if (!removed) s.event('notice', '+sentinel', si, s.at(si))
  si.runid = runid
  s.tryConnectionSharing(si)
  if (removed) s.updateSentinelAddressInAllMasters(si)
  s.flushConfig()
  return si
}

export function sendHello(s: Sentinel, ri: SentinelRedisInstance): boolean {
  const link = ri.link
  if (link.disconnected || link.cc === null) return false
  const master = ri.has(SRI_MASTER) ? ri : ri.master
  if (master === null) return false
  const addr = master.currentMasterAddress
  const ip = s.announceIp ?? (link.cc.localHost || s.server.host.env.host)
  const port = s.announcePort || s.server.port
  const payload =
    `${ip},${port},${s.myid},${s.currentEpoch},` +
    `${master.name},${s.announceAddr(addr)},${addr.port},${master.configEpoch}`
  return sendCommand(
    ri,
    (r) => {
      if (r.kind !== 'error') ri.lastPubTime = s.now
    },
    ri.command('PUBLISH'),
    HELLO_CHANNEL,
    payload,
  )
}

/** Hello to everybody on the next tick: the configuration has changed. */
export function forceHelloUpdateForMaster(s: Sentinel, master: SentinelRedisInstance): void {
  const back = s.periods.publishPeriod + 1
  const force = (ri: SentinelRedisInstance): void => {
    if (ri.lastPubTime >= back) ri.lastPubTime -= back
  }
  const forceAll = (instances: Instances): void => {
    for (const ri of instances.values()) force(ri)
  }
  force(master)
  forceAll(master.sentinels)
  forceAll(master.slaves)
}
