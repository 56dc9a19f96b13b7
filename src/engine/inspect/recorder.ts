/**
 * What the pictures remember of a server's life: for each key the command that touched it last, when it changed its
 * encoding and how it grew on the way. Only kept where somebody may look (a server with a tap); a server on real hardware
 * keeps nothing. The recorder reads through `peek`, so it moves no bucket, draws nothing and wakes nobody.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import { quoteBytes } from '../bytes/quote.ts'
import { getKeysFromCommand } from '../commands/keys.ts'
import type { Command } from '../commands/table.ts'
import type { Fact, Tap } from '../machine.ts'
import type { Obj } from '../objects/object.ts'
import { stringLength } from '../objects/string.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Zset } from '../structures/zset.ts'
import { Evictions } from './evictions.ts'
import { MemoryHistory } from './growth.ts'
import { memoryUsage } from './memory.ts'
import { candidates } from './pressure.ts'
import { follow, type ScanChain } from './scans.ts'
import { PublishLog } from './pubsub.ts'
import { still } from './still.ts'
import { clip } from './clip.ts'
import { TxLog } from './transactions.ts'
import { Turns } from './turns.ts'

const MAX_KEYS = 512
const MAX_EVENTS = 24
const MAX_SAMPLES = 160
const MAX_ARGS = 64
const MAX_ARG = 512
/** More candidates than these are not ranked at each eviction. */
const RANKED = 1000

export interface LastCommand {
  readonly seq: number
  /** Microseconds of the box's clock. */
  readonly at: number
  readonly argv: readonly Bytes[]
  /** Arguments that there was no room to remember. */
  readonly more: number
  readonly client: string
}
export interface EncodingEvent {
  readonly at: number
  readonly command: readonly Bytes[]
  readonly from: string | null
  readonly to: string | null
  readonly length: number
  readonly bytes: number
}
export interface GrowthSample {
  readonly at: number
  readonly length: number
  readonly bytes: number
  readonly encoding: string
}
export interface KeyStory {
  encoding: string | null
  detail: string
  last: LastCommand
  readonly events: EncodingEvent[]
  samples: GrowthSample[]
  /** How often an event had to make room for a newer one. */
  forgotten: number
  /** What PFADD was given since the key was made: the truth that a HyperLogLog estimates. Null when it can't be known. */
  exact: Set<Bytes> | null
}

export interface ExpireLoop {
  readonly at: number
  readonly db: number
  readonly cycle: string
  readonly sampled: number
  readonly expired: number
  /** Work units that the cycle had left after it. */
  readonly budget: number
}
export interface Victim {
  readonly at: number
  readonly db: number
  readonly key: Bytes
  readonly score: number
  readonly size: number
  readonly sampled: readonly Bytes[]
  /** Its true place among all candidates, 1 is the best; null when there were too many to rank. */
  readonly rank: number | null
  readonly of: number | null
}
/** One command on the main thread. */
export interface Segment {
  readonly start: number
  readonly micros: number
  readonly name: string
  readonly client: string
  /** Of a request that came over the wire: how long it lay in the queue, and all that its client waited, the way back taken as long as the way there. */
  readonly queue: number | null
  readonly observed: number | null
}
const KEPT = 256
const whoIs = (c: Client): string => (c.isMaster ? 'master' : c.isFake ? 'script' : c.addr)
function push<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > KEPT) list.splice(0, KEPT / 4)
}

/** Elements of a value, whatever holds them; bytes of a string. */
export function lengthOf(o: Obj): number {
  switch (o.encoding) {
    case 'listpack':
      return o.type === 'list' ? (o.value as Listpack).length : (o.value as Listpack).length / 2
    case 'hashtable':
      return (o.value as Dict<unknown>).size
    case 'skiplist':
      return (o.value as Zset).length
    case 'intset':
      return (o.value as Intset).length
    case 'quicklist':
      return (o.value as Quicklist).count
    case 'stream':
      return Number((o.value as { length?: number }).length ?? 0)
    default:
      return stringLength(o)
  }
}
/** The finer step within one encoding: an intset's width. */
const detailOf = (o: Obj): string => (o.encoding === 'intset' ? `int${(o.value as Intset).encodingBytes * 8}` : '')

export class Recorder {
  readonly stories = new Map<string, KeyStory>()
  lastOfDb: (LastCommand & { readonly db: number; readonly key: Bytes }) | null = null
  readonly loops: ExpireLoop[] = []
  readonly victims: Victim[] = []
  pool: readonly Bytes[] = []
  readonly segments: Segment[] = []
  readonly transactions: TxLog
  readonly published: PublishLog
  /** The last chain of SCAN calls of each database. */
  readonly scans = new Map<number, ScanChain>()
  readonly evictions = new Evictions()
  readonly turns: Turns
  readonly memory: MemoryHistory
  private sampled: readonly Bytes[] = []
  private readonly rehashing = new Set<number>()
  private readonly spent = new Map<Command, number>()
  private seq = 0
  private readonly server: Server

  constructor(server: Server) {
    this.server = server
    this.memory = new MemoryHistory(server)
    this.transactions = new TxLog(server)
    this.published = new PublishLog(server)
    this.turns = new Turns(server, () => this.memory.tick())
  }
  story(db: number, key: Bytes): KeyStory | undefined {
    return this.stories.get(`${db}:${key}`)
  }

  notice(fact: Fact): void {
    const at = this.server.host.now
    this.turns.notice(fact)
    this.evictions.notice(fact, at)
    if (fact.kind === 'expire loop') {
      const { db, cycle, sampled, expired, budget } = fact as unknown as ExpireLoop
      if (sampled > 0) push(this.loops, { at, db, cycle, sampled, expired, budget })
    } else if (fact.kind === 'evict sample') this.sampled = fact['keys'] as readonly Bytes[]
    else if (fact.kind === 'evict victim') this.victim(fact as unknown as Victim & { pool: readonly Bytes[] }, at)
  }
  private victim(f: Victim & { pool: readonly Bytes[] }, at: number): void {
    const all = candidates(this.server, RANKED)
    const mine = all?.findIndex((c) => c.db === f.db && c.key === f.key) ?? -1
    const score = all?.[mine]?.score
    const rank = all === null || score === undefined ? null : all.findIndex((c) => c.score === score) + 1
    this.pool = f.pool
    const sampled = this.sampled.slice(0, 16).map(clip)
    push(this.victims, {
      at,
      db: f.db,
      key: clip(own(f.key)),
      score: score ?? f.score,
      size: f.size,
      sampled,
      rank,
      of: all?.length ?? null,
    })
  }

  private spend(c: Client, command: Command, argv: readonly Bytes[]): void {
    const micros = command.micros - (this.spent.get(command) ?? 0)
    this.spent.set(command, command.micros)
    const end = this.server.host.now + this.server.workMicros
    const { arrived, left, reads } = this.turns
    const own = reads && !c.isFake && !this.server.inExec
    const now = this.server.host.now
    push(this.segments, {
      start: end - micros,
      micros,
      name: command.name,
      client: whoIs(c),
      queue: own ? now - arrived : null,
      observed: own ? Math.round(end - left + (arrived - left)) : null,
    })
    this.turns.command(command.name, whoIs(c), this.server.workMicros - micros, micros, argv)
  }
  /** A table of keys that begins to grow or shrink is worth a mark. */
  private rehash(c: Client): void {
    const { id, dict } = c.db
    if (dict.isRehashing === this.rehashing.has(id)) return
    if (!dict.isRehashing) this.rehashing.delete(id)
    else {
      this.rehashing.add(id)
      if (!this.server.isReplica)
        this.server.tap?.({
          kind: 'rehash starts',
          text: `db${id} ${dict.tableSize(0)} to ${dict.tableSize(1)} buckets`,
        })
    }
  }
  command(c: Client, command: Command, argv: readonly Bytes[]): void {
    this.spend(c, command, argv)
    this.published.from(c, command.name, argv)
    if (command.facts.keySpecs.length === 0) {
      if (command.name === 'scan') {
        const chain = follow(this.scans.get(c.db.id), c.db.dict, argv)
        if (chain !== undefined) this.scans.set(c.db.id, chain)
      }
      if (command.name === 'flushall' || command.name === 'swapdb') {
        this.stories.clear()
        this.evictions.forget()
      }
      if (command.name === 'flushdb')
        for (const name of this.stories.keys()) if (name.startsWith(`${c.db.id}:`)) this.stories.delete(name)
      return
    }
    this.rehash(c)
    const keys = getKeysFromCommand(command, argv)
    const first = keys?.[0]
    if (!keys || !first) return
    const last: LastCommand = {
      seq: ++this.seq,
      at: this.server.host.now,
      argv: argv.slice(0, MAX_ARGS).map((a) => own(a.length > MAX_ARG ? a.slice(0, MAX_ARG) : a)),
      more: Math.max(0, argv.length - MAX_ARGS),
      client: c.isMaster ? 'master' : c.isFake ? 'script' : c.addr,
    }
    this.lastOfDb = { ...last, db: c.db.id, key: own(argv[first.index] as Bytes) }
    for (let i = 0; i < keys.length && i < 16; i++) {
      const key = argv[(keys[i] as { index: number }).index] as Bytes
      this.evictions.touch(c.db.id, key, command.name)
      this.note(c.db.id, key, c.db.dict.peek(key), last, argv)
    }
  }

  private note(db: number, key: Bytes, o: Obj | undefined, last: LastCommand, argv: readonly Bytes[]): void {
    const name = `${db}:${key}`
    let story = this.stories.get(name)
    if (story === undefined) {
      if (o === undefined) return
      if (this.stories.size >= MAX_KEYS) this.stories.delete(this.stories.keys().next().value as string)
      story = { encoding: null, detail: '', last, events: [], samples: [], forgotten: 0, exact: null }
      this.stories.set(own(name), story)
    }
    story.last = last
    truth(story, argv)
    const encoding = o?.encoding ?? null
    const detail = o === undefined ? '' : detailOf(o)
    const length = o === undefined ? 0 : lengthOf(o)
    const previous = story.samples[story.samples.length - 1]
    const turned = encoding !== story.encoding || detail !== story.detail
    if (!turned && previous && Math.abs(previous.length - length) < Math.max(1, length / 100)) return
    const bytes = o === undefined ? 0 : still(o, () => memoryUsage(key, o))
    if (turned) this.turn(story, { key, last, encoding, detail, length, bytes })
    if (encoding !== null) story.samples.push({ at: last.at, length, bytes, encoding })
    if (story.samples.length > MAX_SAMPLES) thin(story)
  }

  private turn(
    story: KeyStory,
    now: { key: Bytes; last: LastCommand; encoding: string | null; detail: string; length: number; bytes: number },
  ): void {
    const label = (encoding: string | null, detail: string) =>
      encoding === null ? null : detail === '' ? encoding : `${encoding} ${detail}`
    story.events.push({
      at: now.last.at,
      command: now.last.argv.slice(0, 8),
      from: label(story.encoding, story.detail),
      to: label(now.encoding, now.detail),
      length: now.length,
      bytes: now.bytes,
    })
    if (now.encoding === null || story.encoding === null) story.samples = []
    else if (!this.server.isReplica) {
      const [from, to] = [label(story.encoding, story.detail), label(now.encoding, now.detail)]
      this.server.tap?.({ kind: 'encoding', text: `${quoteBytes(clip(now.key).slice(0, 40))} ${from} to ${to}` })
    }
    if (story.events.length > MAX_EVENTS) {
      story.events.shift()
      story.forgotten++
    }
    story.encoding = now.encoding
    story.detail = now.detail
  }
}

const MAX_TRUTH = 100_000
const READS = new Set(['pfcount', 'get', 'strlen', 'getrange', 'getbit', 'bitcount', 'bitpos', 'pfdebug'])
function truth(story: KeyStory, argv: readonly Bytes[]): void {
  const name = (argv[0] ?? '').toLowerCase()
  if (name === 'pfadd') {
    if (story.encoding === null) story.exact = new Set()
    for (const e of argv.slice(2)) story.exact?.add(own(e))
    if ((story.exact?.size ?? 0) > MAX_TRUTH) story.exact = null
  } else if (!READS.has(name)) story.exact = null
}

/** Every second sample goes, but not the ones beside a change of encoding. */
function thin(story: KeyStory): void {
  const { samples } = story
  story.samples = samples.filter(
    (s, i) =>
      i % 2 === 0 ||
      i === samples.length - 1 ||
      samples[i - 1]?.encoding !== s.encoding ||
      samples[i + 1]?.encoding !== s.encoding,
  )
}

const recorders = new WeakMap<Server, Recorder>()
export const recorderOf = (server: Server): Recorder | undefined => recorders.get(server)
/** Starts remembering. */
export function record(server: Server): void {
  const recorder = new Recorder(server)
  recorders.set(server, recorder)
  server.afterCommand = (c, command, argv) => recorder.command(c, command, argv)
  server.afterReply = (c, command, argv, reply) => recorder.transactions.reply(c, command, argv, reply)
  server.notice = (fact) => recorder.notice(fact)
  const { tap } = server
  ;(server as { tap: Tap }).tap = (fact) => {
    recorder.turns.fact(fact)
    tap?.(fact)
  }
}
