/**
 * The queue of user scripts (notification-script, client-reconfig-script). Up to 16 run at once, each for at most 60 seconds;
 * one that exits with 1 or is killed is tried again, up to ten times, after 30 seconds, a minute, two, four …
 *
 *   schedule ─▶ waiting ─(a place is free, its time has come)─▶ running ─▶ exit 0: done · exit 1, signal: waiting again · else: -script-error
 *
 * Kept exactly: the queue's limits, the delays, the events, SENTINEL PENDING-SCRIPTS.
 * Simplified: there is nothing here that could run a program. Of the file only the lines `sleep <seconds>` and `exit <code>` are
 * obeyed; each run is reported as a fact. A file that is not there exits with 2, as a failed execve. In rehash-server every
 * script counts as successful.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { map, type Reply } from '../protocol/reply.ts'
import type { Sentinel } from './sentinel.ts'

const MAX_QUEUE = 256
const MAX_RUNNING = 16
const MAX_RETRY = 10
const SIGKILL = 9

interface ScriptJob {
  readonly argv: readonly string[]
  running: boolean
  retryNum: number
  /** While waiting: not before this time; while running: since when. 0: at once. */
  startTime: number
  pid: number
}

export class ScriptQueue {
  readonly jobs: ScriptJob[] = []
  running = 0
  private readonly s: Sentinel
  private nextPid = 0
  /** Runs that have ended since the last tick: job, exit code, signal. */
  private ended: (readonly [job: ScriptJob, exitcode: number, signal: number])[] = []

  constructor(s: Sentinel) {
    this.s = s
  }
  schedule(...argv: readonly string[]): void {
    this.jobs.push({ argv, running: false, retryNum: 0, startTime: 0, pid: 0 })
    if (this.jobs.length <= MAX_QUEUE) return
    const oldest = this.jobs.findIndex((job) => !job.running)
    if (oldest !== -1) this.jobs.splice(oldest, 1)
  }
  tick(): void {
    this.runPending()
    this.collectTerminated()
    this.killTimedOut()
  }
  private runPending(): void {
    const { s } = this
    for (const job of this.jobs) {
      if (this.running >= MAX_RUNNING) return
      if (job.running || (job.startTime !== 0 && job.startTime > s.now)) continue
      job.running = true
      job.startTime = s.now
      job.retryNum++
      job.pid = s.server.host.env.pid + ++this.nextPid
      this.running++
      s.event('debug', '+script-child', null, `${job.pid}`)
      s.server.tap?.({ kind: 'sentinel.script', argv: job.argv })
      this.run(job)
    }
  }
  private run(job: ScriptJob): void {
    const { host } = this.s.server
    const run = job.retryNum
    const end = (exitcode: number): void => {
      if (job.running && job.retryNum === run) this.ended.push([job, exitcode, 0])
    }
    if (host.env.real) return end(0)
    host.file({ op: 'read', path: job.argv[0] ?? '' }, (r) => {
      if (!r.ok) return end(2)
      const { seconds, code } = scriptMeans(r.bytes ?? '')
      host.after(seconds * 1000, () => end(code))
    })
  }
  private collectTerminated(): void {
    const { s } = this
    for (const [job, exitcode, signal] of this.ended.splice(0)) {
      s.event('debug', '-script-child', null, `${job.pid} ${exitcode} ${signal}`)
      this.running--
      job.running = false
      if ((signal !== 0 || exitcode === 1) && job.retryNum !== MAX_RETRY) {
        job.pid = 0
        job.startTime = s.now + s.periods.scriptRetryDelay * 2 ** (job.retryNum - 1)
        continue
      }
      if (signal !== 0 || exitcode !== 0)
        s.event('warning', '-script-error', null, `${job.argv[0]} ${signal} ${exitcode}`)
      this.jobs.splice(this.jobs.indexOf(job), 1)
    }
  }
  private killTimedOut(): void {
    const { s } = this
    for (const job of this.jobs) {
      if (!job.running || s.now - job.startTime <= s.periods.scriptMaxRuntime) continue
      if (this.ended.some(([other]) => other === job)) continue
      s.event('warning', '-script-timeout', null, `${job.argv[0]} ${job.pid}`)
      this.ended.push([job, 0, SIGKILL])
    }
  }
  pendingReply(): Reply {
    const { now } = this.s
    return this.jobs.map((job) => {
      const time = job.running ? now - job.startTime : Math.max(0, job.startTime === 0 ? 0 : job.startTime - now)
      return map([
        'argv',
        job.argv,
        'flags',
        job.running ? 'running' : 'scheduled',
        'pid',
        String(job.pid),
        job.running ? 'run-time' : 'run-delay',
        String(time),
        'retry-num',
        String(job.retryNum),
      ])
    })
  }
}

/** How long a script sleeps and what it exits with. */
function scriptMeans(text: Bytes): { seconds: number; code: number } {
  let seconds = 0
  for (const line of text.split('\n')) {
    const [word, value = ''] = line.trim().split(/\s+/)
    if (word === 'sleep') seconds += Number(value) || 0
    else if (word === 'exit') return { seconds, code: (Number(value) || 0) & 255 }
  }
  return { seconds, code: 0 }
}
