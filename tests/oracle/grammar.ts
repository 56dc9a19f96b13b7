/**
 * Random requests from the command table itself: what COMMAND DOCS says of a command's arguments is a grammar, and this
 * walks it. So every command of the table is asked, with every option, and a new one needs nothing here. Values come
 * from pools by type and name; now and then a request is spoilt.
 */
import { Prng } from '../../src/engine/bytes/prng.ts'
import facts from '../../src/engine/commands/facts.json' with { type: 'json' }

interface Argument {
  readonly name: string
  readonly type: string
  readonly token?: string
  readonly flags?: readonly string[]
  readonly arguments?: readonly Argument[]
}
interface Facts {
  readonly group: string
  readonly arguments?: readonly Argument[]
}
const TABLE = facts as unknown as Readonly<Record<string, Facts>>

/**
 * Not asked: what ends, stops or detaches the server or the connection, waits for others, or answers with what no two
 * servers share (their ids, clocks, memory, history). Transcripts, conversations and the interoperation tests have them.
 */
const LEFT_OUT: ReadonlySet<string> = new Set(
  `auth hello quit reset shutdown monitor sync psync replconf replicaof slaveof failover wait migrate save bgsave
  bgrewriteaof lastsave time debug subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe info role
  client|kill client|pause client|reply client|tracking client|unblock client|list client|info client|id client|no-evict
  client|trackinginfo client|caching config|rewrite config|set config|resetstat config|get acl|load acl|save acl|log acl|setuser
  acl|deluser acl|genpass acl|list acl|getuser slowlog|get slowlog|len latency|doctor latency|graph latency|histogram latency|history
  latency|latest memory|doctor memory|malloc-stats memory|stats memory|purge memory|usage lolwut command command|docs
  command|info command|list script|debug script|kill function|kill function|stats module|load module|loadex object|freq
  object|idletime pfselftest multi exec discard watch unwatch flushall function|restore function|dump restore-asking
  pubsub|channels pubsub|shardchannels pfdebug`
    .trim()
    .split(/\s+/),
)

const KEYS: Readonly<Record<string, readonly string[]>> = {
  string: ['s1', 's2', 's3', 'n1', 'n2'],
  bitmap: ['s1', 's2', 'bm'],
  list: ['l1', 'l2', 'l3'],
  set: ['t1', 't2', 't3'],
  'sorted-set': ['z1', 'z2', 'z3'],
  hash: ['h1', 'h2'],
  geo: ['g1', 'g2'],
  hyperloglog: ['p1', 'p2', 'p3'],
  stream: ['x1', 'x2'],
}
const ALL = [...new Set(Object.values(KEYS).flat()), 'absent', '']
const ELEMENTS = [
  'a',
  'b',
  'c',
  'd',
  'e',
  'm1',
  'm2',
  'm20',
  '1',
  '2',
  '3',
  '-5',
  '128',
  '40000',
  '5000000000',
  '1.5',
  '',
]
const LONG = 'x'.repeat(70)
const SMALL = ['0', '1', '2', '3', '-1', '-2', '5', '7', '10']
const ODD = [
  'x',
  '',
  '1.5',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  ' 1',
  '01',
  '-0',
  '+1',
]
const SCORES = ['0', '1', '2', '3', '-1', '1.5', '0.1', '3.3', 'inf', '-inf', '1e17', '-0', '1e-5']
const BOUNDS = ['-inf', '+inf', '0', '1', '(1', '2', '(2', '5', '(inf']
const LEX = ['-', '+', '[a', '(a', '[c', '(m1', '[m20', 'a', '[', '(']
const IDS = ['1-1', '2-0', '3-3', '5', '5-*', '7-1', '0-0', '0', '10-1', '18446744073709551615-18446744073709551615']
const SCRIPTS = [
  'return 1',
  'return ARGV[1]',
  "return redis.call('get', KEYS[1])",
  "return redis.call('set', KEYS[1], ARGV[1])",
  "return redis.pcall('incr', KEYS[1])",
  'return {1,2,{3,"x"},4.7,true,false,nil,9}',
  'return redis.error_reply("MY error")',
  'return redis.status_reply("fine")',
  'error("boom")',
  'return x',
  'return {',
  "redis.setresp(3); return redis.call('hgetall', KEYS[1])",
]
const LIBRARIES = [
  "#!lua name=lib1\nredis.register_function('f1', function(keys, args) return redis.call('set', keys[1], args[1]) end)",
  "#!lua name=lib2\nredis.register_function{function_name='f2', callback=function(keys, args) return #args end, flags={'no-writes'}}",
  '#!lua name=lib1\nredis.register_function("f3", function() return 3 end)',
  '#!lua\nreturn 1',
  'return 1',
]

/** Values by the name of the argument, where the type says too little. */
const BY_NAME: Readonly<Record<string, readonly string[]>> = {
  seconds: ['1000', '100000', '0', '-1', '9223372036854775807', 'x', '9223372036854776'],
  milliseconds: ['1000000', '500000000', '0', '-1', '9223372036854775807', 'x'],
  timeout: ['0.01', '0.02', '-1', 'x', 'nan', '1e300'],
  ttl: ['0', '1000000', '-1', 'x'],
  offset: ['0', '1', '5', '7', '15', '100', '4000', '-1', 'x', '4294967296', '536870912', '#1', '#3'],
  cursor: ['0'],
  min: BOUNDS,
  max: BOUNDS,
  longitude: ['13.361389', '15.087269', '2.35', '-122.4', '0', '180', '181', 'x'],
  latitude: ['38.115556', '37.502669', '48.86', '37.77', '0', '85', '86', 'x'],
  radius: ['0', '1', '100', '200', '5000', '20000', '-1', 'x'],
  width: ['100', '400', '10000', '-1', 'x'],
  height: ['100', '400', '10000', '-1', 'x'],
  encoding: ['u8', 'i5', 'u1', 'i64', 'u63', 'u64', 'i16', 'x', 'i0'],
  'client-id': ['0', '-1', 'x'],
  count: ['0', '1', '2', '5', '-1', 'x', '1000'],
  id: IDS,
  start: ['-', '0', '1-1', '(2-0', '5', '+', 'x', ...SMALL],
  end: ['+', '-', '5', '(7-1', '0', 'x', ...SMALL],
  'last-id': IDS,
  'min-idle-time': ['0', '0', 'x', '-1', '100000'],
  ms: ['0', '5', 'x'],
  group: ['gr1', 'gr2', 'nogroup'],
  groupname: ['gr1', 'gr2', 'nogroup'],
  consumer: ['alice', 'bob'],
  consumername: ['alice', 'bob'],
  threshold: ['0', '2', '5', '1-1', '7', 'x', '-1'],
  username: ['u1', 'u2', 'default', 'nobody'],
  categoryname: ['read', 'string', 'dangerous', 'nosuch'],
  category: ['read', 'string', 'nosuch'],
  command: ['get', 'set', 'config|get', 'nosuch', 'zadd'],
  'command-name': ['get', 'set', 'config|get', 'nosuch', 'zadd'],
  script: SCRIPTS,
  sha1: ['e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 'ffffffffffffffffffffffffffffffffffffffff', 'x'],
  'function-code': LIBRARIES,
  'library-name': ['lib1', 'lib2', 'nolib'],
  'library-name-pattern': ['lib*', 'x*', '*'],
  function: ['f1', 'f2', 'f3', 'nofunction'],
  'serialized-value': ['', 'x', '\x00\x01a\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00'],
  operation: ['AND', 'OR', 'XOR', 'NOT', 'nand'],
  pattern: ['*', 's*', '[a-m]?', 'nothing*', '\\', '[', '[^a]*', 'h?[1-3]', '**1'],
  type: ['string', 'list', 'set', 'zset', 'hash', 'stream', 'nosuch'],
  channel: ['ch1', 'ch2'],
  shardchannel: ['ch1', 'ch2'],
  db: ['0', '1', '2', '15', '16', '-1', 'x'],
  'destination-db': ['0', '1', '2', '16', '-1', 'x'],
  index1: ['0', '1', '2', '16', '-1', 'x'],
  index2: ['0', '1', '2', '16', '-1', 'x'],
  slot: ['0', '5', '16383', '16384', 'x'],
  'connection-name': ['me', '', 'with space'],
  weight: ['1', '2', '-1', '0.5', 'inf', 'x'],
  version: ['5'],
}

const isLex = (command: string): boolean => command.includes('lex')

export class Grammar {
  private readonly rng: Prng
  private readonly names: readonly string[]
  constructor(seed: number, wanted: (name: string) => boolean = () => true) {
    this.rng = new Prng(seed)
    this.names = Object.keys(TABLE).filter((n) => !LEFT_OUT.has(n) && wanted(n))
  }

  next(): string[] {
    const name = this.pick(this.names)
    const row = TABLE[name] as Facts
    let argv = [...name.split('|'), ...this.sequence(row.arguments ?? [], name, row.group)]
    argv = this.fitKeyCount(argv, row.arguments ?? [])
    argv = this.keepLexApart(argv)
    if (this.rng.below(12) === 0) this.spoil(argv, name)
    if (name === 'xadd') argv = argv.map((a) => (a === '*' ? '9-9' : a))
    // All members go, or the two servers would keep different ones.
    if (name === 'spop' && argv.length > 1) argv = [argv[0] as string, argv[1] as string, '1000', ...argv.slice(3)]
    return argv
  }

  private pick<T>(a: readonly T[]): T {
    return a[this.rng.below(a.length)] as T
  }

  private sequence(list: readonly Argument[], command: string, group: string): string[] {
    return list.flatMap((a) => this.argument(a, command, group))
  }

  private argument(a: Argument, command: string, group: string): string[] {
    const flags = a.flags ?? []
    if (flags.includes('optional') && this.rng.below(5) >= 2) return []
    const times = flags.includes('multiple') ? 1 + this.rng.below(3) : 1
    const each = flags.includes('multiple_token')
    const out: string[] = []
    for (let i = 0; i < times; i++) {
      if (a.token !== undefined && a.type !== 'pure-token' && (i === 0 || each)) out.push(this.tokenCase(a.token))
      out.push(...this.value(a, command, group))
    }
    return out
  }

  private tokenCase(token: string): string {
    return this.rng.below(4) === 0 ? token.toLowerCase() : token
  }

  private value(a: Argument, command: string, group: string): string[] {
    switch (a.type) {
      case 'block':
        return this.sequence(a.arguments ?? [], command, group)
      case 'oneof':
        return this.argument({ ...this.pick(a.arguments ?? []), flags: [] } as Argument, command, group)
      case 'pure-token':
        return [this.tokenCase(a.token ?? '')]
      case 'key':
        return [this.key(command, group)]
      case 'unix-time':
        return [this.pick(['9999999999', '9999999999999', '1', '0', '-1', 'x'])]
      default:
        return [this.scalar(a, command)]
    }
  }

  private key(command: string, group: string): string {
    if (isLex(command)) return 'zl'
    const pool = KEYS[group]
    return pool === undefined || this.rng.below(14) === 0 ? this.pick(ALL) : this.pick(pool)
  }

  private scalar(a: Argument, command: string): string {
    if (isLex(command) && (a.name === 'min' || a.name === 'max')) return this.pick(LEX)
    const named = BY_NAME[a.name]
    if (named !== undefined) return this.pick(named)
    if (this.rng.below(16) === 0) return this.pick(ODD)
    if (a.type === 'integer') return this.pick(SMALL)
    if (a.type === 'double') return this.pick(SCORES)
    return this.rng.below(20) === 0 ? LONG : this.pick(ELEMENTS)
  }

  /** `numkeys` mostly tells the truth. */
  private fitKeyCount(argv: string[], list: readonly Argument[]): string[] {
    const at = list.findIndex((a) => a.name === 'numkeys')
    const counted = list[at + 1]
    if (at < 0 || counted?.type !== 'key' || this.rng.below(12) === 0) return argv
    const before = list.slice(0, at).some((a) => (a.flags ?? []).includes('optional') || a.type === 'block')
    if (before) return argv
    const position = 1 + list.slice(0, at).length
    let keys = 0
    while (ALL.includes(argv[position + 1 + keys] ?? '\0') || argv[position + 1 + keys] === 'zl') keys++
    const fitted = [...argv]
    fitted[position] = String(keys)
    return fitted
  }

  /** Ranges by member need equal scores (Redis leaves the rest undefined): they have a sorted set of their own. */
  private keepLexApart(argv: string[]): string[] {
    const name = argv[0] as string
    if (!argv.some((a) => /^bylex$/i.test(a))) return argv
    const fitted = [...argv]
    if (name === 'zrange') fitted[1] = 'zl'
    if (name === 'zrangestore') fitted[2] = 'zl'
    return fitted
  }

  private spoil(argv: string[], name: string): void {
    const how = this.rng.below(5)
    const blocking = name.startsWith('b') && argv.some((a) => /^0\.0/.test(a))
    if (how === 0 && argv.length > 1 && !blocking) argv.pop()
    else if (how === 1) argv.push(this.pick([...SMALL, ...ODD].slice(blocking ? 10 : 0)))
    else if (how === 2 && argv.length > 2 && !blocking && !isLex(name)) {
      const i = 2 + this.rng.below(argv.length - 2)
      if (argv[i] !== '0' || !name.includes('scan')) argv[i] = this.pick(ELEMENTS)
    } else if (how === 3) argv[0] = (argv[0] ?? '').toUpperCase()
    else if (how === 4) argv[1] = argv[1] === undefined ? '' : argv[1]
  }
}

/** A few members of one score for the ranges by member. */
export const lexMembers = (rng: Prng): string[] => [
  'zadd',
  'zl',
  '0',
  `${['a', 'b', 'c', 'm1', 'm20', 'zz'][rng.below(6)]}`,
]
/** The name under which a request is counted: that of the table. */
export function rowOf(argv: readonly string[]): string {
  const name = (argv[0] ?? '').toLowerCase()
  const whole = `${name}|${(argv[1] ?? '').toLowerCase()}`
  return whole in TABLE ? whole : name in TABLE ? name : 'unknown'
}
export const rows = (): readonly string[] => Object.keys(TABLE)
