/** What DEBUG HTSTATS says of a table, from its chain lengths; the bits of a hash that name a bucket; the gauge of a load. */
import type { TableData } from './data.ts'

const two = (n: number): string => n.toFixed(2)
export function htstatsText(t: TableData, n: number): string {
  const name = n === 0 ? 'main hash table' : 'rehashing target'
  if (t.used === 0) return `Hash table ${n} stats (${name}):\nNo stats available for empty dictionaries\n`
  const slots = t.histogram.reduce((sum, c, length) => sum + (length > 0 ? c : 0), 0)
  const chained = t.histogram.reduce((sum, c, length) => sum + c * length, 0)
  const all = t.histogram.reduce((sum, c) => sum + c, 0)
  const most = t.histogram.length - 1
  return (
    `Hash table ${n} stats (${name}):\n table size: ${t.size}\n number of elements: ${t.used}\n different slots: ${slots}\n max chain length: ${most}\n` +
    ` avg chain length (counted): ${two(chained / slots)}\n avg chain length (computed): ${two(t.used / slots)}\n Chain length distribution:\n` +
    t.histogram.map((c, length) => (c > 0 ? `   ${length}: ${c} (${two((100 * c) / all)}%)\n` : '')).join('')
  )
}

/** The low bits of a hash, high to low, and how many of them a table of that size looks at. */
export function hashBits(hash: number, size: number, shown = 16): { bits: string; masked: number } {
  const bits = (hash >>> 0).toString(2).padStart(32, '0').slice(-shown)
  return { bits, masked: Math.min(shown, Math.max(0, Math.log2(Math.max(1, size)))) }
}

/** Where a load stands on the gauge, 0 to 1: equal steps for equal factors, from 0.02 to 10. */
export function gaugeAt(load: number): number {
  const [low, high] = [Math.log(0.02), Math.log(10)]
  return Math.max(0, Math.min(1, (Math.log(Math.max(load, 0.0001)) - low) / (high - low)))
}

/** Where an entry goes that leaves a bucket of ht[0]: it stays at its number, or moves up by the old size. */
export const destination = (bucket: number, oldSize: number): 'same' | 'plus' => (bucket < oldSize ? 'same' : 'plus')
