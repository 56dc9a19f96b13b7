/** What people who talk at once say: requests that wait, feed, watch, listen, track and interrupt, in bursts that belong together. */
import type { Prng } from '../../src/engine/bytes/prng.ts'
import { WRAPPED } from './compare.ts'
import { expiresSoon } from './duel.ts'
import { Grammar } from './grammar.ts'
import { Requests } from './requests.ts'

export interface Step {
  readonly conn: number
  /** Sent in one write. */
  readonly requests: readonly (readonly string[])[]
  readonly hangUp: boolean
  /** Both clocks go on after it. */
  readonly thenMs: number
}
export interface Asked {
  readonly requests: readonly (readonly string[])[]
}
export interface Mood {
  readonly blocked: boolean
  readonly inMulti: boolean
  readonly listens: boolean
  readonly monitors: boolean
  /** Messages stand among its replies (RESP3). */
  readonly hears: boolean
}
type Form = () => string[]

const KEYS = {
  list: ['l', 'm', 'n'],
  zset: ['z', 'y'],
  stream: ['x', 'w'],
  string: ['s', 't'],
  set: ['u', 'v'],
  hash: ['h'],
}
type Kind = keyof typeof KEYS
const ALL = Object.values(KEYS).flat()
const CHANNELS = ['c', 'd', 'news', '__keyspace@0__:l', '__keyevent@0__:del', '__redis__:invalidate']
const PATTERNS = ['*', 'c*', '__key*', '__keyspace@*', '__keyevent@0__:*', '__keyevent@0__:l*', '?', '[cd]']
const FLAGS = ['KEA', 'KEAnm', 'KEAnm', 'Kg', 'Exe$l', 'Ez', 'KEtn', '', 'E$', 'Klshm', 'A', 'Knm']
/** Several requests of one script, apart by a word. */
const SEVERAL =
  "local r; local q = {}; ARGV[#ARGV+1] = '||'; for _, a in ipairs(ARGV) do if a == '||' then r = redis.pcall(unpack(q)); q = {} else q[#q+1] = a end end; return r"
/** The same as a function of a library. */
export const LIBRARY = `#!lua name=talk
redis.register_function('several', function(KEYS, ARGV) ${SEVERAL} end)
redis.register_function{function_name='look', flags={'no-writes'}, callback=function(KEYS, ARGV) return redis.call(unpack(ARGV)) end}`
const CLAIMS: readonly string[][] = [[], [], ['justid'], ['force'], ['idle', '0', 'retrycount', '3'], ['time', '1']]
const HASHED = /^(smembers|s(inter|union|diff)|[shz]scan|h(keys|vals|getall)|geo(radius|search).*)$/i
const SOON_MS = 45
/** A pause is over when the cron has seen that it is. */
const PAUSE_MS = 130

export class Talk {
  private readonly rng: Prng
  private readonly conns: number
  private readonly mood: (conn: number) => Mood
  private readonly grammar: Grammar
  private readonly families: Requests
  private streamId = 0
  private readonly weights: readonly number[]
  /** The last connection does nothing but hear of every change: keyspace notifications of all classes. */
  private readonly overheard: boolean
  private begun = false

  constructor(rng: Prng, conns: number, mood: (conn: number) => Mood) {
    this.rng = rng
    this.conns = conns
    this.mood = mood
    this.grammar = new Grammar(
      rng.below(2 ** 31),
      (name) => !/^(client|config|acl|script|function|fcall|eval|pubsub|command|swapdb|select)/.test(name),
    )
    this.families = new Requests(rng.below(2 ** 31))
    // feed, change, block, transaction, script, pubsub, tracking, admin, expiry, table
    const profiles = [
      [30, 10, 25, 8, 6, 2, 0, 6, 2, 0],
      [20, 15, 5, 30, 6, 0, 4, 4, 6, 4],
      [15, 10, 2, 4, 4, 30, 4, 6, 3, 6],
      [20, 12, 3, 8, 6, 3, 30, 6, 4, 8],
      [15, 10, 10, 10, 8, 10, 10, 10, 4, 10],
      [8, 6, 1, 6, 6, 4, 6, 2, 2, 60],
    ]
    this.weights = this.pick(profiles)
    this.overheard = this.weights === profiles[5]
  }
  settings(): string[][] {
    const out = [['config', 'set', 'notify-keyspace-events', this.overheard ? 'KEAnm' : this.pick(FLAGS)]]
    if (this.chance(8)) out.push(['config', 'set', 'latency-tracking', 'no'])
    return out
  }
  next(): Step {
    if (this.overheard && !this.begun) {
      this.begun = true
      return this.step(this.conns, [['psubscribe', '__key*']])
    }
    const conns = this.overheard ? this.conns - 1 : this.conns
    let conn = 1 + this.rng.below(conns)
    for (let i = 0; i < 4 && this.mood(conn).blocked; i++) conn = 1 + this.rng.below(conns)
    const mood = this.mood(conn)
    if (this.chance(70)) return { conn, requests: [], hangUp: true, thenMs: 0 }
    if (mood.inMulti && this.chance(3)) return this.step(conn, [this.chance(8) ? ['discard'] : ['exec']])
    if (mood.listens && this.rng.below(10) < 7) return this.step(conn, [this.pubsub(true)])
    if (mood.monitors && (mood.inMulti || this.chance(4))) return this.step(conn, [['reset']])
    const n = this.chance(10) ? 2 + this.rng.below(3) : 1
    const requests: string[][] = []
    for (let i = 0; i < n; i++) {
      let r = this.request()
      if (r[0]?.[1] === 'pause' && r[0][2] === '10' && (mood.inMulti || i > 0)) r = [['ping']]
      const waits =
        mood.blocked || mood.inMulti || requests.some((argv) => /^(b[lrz]|xread|wait|multi)/.test(argv[0] ?? ''))
      // What is to end soon must begin now.
      if (waits && r.some(takesTime)) r = [['ping']]
      // The messages of a pop stand inside its reply, and those of keys that are missed among what was found.
      if (mood.hears && r.some((argv) => /^(b?z(mpop|pop)|spop|b?lmove|b?rpoplpush|mget|xread)/i.test(argv[0] ?? '')))
        r = [['ping']]
      if (r[0]?.[1] === 'unblock' && mood.inMulti) r = [['ping']]
      // Idle times within another reply would be compared byte for byte.
      if (mood.inMulti && r.some((argv) => /^x(info|pending)$/.test(argv[0] ?? ''))) r = [['dbsize']]
      // Lists of channels come in any order, and are compared by themselves.
      const listing = r[0]?.[0] === 'pubsub'
      if (listing && (i > 0 || mood.inMulti)) r = [['ping']]
      // The order of a hash table within EXEC's reply would be compared byte for byte.
      if (mood.inMulti || requests.some((argv) => argv[0] === 'multi'))
        r = r.map((argv) => (HASHED.test(argv[0] ?? '') ? ['dbsize'] : argv))
      // A transaction of one who monitors hears of itself among its replies.
      const told = (argv: readonly string[]): boolean => argv[0] === 'monitor' || argv[0] === 'multi'
      if (r.some(told) && (requests.some(told) || mood.monitors || mood.inMulti)) r = [['ping']]
      requests.push(...r)
      if (listing || r.some(takesTime)) break
    }
    return this.step(conn, requests)
  }
  private step(conn: number, requests: string[][]): Step {
    const pauses = requests.some((r) => r[1] === 'pause' && r[2] === '10')
    const thenMs = pauses ? PAUSE_MS : requests.some(takesTime) ? SOON_MS : 0
    return { conn, requests, hangUp: false, thenMs }
  }
  private request(): string[][] {
    let at = this.rng.below(this.weights.reduce((a, b) => a + b, 0))
    let i = 0
    while (at >= (this.weights[i] as number)) at -= this.weights[i++] as number
    switch (i) {
      case 0:
        return [this.feed()]
      case 1:
        return [this.chance(10) ? this.look() : this.change()]
      case 2:
        return [this.block()]
      case 3:
        return [this.transaction()]
      case 4:
        return [this.script()]
      case 5:
        return [this.pubsub(false)]
      case 6:
        return [this.tracking()]
      case 7:
        return [this.admin()]
      case 8:
        return this.expiry()
      default:
        return this.fromTable()
    }
  }
  private pick<T>(a: readonly T[]): T {
    return a[this.rng.below(a.length)] as T
  }
  private chance(one: number): boolean {
    return this.rng.below(one) === 0
  }
  private key(kind: Kind): string {
    return this.chance(9) ? this.pick(ALL) : this.pick(KEYS[kind])
  }
  private keys(kind: Kind, most = 3): string[] {
    return Array.from({ length: 1 + this.rng.below(most) }, () => this.key(kind))
  }
  private el(): string {
    return this.pick(['a', 'b', 'c', 'd', 'e', '1', '2'])
  }
  private els(): string[] {
    return Array.from({ length: 1 + this.rng.below(3) }, () => this.el())
  }
  private end(): string {
    return this.pick(['LEFT', 'RIGHT'])
  }
  private score(): string {
    return this.pick(['1', '2', '3', '-1', '1.5'])
  }
  private id(): string {
    return `${++this.streamId}-0`
  }
  /** An ID that may be there. */
  private known(): string {
    return `${1 + this.rng.below(this.streamId + 1)}-0`
  }
  private feed(): string[] {
    const { rng } = this
    const forms: Form[] = [
      () => [this.pick(['lpush', 'rpush']), this.key('list'), ...this.els()],
      () => [this.pick(['lpush', 'rpush']), this.key('list'), ...this.els()],
      () => [this.pick(['lpushx', 'rpushx']), this.key('list'), this.el()],
      () => ['linsert', this.key('list'), 'before', this.el(), this.el()],
      () => ['lmove', this.key('list'), this.key('list'), this.end(), this.end()],
      () => ['rpoplpush', this.key('list'), this.key('list')],
      () => ['zadd', this.key('zset'), this.score(), this.el(), this.score(), this.el()],
      () => [
        'zadd',
        this.key('zset'),
        ...this.pick([['nx'], ['xx'], ['gt', 'ch'], ['incr'], []]),
        this.score(),
        this.el(),
      ],
      () => ['zincrby', this.key('zset'), this.score(), this.el()],
      () => ['zunionstore', this.key('zset'), '2', this.key('zset'), this.key('zset')],
      () => [this.pick(['zinterstore', 'zdiffstore']), this.key('zset'), '2', this.key('zset'), this.key('zset')],
      () => ['zrangestore', this.key('zset'), this.key('zset'), '0', '-1'],
      () => ['geoadd', this.key('zset'), '13.361389', '38.115556', 'P'],
      () => ['georadius', this.key('zset'), '15', '37', '200', 'km', 'store', this.key('zset')],
      () => ['xadd', this.key('stream'), this.id(), 'f', this.el()],
      () => ['xadd', this.key('stream'), this.id(), 'f', this.el()],
      () => ['xadd', this.key('stream'), 'maxlen', '2', this.id(), 'f', this.el()],
      () => ['sort', this.key('list'), 'alpha', 'store', this.key('list')],
      () => ['set', this.key('string'), this.el(), ...this.pick([[], [], ['nx'], ['xx'], ['get'], ['keepttl']])],
      () => ['append', this.key('string'), this.el()],
      () => ['incr', this.key('string')],
      () => ['mset', this.key('string'), '1', this.key('string'), '2'],
      () => ['sadd', this.key('set'), ...this.els()],
      () => ['hset', this.key('hash'), this.el(), this.el()],
      () => [
        this.pick(['sunionstore', 'sinterstore', 'sdiffstore']),
        this.key('set'),
        this.key('set'),
        this.key('set'),
      ],
      () => ['xgroup', 'create', this.key('stream'), 'g', this.pick(['$', '0']), ...this.pick([['mkstream'], []])],
    ]
    return (forms[rng.below(forms.length)] as Form)()
  }
  /** Takes away, moves about, changes the type. */
  private change(): string[] {
    const any = (): string => this.pick(ALL)
    const forms: Form[] = [
      () => [
        this.pick(['del', 'unlink', 'touch', 'exists']),
        ...this.keys(this.pick(['list', 'zset', 'stream', 'string'] as const)),
      ],
      () => [this.pick(['rename', 'renamenx']), any(), any()],
      () => {
        const kind = this.pick(['list', 'zset', 'stream'] as const)
        return [this.pick(['rename', 'renamenx', 'copy']), this.key(kind), this.key(kind)]
      },
      () => ['copy', any(), any(), ...this.pick([[], ['replace'], ['db', '1', 'replace'], ['db', '1']])],
      () => ['move', any(), '1'],
      () => ['swapdb', '0', '1'],
      () => ['select', this.pick(['0', '0', '1'])],
      () => this.pick([['flushdb'], ['flushall'], ['flushall', 'async'], ['flushdb', 'sync']]),
      () => [this.pick(['lpop', 'rpop']), this.key('list'), ...this.pick([[], ['2']])],
      () => ['lmpop', '2', this.key('list'), this.key('list'), this.end()],
      () => ['lrem', this.key('list'), '0', this.el()],
      () => ['ltrim', this.key('list'), '1', '0'],
      () => [this.pick(['zpopmin', 'zpopmax']), this.key('zset')],
      () => ['zmpop', '1', this.key('zset'), 'min', 'count', '2'],
      () => ['zrem', this.key('zset'), this.el()],
      () => ['xdel', this.key('stream'), this.known()],
      () => ['xtrim', this.key('stream'), 'maxlen', this.pick(['0', '1'])],
      () => ['xsetid', this.key('stream'), this.id()],
      () =>
        this.pick([
          ['xgroup', 'destroy', this.key('stream'), 'g'],
          ['xgroup', 'delconsumer', this.key('stream'), 'g', 'c1'],
          ['xgroup', 'createconsumer', this.key('stream'), 'g', 'c2'],
          ['xgroup', 'setid', this.key('stream'), 'g', '0'],
        ]),
      () => ['xclaim', this.key('stream'), 'g', this.pick(['c1', 'c2']), '0', this.known(), ...this.pick(CLAIMS)],
      () => ['xautoclaim', this.key('stream'), 'g', 'c2', '0', '0', ...this.pick([[], ['count', '1'], ['justid']])],
      () => ['xack', this.key('stream'), 'g', this.known()],
      () => ['set', any(), this.el()],
      () => ['getdel', this.key('string')],
      () => ['persist', any()],
      () => ['expire', any(), this.pick(['100', '-1', '0'])],
      () => ['getex', this.key('string'), ...this.pick([['persist'], ['ex', '1000'], []])],
      () => ['hdel', this.key('hash'), this.el()],
      () => ['srem', this.key('set'), ...this.els()],
      () => ['smove', this.key('set'), this.key('set'), this.el()],
    ]
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  private read(): string[] {
    const forms: Form[] = [
      () => ['get', this.key('string')],
      () => ['mget', ...this.keys('string')],
      () => ['lrange', this.key('list'), '0', '-1'],
      () => ['llen', this.key('list')],
      () => ['zrange', this.key('zset'), '0', '-1', 'withscores'],
      () => ['xlen', this.key('stream')],
      () => ['xread', 'streams', this.key('stream'), '0'],
      () => ['xreadgroup', 'group', 'g', 'c1', 'streams', this.key('stream'), this.pick(['>', '0'])],
      () => ['type', this.pick(ALL)],
      () => ['hget', this.key('hash'), this.el()],
      () => ['scard', this.key('set')],
      () => ['exists', ...this.keys('string')],
      () => ['dbsize'],
      () => ['sort', this.pick([this.key('list'), this.key('zset'), this.key('set')]), 'alpha'],
    ]
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  /** What a group knows: idle times of a moment later count as the same. */
  private look(): string[] {
    const key = this.key('stream')
    return this.pick([
      ['xpending', key, 'g'],
      ['xpending', key, 'g', '-', '+', '10'],
      ['xinfo', 'stream', key],
      ['xinfo', 'groups', key],
      ['xinfo', 'consumers', key, 'g'],
    ])
  }
  private patience(): string {
    return this.pick(['0', '0', '0', '100', '0.01'])
  }
  private block(): string[] {
    const ms = (): string => this.pick(['0', '0', '100000', '10'])
    const groups = (): string[] => ['group', 'g', this.pick(['c1', 'c2'])]
    const forms: Form[] = [
      () => [this.pick(['blpop', 'brpop']), ...this.keys('list'), this.patience()],
      () => [this.pick(['blpop', 'brpop']), ...this.keys('list'), this.patience()],
      () => ['blmove', this.key('list'), this.key('list'), this.end(), this.end(), this.patience()],
      () => ['brpoplpush', this.key('list'), this.key('list'), this.patience()],
      () => this.counted('blmpop', this.keys('list'), this.end()),
      () => [this.pick(['bzpopmin', 'bzpopmax']), ...this.keys('zset'), this.patience()],
      () => this.counted('bzmpop', this.keys('zset'), this.pick(['MIN', 'MAX'])),
      () => {
        const keys = this.keys('stream')
        const ids = keys.map(() => this.pick(['$', '$', '0', `${this.streamId}-0`]))
        return ['xread', ...this.pick([[], ['count', '1']]), 'block', ms(), 'streams', ...keys, ...ids]
      },
      () => {
        const keys = this.keys('stream', 2)
        const ids = keys.map(() => this.pick(['>', '>', '>', '0']))
        return [
          'xreadgroup',
          ...groups(),
          ...this.pick([[], ['count', '1']]),
          'block',
          ms(),
          ...this.pick([[], ['noack']]),
          'streams',
          ...keys,
          ...ids,
        ]
      },
      () => ['wait', this.pick(['0', '1']), this.pick(['0', '10'])],
    ]
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  private counted(name: string, keys: string[], where: string): string[] {
    return [name, this.patience(), String(keys.length), ...keys, where, ...this.pick([[], ['count', '2']])]
  }
  private transaction(): string[] {
    const forms: Form[] = [
      () => ['multi'],
      () => ['multi'],
      () => ['exec'],
      () => ['watch', this.pick(ALL), ...this.pick([[], [this.pick(ALL)]])],
      () => ['watch', this.pick(ALL)],
      () => ['unwatch'],
      () => ['discard'],
      () => this.feed(),
      () => this.change(),
      () => this.read(),
    ]
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  private plain(): string[] {
    return this.pick([() => this.feed(), () => this.change(), () => this.read()])()
  }
  private script(): string[] {
    const kind = this.rng.below(8)
    if (kind < 2) return ['eval', WRAPPED, '0', ...this.plain()]
    if (kind === 2)
      return this.pick([
        ['eval_ro', WRAPPED, '0'],
        ['fcall_ro', 'look', '0'],
      ]).concat(this.plain())
    if (kind === 3) return ['fcall', 'look', '0', ...this.plain()]
    const parts = Array.from({ length: 2 + this.rng.below(3) }, () => this.plain())
    if (this.chance(5)) parts.push(this.block().map((a) => (a === '0.01' ? '0' : a)))
    const words = parts.flatMap((p, i) => (i === 0 ? p : ['||', ...p]))
    return this.chance(3) ? ['fcall', 'several', '0', ...words] : ['eval', SEVERAL, '0', ...words]
  }
  private pubsub(listens: boolean): string[] {
    const channel = (): string => this.pick(CHANNELS)
    const some = (from: readonly string[]): string[] =>
      Array.from({ length: 1 + this.rng.below(3) }, () => this.pick(from))
    const forms: Form[] = [
      () => ['subscribe', ...some(CHANNELS)],
      () => ['psubscribe', ...some(PATTERNS)],
      () => ['ssubscribe', ...some(CHANNELS)],
      () => ['unsubscribe', ...this.pick([[], some(CHANNELS)])],
      () => ['punsubscribe', ...this.pick([[], some(PATTERNS)])],
      () => ['sunsubscribe', ...this.pick([[], some(CHANNELS)])],
      () => ['ping', ...this.pick([[], ['x']])],
      () => this.pick([['reset'], ['quit'], ['ping'], ['hello', '3']]),
    ]
    if (!listens)
      forms.push(
        () => ['publish', channel(), this.el()],
        () => ['publish', channel(), this.el()],
        () => ['spublish', channel(), this.el()],
        () => ['pubsub', 'channels', ...this.pick([[], ['c*']])],
        () => ['pubsub', 'shardchannels'],
        () => ['pubsub', 'numsub', ...some(CHANNELS)],
        () => ['pubsub', 'shardnumsub', ...some(CHANNELS)],
        () => ['pubsub', 'numpat'],
        () => ['config', 'set', 'notify-keyspace-events', this.pick(FLAGS)],
        () => ['config', 'get', 'notify-keyspace-events'],
        () => ['hello', this.pick(['2', '3', '3'])],
        () => this.feed(),
        () => this.change(),
      )
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  private tracking(): string[] {
    const forms: Form[] = [
      () => ['hello', this.pick(['2', '3', '3', '3'])],
      () => ['client', 'tracking', 'on', ...this.options()],
      () => ['client', 'tracking', 'on', ...this.options()],
      () => ['client', 'tracking', 'off'],
      () => ['client', 'caching', this.pick(['yes', 'no'])],
      () => ['client', 'trackinginfo'],
      () => ['client', 'getredir'],
      () => ['subscribe', '__redis__:invalidate'],
      () => this.read(),
      () => this.read(),
      () => this.read(),
      () => this.feed(),
      () => this.change(),
    ]
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  private options(): string[] {
    const out: string[] = []
    if (this.chance(3)) out.push('redirect', this.pick([`ID:${1 + this.rng.below(this.conns)}`, '0', '999999999']))
    const bcast = this.chance(2)
    if (bcast) {
      out.push('bcast')
      while (this.chance(2)) out.push('prefix', this.pick(['l', 's', '', 'z', 'x', 'st', 'absent']))
    }
    if (!bcast || this.chance(12)) out.push(...this.pick([[], ['optin'], ['optout'], []]))
    if (this.chance(3)) out.push('noloop')
    return out
  }
  private admin(): string[] {
    const who = (): string => `ID:${1 + this.rng.below(this.conns)}`
    const addr = (): string => `ADDR:${1 + this.rng.below(this.conns)}`
    const forms: Form[] = [
      () => ['client', 'unblock', who(), ...this.pick([[], ['timeout'], ['error']])],
      () => ['client', 'unblock', who()],
      () => [
        'client',
        'kill',
        'id',
        who(),
        ...this.pick([[], ['skipme', 'no'], ['type', 'pubsub'], ['type', 'normal']]),
      ],
      () => ['client', 'kill', addr()],
      () => ['client', 'kill', 'type', 'pubsub', ...this.pick([[], ['skipme', 'no']])],
      () => ['client', 'kill', 'user', 'u1'],
      () => ['client', 'no-evict', this.pick(['on', 'off'])],
      () => ['client', 'setname', this.pick(['n1', 'n2', ''])],
      () => ['client', 'getname'],
      () => ['client', 'id'],
      () => ['client', 'list', 'id', who(), who()],
      () => ['client', 'info'],
      () => ['client', 'reply', this.pick(['on', 'on', 'off', 'skip'])],
      () => ['client', 'pause', '100000', 'write'],
      () => ['client', 'unpause'],
      () => ['client', 'unpause'],
      () => ['client', 'pause', '10'],
      () => ['monitor'],
      () => ['reset'],
      () => ['quit'],
      () => ['acl', 'setuser', 'u1', 'on', 'nopass', '~*', '+@all', this.pick(['resetchannels', 'allchannels'])],
      () => [
        ...['acl', 'setuser', 'u1', 'on', 'nopass'],
        ...this.pick([['allkeys'], ['resetkeys', '~l*', '~z'], ['resetkeys', '%R~*'], ['resetkeys', '%W~*', '~x']]),
        ...this.pick([['+@all'], ['-@write'], ['-@blocking'], ['-exec'], ['-publish', '-@scripting'], ['-select']]),
        ...this.pick([['resetchannels', '&c*'], ['allchannels'], []]),
      ],
      () => ['acl', 'deluser', 'u1'],
      () => ['auth', this.pick(['u1', 'default']), 'pw'],
      () => ['hello', this.pick(['2', '3'])],
      () => ['ping'],
      () => ['debug', 'set-active-expire', '0'],
      () => ['object', 'help'],
    ]
    return (forms[this.rng.below(forms.length)] as Form)()
  }
  /** A key that goes by itself: both clocks go on behind it. */
  private expiry(): string[][] {
    const key = this.pick(ALL)
    return this.pick([
      [['pexpire', key, '8']],
      [['set', this.key('string'), 'v', 'px', '8']],
      [['psetex', this.key('string'), '8', 'v']],
    ])
  }
  private fromTable(): string[][] {
    for (;;) {
      const argv = this.chance(2) ? this.families.next() : this.grammar.next()
      const name = (argv[0] ?? '').toLowerCase()
      if (
        /^(b[lrz]|.*rand|spop|client|config|acl|script|function|fcall|eval|debug|info|latency|memory|slowlog|keys|hello|reset|quit|wait|select|object|xinfo|xpending|xclaim|xautoclaim)/.test(
          name,
        )
      )
        continue
      if (/^(xread)/.test(name) || expiresSoon(argv) || argv.includes('*') || name === 'multi') continue
      // The order of a set decides which key SORT looks at first, and what it stores.
      if (/^sort/.test(name) && argv.some((a) => /^by$/i.test(a) || a.includes('*'))) continue
      // Which of the keys that are over it meets, and lets go, is chance.
      if (name === 'scan') continue
      // Megabytes take more than a turn to arrive.
      if (argv.some((a) => /^#?\d{7,}$/.test(a))) continue
      return [argv]
    }
  }
}

function takesTime(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').toLowerCase()
  if (name === 'pexpire' || name === 'psetex' || (name === 'set' && argv[3] === 'px')) return true
  if (name === 'client') return argv[1] === 'pause' && argv[2] === '10'
  if (name === 'wait') return argv[2] === '10'
  if (/^xread/.test(name)) return argv[argv.indexOf('block') + 1] === '10' && argv.includes('block')
  return /^b[lrz]/.test(name) && argv.includes('0.01')
}
