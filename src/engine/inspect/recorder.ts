/**
 * What the pictures remember of a server's life: for each key the command that touched it last, when it changed its
 * encoding and how it grew on the way. Only kept where somebody may look (a server with a tap); a server on real hardware
 * keeps nothing. The recorder reads through `peek`, so it moves no bucket, draws nothing and wakes nobody.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import { getKeysFromCommand } from '../commands/keys.ts'
import type { Command } from '../commands/table.ts'
import type { Obj } from '../objects/object.ts'
import { stringLength } from '../objects/string.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Zset } from '../structures/zset.ts'
import { memoryUsage } from './memory.ts'
import { still } from './still.ts'

const MAX_KEYS = 512
const MAX_EVENTS = 24
const MAX_SAMPLES = 160
const MAX_ARGS = 64
const MAX_ARG = 512

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
  private seq = 0
  private readonly server: Server

  constructor(server: Server) {
    this.server = server
  }
  story(db: number, key: Bytes): KeyStory | undefined {
    return this.stories.get(`${db}:${key}`)
  }

  command(c: Client, command: Command, argv: readonly Bytes[]): void {
    if (command.facts.keySpecs.length === 0) {
      if (command.name === 'flushall' || command.name === 'swapdb') this.stories.clear()
      else if (command.name === 'flushdb')
        for (const name of this.stories.keys()) if (name.startsWith(`${c.db.id}:`)) this.stories.delete(name)
      return
    }
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
      this.note(c.db.id, key, c.db.dict.peek(key), last)
    }
  }

  private note(db: number, key: Bytes, o: Obj | undefined, last: LastCommand): void {
    const name = `${db}:${key}`
    let story = this.stories.get(name)
    if (story === undefined) {
      if (o === undefined) return
      if (this.stories.size >= MAX_KEYS) this.stories.delete(this.stories.keys().next().value as string)
      story = { encoding: null, detail: '', last, events: [], samples: [], forgotten: 0 }
      this.stories.set(own(name), story)
    }
    story.last = last
    const encoding = o?.encoding ?? null
    const detail = o === undefined ? '' : detailOf(o)
    const length = o === undefined ? 0 : lengthOf(o)
    const previous = story.samples[story.samples.length - 1]
    const turned = encoding !== story.encoding || detail !== story.detail
    if (!turned && previous && Math.abs(previous.length - length) < Math.max(1, length / 100)) return
    const bytes = o === undefined ? 0 : still(o, () => memoryUsage(key, o))
    if (turned) this.turn(story, { last, encoding, detail, length, bytes })
    if (encoding !== null) story.samples.push({ at: last.at, length, bytes, encoding })
    if (story.samples.length > MAX_SAMPLES) thin(story)
  }

  private turn(
    story: KeyStory,
    now: { last: LastCommand; encoding: string | null; detail: string; length: number; bytes: number },
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
    if (story.events.length > MAX_EVENTS) {
      story.events.shift()
      story.forgotten++
    }
    story.encoding = now.encoding
    story.detail = now.detail
  }
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
}
