/** What a client believes of the slots: it asks CLUSTER SLOTS, learns from MOVED, and is told nothing otherwise. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { ParsedReply } from '../../protocol/reply-parser.ts'

const SLOTS = 16384

export class SlotCache {
  /** "10.0.0.11:6379" or '' when not known. */
  private readonly master: string[] = new Array<string>(SLOTS).fill('')
  private readonly replicas = new Map<string, string[]>()
  /** Times that the whole map was asked for, and slots corrected by MOVED. */
  refreshes = 0
  corrections = 0

  owner(slot: number): string {
    return this.master[slot] ?? ''
  }
  replicasOf(master: string): readonly string[] {
    return this.replicas.get(master) ?? []
  }
  moved(slot: number, address: string): void {
    if (this.master[slot] === address) return
    this.corrections++
    this.master[slot] = address
  }
  /** Everybody who is named. */
  addresses(): string[] {
    return [...new Set([...this.master.filter((a) => a !== ''), ...[...this.replicas.values()].flat()])]
  }
  /** CLUSTER SLOTS: [first, last, [ip, port, id, …], replica …] …; `from` is who answered, for an address without ip. */
  take(reply: ParsedReply, from: string): boolean {
    if (!Array.isArray(reply)) return false
    const fresh = new Array<string>(SLOTS).fill('')
    const replicas = new Map<string, string[]>()
    for (const row of reply) {
      if (!Array.isArray(row) || row.length < 3) return false
      const [first, last, ...nodes] = row
      const [master = '', ...rest] = nodes.map((n) => address(n, from)).filter((a) => a !== '')
      for (let slot = Number(first); slot <= Number(last) && slot < SLOTS; slot++) fresh[slot] = master
      replicas.set(master, rest)
    }
    for (let slot = 0; slot < SLOTS; slot++) this.master[slot] = fresh[slot] ?? ''
    this.replicas.clear()
    for (const [m, list] of replicas) this.replicas.set(m, list)
    this.refreshes++
    return true
  }
  clear(): void {
    this.master.fill('')
    this.replicas.clear()
  }
  /** Runs of one owner: first slot, last slot, address. */
  runs(): [number, number, string][] {
    const out: [number, number, string][] = []
    for (let slot = 0; slot < SLOTS; slot++) {
      const a = this.master[slot] ?? ''
      const last = out[out.length - 1]
      if (last !== undefined && last[2] === a) last[1] = slot
      else out.push([slot, slot, a])
    }
    return out
  }
}

function address(node: ParsedReply, from: string): string {
  if (!Array.isArray(node)) return ''
  const [ip, port] = node as [Bytes | null, number]
  return `${ip === '' || ip === null ? from.slice(0, from.lastIndexOf(':')) : ip}:${port}`
}
