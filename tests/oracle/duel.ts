/**
 * The same requests to our server and to a real redis-server, in rounds: each round starts from an empty dataset with
 * settings of its own, so that a difference is shrunk from a few hundred requests and not from a million.
 */
import { Prng } from '../../src/engine/bytes/prng.ts'
import { ReplyParser } from '../../src/engine/protocol/reply-parser.ts'
import { same, WRAPPED } from './compare.ts'
import { Grammar, lexMembers, rowOf } from './grammar.ts'
import { Requests } from './requests.ts'
import { encode, Ours, type Real } from './servers.ts'

/** A request, or a pause in which the clocks of both go on. */
export type Op = readonly string[] | { readonly waitMs: number }
const isWait = (op: Op): op is { readonly waitMs: number } => 'waitMs' in op

export const ROUND = 500
const BATCH = 200
/** Real and virtual time of a pause: longer than any short expiry here. */
const PAUSE_MS = 12
const EXPIRE_CYCLES_MS = 400

/** Thresholds of a round: tiny ones meet every encoding, large ones and the defaults the others. */
const SETTINGS: readonly (readonly string[])[] = [
  [
    'list-max-listpack-size 3 zset-max-listpack-entries 4 zset-max-listpack-value 8 set-max-intset-entries 5',
    'hash-max-listpack-entries 4 hash-max-listpack-value 8 stream-node-max-entries 3 hll-sparse-max-bytes 60',
  ],
  ['list-max-listpack-size -2 list-compress-depth 1 set-max-intset-entries 512 proto-max-bulk-len 536870912'],
  ['list-max-listpack-size -1 zset-max-listpack-entries 0 hash-max-listpack-entries 0 set-max-intset-entries 0'],
].map((lines) => lines.join(' ').split(' '))
const DEFAULTS =
  'list-max-listpack-size -2 list-compress-depth 0 zset-max-listpack-entries 128 zset-max-listpack-value 64 set-max-intset-entries 512 hash-max-listpack-entries 512 hash-max-listpack-value 64 stream-node-max-entries 100 hll-sparse-max-bytes 3000'.split(
    ' ',
  )

export interface Rig {
  readonly real: Real
  readonly resp: string
  ours: Ours
  clientId: string
}

export interface Round {
  readonly seed: number
  readonly settings: readonly string[]
  readonly ops: readonly Op[]
}

export interface Options {
  /** Rows of the table that our server has. */
  readonly implemented: (row: string) => boolean
}

/** The requests of a round: half from the families' own generators, half from the table's grammar. */
export function makeRound(seed: number, length: number, options: Options): Round {
  const rng = new Prng(seed)
  const families = new Requests(seed)
  const grammar = new Grammar(seed ^ 0x5bd1e995, options.implemented)
  const ops: Op[] = []
  const request = (): string[] => {
    const kind = rng.below(40)
    if (kind === 0) return lexMembers(rng)
    return kind < 20 ? families.next() : grammar.next()
  }
  const push = (argv: readonly string[]): void => {
    if (
      !waitsLong(argv) &&
      !expiresSoon(argv) &&
      !keepsChance(argv) &&
      !/^(multi|debug digest|dbsize)$/i.test(argv.join(' '))
    )
      ops.push(argv)
  }
  while (ops.length < length) {
    const kind = rng.below(100)
    if (kind < 4) {
      ops.push(['multi'])
      for (let i = 1 + rng.below(4); i > 0; i--) {
        const argv = request()
        if (isPlain(argv)) push(argv)
      }
      ops.push(rng.below(8) === 0 ? ['discard'] : ['exec'])
    } else if (kind < 8 && options.implemented('eval')) {
      const argv = request()
      if (isPlain(argv)) ops.push(['eval', WRAPPED, '0', ...argv])
    } else if (kind === 8 && rng.below(4) === 0) {
      const key = ['s1', 'l1', 't1', 'z1', 'h1'][rng.below(5)] as string
      ops.push(['pexpire', key, '1'], { waitMs: PAUSE_MS }, ['exists', key])
    } else push(request())
  }
  return { seed, settings: SETTINGS[rng.below(SETTINGS.length)] as readonly string[], ops }
}

/** A key that goes by itself within the round makes everything after it a matter of milliseconds. */
export function expiresSoon(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').toLowerCase()
  // What a script does is done.
  if (name === 'eval' && argv[2] === '0') return expiresSoon(argv.slice(3))
  // SET does not look whether the moment is past: such a key is there until a cycle comes by.
  if (name === 'set') return argv.slice(3).some((a) => /^[1-9]\d{0,9}$/.test(a))
  return /^(p?expire|p?setex|getex|restore)$/.test(name) && argv.slice(2).some((a) => /^[1-9]\d{0,4}$/.test(a))
}

/** Equal weights leave the order to the hash table, and STORE would keep it. */
const keepsChance = (argv: readonly string[]): boolean =>
  /^sort$/i.test(argv[0] ?? '') && argv.some((a) => /^by$/i.test(a)) && argv.some((a) => /^store$/i.test(a))

/** A request that would block for longer than a moment: nobody here would wake it. */
function waitsLong(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').toLowerCase()
  const patience = (text: string | undefined, unit: number): boolean => {
    const n = Number(text)
    return text !== undefined && text.trim() !== '' && (n === 0 || n * unit > 0.1)
  }
  if (name === 'blmpop' || name === 'bzmpop') return patience(argv[1], 1)
  if (/^(bl|br|bz)/.test(name)) return patience(argv[argv.length - 1], 1)
  if (name === 'wait') return patience(argv[2], 0.001)
  const at = argv.findIndex((a) => /^block$/i.test(a))
  return /^xread/.test(name) && at > 0 && patience(argv[at + 1], 0.001)
}

/** Requests whose replies stay comparable inside a transaction or a script. */
function isPlain(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').toLowerCase()
  return !/^(b[lrz]|.*rand|spop|p?ttl|p?expiretime|x|multi|exec|discard|select|swapdb|eval|fcall|function|script|watch|unwatch|client|acl|sort|sdiff|sinter|sunion|keys|scan|.scan|object|memory|flush|move|copy|dump)/.test(
    name,
  )
}

async function reset(rig: Rig, settings: readonly string[]): Promise<void> {
  const first = [
    ['discard'],
    ['unwatch'],
    ['flushall'],
    ['acl', 'deluser', 'acl1', 'acl2', 'acl3'],
    ['function', 'flush'],
    ['script', 'flush'],
    ['select', '0'],
    ['client', 'setname', ''],
    ['hello', rig.resp],
    ['config', 'set', ...DEFAULTS],
    ['config', 'set', ...settings],
  ]
  for (const argv of first) await rig.real.send(1, encode(argv))
  const parser = new ReplyParser()
  parser.feed((await rig.real.send(1, encode(['acl', 'users']))).get(1) ?? '')
  for (const user of (parser.next() ?? []) as string[])
    if (user !== 'default') await rig.real.send(1, encode(['acl', 'deluser', user]))
  const id = (await rig.real.send(1, encode(['client', 'id']))).get(1) ?? ''
  rig.clientId = id.slice(1, -2)
  rig.ours = new Ours(undefined, Date.now() * 1000)
  for (const argv of [
    ['hello', rig.resp],
    ['config', 'set', ...settings],
  ])
    rig.ours.say(1, encode(argv))
}

/** Cuts one stream into replies: the bytes of each. */
export function cut(bytes: string): string[] {
  const parser = new ReplyParser()
  const out: string[] = []
  parser.feed(bytes)
  let before = parser.buffered
  while (parser.next() !== undefined) {
    out.push(bytes.slice(bytes.length - before, bytes.length - parser.buffered))
    before = parser.buffered
  }
  return out
}

async function askReal(rig: Rig, batch: readonly (readonly string[])[]): Promise<string[]> {
  let text = (await rig.real.send(1, batch.map(encode).join(''))).get(1) ?? ''
  let replies = cut(text)
  for (let tries = 1; replies.length < batch.length && tries < 2000; tries++) {
    // A blocked connection holds up the rest of its batch.
    if (tries % 40 === 0) await rig.real.send(2, encode(['client', 'unblock', rig.clientId]))
    text += (await rig.real.wait(2)).get(1) ?? ''
    replies = cut(text)
  }
  return replies
}

function askOurs(rig: Rig, argv: readonly string[]): string {
  let reply = rig.ours.say(1, encode(argv)).get(1) ?? ''
  for (let tries = 0; reply === '' && tries < 40; tries++) reply = rig.ours.advance(5).get(1) ?? ''
  return reply
}

export interface Difference {
  readonly index: number
  readonly request: readonly string[]
  readonly theirs: string
  readonly ours: string
}

const digestOf = (rig: Rig): string => rig.ours.say(3, encode(['debug', 'digest'])).get(3) ?? ''

/** Runs a round's operations on both; `tally` counts the requests by row of the table. */
export async function duel(rig: Rig, round: Round, tally?: Map<string, number>): Promise<Difference | null> {
  await reset(rig, round.settings)
  const { ops } = round
  for (let at = 0; at < ops.length; ) {
    const op = ops[at] as Op
    if (isWait(op)) {
      await rig.real.wait(op.waitMs)
      rig.ours.follow(Date.now() * 1000)
      at++
      continue
    }
    const batch: (readonly string[])[] = []
    for (let i = at; i < ops.length && batch.length < BATCH; i++) {
      const next = ops[i] as Op
      if (isWait(next)) break
      batch.push(next)
    }
    const theirs = await askReal(rig, batch)
    for (const [i, argv] of batch.entries()) {
      // An error reply leaves the dataset as it was.
      const watched = (at + i) % 37 === 0 && !/^(exec|eval|fcall)/i.test(argv[0] ?? '')
      const before = watched ? digestOf(rig) : ''
      const ours = askOurs(rig, argv)
      tally?.set(rowOf(argv), (tally.get(rowOf(argv)) ?? 0) + 1)
      const their = theirs[i] ?? ''
      if (!same(argv, their, ours)) return { index: at + i, request: argv, theirs: their, ours }
      if (watched && ours.startsWith('-') && digestOf(rig) !== before)
        return { index: at + i, request: argv, theirs: their, ours: `${ours} (and the dataset changed)` }
    }
    rig.ours.follow(Date.now() * 1000)
    at += batch.length
  }
  return sameDataset(rig, ops.length)
}

/** Both datasets at the end of a round, by DEBUG DIGEST; a difference names the keys. */
async function sameDataset(rig: Rig, index: number): Promise<Difference | null> {
  const real = async (argv: readonly string[]): Promise<string> => (await rig.real.send(2, encode(argv))).get(2) ?? ''
  const ours = (argv: readonly string[]): string => rig.ours.say(3, encode(argv)).get(3) ?? ''
  const request = ['debug', 'digest']
  let [a, b] = [await real(request), ours(request)]
  if (a !== b) {
    // A key whose time is over counts until a cycle has come by.
    await rig.real.wait(EXPIRE_CYCLES_MS)
    rig.ours.follow(Date.now() * 1000)
    ;[a, b] = [await real(request), ours(request)]
  }
  if (a === b) return null
  const names = async (ask: (argv: readonly string[]) => string | Promise<string>, db: string): Promise<string[]> => {
    await ask(['select', db])
    const parser = new ReplyParser()
    parser.feed(await ask(['keys', '*']))
    return (parser.next() as string[]).slice().sort()
  }
  const differing: string[] = []
  for (let n = 0; n < 16; n++) {
    const db = String(n)
    const all = new Set([...(await names(real, db)), ...(await names(ours, db))])
    for (const key of all) {
      for (const probe of [
        ['debug', 'digest-value', key],
        ['type', key],
        ['expiretime', key],
      ]) {
        const [x, y] = [await real(probe), ours(probe)]
        if (x !== y && !(probe[0] === 'expiretime' && same(probe, x, y)))
          differing.push(`db ${db} ${probe.join(' ')}: ${x.trim()} / ${y.trim()}`)
      }
    }
  }
  await real(['select', '0'])
  ours(['select', '0'])
  return { index, request, theirs: `${a} ${differing.join('; ')}`, ours: b }
}

/** Leaves out ever smaller stretches as long as there is still a difference. */
export async function shrink(
  rig: Rig,
  round: Round,
  found: Difference,
  limitMs = 15_000,
): Promise<{ round: Round; found: Difference }> {
  let best = { round: { ...round, ops: round.ops.slice(0, found.index + 1) }, found }
  const end = Date.now() + limitMs
  const smaller = async (ops: readonly Op[]): Promise<boolean> => {
    if (Date.now() > end) return false
    const d = await duel(rig, { ...round, ops })
    if (d === null || rowOf(d.request) !== rowOf(found.request)) return false
    best = { round: { ...round, ops: ops.slice(0, d.index + 1) }, found: d }
    return true
  }
  for (let size = Math.ceil(best.round.ops.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.round.ops.length; ) {
      const { ops } = best.round
      const fewer = [...ops.slice(0, at), ...ops.slice(at + size)]
      if (!(await smaller(fewer))) at += size
    }
  }
  return best
}

export function describeDifference(resp: string, round: Round, d: Difference): string {
  const lines = round.ops.map(
    (op) => `  ${isWait(op) ? `(wait ${op.waitMs} ms)` : op.map((a) => JSON.stringify(a)).join(' ')}`,
  )
  return [
    `RESP${resp}, seed ${round.seed}, settings: ${round.settings.join(' ')}`,
    ...lines,
    `  difference at: ${d.request.map((a) => JSON.stringify(a)).join(' ')}`,
    `  redis: ${JSON.stringify(d.theirs).slice(0, 600)}`,
    `  ours:  ${JSON.stringify(d.ours).slice(0, 600)}`,
  ].join('\n')
}
