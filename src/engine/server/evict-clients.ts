/**
 * maxmemory-clients: when connections together hold too much, the largest are closed until the rest fits. Clients stand in
 * buckets by powers of two of their memory (32 KB ... 4 GB); the fullest bucket goes first.
 */
import type { Client } from './client.ts'
import { clientInfo } from './client-info.ts'
import { clientMemory } from './client-memory.ts'
import { freeClient } from './networking.ts'
import type { Server } from './server.ts'

const LEAST_LIMIT = 128 * 1024
const SMALLEST_BUCKET = 15
const LARGEST_BUCKET = 33

/** getClientEvictionLimit; negative values of the directive are per cent of maxmemory. 0: none. */
function limitOf(server: Server): number {
  const { maxmemoryClients, maxmemory } = server.config
  if (maxmemoryClients === 0) return 0
  if (maxmemoryClients > 0) return Math.max(LEAST_LIMIT, maxmemoryClients)
  if (maxmemory === 0) return 0
  return Math.max(LEAST_LIMIT, Math.floor((maxmemory * -maxmemoryClients) / 100))
}
const bucketOf = (bytes: number): number =>
  Math.min(LARGEST_BUCKET, Math.max(SMALLEST_BUCKET, Math.floor(Math.log2(bytes)) + 1))

export function evictClients(server: Server): void {
  const limit = limitOf(server)
  if (limit === 0) return
  let total = 0
  const candidates: { readonly c: Client; readonly bytes: number }[] = []
  for (const c of server.clients.values()) {
    if (c.isMaster || (c.isReplica && !c.isMonitor)) continue
    const bytes = clientMemory(server, c)
    total += bytes
    if (!c.noEvict) candidates.push({ c, bytes })
  }
  if (total <= limit) return
  candidates.sort((a, b) => bucketOf(b.bytes) - bucketOf(a.bytes))
  for (const { c, bytes } of candidates) {
    server.log('notice', `Evicting client: ${clientInfo(server, c)}`)
    c.dropOutput = true
    freeClient(server, c)
    server.stat.evictedClients++
    total -= bytes
    if (total <= limit) return
  }
  server.log('warning', 'Over client maxmemory after evicting all evictable clients')
}
