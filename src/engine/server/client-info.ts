/** One line of CLIENT LIST, which the log shows as well when it speaks of a client. */
import type { Bytes } from '../bytes/bytes.ts'
import { argvBytes, clientMemory, multiBytes, outputBuffers, queryBytes, queryFree } from './client-memory.ts'
import type { Client } from './client.ts'
import type { Server } from './server.ts'

function flagsOf(c: Client): string {
  let f = ''
  if (c.isReplica) f += c.isMonitor ? 'O' : 'S'
  else if (c.isMonitor) f += 'O'
  if (c.isMaster) f += 'M'
  if (c.isPubsub) f += 'P'
  if (c.multi !== null || c.executing !== null) f += 'x'
  if (c.blocked !== null) f += 'b'
  if (c.tracking !== null) f += 't'
  if (c.tracking?.brokenRedirect) f += 'R'
  if (c.tracking?.bcast) f += 'B'
  if (c.dirtyCas) f += 'd'
  if (c.closeAfterReply) f += 'c'
  if (c.unblocked) f += 'u'
  if (c.closeAsap) f += 'A'
  if (c.isUnixSocket) f += 'U'
  if (c.readonly) f += 'r'
  if (c.noEvict) f += 'e'
  return f === '' ? 'N' : f
}
/** catClientInfoString */
export function clientInfo(server: Server, c: Client): Bytes {
  const out = outputBuffers(c)
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', c.id],
    ['addr', c.addr],
    ['laddr', c.laddr],
    ['fd', c.link === null ? -1 : c.link.conn + 8],
    ['name', c.name],
    ['age', Math.floor((server.nowMs - c.ctimeMs) / 1000)],
    ['idle', Math.floor((server.nowMs - c.lastInteractionMs) / 1000)],
    ['flags', flagsOf(c)],
    ['db', c.db.id],
    ['sub', c.channels?.size ?? 0],
    ['psub', c.patterns?.size ?? 0],
    ['ssub', c.shardChannels?.size ?? 0],
    ['multi', (c.multi ?? c.executing)?.queue.length ?? -1],
    ['qbuf', queryBytes(server, c)],
    ['qbuf-free', queryFree(server, c)],
    ['argv-mem', argvBytes(server, c).bytes],
    ['multi-mem', multiBytes(c)],
    ['rbs', c.buffers.size],
    ['rbp', c.buffers.peak],
    ['obl', out.fixed],
    ['oll', out.blocks],
    ['omem', out.memory],
    ['tot-mem', clientMemory(server, c)],
    ['events', c.link === null ? '' : c.kernelPending > 0 ? 'rw' : 'r'],
    ['cmd', c.lastCommand?.name ?? 'NULL'],
    ['user', c.user === null ? '(superuser)' : c.user.name],
    ['redir', c.tracking ? c.tracking.redirect : -1],
    ['resp', c.resp],
  ]
  return fields.map(([k, v]) => `${k}=${v}`).join(' ')
}
