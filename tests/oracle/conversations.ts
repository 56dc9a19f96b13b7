/**
 * What one connection cannot show: the same requests on several connections of our server and of a real one. After each
 * request every connection must have heard the same bytes: who waited and was served, who was told of a change, whose
 * transaction failed, who was hung up on. Rounds are short and start from nothing, so a difference is shrunk quickly.
 */
import { Prng } from '../../src/engine/bytes/prng.ts'
import type { Client } from '../../src/engine/server/client.ts'
import { heardSame, normalise } from './conversations-compare.ts'
import { type Asked, LIBRARY, type Step, Talk } from './conversations-grammar.ts'
import { encode, type Heard, Ours, Real, startReal } from './servers.ts'

export const CONNS = 4
const LENGTH = 60
/** Of 5 ms. */
const LATE_TURNS = 400
const BASE = 'notify-keyspace-events  hz 10 maxmemory 0'.split(' ')

export interface Table {
  readonly real: Real
  readonly port: number
  ours: Ours
  /** Physical connections are never used twice. */
  lastConn: number
  readonly seats: Map<number, { readonly conn: number; readonly id: number; readonly address: string }>
}
export interface Conversation {
  readonly seed: number
  readonly settings: readonly (readonly string[])[]
  readonly steps: readonly Step[]
}
export interface Disagreement {
  readonly index: number
  readonly conn: number
  readonly theirs: string
  readonly ours: string
}

export async function openTable(): Promise<Table> {
  const { port } = await startReal()
  return { real: new Real(port), port, ours: new Ours(), lastConn: 0, seats: new Map() }
}

async function seat(table: Table, n: number): Promise<void> {
  const conn = ++table.lastConn
  const port = await table.real.open(conn)
  const id = Number(((await table.real.send(conn, encode(['client', 'id']))).get(conn) ?? '').slice(1))
  table.ours.ports.set(conn, port)
  table.ours.server.nextClientId = id
  table.ours.say(conn, encode(['client', 'id']))
  table.seats.set(n, { conn, id, address: `127.0.0.1:${port}` })
}

async function begin(table: Table, settings: readonly (readonly string[])[]): Promise<void> {
  const { real } = table
  for (const s of table.seats.values()) await real.hangUp(s.conn)
  table.seats.clear()
  table.ours = new Ours(undefined, Date.now() * 1000)
  const setup = ++table.lastConn
  for (const argv of [
    ['client', 'unpause'],
    ['flushall'],
    ['script', 'flush'],
    ['function', 'load', 'replace', LIBRARY],
    ['acl', 'deluser', 'u1'],
    ['config', 'set', ...BASE],
    ['debug', 'set-active-expire', '0'],
    ...settings,
  ]) {
    await real.send(setup, encode(argv))
    table.ours.say(setup, encode(argv))
  }
  await real.hangUp(setup)
  table.ours.hangUp(setup)
  for (let n = 1; n <= CONNS; n++) await seat(table, n)
}

const join = (into: Heard, more: Heard): void => {
  for (const [c, text] of more) into.set(c, (into.get(c) ?? '') + text)
}

/** Names of seats in requests become what they stand for. */
const fill = (table: Table, argv: readonly string[]): string[] =>
  argv.map((a) =>
    a.replace(/\b(ID|ADDR):(\d)/g, (_, what, n) => {
      const s = table.seats.get(Number(n))
      return what === 'ID' ? String(s?.id ?? 0) : (s?.address ?? '')
    }),
  )

/** CLIENT UNBLOCK of a client that CLIENT PAUSE holds back ends redis-server 7.0.15. */
const panics = (table: Table, step: Step): boolean =>
  step.requests.some((r) => /^unblock$/i.test(r[1] ?? '') && r[3] !== 'error') &&
  [...table.ours.server.clients.values()].some((c) => c.blocked?.kind === 'postpone')

/** A database that is swapped in wakes those who wait for its keys: in what order, is the hash table's affair. */
function leavesToChance(table: Table, step: Step): boolean {
  const client = clientAt(table, step.conn)
  const asked = step.requests.some((argv) => argv.some((a) => /^swapdb$/i.test(a)))
  const queued = client?.multi?.queue.some((m) => m.argv.some((a) => /^swapdb$/i.test(a))) ?? false
  return (asked || queued) && table.ours.server.dbs.slice(0, 2).some((db) => db.blockingKeys.size > 1)
}

async function take(table: Table, step: Step, index: number, asked: Map<number, Asked>): Promise<Disagreement | null> {
  const { real, ours } = table
  const theirs: Heard = new Map()
  const mine: Heard = new Map()
  if (!table.seats.has(step.conn)) await seat(table, step.conn)
  const { conn } = table.seats.get(step.conn) as { conn: number }
  if (step.hangUp) {
    join(theirs, await real.hangUp(conn))
    join(mine, ours.hangUp(conn))
    table.seats.delete(step.conn)
    theirs.delete(conn)
    mine.delete(conn)
  } else {
    const bytes = step.requests.map((argv) => encode(fill(table, argv))).join('')
    asked.set(conn, { requests: step.requests })
    // A pause of everybody would last as long as one of writers that goes on: nobody waits for that.
    if (table.ours.server.pause !== null && step.requests.some((r) => r[1] === 'pause' && r[2] === '10')) return null
    if (panics(table, step) || leavesToChance(table, step)) return null
    join(theirs, await real.send(conn, bytes))
    join(mine, ours.say(conn, bytes))
    // A script takes a moment of its own clock.
    join(mine, ours.advance(1))
  }
  if (step.thenMs > 0) {
    join(theirs, await real.wait(step.thenMs))
    join(mine, ours.advance(step.thenMs))
  }
  // The end of a connection may reach us a moment after its last bytes.
  const late = (): boolean => [...table.seats.values()].some((s) => ours.closed.has(s.conn) && !real.closed.has(s.conn))
  for (let i = 0; i < LATE_TURNS && late(); i++) join(theirs, await real.wait(5))
  let found: Disagreement | null = null
  for (const [n, s] of [...table.seats]) {
    const gone = (who: Ours | Real): string => (who.closed.has(s.conn) ? '<closed>' : '')
    const t = normalise(theirs.get(s.conn) ?? '') + gone(real)
    const o = normalise(mine.get(s.conn) ?? '') + gone(ours)
    if (found === null && !heardSame(asked.get(s.conn)?.requests ?? [], t, o))
      found = { index, conn: n, theirs: t, ours: o }
    if (gone(real) !== '') table.seats.delete(n)
  }
  return found
}

const clientAt = (table: Table, n: number): Client | undefined =>
  table.ours.server.clients.get(table.seats.get(n)?.id ?? 0)

/** A new conversation, made up as it goes. */
export async function converse(
  table: Table,
  seed: number,
): Promise<{ said: Conversation; found: Disagreement | null }> {
  const talk = new Talk(new Prng(seed), CONNS, (n) => {
    const c = clientAt(table, n)
    return {
      blocked: c?.blocked != null,
      inMulti: c?.multi != null,
      listens: c?.isPubsub === true && c.resp === 2,
      monitors: c?.isMonitor === true,
      hears: c?.isPubsub === true && c.resp === 3,
    }
  })
  const settings = talk.settings()
  await begin(table, settings)
  const steps: Step[] = []
  const asked = new Map<number, Asked>()
  while (steps.length < LENGTH) {
    const step = talk.next()
    steps.push(step)
    const found = await take(table, step, steps.length - 1, asked)
    if (found) return { said: { seed, settings, steps }, found }
  }
  return { said: { seed, settings, steps }, found: null }
}

/** One that is known. */
export async function repeat(table: Table, said: Conversation): Promise<Disagreement | null> {
  await begin(table, said.settings)
  const asked = new Map<number, Asked>()
  for (const [i, step] of said.steps.entries()) {
    const found = await take(table, step, i, asked)
    if (found) return found
  }
  return null
}

/** Leaves out steps, and requests of steps, as long as the servers still disagree. */
export async function shorten(table: Table, said: Conversation, found: Disagreement, limitMs = 20_000) {
  let best = { said: { ...said, steps: said.steps.slice(0, found.index + 1) }, found }
  const end = Date.now() + limitMs
  for (let size = Math.ceil(best.said.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.said.steps.length && Date.now() < end; ) {
      const steps = [...best.said.steps.slice(0, at), ...best.said.steps.slice(at + size)]
      const d = await repeat(table, { ...said, steps })
      if (d) best = { said: { ...said, steps: steps.slice(0, d.index + 1) }, found: d }
      else at += size
    }
  }
  return best
}

export function describeDisagreement(said: Conversation, d: Disagreement): string {
  const words = (argv: readonly string[]): string => argv.map((a) => JSON.stringify(a)).join(' ')
  return [
    `seed ${said.seed}, settings: ${said.settings.map(words).join('; ')}`,
    ...said.steps.map(
      (s) =>
        `  ${s.conn}> ${s.hangUp ? '(hangs up)' : s.requests.map(words).join(' ; ')}${s.thenMs > 0 ? ` (then ${s.thenMs} ms)` : ''}`,
    ),
    `  difference on connection ${d.conn}`,
    `  redis: ${JSON.stringify(d.theirs).slice(0, 700)}`,
    `  ours:  ${JSON.stringify(d.ours).slice(0, 700)}`,
  ].join('\n')
}

export interface TalkResult {
  readonly requests: number
  readonly differences: number
  readonly reports: readonly string[]
}
export async function runConversations(options: {
  readonly seed: number
  readonly ops: number
  readonly maxShrunk: number
  readonly progress?: (done: number, differences: number) => void
  /** A difference, as soon as it is found and shortened. */
  readonly onReport?: (report: string) => void
}): Promise<TalkResult> {
  const table = await openTable()
  const reports: string[] = []
  let [requests, differences] = [0, 0]
  for (let n = 0; requests < options.ops; n++) {
    const { said, found } = await converse(table, options.seed * 1_000_003 + n)
    for (const s of said.steps) requests += s.requests.length
    if (found) {
      differences++
      if (reports.length < options.maxShrunk) {
        const least = await shorten(table, said, found)
        const report = describeDisagreement(least.said, least.found)
        reports.push(report)
        options.onReport?.(report)
      }
    }
    options.progress?.(requests, differences)
  }
  table.real.close()
  return { requests, differences, reports }
}
