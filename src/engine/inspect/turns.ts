/**
 * The event loop's own story: one turn for each time the process was woken. A turn of ae.c is beforeSleep, poll, afterSleep,
 * the handlers of what is readable, the timers that are due; what this engine does for one input is one such turn. Beside
 * it what others did meanwhile: the three bio threads (closing files, fsync, freeing) and a forked child.
 *
 *      handle(input) ─▶ woke by ─▶ commands, each with its place in the turn ─▶ bytes, files, freed objects
 *
 * It wraps `handle` from the outside and only counts what goes in and comes out: nothing is asked that could change.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import type { Fact, Input, Micros, Output } from '../machine.ts'
import type { Server } from '../server/server.ts'
import { clip } from './clip.ts'

const MOST_TURNS = 240
const MOST_COMMANDS = 48
const MOST_JOBS = 80

export interface TurnCommand {
  readonly name: string
  /** The command as it was sent, cut short. */
  readonly text: Bytes
  readonly client: string
  /** Number of its entry in the slow log. */
  readonly slow: number | null
  /** Microseconds after the turn began. */
  readonly offset: number
  readonly micros: number
  /** Ran inside the command that follows it: of a script or a transaction. */
  inner: boolean
}
export interface Turn {
  /** Microseconds of the box's clock. */
  readonly at: Micros
  /** When what woke it was there, and when its sender let go of it: later than `at` never, earlier when it waited or travelled. */
  readonly arrived: Micros
  readonly left: Micros
  readonly micros: number
  /** What poll came back with. */
  readonly woke: string
  readonly read: number
  readonly commands: readonly TurnCommand[]
  /** Commands that there was no room to remember. */
  readonly more: number
  /** A tick of serverCron. */
  readonly cron: boolean
  /** Idle ticks like this one, kept as one. */
  readonly times: number
  readonly sent: number
  readonly sentTo: number
  readonly fed: number
  readonly fedTo: number
  readonly files: readonly string[]
  readonly did: readonly string[]
  /** It began the moment the turn before it ended: what woke it had waited. */
  readonly waited: boolean
}
export type Lane = 'bio_close_file' | 'bio_aof_fsync' | 'bio_lazy_free' | 'child'
export interface Job {
  readonly lane: Lane
  readonly start: Micros
  end: Micros | null
  readonly text: string
}

type LazyJob = NonNullable<Server['lazyfree']['last']>

const LONGEST = 80
/** What may carry a password is not shown. */
export const SECRET = new Set(['auth', 'hello', 'acl|setuser', 'migrate'])
function textOf(argv: readonly Bytes[]): Bytes {
  let text = ''
  for (let i = 0; i < argv.length && text.length < LONGEST; i++)
    text += (i === 0 ? '' : ' ') + (argv[i] ?? '').slice(0, 40)
  return own(clip(text.slice(0, LONGEST)))
}
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).slice(0, 60)

export class Turns {
  readonly turns: Turn[] = []
  readonly jobs: Job[] = []
  /** When serverCron ran last. */
  lastTick: Micros = 0
  private commands: TurnCommand[] = []
  private more = 0
  private did: string[] = []
  private readonly openFiles = new Map<number, Job>()
  private child: Job | null = null
  private lazySeen: LazyJob | null = null
  private slowSeen = 0
  /** Of the turn that runs now. */
  arrived = 0
  left = 0
  reads = false
  private readonly server: Server
  private readonly onTick: () => void

  constructor(server: Server, onTick: () => void) {
    this.server = server
    this.onTick = onTick
    const handle = server.handle.bind(server)
    this.slowSeen = server.slowlog.nextId
    server.handle = (input: Input, now: Micros, arrived = now, left = arrived) => {
      this.arrived = Math.min(now, arrived)
      this.left = Math.min(this.arrived, left)
      this.reads = input.type === 'data'
      this.commands = []
      this.more = 0
      this.did = []
      const ticks = server.cronLoops
      const outputs = handle(input, now)
      this.end(input, now, outputs, server.cronLoops !== ticks)
      return outputs
    }
  }

  /** One command has run; `offset` counts from the beginning of the turn. */
  command(name: string, client: string, offset: number, micros: number, argv: readonly Bytes[] = []): void {
    // A script that was suspended began some turns ago: here lies its last part.
    if (offset < 0) [offset, micros] = [0, Math.max(0, micros + offset)]
    const { nextId } = this.server.slowlog
    const slow = nextId > this.slowSeen ? nextId - 1 : null
    this.slowSeen = nextId
    if (this.commands.length >= MOST_COMMANDS) {
      this.more++
      return
    }
    for (let i = this.commands.length - 1; i >= 0; i--) {
      const c = this.commands[i] as TurnCommand
      if (c.inner || c.offset < offset) break
      if (c.offset + c.micros <= offset + micros && micros > c.micros) c.inner = true
    }
    const text = SECRET.has(name) ? `${(argv[0] ?? '').toUpperCase()} (redacted)` : textOf(argv)
    this.commands.push({ name, text, client, slow, offset, micros, inner: false })
  }

  notice(fact: Fact): void {
    if (fact.kind === 'expire loop' && Number(fact['sampled']) > 0)
      this.say(`${String(fact['cycle'])} expire cycle: sampled ${fact['sampled']}, expired ${fact['expired']}`)
    else if (fact.kind === 'evict victim') this.say('evicted a key')
  }
  /** A fact that everybody may hear. */
  fact(fact: Fact): void {
    const now = this.server.host.now
    if (fact.kind === 'fork') {
      this.say(`fork, ${this.server.stat.forkTimeMicros} microseconds`)
      this.open(now, `${fact['purpose'] === 'aof' ? 'AOF rewrite' : 'BGSAVE'}, pid ${String(fact['pid'])}`)
    } else if (fact.kind === 'psync full') {
      this.say(`fork, ${this.server.stat.forkTimeMicros} microseconds`)
      this.open(
        now,
        `RDB for ${String(fact['replicas'])} replica${fact['replicas'] === 1 ? '' : 's'} (${String(fact['target'])})`,
      )
    } else if (fact.kind === 'child exit' && this.child !== null) {
      this.child.end = now
      this.child = null
      this.say(fact['ok'] === true ? 'reaped the child' : 'reaped the child, which failed')
    } else if (fact.kind === 'rehash step') this.say(`rehashing: rehashidx ${String(fact['rehashidx'])}`)
  }
  private say(text: string): void {
    if (this.did.length < 8) this.did.push(text)
  }
  private open(start: Micros, text: string): void {
    if (this.child !== null) this.child.end = start
    this.child = { lane: 'child', start, end: null, text }
    this.job(this.child)
  }
  private job(job: Job): void {
    this.jobs.push(job)
    if (this.jobs.length > MOST_JOBS) this.jobs.splice(0, this.jobs.length - MOST_JOBS)
  }

  private end(input: Input, now: Micros, outputs: readonly Output[], cron: boolean): void {
    if (cron) {
      this.lastTick = now
      this.onTick()
    }
    const micros = Math.round(this.server.workMicros)
    const files = this.files(outputs, now + micros)
    if (input.type === 'fileDone') {
      const job = this.openFiles.get(input.id)
      this.openFiles.delete(input.id)
      if (job) job.end = now
    }
    this.background(now + micros)
    const { sent, sentTo, fed, fedTo } = this.sends(outputs)
    const busy = micros > 0 || this.commands.length > 0 || sent + fed > 0 || files.length > 0 || this.did.length > 0
    if (!busy && !cron && input.type !== 'data' && input.type !== 'accept' && input.type !== 'closed') return
    const before = this.turns.at(-1)
    const turn: Turn = {
      at: now,
      arrived: this.arrived,
      left: this.left,
      micros,
      woke: wokeBy(input, cron),
      read: input.type === 'data' ? input.bytes.length : 0,
      commands: this.commands,
      more: this.more,
      cron,
      times: 1,
      sent,
      sentTo,
      fed,
      fedTo,
      files,
      did: this.did,
      waited: before !== undefined && before.micros > 0 && before.at + before.micros === now,
    }
    if (
      !busy &&
      cron &&
      before?.cron === true &&
      before.commands.length === 0 &&
      before.micros === 0 &&
      before.sent + before.fed === 0 &&
      before.did.length === 0 &&
      before.files.length === 0
    )
      this.turns[this.turns.length - 1] = { ...turn, times: before.times + 1 }
    else this.turns.push(turn)
    if (this.turns.length > MOST_TURNS) this.turns.splice(0, MOST_TURNS / 4)
  }

  /** Files are written by the main thread; fsync of an AOF and the closing of a deleted file are given away. */
  private files(outputs: readonly Output[], leaves: Micros): string[] {
    const list: string[] = []
    for (const o of outputs) {
      if (o.type !== 'file') continue
      const { op } = o
      const name = nameOf(op.path)
      const size = 'bytes' in op ? `, ${op.bytes.length} bytes` : ''
      if (list.length < 8) list.push(`${op.op} ${name}${size}`)
      const lane: Lane | null =
        op.op === 'unlink' ? 'bio_close_file' : op.op === 'fsync' && name.includes('.aof') ? 'bio_aof_fsync' : null
      if (lane === null) continue
      const job: Job = { lane, start: leaves, end: null, text: `${op.op} ${name}` }
      this.openFiles.set(o.id, job)
      this.job(job)
    }
    return list
  }
  /** What says nothing of itself: the freeing thread, and a child that feeds replicas. */
  private background(at: Micros): void {
    const { last: lazy } = this.server.lazyfree
    if (lazy !== null && lazy !== this.lazySeen) {
      this.lazySeen = lazy
      this.job({
        lane: 'bio_lazy_free',
        start: lazy.startAt,
        end: lazy.doneAt,
        text: `free ${lazy.objects} object${lazy.objects === 1 ? '' : 's'}`,
      })
    }
    const { child } = this
    if (child === null || !child.text.startsWith('RDB for')) return
    if ((this.server.rdb as { readonly otherChild?: boolean } | null)?.otherChild === true) return
    child.end = at
    this.child = null
  }
  private sends(outputs: readonly Output[]): { sent: number; sentTo: number; fed: number; fedTo: number } {
    const out = { sent: 0, sentTo: 0, fed: 0, fedTo: 0 }
    let replicas: Set<number> | null = null
    for (const o of outputs) {
      if (o.type !== 'send') continue
      if (replicas === null) {
        replicas = new Set()
        for (const c of this.server.clients.values()) if (c.isReplica && c.link !== null) replicas.add(c.link.conn)
      }
      if (replicas.has(o.conn)) {
        out.fed += o.bytes.length
        out.fedTo++
      } else {
        out.sent += o.bytes.length
        out.sentTo++
      }
    }
    return out
  }
}

function wokeBy(input: Input, cron: boolean): string {
  switch (input.type) {
    case 'data':
      return 'a readable socket'
    case 'accept':
      return 'a new connection'
    case 'closed':
      return 'a closed connection'
    case 'timer':
      return cron ? 'the time of serverCron' : 'a timer'
    case 'fileDone':
      return 'a finished file operation'
    case 'signal':
      return input.signal
    default:
      return input.type
  }
}

/** Bio threads of 7.0.15 in the order of their creation. */
const BIO = ['bio_close_file', 'bio_aof_fsync', 'bio_lazy_free'] as const
/** The threads of such a redis-server by the names that ps -T shows: main, bio, I/O, and jemalloc's own. */
export function threadsOf(s: Server): readonly string[] {
  const io = Array.from({ length: Math.max(0, s.config.ioThreads - 1) }, (_, i) => `io_thd_${i + 1}`)
  return ['redis-server', ...io, ...BIO, ...(s.config.jemallocBgThread ? ['jemalloc_bg_thd'] : [])]
}

export function viewLoop(s: Server, turns: Turns | undefined) {
  const now = s.host.now
  return {
    now,
    threads: threadsOf(s),
    ioThreads: s.config.ioThreads,
    hz: s.hz,
    clients: s.clients.size,
    turns: turns?.turns.slice(-120) ?? [],
    jobs: turns?.jobs ?? [],
    lazyPending: s.lazyfree.pending(now),
    lazyFreed: s.lazyfree.freed(now),
    forkMicros: s.stat.forkTimeMicros,
    slowerThan: s.config.slowlogLogSlowerThan,
  }
}

export interface Tick {
  readonly at: Micros
  readonly kind: 'fork' | 'fsync' | 'expire-cycle' | 'eviction' | 'command'
  readonly text: string
  /** Of a command in the slow log. */
  readonly slow: number | null
}
/** What may have made commands slow: forks, fsyncs, expire cycles, evictions, and the slow commands themselves. */
export function ticksOf(turns: Turns): Tick[] {
  const ticks: Tick[] = []
  for (const t of turns.turns) {
    const add = (kind: Tick['kind'], text: string, slow: number | null = null) =>
      ticks.push({ at: t.at, kind, text, slow })
    for (const d of t.did)
      if (d.startsWith('fork')) add('fork', d)
      else if (d.includes('expire cycle')) add('expire-cycle', d)
      else if (d.startsWith('evicted') && ticks.at(-1)?.at !== t.at) add('eviction', d)
    for (const c of t.commands) if (c.slow !== null) add('command', `${c.name.toUpperCase()} ${c.micros}`, c.slow)
  }
  for (const j of turns.jobs)
    if (j.lane === 'bio_aof_fsync') ticks.push({ at: j.start, kind: 'fsync', text: j.text, slow: null })
  return ticks.sort((a, b) => a.at - b.at).slice(-120)
}
