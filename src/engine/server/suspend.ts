/**
 * A command that is not done when its handler returns: a script that runs long is put aside so that the clock and the
 * other clients go on. The handler returns SUSPENDED; each layer above it (execute, EXEC, processCommand) hands in what
 * it still has to do with the reply and returns SUSPENDED as well. When the script ends, `finish` runs them inside out.
 */
import type { Reply } from '../protocol/reply.ts'

export const SUSPENDED: Reply = { t: 'none' }

export class Continuations {
  private list: ((reply: Reply) => Reply)[] = []

  /** Hand in what is to be done with the reply; innermost first. */
  // biome-ignore lint/suspicious/noThenProperty: nobody awaits it, there are no promises in the engine
  then(f: (reply: Reply) => Reply): Reply {
    this.list.push(f)
    return SUSPENDED
  }
  /** The reply is there. A step may suspend again: then what was left waits behind the new steps. */
  finish(reply: Reply): void {
    let list = this.list
    this.list = []
    let value = reply
    for (let i = 0; i < list.length; i++) {
      value = (list[i] as (reply: Reply) => Reply)(value)
      if (value !== SUSPENDED) continue
      this.list.push(...list.slice(i + 1))
      return
    }
    list = []
  }
}
