/** What a master keeps about one replica's connection. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Client } from '../server/client.ts'
import type { ReplicaState } from '../server/extensions.ts'

export type ReplState = 'none' | 'wait_bgsave_start' | 'wait_bgsave_end' | 'send_bulk' | 'online'

export class ReplicaInfo implements ReplicaState {
  readonly kind = 'replica' as const
  state: ReplState = 'none'
  capaEof = false
  capaPsync2 = false
  prePsync = false
  startCmdOnAck = false
  ackOff = 0
  ackTimeMs = 0
  /** Since when its socket has taken nothing of a streamed copy (repl_last_partial_write); 0: it takes all. */
  partialWriteMs = 0
  lastPending = 0
  psyncInitialOffset = 0
  rdbOnly = false
  rdbFilterOnly = false
}

export function replicaInfo(c: Client): ReplicaInfo {
  if (c.repl instanceof ReplicaInfo) return c.repl
  const info = new ReplicaInfo()
  c.repl = info
  return info
}

/** replicationGetSlaveName */
export function replicaName(c: Client): string {
  const ip = c.replicaAnnouncedIp !== '' ? c.replicaAnnouncedIp : (c.link?.remoteHost ?? '')
  if (ip === '') return `client id #${c.id}`
  if (c.replicaListeningPort !== 0)
    return ip.includes(':') ? `[${ip}]:${c.replicaListeningPort}` : `${ip}:${c.replicaListeningPort}`
  return `${ip}:<unknown-replica-port>`
}

export function encodeCommand(argv: readonly Bytes[]): Bytes {
  let out = `*${argv.length}\r\n`
  for (const a of argv) out += `$${a.length}\r\n${a}\r\n`
  return out
}
