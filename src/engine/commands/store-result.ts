/** What every ...STORE command shares: a computed value goes under its destination, and an empty one deletes that key. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import type { CommandContext, NotifyClass } from './command.ts'

/** `size` elements of `result`; the reply is that number. */
export function storeResult(
  c: CommandContext,
  destination: Bytes,
  result: Obj | null,
  size: number,
  notifyClass: NotifyClass,
  event: string,
): number {
  if (result && size > 0) {
    c.setKey(destination, result)
    c.replied()
    c.notify(notifyClass, event, destination)
    c.dirty()
    return size
  }
  if (c.delete(destination)) {
    c.replied()
    c.signalModified(destination)
    c.notify('g', 'del', destination)
    c.dirty()
  }
  return 0
}
