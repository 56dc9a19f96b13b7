/**
 * What a connection costs redis-server, by its own sizes: the client's struct, the query buffer, the static reply buffer (which
 * starts at 16 KB and shrinks to what the client needs), and the reply list behind it. CLIENT LIST shows these figures,
 * output buffer limits and client eviction act on them.
 *
 *     replies ──▶ [ static buffer: rbs bytes, peak rbp ] ──full──▶ [ list of blocks of 16 KB or more: omem, oll ]
 */
import { allocationSize, sdsSize } from '../inspect/memory.ts'
import type { Client } from './client.ts'
import type { Server } from './server.ts'

const STRUCT = 768
const CHUNK = 16384
const MIN_BUFFER = 1024
/** A list node with its block's header. */
const LIST_ITEM = 24 + 24
const QUERY_READ = 16384

/** The sizes that change over time; kept on the client. */
export class ClientBuffers {
  /** c->buf_usable_size, c->buf_peak */
  size = CHUNK
  peak = CHUNK
  peakResetMs = 0
  /** Free bytes of the query buffer are kept (after a read) or given back (idle). */
  query: 'untouched' | 'roomy' | 'trimmed' = 'untouched'
}

/** Bytes in the query buffer: while a client's command runs, all that was read with it. */
export function queryBytes(server: Server, c: Client): number {
  return c === server.requestOf && c.reader.buffered < c.reader.held ? c.reader.held : c.reader.buffered
}
export function queryFree(server: Server, c: Client): number {
  const { query } = c.buffers
  if (query === 'untouched') return 4
  if (query === 'trimmed') return 0
  const used = queryBytes(server, c)
  return allocationSize(Math.max(QUERY_READ, used) + 6) - 6 - used
}
function queryMemory(server: Server, c: Client): number {
  const { query } = c.buffers
  if (query === 'untouched') return 8
  const used = queryBytes(server, c)
  return query === 'trimmed' ? sdsSize(used) : allocationSize(Math.max(QUERY_READ, used) + 6)
}

/** Bytes in the static buffer, blocks in the list, and the list's memory. */
export function outputBuffers(c: Client): { readonly fixed: number; readonly blocks: number; readonly memory: number } {
  const owed = c.obufBytes
  const fixed = Math.min(owed, c.buffers.size)
  if (owed <= fixed) return { fixed, blocks: 0, memory: 0 }
  const blocks = Math.ceil((owed - fixed) / CHUNK)
  return { fixed, blocks, memory: blocks * (CHUNK + LIST_ITEM) }
}
/** The arguments of the command that runs, waits, or has arrived in part. */
export function argvBytes(server: Server, c: Client): { readonly bytes: number; readonly count: number } {
  const argv = c === server.requestOf || c.blocked !== null ? c.argv : c.reader.partialArgv
  let bytes = 0
  for (const a of argv) bytes += a.length
  return { bytes, count: argv.length }
}
/** What queued commands hold: their arguments and pointers to them. */
export function multiBytes(c: Client): number {
  const m = c.multi ?? c.executing
  if (m === null) return 0
  let bytes = 0
  for (const q of m.queue) for (const a of q.argv) bytes += a.length + 8
  return bytes
}
function multiOverhead(c: Client): number {
  let bytes = multiBytes(c) + c.watched.length * (24 + 40)
  const n = (c.multi ?? c.executing)?.queue.length ?? 0
  if (n > 0) {
    let slots = 2
    while (slots < n) slots *= 2
    bytes += slots * 24
  }
  return bytes
}
function subscriptionOverhead(c: Client): number {
  const dict = (n: number): number => (n === 0 ? 0 : n * 24 + 8 * Math.max(4, 2 ** Math.ceil(Math.log2(n))))
  return dict(c.channels?.size ?? 0) + dict(c.shardChannels?.size ?? 0) + 24 * (c.patterns?.size ?? 0)
}
/** getClientMemoryUsage: tot-mem. */
export function clientMemory(server: Server, c: Client): number {
  const argv = argvBytes(server, c)
  return (
    STRUCT +
    outputBuffers(c).memory +
    queryMemory(server, c) +
    c.buffers.size +
    argv.bytes +
    8 * argv.count +
    multiOverhead(c) +
    subscriptionOverhead(c) +
    (c.tracking?.prefixes.length ?? 0) * 32
  )
}

/** clientsCronResizeQueryBuffer and clientsCronResizeOutputBuffer */
export function resizeBuffers(server: Server, c: Client): void {
  const b = c.buffers
  const idle = (server.nowMs - c.lastInteractionMs) / 1000
  if (b.query === 'roomy' && idle > 2 && queryFree(server, c) > 4096) b.query = 'trimmed'
  const half = Math.floor(b.size / 2)
  let size = 0
  if (!server.debug.replyBufferResizing) return
  if (half >= MIN_BUFFER && b.peak < half) size = Math.max(MIN_BUFFER, b.peak + 1)
  else if (b.size * 2 < CHUNK * 2 && b.peak === b.size) size = Math.min(CHUNK, b.size * 2)
  const resetMs = server.debug.replyBufferPeakResetMs
  if (resetMs >= 0 && server.nowMs - b.peakResetMs > resetMs) {
    b.peak = Math.min(c.obufBytes, b.size)
    b.peakResetMs = server.nowMs
  }
  if (size === 0) return
  if (size < b.size) server.stat.replyBufferShrinks++
  else server.stat.replyBufferExpands++
  b.size = allocationSize(size)
}

const SLOTS = 8
/** INFO clients: the largest buffers that the cron has seen in the last seconds, one slot a second. */
export class ClientPeaks {
  private readonly input = new Array<number>(SLOTS).fill(0)
  private readonly output = new Array<number>(SLOTS).fill(0)

  /** Before the clients of one tick. */
  turn(seconds: number): void {
    const next = (seconds + 1) % SLOTS
    this.input[next] = this.output[next] = 0
  }
  track(server: Server, c: Client): void {
    const slot = Math.floor(server.nowMs / 1000) % SLOTS
    const argv = argvBytes(server, c)
    const held = queryMemory(server, c) + argv.bytes + (argv.count === 0 ? 0 : allocationSize(8 * argv.count))
    this.input[slot] = Math.max(this.input[slot] ?? 0, held)
    this.output[slot] = Math.max(this.output[slot] ?? 0, outputBuffers(c).memory)
  }
  get maxInput(): number {
    return Math.max(...this.input)
  }
  get maxOutput(): number {
    return Math.max(...this.output)
  }
}
