/** A look at what INFO counts: with a reckoning of memory of its own, so that the one evictions go by is not renewed by it. */
import type { Server } from '../server/server.ts'
import { memoryEstimator } from './memory.ts'

const lookers = new WeakMap<Server, () => number>()
export function lookMemory(s: Server): () => number {
  let look = lookers.get(s)
  if (look === undefined) {
    look = memoryEstimator(s)
    lookers.set(s, look)
  }
  return look
}
export function looking<T>(s: Server, look: () => T): T {
  const { usedMemory } = s
  s.usedMemory = lookMemory(s)
  try {
    return look()
  } finally {
    s.usedMemory = usedMemory
  }
}
