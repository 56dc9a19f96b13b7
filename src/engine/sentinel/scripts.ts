/**
 * The queue of user scripts (notification-script, client-reconfig-script). Redis forks up to 16 of them, gives each 60
 * seconds and retries those that exit with 1.
 *
 * Simplified: there is nothing here that could run a program. A queued script "runs" on the next tick: its arguments
 * are reported as a fact and it counts as having succeeded.
 */
import type { Fact } from '../machine.ts'
import { map, type Reply } from '../protocol/reply.ts'

const MAX_QUEUE = 256
const MAX_RUNNING = 16

export interface ScriptJob {
  readonly argv: readonly string[]
}

export class ScriptQueue {
  readonly jobs: ScriptJob[] = []
  schedule(...argv: readonly string[]): void {
    this.jobs.push({ argv })
    if (this.jobs.length > MAX_QUEUE) this.jobs.shift()
  }
  runPending(tap: ((fact: Fact) => void) | undefined): void {
    for (const job of this.jobs.splice(0, MAX_RUNNING)) tap?.({ kind: 'sentinel.script', argv: job.argv })
  }
  pendingReply(): Reply {
    return this.jobs.map((job) =>
      map(['argv', job.argv, 'flags', 'scheduled', 'pid', '0', 'run-delay', '0', 'retry-num', '0']),
    )
  }
}
