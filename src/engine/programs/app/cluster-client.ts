/**
 * An application that uses a cluster: it keeps a slot map, sends each request to the node that it believes in, follows MOVED and
 * ASK, tries again, and keeps a ledger of what was acknowledged.
 *
 *   tick ─▶ a read or a write of a key ─▶ slot ─▶ map ─▶ node ─▶ OK | MOVED: correct the map, again | ASK: ASKING, once
 *                                                             | TRYAGAIN, CLUSTERDOWN, no connection: wait, again
 *
 * The server never pushes the map: it is asked for at the start, after a connection is lost, and after a MOVED. As client
 * libraries do it (Redis documentation, "Redis cluster specification", clients' first connection and handling of redirections).
 *
 * With `--routing ring` the servers know nothing of each other: the client's own ring says whose a key is (client-side
 * partitioning), and nobody redirects. Through a proxy it is a client that asks one address for everything.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { keyHashSlot } from '../../bytes/crc16.ts'
import { Prng } from '../../bytes/prng.ts'
import type { Input, Machine, Micros, Output, ProcessEnv, Tap } from '../../machine.ts'
import type { ParsedReply } from '../../protocol/reply-parser.ts'
import { Host } from '../../server/host.ts'
import { Connections } from './connections.ts'
import { Ledger } from './ledger.ts'
import { appDefaults, type AppOptions, parseApp, removeServer } from './options.ts'
import { ServerRing } from './ring.ts'
import { SlotCache } from './slot-cache.ts'
import { Sweep } from './sweep.ts'
import { Tally } from './tally.ts'

const RETRY_MS = 100
const STARTUP_RETRY_MS = 500
/** A map is not asked for again sooner. */
const REFRESH_EVERY_MS = 200
const LOOK_FOR_REPLICAS_MS = 1000
const KEPT_REQUESTS = 60
/** The outage strip: requests by outcome, a bin every so many ms. */
const BIN_MS = 100
const KEPT_BINS = 600

const WRITING = -1
/** Keys that are tried before one is given up that nobody is busy with. */
const PICKS = 8

/** What a node said, on the way to the answer. */
export interface Hop {
  readonly to: string
  readonly said: string
}
export interface RequestRecord {
  readonly at: Micros
  readonly kind: 'SET' | 'GET'
  readonly key: Bytes
  readonly slot: number
  readonly hops: Hop[]
  outcome: 'waiting' | 'ok' | 'error'
  doneAt: Micros
}
interface Bin {
  ok: number
  redirected: number
  error: number
}
interface Attempt {
  readonly record: RequestRecord
  /** Number of a write; of a read the last acknowledged when it was sent. */
  readonly n: number
  tries: number
  /** Bytes of a write left for a node: it may have happened. */
  sent: boolean
  readonly sweep: Sweep | null
}

export class ClusterClient implements Machine {
  workMicros = 0
  private readonly host: Host
  private readonly rng: Prng
  private readonly options: AppOptions = appDefaults()
  private readonly cache = new SlotCache()
  private readonly ring = new ServerRing()
  private readonly ledger = new Ledger()
  private tally = new Tally()
  private sweep: Sweep | null = null
  /** Keys of the load whose server is another since the ring was last changed. */
  private rehashed = 0
  private outstanding = 0
  private hotDue = 0
  private readonly masters: Connections
  private readonly readers: Connections
  private readonly requests: RequestRecord[] = []
  /** Reads of a key that wait for their answers, or WRITING. */
  private readonly inFlight = new Map<Bytes, number>()
  private readonly bins = new Map<number, Bin>()
  private total = { ok: 0, redirected: 0, error: 0, hops: 0, moved: 0, ask: 0 }
  private lastRefreshMs = -REFRESH_EVERY_MS
  private refreshing = false
  private running = true
  private line = ''

  constructor(env: ProcessEnv, _tap?: Tap) {
    this.host = new Host(env)
    this.rng = new Prng(env.seed)
    this.masters = new Connections(this.host)
    this.readers = new Connections(this.host, [['READONLY']])
  }

  handle(input: Input, now: Micros): readonly Output[] {
    this.host.now = now
    this.workMicros = 5
    if (input.type === 'start') this.start()
    else if (input.type === 'signal') this.host.exit(0)
    else if (input.type === 'stdin') this.typed(input.bytes)
    else if (input.type !== 'winsize') this.host.dispatch(input)
    return this.host.take()
  }

  private start(): void {
    const wrong = parseApp(this.host.env.argv, this.options)
    if (wrong !== null) {
      this.host.stderr(`${wrong}\n`)
      this.host.exit(1)
      return
    }
    this.setRing()
    if (this.options.routing === 'smart') this.refresh(true)
    if (this.options.fill === 'yes') this.startSweep('SET')
    this.pump()
    this.schedule()
  }
  /**
   * `stop`, `go`, `refresh`, `forget`, `fill`, `check`, `remove 10.0.0.11:6379`, or what stands on the command line: "--rate
   * 50", and an address that is one server more.
   */
  private typed(bytes: Bytes): void {
    this.line += bytes
    const lines = this.line.split(/[\r\n]/)
    this.line = lines.pop() ?? ''
    for (const line of lines) {
      const words = line.trim().split(/\s+/).filter(Boolean)
      if (words.length === 0) continue
      if (words[0] === 'stop' || words[0] === 'go') {
        const was = this.running
        this.running = words[0] === 'go'
        if (!was && this.running) this.schedule()
      } else if (words[0] === 'refresh') this.refresh(true)
      else if (words[0] === 'forget') this.cache.clear()
      else if (words[0] === 'fill' || words[0] === 'check') this.startSweep(words[0] === 'fill' ? 'SET' : 'GET')
      else {
        const wrong =
          words[0] === 'remove' ? removeServer(this.options.seeds, words[1] ?? '') : parseApp(words, this.options)
        if (wrong !== null) this.host.stderr(`${wrong}\n`)
        this.tally = new Tally()
        this.setRing()
        this.pump()
      }
    }
  }
  /** After a change of the servers the keys are looked for where the ring says now. */
  private setRing(): void {
    const { seeds, vnodes, keys, routing } = this.options
    const first = this.ring.servers.length === 0
    const change =
      seeds.map((s) => s.name + s.address).join() !== this.ring.servers.map((s) => s.name + s.address).join()
    const before = first ? [] : Array.from({ length: keys }, (_, i) => this.ring.of(this.keyAt(i))?.name)
    this.ring.set(seeds, vnodes)
    if (first || routing !== 'ring') return
    const moved = before.filter((name, i) => name !== this.ring.of(this.keyAt(i))?.name).length
    if (moved === 0 && !change) return
    this.rehashed = moved
    this.startSweep('GET')
  }
  private startSweep(kind: 'SET' | 'GET'): void {
    this.sweep = new Sweep(kind, this.options.keys)
    this.sweepOn()
  }
  private get filling(): boolean {
    return this.sweep?.kind === 'SET' && !this.sweep.over
  }
  private sweepOn(): void {
    const { sweep } = this
    if (sweep === null) return
    if (sweep.over) this.pump()
    for (const i of sweep.take()) this.begin(this.keyAt(i), sweep.kind, sweep)
  }

  // ---- Load

  private schedule(): void {
    const { rate } = this.options
    if (!this.running) return
    this.host.after(rate > 0 ? 1000 / rate : 1000, () => {
      if (this.options.inflight > 0) this.pump()
      else if (this.running && this.options.rate > 0) this.issue()
      this.schedule()
    })
  }
  /** Closed loop: what is answered makes room for the next. */
  private pump(): void {
    while (this.running && this.outstanding < this.options.inflight && this.issue());
  }
  private keyAt(i: number): Bytes {
    return `${this.options.prefix}key:${i}`
  }
  private pick(): Bytes {
    const { keys, hot, split } = this.options
    if (hot > 0) {
      this.hotDue += hot
      if (this.hotDue >= 1) {
        this.hotDue -= 1
        return split > 1 ? `hot#${this.rng.below(split)}` : 'hot'
      }
    }
    return this.keyAt(this.rng.below(keys))
  }
  /** One more request; false when nothing can be sent now. */
  private issue(): boolean {
    if (this.filling) return false
    for (let i = 0; i < (this.options.inflight > 0 ? PICKS : 1); i++) {
      const key = this.pick()
      const kind = this.rng.float() < this.options.writes ? 'SET' : 'GET'
      // One write of a key at a time, and no read beside it: else an older number could overtake a newer one.
      const busy = this.inFlight.get(key) ?? 0
      if (busy !== 0 && (kind === 'SET' || busy === WRITING)) continue
      this.inFlight.set(key, kind === 'SET' ? WRITING : busy + 1)
      this.begin(key, kind, null)
      return true
    }
    return false
  }
  private begin(key: Bytes, kind: 'SET' | 'GET', sweep: Sweep | null): void {
    const record: RequestRecord = {
      at: this.host.now,
      kind,
      key,
      slot: keyHashSlot(key),
      hops: [],
      outcome: 'waiting',
      doneAt: 0,
    }
    if (sweep === null) {
      this.outstanding++
      this.tally.request(key)
      this.requests.push(record)
      if (this.requests.length > KEPT_REQUESTS) this.requests.shift()
    }
    const n = kind === 'SET' ? this.ledger.next(key) : this.ledger.last(key)
    this.attempt({ record, n, tries: 0, sent: false, sweep }, null, false)
  }

  // ---- One request

  private target(a: Attempt): string {
    const { record } = a
    const { seeds, routing } = this.options
    const any = (seeds[a.tries % seeds.length] as { address: string }).address
    if (routing === 'ring') return this.ring.of(record.key)?.address ?? any
    if (routing === 'dumb') return any
    const owner = this.cache.owner(record.slot)
    if (owner === '') return any
    if (record.kind === 'SET' || this.options.readFrom === 'master') return owner
    const replicas = this.cache.replicasOf(owner)
    // A replica is not listed until it has heard something from its master.
    if (replicas.length === 0 && this.host.nowMs - this.lastRefreshMs >= LOOK_FOR_REPLICAS_MS) this.refresh(true)
    if (replicas.length === 0 || a.tries > 0) return owner
    const from = this.options.readFrom === 'any' ? [owner, ...replicas] : replicas
    return from[this.rng.below(from.length)] as string
  }
  private attempt(a: Attempt, at: string | null, asking: boolean): void {
    const { record } = a
    const to = at ?? this.target(a)
    const ofReplica =
      record.kind === 'GET' && this.options.readFrom !== 'master' && to !== this.cache.owner(record.slot) && !asking
    const argv: Bytes[] = record.kind === 'SET' ? ['SET', record.key, `${a.n}`, 'GET'] : ['GET', record.key]
    let over = false
    const timer = this.host.after(this.options.timeoutMs, () => {
      if (over) return
      over = true
      this.failed(a, to, 'timeout', ofReplica)
    })
    if (record.kind === 'SET') a.sent = true
    if (a.sweep === null) this.tally.sent(to)
    const connections = ofReplica ? this.readers : this.masters
    connections.ask(to, asking ? [['ASKING'], argv] : [argv], (reply, error) => {
      if (over) return
      over = true
      this.host.cancel(timer)
      if (reply === undefined) this.failed(a, to, error ?? 'lost', ofReplica)
      else this.answered(a, to, reply, ofReplica)
    })
  }
  private answered(a: Attempt, to: string, reply: ParsedReply, ofReplica: boolean): void {
    const { record } = a
    const error = typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'error' ? reply.text : null
    if (error === null) {
      record.hops.push({ to, said: 'ok' })
      // A write reads as well what it replaces, so that a loss is not written over unseen.
      if (record.kind === 'SET') {
        this.ledger.read(record.key, Number(reply ?? 0), this.ledger.last(record.key), true, this.host.nowMs)
        this.ledger.ack(record.key, a.n, this.host.nowMs)
        a.sweep?.answered(true)
      } else {
        this.tally[reply === null ? 'misses' : 'hits'] += a.sweep === null ? 1 : 0
        a.sweep?.answered(reply !== null)
        this.ledger.read(record.key, Number(reply ?? 0), a.n, !ofReplica, this.host.nowMs)
      }
      this.finish(a, true)
      return
    }
    const [word = '', slot = '', address = ''] = error.split(' ')
    record.hops.push({ to, said: word })
    if ((word === 'MOVED' || word === 'ASK') && this.options.routing !== 'ring' && a.tries < this.options.retries) {
      a.tries++
      const next = address.startsWith(':') ? to.slice(0, to.lastIndexOf(':')) + address : address
      if (word === 'MOVED') {
        this.total.moved++
        if (this.options.routing === 'smart') {
          this.cache.moved(Number(slot), next)
          this.refresh(false)
        }
      } else this.total.ask++
      this.attempt(a, next, word === 'ASK')
      return
    }
    // The node did nothing: the write is known not to have happened there.
    this.again(a, /^(TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|BUSY|READONLY)$/.test(word))
  }
  private failed(a: Attempt, to: string, why: string, ofReplica: boolean): void {
    a.record.hops.push({ to, said: why })
    if (why === 'timeout') (ofReplica ? this.readers : this.masters).drop(to, 'timeout')
    this.refresh(false)
    // A write that a node may have done is not sent twice by this client: its answer is not known.
    if (a.record.kind === 'SET' && a.sent && why !== 'ECONNREFUSED') {
      this.ledger.noAnswer(a.record.key, a.n)
      a.sweep?.answered(false)
      this.finish(a, false)
      return
    }
    this.again(a, true)
  }
  private again(a: Attempt, worth: boolean): void {
    // The keys are written for what is done with them later: that waits until it can be.
    const must = a.sweep !== null && a.sweep === this.sweep && a.sweep.kind === 'SET'
    if (must || (worth && a.tries < this.options.retries)) {
      a.tries++
      this.host.after(RETRY_MS, () => this.attempt(a, null, false))
      return
    }
    if (a.record.kind === 'SET') this.ledger.refuse()
    a.sweep?.answered(false)
    this.finish(a, false)
  }
  private finish({ record, sweep }: Attempt, ok: boolean): void {
    if (sweep === null) {
      const busy = this.inFlight.get(record.key) ?? 0
      if (busy > 1) this.inFlight.set(record.key, busy - 1)
      else this.inFlight.delete(record.key)
      this.outstanding--
      if (ok) this.tally.answered(this.host.now - record.at, record.hops.length)
    }
    record.outcome = ok ? 'ok' : 'error'
    record.doneAt = this.host.now
    const what = !ok ? 'error' : record.hops.length > 1 ? 'redirected' : 'ok'
    this.total[what]++
    this.total.hops += record.hops.length
    if (sweep !== null) return this.sweepOn()
    const at = Math.floor(this.host.nowMs / BIN_MS)
    const bin = this.bins.get(at) ?? { ok: 0, redirected: 0, error: 0 }
    bin[what]++
    this.bins.set(at, bin)
    if (this.bins.size > KEPT_BINS) this.bins.delete(this.bins.keys().next().value as number)
    if (this.options.inflight > 0) this.pump()
  }
  /** Of the last full second. */
  private get perSecond(): number {
    const last = Math.floor(this.host.nowMs / BIN_MS)
    let sum = 0
    for (let at = last - 1000 / BIN_MS; at < last; at++) {
      const bin = this.bins.get(at)
      if (bin !== undefined) sum += bin.ok + bin.redirected
    }
    return sum
  }

  // ---- The map

  private refresh(now: boolean): void {
    if (this.options.routing !== 'smart' || this.refreshing) return
    if (!now && this.host.nowMs - this.lastRefreshMs < REFRESH_EVERY_MS) return
    this.lastRefreshMs = this.host.nowMs
    this.refreshing = true
    const known = [...new Set([...this.cache.addresses(), ...this.options.seeds.map((seed) => seed.address)])]
    const to = known[this.rng.below(known.length)] as string
    let over = false
    const end = (ok: boolean): void => {
      if (over) return
      over = true
      this.refreshing = false
      if (!ok) this.host.after(STARTUP_RETRY_MS, () => this.refresh(false))
    }
    this.host.after(this.options.timeoutMs, () => end(false))
    this.masters.ask(to, [['CLUSTER', 'SLOTS']], (reply) => end(reply !== undefined && this.cache.take(reply, to)))
  }

  view(name: string): unknown {
    if (name === 'summary') {
      const line = this.running ? this.ledger.verdict : `stopped, ${this.ledger.verdict}`
      return { role: 'client', line }
    }
    if (name !== 'app') return null
    const { ledger, cache, tally, sweep } = this
    return {
      options: { ...this.options, seeds: this.options.seeds.map((seed) => seed.address) },
      running: this.running,
      verdict: ledger.verdict,
      acknowledged: ledger.acknowledged,
      lost: ledger.lostCount,
      stale: ledger.staleReads,
      reads: ledger.reads,
      refused: ledger.refused,
      unanswered: ledger.unanswered,
      lostWrites: ledger.lost.slice(-20),
      map: cache.runs(),
      refreshes: cache.refreshes,
      corrections: cache.corrections,
      total: { ...this.total },
      servers: [...this.options.seeds],
      rehashed: this.rehashed,
      sweep: sweep && { kind: sweep.kind, keys: sweep.keys, done: sweep.done, found: sweep.found },
      perSecond: this.perSecond,
      hops: tally.hopsEach,
      latency: { median: tally.latency(0.5), p99: tally.latency(0.99) },
      hits: tally.hits,
      misses: tally.misses,
      loads: tally.loads,
      top: tally.top,
      requests: this.requests.slice(-30).map((r) => ({ ...r, hops: [...r.hops] })),
      binMs: BIN_MS,
      bins: [...this.bins].slice(-300).map(([at, b]) => [at * BIN_MS, b.ok, b.redirected, b.error]),
    }
  }
}
