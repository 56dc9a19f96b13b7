/** SLOWLOG's list, newest first, with arguments cut as slowlogCreateEntry does; and LATENCY's history per event. */
import { type Bytes, own } from '../bytes/bytes.ts'

export interface SlowlogEntry {
  readonly id: number
  readonly timeSeconds: number
  readonly micros: number
  readonly argv: readonly Bytes[]
  readonly addr: Bytes
  readonly name: Bytes
}
export class SlowLog {
  entries: SlowlogEntry[] = []
  nextId = 0
  push(timeSeconds: number, micros: number, argv: readonly Bytes[], addr: Bytes, name: Bytes, maxLen: number): void {
    const n = Math.min(argv.length, 32)
    const kept: Bytes[] = []
    for (let i = 0; i < n; i++) {
      const a = argv[i] as Bytes
      if (n !== argv.length && i === n - 1) kept.push(`... (${argv.length - n + 1} more arguments)`)
      else kept.push(a.length > 128 ? `${a.slice(0, 128)}... (${a.length - 128} more bytes)` : own(a))
    }
    this.entries.unshift({ id: this.nextId++, timeSeconds, micros, argv: kept, addr, name })
    if (this.entries.length > maxLen) this.entries.length = maxLen
  }
}
