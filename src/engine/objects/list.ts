/** List objects: always a quicklist in 7.0, made with the limits in force when the key was created. */
import type { Bytes } from '../bytes/bytes.ts'
import { type PackedThreshold, Quicklist } from '../structures/quicklist.ts'
import { Obj } from './object.ts'

/** Config has these fields. */
export interface ListLimits {
  readonly listMaxListpackSize: number
  readonly listCompressDepth: number
  readonly listPacked?: PackedThreshold
}
export type ListEnd = 'left' | 'right'

export function createList(limits: ListLimits): Obj {
  return new Obj(
    'list',
    'quicklist',
    new Quicklist(limits.listMaxListpackSize, limits.listCompressDepth, limits.listPacked),
  )
}
export const quicklistOf = (o: Obj): Quicklist => o.value as Quicklist
export const listLength = (o: Obj): number => quicklistOf(o).count

export function listPush(o: Obj, b: Bytes, where: ListEnd): void {
  if (where === 'left') quicklistOf(o).pushHead(b)
  else quicklistOf(o).pushTail(b)
}
export function listPop(o: Obj, where: ListEnd): Bytes | undefined {
  return where === 'left' ? quicklistOf(o).popHead() : quicklistOf(o).popTail()
}
/** `n` values from `start` on, towards the tail or (reverse) the head. */
export function listRange(o: Obj, start: number, n: number, reverse = false): Bytes[] {
  const out: Bytes[] = []
  quicklistOf(o).forRange(start, n, !reverse, (v) => {
    out.push(typeof v === 'string' ? v : '' + v)
  })
  return out
}
export function listForEach(o: Obj, fn: (b: Bytes) => void): void {
  quicklistOf(o).forRange(0, Infinity, true, (v) => fn(typeof v === 'string' ? v : '' + v))
}
