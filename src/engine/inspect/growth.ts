/** How a server's memory grew: one sample a second of its own time, older ones thinned out, so that a long life fits. */
import type { Micros } from '../machine.ts'
import type { Server } from '../server/server.ts'
import { fixedParts, memoryEstimator, scriptMemory, startupMemory } from './memory.ts'

const MOST = 240
export interface MemorySample {
  readonly at: Micros
  readonly total: number
  readonly data: number
  readonly clients: number
  readonly replicas: number
  readonly backlog: number
  readonly scripts: number
  readonly keys: number
  readonly maxmemory: number
}

export class MemoryHistory {
  samples: MemorySample[] = []
  /** Virtual microseconds between two samples; doubles when the room is used up. */
  private every = 1_000_000
  private last = -Infinity
  private readonly server: Server
  private readonly used: () => number
  constructor(server: Server) {
    this.server = server
    this.used = memoryEstimator(server)
  }
  /** At each tick of serverCron. */
  tick(): void {
    const s = this.server
    const at = s.host.now
    if (at - this.last < this.every) return
    this.last = at
    this.samples.push(this.now())
    if (this.samples.length <= MOST) return
    this.samples = this.samples.filter((_, i) => i % 2 === 0)
    this.every *= 2
  }
  now(): MemorySample {
    const s = this.server
    const fixed = fixedParts(s)
    const scripts = scriptMemory(s).bytes
    const total = this.used()
    let keys = 0
    for (const db of s.dbs) keys += db.size
    const data = Math.max(0, total - startupMemory(s) - fixed.clients - fixed.replicas - fixed.backlog - scripts)
    return { at: s.host.now, total, data, ...fixed, scripts, keys, maxmemory: s.config.maxmemory }
  }
}
